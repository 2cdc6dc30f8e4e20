//! The latency lab: how long results take on their way back, design by design.
//!
//! `cargo bench --bench latency -- --help` explains the knobs.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use photofinish_bench::clock::Clock;
use photofinish_bench::hgrm;
use photofinish_bench::machine::{self, CoreTime, Machine, Shares, TimerSlack};
use photofinish_bench::options::{Options, Task};
use photofinish_bench::recorder::{Measure, Recorder};
use photofinish_bench::report::Report;
use photofinish_bench::series::Tally;
use photofinish_bench::session::{Next, Plan};
use photofinish_bench::work::Pace;

fn main() -> ExitCode {
    let options = Options::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let plan = options.plan(Pace::measure());
    match options.task() {
        Task::List => {
            for (scenario, design) in &plan.pairs {
                println!("{}/{design}: benchmark", scenario.slug());
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
    let (begun, before) = (Instant::now(), CoreTime::now());
    let bar = progress(&plan);
    let played = plan.play(|Next { round, scenario, design }| {
        // The bar is drawn between runs only: a thread that ticks would disturb them.
        bar.set_message(format!("round {round} of {}, {}, {design}", plan.rounds, scenario.slug()));
        bar.inc(1);
    });
    bar.finish_and_clear();
    let tallies = match played {
        Ok(tallies) => tallies,
        Err(failure) => {
            eprintln!("\nFAILED: {failure}");
            return ExitCode::FAILURE;
        }
    };
    if options.task() == Task::Smoke {
        println!("{} runs, no result lost or duplicated", plan.runs());
        return ExitCode::SUCCESS;
    }
    print!("{}", Report { tallies: &tallies });
    foot(&plan, begun.elapsed(), before);
    match write_files(&tallies, &options.output()) {
        Ok(files) => {
            list(&files, &options.output());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write to {}: {error}", options.output().display());
            ExitCode::FAILURE
        }
    }
}

/// Says where the numbers come from, and under which conditions.
fn head(plan: &Plan) {
    const LOOK: Duration = Duration::from_millis(300);
    let activity = CoreTime::while_asleep(LOOK);
    let workers = plan.conditions.workers;
    println!("\nThe latency lab: results on their way back from a pool, all lengths in ns\n");
    println!("{}", Machine::here());
    let crowded = if workers + 1 > machine::cores() { ": MORE THREADS THAN CORES" } else { "" };
    println!("threads   {workers} workers, and one that paces, submits and receives{crowded}");
    let (cost, slack) = (Clock::start().read_cost(), TimerSlack::least());
    println!("clock     one reading costs {cost:.0} ns, contained in every length; {slack}");
    println!("recorder  one task costs the consumer {:.0} ns, between two tasks", Recorder::cost());
    let mut works: Vec<_> = plan.pairs.iter().map(|(scenario, _)| scenario.work).collect();
    works.dedup_by_key(|work| work.length());
    for work in works.iter().filter(|work| !work.length().is_zero()) {
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
    warn(activity, "before the run");
    println!();
}

fn foot(plan: &Plan, took: Duration, before: Option<CoreTime>) {
    let (runs, seconds) = (plan.runs(), took.as_secs_f64());
    println!("{runs} runs in {seconds:.0} s, no result lost or duplicated");
    let shares = before.and_then(|before| Some(CoreTime::now()?.since(before)));
    if let Some(shares) = shares {
        println!("{shares}");
    }
    warn(shares, "during the run");
    println!();
}

/// Warns if the machine is not ours alone.
fn warn(shares: Option<Shares>, when: &str) {
    if let Some(shares) = shares.filter(|shares| shares.disturb()) {
        println!("\nWARNING: the machine is busy: {when}, {shares}; the tails are partly theirs");
    }
}

/// Shows how far it is and how long it still takes; nothing if nobody looks.
fn progress(plan: &Plan) -> ProgressBar {
    let template = "{bar:30} {pos}/{len} runs, {eta} left: {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(plan.runs() as u64).with_style(style)
}

/// Writes one file for each series.
fn write_files(tallies: &[Tally], folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for tally in tallies {
        for measure in Measure::COMPARED {
            let (scenario, measure_slug) = (tally.scenario.slug(), measure.slug());
            let path = folder.join(format!("{scenario}-{measure_slug}-{}.hgrm", tally.design));
            let mut file = BufWriter::new(File::create(&path)?);
            hgrm::write(&tally.of(measure).histogram, &mut file)?;
            file.flush()?;
            files.push(path);
        }
    }
    Ok(files)
}

fn list(files: &[PathBuf], folder: &Path) {
    println!(
        "Percentile files for the HdrHistogram plotter, in nanoseconds, in {}:",
        folder.display()
    );
    for name in files.iter().filter_map(|file| file.file_name()) {
        println!("  {}", name.display());
    }
}
