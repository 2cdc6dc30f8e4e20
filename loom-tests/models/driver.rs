//! Runs the models from a normal `cargo test`, and reads what they report.

#![cfg(not(any(loom, shuttle)))]

use std::path::Path;
use std::process::Command;

use photofinish_loom_tests::MODELS;

/// What a model reports of itself.
#[derive(Debug, PartialEq, Eq)]
struct Report<'a> {
    name: &'a str,
    executions: u64,
    bound: &'a str,
}

impl<'a> Report<'a> {
    /// Reads `NAME: N executions, bound P, complete`; any other line is none.
    fn read(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once(": ")?;
        let (executions, rest) = rest.split_once(" executions, bound ")?;
        let bound = rest.strip_suffix(", complete")?;
        Some(Self { name, executions: executions.parse().ok()?, bound })
    }
}

/// The command that the alias `cargo loom` stands for. What the environment says about flags
/// would override it, and what it says about loom could weaken the models.
fn cargo_loom() -> Command {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of it");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace);
    cargo.args(["test", "--release", "-p", "photofinish-loom-tests"]);
    cargo.args(["--config", "build.rustflags=['--cfg','loom']", "--target-dir", "target/loom"]);
    cargo.args(["--", "--nocapture", "--test-threads=1"]);
    let disturbing = |name: &str| {
        name.starts_with("LOOM_")
            || matches!(name, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "CARGO_BUILD_TARGET")
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(disturbing) {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[test]
fn every_model_runs_to_completion() {
    let run = cargo_loom().output().expect("cargo runs");
    let output = String::from_utf8_lossy(&run.stdout);
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "the models failed\n{output}\n{errors}");

    let reports: Vec<Report<'_>> = output.lines().filter_map(Report::read).collect();
    assert!(!reports.is_empty(), "no model ran\n{output}\n{errors}");
    for Report { name, executions, bound } in &reports {
        println!("{name}: {executions} executions, bound {bound}, complete");
    }
    for model in MODELS {
        let runs: Vec<_> = reports.iter().filter(|report| report.name == *model).collect();
        assert_eq!(runs.len(), 1, "{model} ran {} times", runs.len());
        assert!(runs[0].executions > 0, "{model} explored nothing");
    }
}

#[test]
fn only_a_report_is_read_as_one() {
    assert_eq!(
        Report::read("attach_vs_complete_one: 12 executions, bound none, complete"),
        Some(Report { name: "attach_vs_complete_one", executions: 12, bound: "none" })
    );
    assert_eq!(Report::read("attach_vs_complete_one: 12 executions, bound 2"), None);
    assert_eq!(Report::read("test attach_vs_complete_one ... ok"), None);
}
