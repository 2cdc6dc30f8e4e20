//! Memory that runs out in a submission ends the process, as it does in `Box::new`: nothing goes on
//! with a task that is not there.
//!
//! The limit holds for the process, and that ends, so this test has one of its own.

#![cfg(target_os = "linux")]

#[path = "support/child.rs"]
mod child;
mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt;

use nix::libc::SIGABRT;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use support::{Gate, pool};

/// What is left to allocate, in bytes.
const LEFT: u64 = 32 << 20;
/// More tasks than fit into that.
const TASKS: usize = 2_000_000;

fn submit_until_memory_runs_out() {
    let (pool, gate) = (pool(1), Gate::default());
    let blocker = gate.hold_a_worker(&pool);
    let mut tasks = Vec::with_capacity(TASKS);
    setrlimit(Resource::RLIMIT_CORE, 0, 0).expect("a limit can be lowered");
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("a size");
    let size = size.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10;
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).expect("the limit can be read");
    let limit = (size + LEFT).min(soft).min(hard);
    setrlimit(Resource::RLIMIT_AS, limit, hard).expect("a limit can be lowered");
    tasks.extend((0..TASKS).map(|n| pool.submit(move || n)));
    eprintln!("{} tasks fit in", tasks.len());
    gate.open();
    blocker.join().expect("it returns");
}

#[test]
fn memory_that_runs_out_in_a_submission_ends_the_process() {
    if child::is_inside() {
        return submit_until_memory_runs_out();
    }
    let (status, said) = child::run_inside();
    assert_eq!(status.signal(), Some(SIGABRT), "{status}: {said}");
    assert!(said.contains("memory allocation of"), "{said}");
}
