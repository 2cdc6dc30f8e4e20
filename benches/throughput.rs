//! Throughput: nanoseconds per task, from submission to receipt, design by design.
//!
//! One thread submits a window of 1000 tasks and receives their results, window after window;
//! the time is divided by the number of tasks. Threads start before the clock does. Criterion
//! runs one design after the other; the latency lab interleaves them.
//!
//! *Outstanding* is the same in windows of a hundred to a million empty tasks; the time is that of
//! a whole window. A design that does not take part by default does if the filter has its name:
//! `cargo bench --bench throughput -- rayon-kanal`.

use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, Command};
use criterion::Throughput::Elements;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};
use photofinish_baselines::{Design, Entry, Visit};
use photofinish_bench::allocations::Counter;
use photofinish_bench::allocator::Allocator;
use photofinish_bench::criterion_flags;
use photofinish_bench::machine::{self, Machine};
use photofinish_bench::work::{Pace, Work};

#[global_allocator]
static ALLOCATOR: Counter = Counter;

const IN_FLIGHT: u64 = 1_000;

fn main() {
    if let Some(error) = Allocator::misnamed() {
        eprintln!("{error}");
        std::process::exit(1);
    }
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(10)
        .configure_from_args();
    let pace = Pace::measure();
    let works = [0, 1, 10].map(|length| Work::lasting(Duration::from_micros(length), pace));
    let named = filter().unwrap_or_default();
    let takes_part =
        |design: &&Entry| Entry::DEFAULT.contains(design) || named.contains(design.name());
    let designs: Vec<Entry> = Entry::ALL.iter().filter(takes_part).copied().collect();
    // Whoever asks for a list wants nothing else on the standard output.
    eprintln!("\nThroughput: time per task, {IN_FLIGHT} in flight\n\n{}", Machine::here());
    for work in &works[1..] {
        eprintln!("tasks     {work}: a calibrated busy loop, {:?} when measured", work.measured());
    }
    eprintln!();
    for work in works {
        for workers in worker_counts(machine::cores()) {
            let mut group = criterion.benchmark_group(format!("{work} tasks"));
            group.sampling_mode(SamplingMode::Flat);
            for design in &designs {
                design.visit(Throughput { group: &mut group, work, workers });
            }
            group.finish();
        }
    }
    for power in 2..=6 {
        let mut group = criterion.benchmark_group("outstanding");
        group.sampling_mode(SamplingMode::Flat);
        for design in &designs {
            design.visit(Outstanding { group: &mut group, window: 10_u64.pow(power) });
        }
        group.finish();
    }
    criterion.final_summary();
    // Cargo runs this target last.
    let report = machine::target_folder().join("photofinish/latency/report.html");
    if report.exists() {
        eprintln!("\nThe latency lab's report:\n  {}", report.display());
    }
}

/// Doubling from one worker, up to one per core.
fn worker_counts(cores: usize) -> impl Iterator<Item = usize> {
    let doubled = std::iter::successors(Some(1), |workers| Some(2 * workers));
    doubled.take_while(move |workers| *workers < cores).chain([cores])
}

struct Throughput<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    work: Work,
    workers: usize,
}

impl Visit<u64> for Throughput<'_, '_> {
    type Output = ();

    fn visit<D: Design<u64>>(self) {
        let Self { group, work, workers } = self;
        let name = BenchmarkId::new(D::NAME, format!("workers-{workers}"));
        // Built when it is first needed: a filter may leave it out.
        let mut design = None;
        group.bench_function(name, |bencher| {
            let design = design.get_or_insert_with(|| D::with_workers(workers));
            bencher.iter_custom(|tasks| windows(design, tasks, IN_FLIGHT, work));
        });
    }
}

/// As many tasks at once.
struct Outstanding<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    window: u64,
}

impl Visit<u64> for Outstanding<'_, '_> {
    type Output = ();

    fn visit<D: Design<u64>>(self) {
        let Self { group, window } = self;
        group.throughput(Elements(window));
        let mut design = None;
        group.bench_function(BenchmarkId::new(D::NAME, window), |bencher| {
            let design = design.get_or_insert_with(|| D::with_workers(1));
            bencher.iter_custom(|times| windows(design, times * window, window, Work::NONE));
        });
    }
}

/// The filter on the command line, of which criterion does not tell.
fn filter() -> Option<String> {
    let flags = ["bench", "test", "list", "quick"]
        .map(|name| Arg::new(name).long(name).action(ArgAction::SetTrue));
    let command = Command::new("throughput").args(flags).arg(Arg::new("filter"));
    let matches = criterion_flags::ignored_by(command).try_get_matches().ok()?;
    matches.get_one::<String>("filter").cloned()
}

/// Runs `tasks` tasks in windows, and checks that each came back.
///
/// # Panics
///
/// If the design loses or duplicates a result.
fn windows<D: Design<u64>>(design: &mut D, tasks: u64, in_flight: u64, work: Work) -> Duration {
    let mut sum = 0_u64;
    let begun = Instant::now();
    let mut next = 0;
    while next < tasks {
        let window = next..tasks.min(next + in_flight);
        for number in window.clone() {
            design.submit(move || {
                work.run();
                number
            });
        }
        for _ in window.clone() {
            let number = design.next();
            sum += number.unwrap_or_else(|| panic!("{} lost a result", D::NAME));
        }
        next = window.end;
    }
    let elapsed = begun.elapsed();
    let expected: u64 = (0..tasks).sum();
    assert_eq!(sum, expected, "{} lost one result and duplicated another", D::NAME);
    assert_eq!(design.outstanding(), 0, "{} says that there is more to come", D::NAME);
    elapsed
}
