//! The knobs of the latency lab.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches, ValueEnum};
use photofinish_baselines::Entry;

use crate::criterion_flags;
use crate::length::Length;
use crate::machine;
use crate::run::Conditions;
use crate::scenario::{Arrivals, Scenario};
use crate::session::Plan;
use crate::work::{Pace, Work};

/// Who sets the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The clock, at each of the rates.
    Open,
    /// The design, with each of the windows in flight.
    Window,
}

/// What is asked for.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The designs to compare, whose names are listed below; those with a star by default
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', alias = "design")]
    designs: Vec<Entry>,
    /// Who sets the pace: the clock (open loop), or the design (a window in flight)
    #[arg(long, value_name = "MODE,...", value_delimiter = ',', alias = "scenario",
          value_enum, default_values = ["open", "window"])]
    scenarios: Vec<Mode>,
    /// Threads in the pool; by default one core is left to the consumer
    #[arg(long, value_name = "N", value_parser = positive)]
    workers: Option<usize>,
    /// Open loop: tasks per second
    #[arg(long, value_name = "PER SECOND,...", value_delimiter = ',', alias = "rate",
          value_parser = rate, default_values = ["10000", "30000"])]
    rates: Vec<f64>,
    /// Open loop: how long each task works
    #[arg(long, value_name = "LENGTH", default_value = "20us")]
    task: Length,
    /// Closed loop: tasks in flight
    #[arg(long, value_name = "N,...", value_delimiter = ',', alias = "window",
          value_parser = positive, default_values = ["64"])]
    windows: Vec<usize>,
    /// Closed loop: how long each task works
    #[arg(long, value_name = "LENGTH", default_value = "0us")]
    window_task: Length,
    /// How often every design is run, in turns [default: 5]
    #[arg(long, value_name = "N", value_parser = positive)]
    rounds: Option<usize>,
    /// For how long each design is recorded in a scenario and round [default: 800ms]
    #[arg(long, value_name = "LENGTH")]
    duration: Option<Length>,
    /// For how long it runs before that [default: 100ms]
    #[arg(long, value_name = "LENGTH")]
    warm_up: Option<Length>,
    /// Where the percentile files go [default: target/photofinish/latency]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Only what has this in its SCENARIO/DESIGN, such as window-64-empty/std-mpsc
    filter: Option<String>,
    /// Fewer and shorter rounds
    #[arg(long)]
    quick: bool,
    /// Cargo passes it to benches; without it everything is run once and nothing is measured
    #[arg(long, hide = true)]
    bench: bool,
    /// Run everything once, briefly, and write no files
    #[arg(long)]
    test: bool,
    /// Print the names of what would be run
    #[arg(long)]
    list: bool,
}

/// What the program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Measure, print and write files.
    Measure,
    /// See that everything runs, as `cargo test --benches` wants it.
    Smoke,
    /// Print names.
    List,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or the help that was asked for.
    ///
    /// ```
    /// use photofinish_bench::options::Options;
    ///
    /// let error = Options::parse(["latency", "--designs", "std-mcsp"]).unwrap_err();
    /// assert!(error.to_string().contains("std-mpsc"));
    /// ```
    pub fn parse<A>(arguments: impl IntoIterator<Item = A>) -> Result<Self, clap::Error>
    where
        A: Into<std::ffi::OsString> + Clone,
    {
        let names = Entry::ALL.iter().map(line).collect::<String>();
        let command = Command::new("latency")
            .bin_name("cargo bench --bench latency --")
            .after_help(format!("Designs:{names}\n\nFlags of criterion are accepted and ignored."));
        let command = criterion_flags::ignored_by(Self::augment_args(command)).about(
            "Measures how long results take on their way back from a pool, design by design",
        );
        Self::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    /// What the program is to do.
    pub fn task(&self) -> Task {
        match (self.list, self.test, self.bench) {
            (true, ..) => Task::List,
            (false, true, _) | (false, false, false) => Task::Smoke,
            (false, false, true) => Task::Measure,
        }
    }

    /// Where files go.
    pub fn output(&self) -> PathBuf {
        let folder = || machine::target_folder().join("photofinish").join("latency");
        self.output.clone().unwrap_or_else(folder)
    }

    /// All runs that are asked for.
    pub fn plan(&self, pace: Pace) -> Plan {
        // Rounds, milliseconds recorded, milliseconds before that.
        let (rounds, duration, warm_up) = match (self.task(), self.quick) {
            (Task::Smoke, _) => (1, 20, 5),
            (Task::Measure | Task::List, true) => (2, 300, 50),
            (Task::Measure | Task::List, false) => (5, 800, 100),
        };
        let or = |length: Option<Length>, default| {
            length.map_or(Duration::from_millis(default), |length| length.0)
        };
        let conditions = Conditions {
            workers: self.workers.unwrap_or_else(|| machine::cores().max(2) - 1),
            warm_up: or(self.warm_up, warm_up),
            duration: or(self.duration, duration),
            patience: Duration::from_secs(10),
        };
        let designs = if self.designs.is_empty() { Entry::DEFAULT } else { &self.designs };
        let wanted = |scenario: &Scenario, design: &Entry| {
            let name = format!("{}/{design}", scenario.slug());
            self.filter.as_ref().is_none_or(|filter| name.contains(filter))
        };
        let mut pairs = Vec::new();
        for scenario in self.all_scenarios(pace) {
            for &design in designs {
                if wanted(&scenario, &design)
                    && !pairs.iter().any(|(s, d)| same(s, d, &scenario, design))
                {
                    pairs.push((scenario, design));
                }
            }
        }
        Plan { pairs, conditions, rounds: self.rounds.unwrap_or(rounds) }
    }

    fn all_scenarios(&self, pace: Pace) -> Vec<Scenario> {
        let work = |length: Length| Work::lasting(length.0, pace);
        let open = self.rates.iter().map(|&rate| Arrivals::OpenLoop { rate });
        let open = open.map(|arrivals| Scenario { arrivals, work: work(self.task) });
        let windows = self.windows.iter().map(|&in_flight| Arrivals::Window { in_flight });
        let windows = windows.map(|arrivals| Scenario { arrivals, work: work(self.window_task) });
        let mode = |arrivals: Arrivals| if arrivals.is_open() { Mode::Open } else { Mode::Window };
        let asked = |scenario: &Scenario| self.scenarios.contains(&mode(scenario.arrivals));
        open.chain(windows).filter(asked).collect()
    }
}

/// A line of the help on one design.
fn line(design: &Entry) -> String {
    let star = if Entry::DEFAULT.contains(design) { '*' } else { ' ' };
    format!("\n{star} {design:32} {}, {}", design.kind(), design.description())
}

/// Whether two pairs are the same, because a name was given twice.
fn same(scenario: &Scenario, design: &Entry, other: &Scenario, other_design: Entry) -> bool {
    scenario.arrivals == other.arrivals && *design == other_design
}

fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| format!("{text:?} is no whole number"))?;
    if number == 0 { Err("it takes at least one".to_owned()) } else { Ok(number) }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    let sensible = rate.is_finite() && rate > 0.0;
    sensible.then_some(rate).ok_or_else(|| format!("{text:?} is no number of tasks per second"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &str) -> Options {
        let arguments = std::iter::once("latency").chain(arguments.split_whitespace());
        Options::parse(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(arguments: &str) -> String {
        let arguments = std::iter::once("latency").chain(arguments.split_whitespace());
        Options::parse(arguments).expect_err("the arguments are wrong").to_string()
    }

    #[test]
    fn flags_of_cargo_and_criterion_are_accepted() {
        let flags = "--bench --save-baseline x -b y --noplot -v --color always \
            --sample-size 10 --warm-up-time 1 --measurement-time 1 --nresamples 10 \
            --noise-threshold 0.1 --confidence-level 0.9 --significance-level 0.1 --quick \
            --discard-baseline --baseline-lenient z --load-baseline w --profile-time 1 \
            --plotting-backend plotters --output-format bencher --nocapture --show-output \
            --include-ignored --exact --ignored --format terse --quiet set";
        assert_eq!(options(flags).task(), Task::Measure);
    }

    #[test]
    fn without_cargo_bench_nothing_is_measured() {
        assert_eq!(options("").task(), Task::Smoke);
        assert_eq!(options("--test --bench").task(), Task::Smoke);
        assert_eq!(options("--list --format terse").task(), Task::List);
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_ones() {
        let designs = refusal("--designs std-mpsc,canal");
        assert!(Entry::ALL.iter().all(|entry| designs.contains(entry.name())), "{designs}");
        assert!(designs.contains("canal"), "{designs}");
        let scenarios = refusal("--scenarios closed");
        assert!(scenarios.contains("open") && scenarios.contains("window"), "{scenarios}");
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        for wrong in ["--workers 0", "--rates 0", "--rates=-1", "--windows 0", "--task 20"] {
            assert!(refusal(wrong).contains("invalid value"), "{wrong}");
        }
    }

    #[test]
    fn a_filter_chooses_pairs_of_scenario_and_design() {
        let pace = Pace::measure();
        let all = options("--bench").plan(pace);
        assert_eq!(all.pairs.len(), 3 * Entry::DEFAULT.len());
        let some = options("--bench window-64-empty/std").plan(pace);
        assert_eq!(
            some.pairs.iter().map(|(_, design)| *design).collect::<Vec<_>>(),
            [Entry::StdMpsc]
        );
        assert!(options("--bench nothing-like-it").plan(pace).pairs.is_empty());
        assert_eq!(options("--bench --designs std-mpsc,std-mpsc").plan(pace).pairs.len(), 3);
    }
}
