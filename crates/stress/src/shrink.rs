//! Makes a program that fails smaller, and prints it.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::Program;

/// How long a run of a smaller program may take; longer ones hang.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to go on trying.
const LIMIT: Duration = Duration::from_secs(120);

/// Leaves operations out one by one as long as the rest still fails, in processes of their own,
/// so that a hang or a report of a sanitizer is a failure like others. Each smaller program runs
/// many times, for it may need the right schedule.
pub(crate) fn shrink(program: &Program, forgets: bool) {
    let begin = Instant::now();
    let mut smallest = program.clone();
    for &(place, _) in program.operations.iter().rev() {
        if begin.elapsed() > LIMIT {
            break;
        }
        let mut without = smallest.without.clone();
        without.push(place);
        let smaller = Program::generate(program.seed, without);
        if fails(&smaller, forgets) {
            smallest = smaller;
        }
    }
    eprint!("failed: {smallest}");
    eprintln!("again: --program {} --without {}", smallest.seed, places(&smallest.without));
}

fn places(without: &[usize]) -> String {
    without.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

fn fails(program: &Program, forgets: bool) -> bool {
    let Ok(binary) = std::env::current_exe() else { return false };
    let mut command = Command::new(binary);
    command.args(["--program", &program.seed.to_string(), "--without", &places(&program.without)]);
    if forgets {
        command.args(["--canary", "program"]);
    }
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.is_ok_and(|child| !succeeds(child))
}

fn succeeds(mut child: Child) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(_) => return false,
        }
    }
    drop(child.kill());
    drop(child.wait());
    false
}
