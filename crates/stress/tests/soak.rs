//! A soak fails when it has to: each bug that is seeded in it is found, and said.

use std::process::{Command, Output};

fn soak(canary: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stress"))
        .args(["--soak", "--seconds", "1", "--workers", "2", "--seed", "1", "--canary", canary])
        .output()
        .expect("the soak runs")
}

#[track_caller]
fn assert_found(canary: &str, complaint: &str) {
    let output = soak(canary);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.lines().any(|line| line.starts_with(complaint)), "{said}");
}

#[test]
fn a_completion_that_is_forgotten_is_lost() {
    assert_found("lost", "lost: ");
}

#[test]
fn a_completion_that_comes_again_has_come_twice() {
    assert_found("twice", "twice: ");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_is_forgotten_has_grown() {
    assert_found("leak", "grown: ");
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_that_polls_with_nothing_to_do_is_awake() {
    assert_found("awake", "awake: ");
}

#[test]
fn what_has_no_place_in_a_soak_is_refused_with_what_has() {
    let output = soak("race");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("has no place in a soak"), "{said}");
    assert!(said.contains("with --soak: leak | lost | twice | awake"), "{said}");
}
