//! A test that runs once more, in a process of its own.

use std::env;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::LIMIT;

/// Set in the process that runs the test.
const INSIDE: &str = "PHOTOFINISH_TEST_INSIDE";

/// Whether this is that process.
pub(crate) fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Runs the only test of this binary in a process of its own, and gives how that ended and what it
/// complained of.
pub(crate) fn run_inside() -> (ExitStatus, String) {
    // The allocator is not to reserve address space for each thread. A backtrace takes memory that
    // may not be there, and then std waits for itself.
    let child = Command::new(env::current_exe().expect("the test is a file"))
        .envs([(INSIDE, "1"), ("MALLOC_ARENA_MAX", "1"), ("RUST_BACKTRACE", "0")])
        .arg("--nocapture")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test can be run again");
    let child = wait(child);
    let output = child.wait_with_output().expect("the child has ended");
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Waits for the child's end, or brings it about.
fn wait(mut child: Child) -> Child {
    let begin = Instant::now();
    while child.try_wait().expect("the child is ours").is_none() {
        if begin.elapsed() > 2 * LIMIT {
            child.kill().expect("the child is ours");
        }
        thread::sleep(Duration::from_millis(5));
    }
    child
}
