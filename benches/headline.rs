//! The headline: where we stand against the best rival and against the limit.
//!
//! `cargo bench --bench headline -- --help` explains the knobs.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use photofinish_bench::allocations::Counter;
use photofinish_bench::allocator::Allocator;
use photofinish_bench::clock::Clock;
use photofinish_bench::headline::budget;
use photofinish_bench::headline::entrant::Entrant;
use photofinish_bench::headline::figure::{Figure, Reading, Workload, growth};
use photofinish_bench::headline::instructions;
use photofinish_bench::headline::knobs::{Knobs, Task};
use photofinish_bench::headline::leg::{Failure, Leg};
use photofinish_bench::headline::play::Conditions;
use photofinish_bench::headline::records::Records;
use photofinish_bench::headline::row::{Line, Row};
use photofinish_bench::headline::standing::Standings;
use photofinish_bench::headline::table::Table;
use photofinish_bench::limits::{Effort, Limits};
use photofinish_bench::machine::{self, CoreTime, Machine, Shares};
use photofinish_bench::report::folder;
use photofinish_bench::work::Pace;

#[global_allocator]
static ALLOCATOR: Counter = Counter;

fn main() -> ExitCode {
    let knobs = Knobs::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    if let Some(error) = Allocator::misnamed() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let played = match knobs.task() {
        Task::Leg(leg) => return leg.main(),
        Task::Count(count) => return count.main(),
        Task::List => {
            knobs.names().iter().for_each(|name| println!("{name}: benchmark"));
            return ExitCode::SUCCESS;
        }
        _ if knobs.names().is_empty() => {
            println!("no workload of the headline matches");
            return ExitCode::SUCCESS;
        }
        Task::Smoke => smoke(&knobs).map_err(Into::into),
        Task::Measure => measure(&knobs),
        Task::Budget => return keep_budget(&knobs),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nFAILED: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Everybody plays a little, in this process.
fn smoke(knobs: &Knobs) -> Result<(), Failure> {
    let pace = Pace::measure();
    let mut legs = legs(knobs, pace);
    let counted = |entrant: Entrant| leg(knobs, entrant, (1, pace), entrant.counted());
    legs.extend(Entrant::all().into_iter().filter_map(counted));
    for leg in &legs {
        leg.run()?;
    }
    println!("{} legs, no result lost or duplicated: `cargo bench` measures", legs.len());
    Ok(())
}

/// What is played in a round, number of workers by number of workers.
fn legs(knobs: &Knobs, pace: Pace) -> Vec<Leg> {
    let mut legs = Vec::new();
    for workers in knobs.workers() {
        for entrant in Entrant::all() {
            let plays = entrant.plays(workers);
            let apart = |workload: &Workload| workload.allocator() == Allocator::System;
            let (plain, faster) = plays.into_iter().partition(apart);
            legs.extend(leg(knobs, entrant, (workers, pace), plain));
            let faster = leg(knobs, entrant, (workers, pace), faster);
            legs.extend(faster.map(|leg| leg.served_by(Allocator::Mimalloc)));
        }
    }
    legs
}

/// What of `workloads` is wanted.
fn leg(
    knobs: &Knobs,
    entrant: Entrant,
    (workers, pace): (usize, Pace),
    workloads: Vec<Workload>,
) -> Option<Leg> {
    let wanted = workloads.into_iter().filter(|workload| knobs.plays(*workload));
    let workloads: Vec<_> = wanted.collect();
    let (extent, pinned) = (knobs.extent(), knobs.pinned());
    let allocator = Allocator::System;
    let conditions = Conditions { workers, extent, pinned, allocator, pace };
    (!workloads.is_empty()).then_some(Leg { entrant, conditions, workloads })
}

/// Counts what comes out the same every time.
fn count(knobs: &Knobs, records: &mut Records) -> Result<(), Failure> {
    let pace = Pace::measure();
    for entrant in Entrant::all() {
        if let Some(leg) = leg(knobs, entrant, (1, pace), entrant.counted()) {
            leg.run_apart()?.into_iter().for_each(|reading| records.note(entrant, 1, reading));
        }
    }
    if knobs.wants(Figure::Instructions) {
        for entrant in instructions::COUNTED {
            match instructions::of_one_task(entrant) {
                Ok(value) => {
                    let figure = Figure::Instructions;
                    records.note(entrant, 1, Reading { figure, value, cores: None });
                }
                Err(why) => {
                    println!("{why}\n");
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Counts, and compares with the budget of a task.
fn keep_budget(knobs: &Knobs) -> ExitCode {
    let mut records = Records::default();
    records.next_round();
    if let Err(failure) = count(knobs, &mut records) {
        eprintln!("\nFAILED: {failure}");
        return ExitCode::FAILURE;
    }
    let spendings = budget::spendings(&records);
    spendings.iter().for_each(|spending| println!("{spending}"));
    if spendings.iter().any(budget::Spending::is_excess) {
        eprintln!("that is beyond the budget of docs/performance.md");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn measure(knobs: &Knobs) -> Result<(), Box<dyn Error>> {
    let output = knobs.output();
    let unwritable = |error: io::Error| format!("cannot write to {}: {error}", output.display());
    folder::prepare(&output).map_err(unwritable)?;
    head(knobs);
    let (begun, before) = (Instant::now(), CoreTime::now());
    let (mut records, mut limits) = (Records::default(), Vec::new());
    let runs = legs(knobs, Pace::measure()).len() as u64;
    let bar = progress(runs * u64::from(knobs.rounds()));
    for round in 0..knobs.rounds() {
        limits.push(Limits::measure(Effort::Full));
        records.next_round();
        let mut legs = legs(knobs, Pace::measure());
        // Each round begins with another one.
        let first = round as usize % legs.len().max(1);
        legs.rotate_left(first);
        for leg in legs {
            let (entrant, workers) = (leg.entrant, leg.conditions.workers);
            bar.set_message(format!("round {}, {entrant}, workers {workers}", round + 1));
            let readings = leg.run_apart()?;
            let growth = growth(&readings);
            for reading in readings.into_iter().chain(growth) {
                records.note(entrant, workers, reading);
            }
            // The bar is drawn between runs only: a thread that ticks would disturb them.
            bar.inc(1);
        }
    }
    bar.set_message("counting");
    count(knobs, &mut records)?;
    bar.finish_and_clear();
    let lines = Line::all(&knobs.workers()).into_iter();
    let rows: Vec<Row> = lines.filter_map(|line| line.fill_in(&records)).collect();
    println!("The machine's own limits, medians of {} rounds\n", records.rounds());
    println!("{}", Limits::medians(&limits));
    let standings = Standings::new(&records, &knobs.workers());
    if knobs.everybody() {
        println!("{standings}");
    }
    println!("{}", Table(&rows));
    foot(begun.elapsed(), before);
    let paths = write(&rows, &standings, &output).map_err(unwritable)?;
    paths.iter().for_each(|path| println!("{}", path.display()));
    Ok(())
}

/// The table, and beside it what everybody came to in every round.
fn write(rows: &[Row], standings: &Standings, folder: &Path) -> io::Result<[PathBuf; 2]> {
    fs::create_dir_all(folder)?;
    let paths = ["headline.json", "headline-everybody.json"].map(|name| folder.join(name));
    fs::write(&paths[0], serde_json::to_string_pretty(rows)?)?;
    fs::write(&paths[1], serde_json::to_string_pretty(standings.all())?)?;
    Ok(paths)
}

/// Says where the numbers come from.
fn head(knobs: &Knobs) {
    const LOOK: Duration = Duration::from_millis(300);
    let activity = CoreTime::while_asleep(LOOK);
    println!("\nThe headline: where we stand against the best rival and against the limit\n");
    println!("{}", Machine::here());
    for workers in knobs.workers() {
        let crowded = if workers + 1 > machine::cores() { ": MORE THREADS THAN CORES" } else { "" };
        println!("threads   workers {workers}, and one that submits and receives{crowded}");
    }
    println!("clock     one reading costs {:.0} ns", Clock::start().read_cost());
    println!(
        "plan      {} rounds, everybody in turns, each in a process of its own",
        knobs.rounds()
    );
    warn(activity, "before the run");
    println!();
}

fn foot(took: Duration, before: Option<CoreTime>) {
    println!(
        "\n`=`: the rounds disagree on who is better. No result was lost or duplicated. {:.0} s.",
        took.as_secs_f64()
    );
    let shares = before.and_then(|before| Some(CoreTime::now()?.since(before)));
    if let Some(shares) = shares {
        println!("{shares}");
    }
    warn(shares, "during the run");
}

/// Warns if the machine is not ours alone.
fn warn(shares: Option<Shares>, when: &str) {
    if let Some(shares) = shares.filter(|shares| shares.disturb()) {
        println!("\nWARNING: the machine is busy: {when}, {shares}");
    }
}

fn progress(runs: u64) -> ProgressBar {
    let template = "{bar:30} {pos}/{len} legs, {eta} left: {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(runs).with_style(style)
}
