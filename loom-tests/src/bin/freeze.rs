//! Frozen threads: each thread of the models in `models/freeze.rs` stops before each of its steps,
//! wakes included, and all that was promised without it has to arrive all the same. The queues in
//! `models/twins.rs` have known holes, which have to be found. The threads of the models in
//! `models/roles.rs` are the pool's, to whom less is promised: what stands still with them is
//! printed.
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
use photofinish_loom_tests::source::{self, Place};

const PAGE: &str = "docs/freeze-table.md";
/// A run that takes so long hangs, on a busy machine too.
const LONGEST: Duration = Duration::from_secs(600);

/// Where a worker may hold the rest of the inbox: what others submit has to be seen stalling.
const HOLDER: &str = "inbox.rs take";
const STALLED: &str = "not begun";

const SHIPPED: &str = "# The freeze table\n\n\
    Each thread of each model, stopped before each of its steps (every atomic operation, and every \
    wake), until all that was promised without it has arrived. `cargo freeze --write` writes this \
    page. The bound on preemptions is 2 for completers and at most 1 for the others (`just deep` \
    goes further), and one thread is frozen at a time; the last steps of a thread are reached in \
    few executions only, and the models' own bounds apply.\n\n\
    | model | thread | steps | passed | executions in which it stood still, per step |\n\
    |---|---|---|---|---|\n";

const TWINS: &str = "\n## Red twins\n\n\
    Queues with known holes. A hole is a deadlock, and it has to be found.\n\n\
    | queue | thread | steps | holes before step |\n|---|---|---|---|\n";

const POOL: &str = "\n## The pool's roles\n\n\
    Two workers (one where submitters race, or where the queue has room for one task), and a \
    submitter or the first worker stops for ever before one of its writes or wakes. (To all \
    others, one that stops before a load stands where it would before its next write.) When \
    nothing moves any more, some tasks have not arrived, in so many executions. \
    Besides the stop there is no preemption: threads switch where they block.\n\n\
    Whatever is *not begun* is promised to nobody. That no task is ever missing whose body has \
    *returned elsewhere*, on a thread that goes on, is what `cargo freeze` insists on; and that \
    what waits for a worker that holds the rest of the inbox is seen waiting.\n\n\
    | pool role | stopped before | what stalls (executions) |\n|---|---|---|\n";

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
    /// What stood still with it, if the model observes that.
    standstills: Vec<Standstill>,
}

/// What was seen in some executions when nothing moved any more.
struct Standstill {
    role: String,
    before: Place,
    missing: String,
    executions: u64,
}

fn main() -> ExitCode {
    tool(run)
}

fn run(write: bool) -> Result<(), String> {
    let started = Instant::now();
    let checker = Checker::build()?;
    let frozen = freeze_all(&checker)?;
    let is_of = |frozen: &Frozen, module: &str| frozen.point.test.starts_with(module);
    let (shipped, rest): (Vec<_>, Vec<_>) =
        frozen.into_iter().partition(|frozen| is_of(frozen, "freeze::"));
    let (twins, pool): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|frozen| is_of(frozen, "twins::"));

    let mut complaints = String::new();
    let mut page = String::from(SHIPPED);
    page.push_str(&shipped_table(&shipped));
    complain_of_failures(&shipped, &mut complaints);
    page.push_str(TWINS);
    page.push_str(&twins_table(&twins, &mut complaints));
    page.push_str(POOL);
    page.push_str(&pool_table(&pool, &mut complaints));
    complain_of_failures(&pool, &mut complaints);

    println!("{page}");
    let (points, seconds) = (shipped.len(), started.elapsed().as_secs());
    println!(
        "{points} points frozen in the shipped protocol, {} in twins, {} in the pool, {seconds} s",
        twins.len(),
        pool.len()
    );
    if write {
        fs::write(workspace().join(PAGE), page).map_err(|error| error.to_string())?;
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// The rows of the threads that may stop anywhere.
fn shipped_table(shipped: &[Frozen]) -> String {
    let mut table = String::new();
    for ((test, role), points) in by_thread(shipped) {
        let passed = points.iter().filter(|frozen| frozen.end == End::Passed).count();
        let stood: Vec<_> = points.iter().map(|frozen| frozen.executions.to_string()).collect();
        let steps = points.len();
        let _ = writeln!(table, "| {test} | {role} | {steps} | {passed} | {} |", stood.join(", "));
    }
    table
}

/// The rows of the queues with holes. If one is not found, the models show nothing.
fn twins_table(twins: &[Frozen], complaints: &mut String) -> String {
    let mut table = String::new();
    let mut holes: BTreeMap<&str, usize> = BTreeMap::new();
    for ((test, role), points) in by_thread(twins) {
        let found: Vec<_> = points.iter().filter(|frozen| frozen.end == End::Deadlock).collect();
        *holes.entry(test).or_default() += found.len();
        let before: Vec<_> = found.iter().map(|frozen| frozen.point.step.to_string()).collect();
        let _ = writeln!(table, "| {test} | {role} | {} | {} |", points.len(), before.join(", "));
    }
    for (test, _) in holes.iter().filter(|(_, holes)| **holes == 0) {
        let _ = writeln!(complaints, "{test} has a hole, and it was not found");
    }
    if holes.is_empty() {
        complaints.push_str("there is no red twin\n");
    }
    table
}

fn complain_of_failures(frozen: &[Frozen], complaints: &mut String) {
    for Frozen { point, end, .. } in frozen.iter().filter(|frozen| frozen.end != End::Passed) {
        let Point { test, role, step } = point;
        let _ = writeln!(complaints, "{test}: thread {role} before step {step}: {end:?}");
    }
}

/// The rows of the pool's table. If a stall that must be there is not, the models show nothing.
fn pool_table(pool: &[Frozen], complaints: &mut String) -> String {
    let seen: Vec<_> = pool.iter().flat_map(|frozen| &frozen.standstills).collect();
    let names = source::names(seen.iter().map(|standstill| &standstill.before));
    let mut rows: BTreeMap<(&str, &Place), BTreeMap<&str, u64>> = BTreeMap::new();
    for Standstill { role, before, missing, executions } in seen {
        let row = rows.entry((role, before)).or_default();
        *row.entry(missing).or_default() += executions;
    }
    let mut table = String::new();
    let mut holder_stalls = false;
    for ((role, before), missing) in rows {
        let name = &names[before];
        holder_stalls |=
            name.starts_with(HOLDER) && missing.keys().any(|what| what.contains(STALLED));
        let what = missing.iter().map(|(missing, executions)| {
            let missing = if missing.is_empty() { "all arrives" } else { missing };
            format!("{missing} ({executions})")
        });
        let what = what.collect::<Vec<_>>().join("; ");
        let _ = writeln!(table, "| {role} | {name} | {what} |");
    }
    if !holder_stalls {
        let _ = writeln!(complaints, "nothing stalls before {HOLDER}, and it must");
    }
    table
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
fn freeze_all(checker: &Checker) -> Result<Vec<Frozen>, String> {
    let mut tests = Vec::new();
    // Those that take longest first.
    for module in ["roles::", "freeze::", "twins::"] {
        let found = checker.tests(module).map_err(|error| error.to_string())?;
        if found.is_empty() {
            return Err(format!("there is no model in {module}"));
        }
        tests.extend(found);
    }
    let runs = in_parallel(&tests, |test| checker.run(test, &[], LONGEST));
    let mut points = Vec::new();
    for (test, run) in tests.iter().zip(runs) {
        let run = run.map_err(|error| error.to_string())?;
        if run.end != End::Passed {
            return Err(format!("{test} fails as it is: {:?}\n{}", run.end, run.output));
        }
        let mut roles = run.output.lines().filter_map(most_steps).peekable();
        if roles.peek().is_none() {
            return Err(format!("no thread of {test} plays a role"));
        }
        for (role, steps) in roles {
            points.extend((0..steps).map(|step| Point { test: test.clone(), role, step }));
        }
    }
    let runs = in_parallel(&points, |point| {
        let plan = format!("{} {}", point.role, point.step);
        checker.run(&point.test, &[("PHOTOFINISH_FREEZE", &plan)], LONGEST)
    });
    let frozen = points.into_iter().zip(runs).map(|(point, run)| {
        let run = run.map_err(|error| error.to_string())?;
        let executions = run.output.lines().find_map(frozen_in).unwrap_or(0);
        let standstills = run.output.lines().filter_map(standstill).collect();
        Ok(Frozen { point, end: run.end, executions, standstills })
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

/// Reads `stood N | ROLE | PLACE | WHAT IS MISSING`.
fn standstill(line: &str) -> Option<Standstill> {
    let mut parts = line.strip_prefix("stood ")?.split('|').map(str::trim);
    let (executions, role, before) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Standstill {
        role: role.to_owned(),
        before: before.parse().ok()?,
        missing: parts.next()?.to_owned(),
        executions: executions.parse().ok()?,
    })
}
