//! The latency lab: how long results take on their way back, design by design.
//!
//! `cargo bench --bench latency -- --help` explains the knobs.

use std::io;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use photofinish_bench::affinity::{Pinned, Threads};
use photofinish_bench::allocations::Counter;
use photofinish_bench::allocator::Allocator;
use photofinish_bench::cargo_flags::Task;
use photofinish_bench::clock::Clock;
use photofinish_bench::machine::{self, CoreTime, Machine, TimerSlack};
use photofinish_bench::options::Options;
use photofinish_bench::previous;
use photofinish_bench::recorder::Recorder;
use photofinish_bench::report::table::Tables;
use photofinish_bench::report::{folder, summary};
use photofinish_bench::results::{Changes, Results};
use photofinish_bench::session::{Next, Plan, Session};
use photofinish_bench::work::Pace;

#[global_allocator]
static ALLOCATOR: Counter = Counter;

fn main() -> ExitCode {
    let options = Options::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    if let Some(error) = Allocator::misnamed() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    match options.allocator().take_over() {
        Ok(None) => {}
        Ok(Some(status)) => process::exit(status.code().unwrap_or(1)),
        Err(error) => {
            eprintln!("cannot run under {}: {error}", options.allocator());
            return ExitCode::FAILURE;
        }
    }
    let plan = options.plan(Pace::measure());
    if let Some(obstacle) = obstacle(&options, &plan) {
        eprintln!("{obstacle}");
        return ExitCode::FAILURE;
    }
    match options.task() {
        Task::List => {
            for (scenario, design) in &plan.pairs {
                println!("{}/{}: benchmark", scenario.slug(), design.name());
            }
            return ExitCode::SUCCESS;
        }
        Task::Smoke => println!("a short run without measuring: `cargo bench` measures\n"),
        Task::Measure => head(&plan),
    }
    if plan.pairs.is_empty() {
        println!("no series of the latency lab matches");
        return ExitCode::SUCCESS;
    }
    let session = play(&plan);
    let mut passed = session.failures().next().is_none();
    if options.task() == Task::Smoke {
        println!("{} runs, every result of a design that did not fail came once", plan.runs());
    } else if session.is_empty() {
        eprintln!("nothing was measured, and nothing is written");
        passed = false;
    } else if let Err(error) = report(&options, &plan, &session) {
        eprintln!("cannot write to {}: {error}", options.output().display());
        passed = false;
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Why it would be no use to measure.
fn obstacle(options: &Options, plan: &Plan) -> Option<String> {
    if options.task() != Task::Measure {
        return None;
    }
    if plan.conditions.pinned && Pinned::all_but(&Threads::now()).is_none() {
        let why = "it takes two cores, and a system that lets a program choose";
        return Some(format!("cannot pin threads to cores: {why}"));
    }
    let output = options.output();
    let error = folder::prepare(&output).err()?;
    Some(format!("cannot write to {}: {error}", output.display()))
}

/// Plays what is planned, until the user interrupts, and says who failed.
fn play(plan: &Plan) -> Session {
    let stop = stop_on_request();
    let bar = progress(plan);
    let session = plan.play(|Next { round, scenario, design }| {
        // The bar is drawn between runs only: a thread that ticks would disturb them.
        let name = format!("{}/{design}", scenario.slug());
        if round == 0 {
            bar.set_message(format!("counting allocations, {name}"));
        } else {
            bar.set_message(format!("round {round} of {}, {name}", plan.rounds));
            bar.inc(1);
        }
        !stop.load(Ordering::Relaxed)
    });
    bar.finish_and_clear();
    for failure in session.failures() {
        eprintln!("FAILED: {failure}");
    }
    session
}

/// Prints what came of it, beside the session before, and writes it.
fn report(options: &Options, plan: &Plan, session: &Session) -> io::Result<()> {
    let mut results = Results::of(plan, session);
    match previous::read(&options.previous()) {
        Ok(before) => {
            results.changes = before.and_then(|before| Changes::between(&before, &results));
        }
        Err(error) => eprintln!("cannot read {}: {error}", options.previous().display()),
    }
    print!("{}", Tables(&results));
    println!("\n{}", summary::headline(&results));
    let files = folder::write(&results, session, &options.output())?;
    println!("\n{} runs planned, {:.0} s; the report:", plan.runs(), results.seconds);
    for file in files {
        println!("  {}", file.display());
    }
    Ok(())
}

/// A flag that is set when the user interrupts: the run under way is finished and what has been
/// measured is reported. Who interrupts again means it.
fn stop_on_request() -> Arc<AtomicBool> {
    const INTERRUPTED: i32 = 130;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let handler = move || {
        if asked.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
        eprintln!("\ninterrupted: what has been measured is reported");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("an interrupt will leave no report: {error}");
    }
    stop
}

/// Says where the numbers will come from, and under which conditions.
fn head(plan: &Plan) {
    const LOOK: Duration = Duration::from_millis(300);
    let activity = CoreTime::while_asleep(LOOK);
    let workers = plan.conditions.workers;
    println!("\nThe latency lab: results on their way back from a pool, all lengths in ns\n");
    println!("{}", Machine::here());
    let crowded = if workers + 1 > machine::cores() { ": MORE THREADS THAN CORES" } else { "" };
    let pinned = if plan.conditions.pinned { "pinned to cores" } else { "not pinned" };
    println!(
        "threads   {workers} workers, and one that paces, submits and receives{crowded}; {pinned}"
    );
    let (cost, slack) = (Clock::start().read_cost(), TimerSlack::least());
    println!("clock     one reading costs {cost:.0} ns, contained in every length; {slack}");
    println!("recorder  one task costs the consumer {:.0} ns, between two tasks", Recorder::cost());
    let mut works: Vec<_> = plan.pairs.iter().map(|(scenario, _)| scenario.work).collect();
    works.sort_by_key(|work| work.length());
    works.dedup_by_key(|work| work.length());
    for work in works.iter().filter(|work| work.is_busy() && !work.length().is_zero()) {
        println!("tasks     {work}: a calibrated busy loop, {:?} when measured", work.measured());
    }
    println!(
        "plan      {} rounds, designs in turns, {:?} recorded after {:?} of warm-up: about {:.0} s",
        plan.rounds,
        plan.conditions.duration,
        plan.conditions.warm_up,
        plan.length().as_secs_f64()
    );
    println!("digits    3; a percentile is printed where at least ten samples lie beyond it");
    if let Some(shares) = activity.filter(|shares| shares.disturb()) {
        println!("\nWARNING: the machine is busy before the run: {shares}");
    }
    println!();
}

/// Shows how far it is and how long it still takes; nothing if nobody looks.
fn progress(plan: &Plan) -> ProgressBar {
    let template = "{bar:30} {pos}/{len} runs, {eta} left: {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(plan.runs() as u64).with_style(style)
}
