//! Frozen threads: each thread of the models in `models/freeze.rs` stops before each of its steps,
//! wakes included, and all that was promised without it has to arrive all the same. The queues in
//! `models/twins.rs` have known holes, which have to be found.
//!
//! ```console
//! cargo freeze             # fails if a delivery waits for a frozen thread, or a hole is missed
//! cargo freeze --write     # also writes docs/freeze-table.md
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use photofinish_loom_tests::checker::{Checker, End, in_parallel, tool, workspace};

const PAGE: &str = "docs/freeze-table.md";
const LONGEST: Duration = Duration::from_secs(120);

/// One thread of one model, stopped before one step.
struct Point {
    test: String,
    role: usize,
    step: usize,
}

struct Frozen {
    point: Point,
    end: End,
    executions: u64,
}

fn main() -> ExitCode {
    tool(run)
}

fn run(write: bool) -> Result<(), String> {
    let started = Instant::now();
    let checker = Checker::build()?;
    let shipped = freeze_all(&checker, "freeze::")?;
    let twins = freeze_all(&checker, "twins::")?;

    let mut complaints = String::new();
    let mut page = String::from(
        "# The freeze table\n\n\
         Each thread of each model, stopped before each of its steps (every atomic operation, and \
         every wake), until all that was promised without it has arrived. `cargo freeze --write` \
         writes this page. The bound on preemptions is 2, and one thread is frozen at a time; the \
         last steps of a thread are reached in few executions only, and the models' own bounds \
         apply.\n\n\
         | model | thread | steps | passed | executions in which it stood still, per step |\n\
         |---|---|---|---|---|\n",
    );
    for ((test, role), points) in by_thread(&shipped) {
        let passed = points.iter().filter(|frozen| frozen.end == End::Passed).count();
        let stood: Vec<_> = points.iter().map(|frozen| frozen.executions.to_string()).collect();
        let steps = points.len();
        let _ = writeln!(page, "| {test} | {role} | {steps} | {passed} | {} |", stood.join(", "));
        for frozen in points.iter().filter(|frozen| frozen.end != End::Passed) {
            let (step, end) = (frozen.point.step, frozen.end);
            let _ = writeln!(complaints, "{test}: thread {role} before step {step}: {end:?}");
        }
    }
    page.push_str(
        "\n## Red twins\n\nQueues with known holes. A hole is a deadlock, and it has to be found.\n\n\
         | queue | thread | steps | holes before step |\n|---|---|---|---|\n",
    );
    let mut holes: BTreeMap<&str, usize> = BTreeMap::new();
    for ((test, role), points) in by_thread(&twins) {
        let found: Vec<_> = points.iter().filter(|frozen| frozen.end == End::Deadlock).collect();
        *holes.entry(test).or_default() += found.len();
        let before: Vec<_> = found.iter().map(|frozen| frozen.point.step.to_string()).collect();
        let _ = writeln!(page, "| {test} | {role} | {} | {} |", points.len(), before.join(", "));
    }
    for (test, _) in holes.iter().filter(|(_, holes)| **holes == 0) {
        let _ = writeln!(complaints, "{test} has a hole, and it was not found");
    }
    if holes.is_empty() {
        complaints.push_str("there is no red twin\n");
    }

    println!("{page}");
    let (points, seconds) = (shipped.len(), started.elapsed().as_secs());
    println!(
        "{points} points frozen in the shipped protocol, {} in twins, {seconds} s",
        twins.len()
    );
    if write {
        fs::write(workspace().join(PAGE), page).map_err(|error| error.to_string())?;
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

type ByThread<'a> = BTreeMap<(&'a str, usize), Vec<&'a Frozen>>;

fn by_thread(frozen: &[Frozen]) -> ByThread<'_> {
    let mut threads = ByThread::new();
    for frozen in frozen {
        let name = frozen.point.test.split("::").last().unwrap_or_default();
        threads.entry((name, frozen.point.role)).or_default().push(frozen);
    }
    threads
}

/// Freezes every thread with a role before every step that it was ever seen to take.
fn freeze_all(checker: &Checker, prefix: &str) -> Result<Vec<Frozen>, String> {
    let tests = checker.tests(prefix).map_err(|error| error.to_string())?;
    let runs = in_parallel(&tests, |test| checker.run(test, &[], LONGEST));
    let mut points = Vec::new();
    for (test, run) in tests.iter().zip(runs) {
        let run = run.map_err(|error| error.to_string())?;
        if run.end != End::Passed {
            return Err(format!("{test} fails as it is: {:?}\n{}", run.end, run.output));
        }
        for (role, steps) in run.output.lines().filter_map(most_steps) {
            points.extend((0..steps).map(|step| Point { test: test.clone(), role, step }));
        }
    }
    if points.is_empty() {
        return Err(format!("no thread of {prefix} plays a role"));
    }
    let runs = in_parallel(&points, |point| {
        let plan = format!("{} {}", point.role, point.step);
        checker.run(&point.test, &[("PHOTOFINISH_FREEZE", &plan)], LONGEST)
    });
    let frozen = points.into_iter().zip(runs).map(|(point, run)| {
        let run = run.map_err(|error| error.to_string())?;
        let executions = run.output.lines().find_map(frozen_in).unwrap_or(0);
        Ok(Frozen { point, end: run.end, executions })
    });
    frozen.collect()
}

/// Reads `role R takes at most N steps`.
fn most_steps(line: &str) -> Option<(usize, usize)> {
    let (role, steps) = line.strip_prefix("role ")?.split_once(" takes at most ")?;
    Some((role.parse().ok()?, steps.strip_suffix(" steps")?.parse().ok()?))
}

/// Reads `frozen in N executions`.
fn frozen_in(line: &str) -> Option<u64> {
    line.strip_prefix("frozen in ")?.strip_suffix(" executions")?.parse().ok()
}
