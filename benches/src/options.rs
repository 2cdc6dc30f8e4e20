//! The knobs of the latency lab.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches, ValueEnum};
use photofinish_baselines::{Entry, UnknownDesign};

use crate::clock::Clock;
use crate::contestant::Contestant;
use crate::criterion_flags;
use crate::in_order::InOrder;
use crate::length::Length;
use crate::machine;
use crate::peers::Peer;
use crate::rate::Rate;
use crate::run::Conditions;
use crate::scenario::{Arrivals, Scenario, Waiting};
use crate::session::Plan;
use crate::work::{Pace, Work};

/// Who sets the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The clock, at each of the rates; the consumer parks.
    Open,
    /// The same; the consumer spins.
    Spin,
    /// The design, with each of the windows in flight.
    Window,
    /// Nobody: each of the bursts comes at once.
    Burst,
}

/// Designs on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    All,
    One(Entry),
    Peer(Peer),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let peer = Peer::ALL.into_iter().find(|peer| peer.name() == text);
        match (text, peer) {
            ("all", _) => Ok(Self::All),
            (_, Some(peer)) => Ok(Self::Peer(peer)),
            (_, None) => text.parse().map(Self::One).map_err(|error: UnknownDesign| {
                let peers = Peer::ALL.map(|peer| format!(", {peer}")).concat();
                format!("{error}{peers}, or all")
            }),
        }
    }
}

/// What is asked for.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The designs to compare, or `all`; their names are listed below
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', alias = "design")]
    designs: Vec<Choice>,
    /// Who sets the pace
    #[arg(long, value_name = "MODE,...", value_delimiter = ',', alias = "scenario",
          value_enum, default_values = ["open", "spin", "window", "burst"])]
    scenarios: Vec<Mode>,
    /// Threads in the pool; by default one core is left to the consumer
    #[arg(long, value_name = "N", value_parser = positive)]
    workers: Option<usize>,
    /// Open loop: tasks per second, or percent of what the workers can do at most [default:
    /// 10000,30000, and 10000 with a consumer that spins]
    #[arg(long, value_name = "RATE,...", value_delimiter = ',', alias = "rate")]
    rates: Vec<Rate>,
    /// Open loop: how long tasks work [default: 20us]
    #[arg(long, value_name = "LENGTH,...", value_delimiter = ',', alias = "task")]
    tasks: Vec<Length>,
    /// Closed loop: tasks in flight [default: 64]
    #[arg(long, value_name = "N,...", value_delimiter = ',', alias = "window",
          value_parser = positive)]
    windows: Vec<usize>,
    /// Closed loop: how long each task works
    #[arg(long, value_name = "LENGTH", default_value = "0us")]
    window_task: Length,
    /// Burst: tasks at once [default: 64]
    #[arg(long, value_name = "N,...", value_delimiter = ',', alias = "burst",
          value_parser = positive)]
    bursts: Vec<usize>,
    /// Burst: how long most of the tasks sleep
    #[arg(long, value_name = "LENGTH", default_value = "200us")]
    burst_task: Length,
    /// How often every design is run, in turns
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = 5)]
    rounds: usize,
    /// For how long each design is recorded in a scenario and round [default: 800ms]
    #[arg(long, value_name = "LENGTH")]
    duration: Option<Length>,
    /// For how long it runs before that [default: 100ms]
    #[arg(long, value_name = "LENGTH")]
    warm_up: Option<Length>,
    /// Pin the threads of all designs to cores, the consumer to the first
    #[arg(long)]
    pin: bool,
    /// Where the report goes [default: target/photofinish/latency]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// The results to compare with [default: results.json of the run before, in the same folder]
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Only what has this in its SCENARIO/DESIGN, such as window-64-empty/std-mpsc
    filter: Option<String>,
    /// Shorter runs: about half a minute in all
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Everything: all designs, tasks of 5 to 1000 us at 25 to 90 % of the peak, more windows and
    /// bursts; takes hours
    #[arg(long)]
    full: bool,
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
        let peers = Peer::ALL.into_iter().map(|peer| {
            let found = peer.find().map_or("not installed", |_| "installed");
            format!("\n  {peer:32} outside Rust, {found}, {}", peer.description())
        });
        let names = Entry::ALL.iter().map(line).chain(peers).collect::<String>();
        let command =
            Command::new("latency").bin_name("cargo bench --bench latency --").after_help(format!(
                "Designs (* by default):{names}\n\nFlags of criterion are accepted and ignored."
            ));
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

    /// Which results to compare with.
    pub fn previous(&self) -> PathBuf {
        self.previous.clone().unwrap_or_else(|| self.output().join("results.json"))
    }

    /// All runs that are asked for.
    pub fn plan(&self, pace: Pace) -> Plan {
        // Milliseconds recorded, and milliseconds before that.
        let (rounds, duration, warm_up) = match (self.task(), self.quick) {
            (Task::Smoke, _) => (1, 20, 5),
            (Task::Measure | Task::List, true) => (self.rounds, 120, 30),
            (Task::Measure | Task::List, false) => (self.rounds, 800, 100),
        };
        let or = |length: Option<Length>, default| {
            length.map_or(Duration::from_millis(default), |length| length.0)
        };
        let workers = self.workers.unwrap_or_else(|| machine::cores().max(2) - 1);
        let conditions = Conditions {
            workers,
            pinned: self.pin,
            counted: false,
            warm_up: or(self.warm_up, warm_up),
            duration: or(self.duration, duration),
            patience: Duration::from_secs(10),
        };
        let mut pairs: Vec<(Scenario, Contestant)> = Vec::new();
        for scenario in self.all_scenarios(pace, workers) {
            let slug = scenario.slug();
            for contestant in self.contestants(&scenario) {
                let same = |(other, design): &(Scenario, Contestant)| {
                    (other.slug(), design.name()) == (slug.clone(), contestant.name())
                };
                let name = format!("{slug}/{}", contestant.name());
                let wanted = self.filter.as_ref().is_none_or(|filter| name.contains(filter));
                if wanted && !pairs.iter().any(same) {
                    pairs.push((scenario, contestant));
                }
            }
        }
        Plan { pairs, conditions, rounds, surroundings: self.task() == Task::Measure }
    }

    /// The designs that are asked for; in a burst, also what has no completion order.
    fn contestants(&self, scenario: &Scenario) -> Vec<Contestant> {
        let arrivals = scenario.arrivals;
        let all = self.full && self.designs.is_empty() || self.designs.contains(&Choice::All);
        let choices: Vec<Choice> = match self.designs.is_empty() {
            _ if all => {
                let installed = Peer::ALL.into_iter().filter(|peer| peer.find().is_ok());
                let entries = Entry::ALL.iter().copied().map(Choice::One);
                entries.chain(installed.map(Choice::Peer)).collect()
            }
            true => Entry::DEFAULT.iter().copied().map(Choice::One).collect(),
            false => self.designs.clone(),
        };
        let contestant = |choice| match choice {
            Choice::All => None,
            Choice::One(entry) => Some(Contestant::listed(entry)),
            Choice::Peer(peer) => Contestant::peer(peer, arrivals),
        };
        let in_order = matches!(arrivals, Arrivals::Burst { .. });
        let in_order = in_order.then(Contestant::of::<InOrder<_>, Clock>);
        choices.into_iter().filter_map(contestant).chain(in_order).collect()
    }

    fn all_scenarios(&self, pace: Pace, workers: usize) -> Vec<Scenario> {
        let work = |length: Duration| Work::lasting(length, pace);
        let micros = |length| Length(Duration::from_micros(length));
        let tasks = or(
            &self.tasks,
            match self.full {
                true => vec![micros(5), micros(20), micros(100), micros(1000)],
                false => vec![micros(20)],
            },
        );
        let rates = or(
            &self.rates,
            match self.full {
                true => [25.0, 50.0, 75.0, 90.0].map(Rate::PercentOfPeak).to_vec(),
                false => [10_000.0, 30_000.0].map(Rate::PerSecond).to_vec(),
            },
        );
        let spin_rates = if self.full { rates.clone() } else { or(&self.rates, vec![rates[0]]) };
        let windows = or(&self.windows, if self.full { vec![1, 64, 1024] } else { vec![64] });
        let bursts = or(&self.bursts, if self.full { vec![64, 1000] } else { vec![64] });

        let open = |rates: &[Rate], waiting| {
            let scenarios = tasks.iter().flat_map(|task| {
                let rates = rates.iter().map(|rate| rate.for_tasks(task.0, workers));
                let scenario = move |rate| Scenario {
                    arrivals: Arrivals::OpenLoop { rate, waiting },
                    work: work(task.0),
                };
                rates.map(scenario).collect::<Vec<_>>()
            });
            scenarios.collect::<Vec<_>>()
        };
        let window = |&in_flight| Scenario {
            arrivals: Arrivals::Window { in_flight },
            work: work(self.window_task.0),
        };
        let burst = |&size| Scenario {
            arrivals: Arrivals::Burst { size },
            work: Work::asleep(self.burst_task.0),
        };
        let asked = |mode| self.scenarios.contains(&mode);
        let mut scenarios = Vec::new();
        if asked(Mode::Open) {
            scenarios.extend(open(&rates, Waiting::Parked));
        }
        if asked(Mode::Spin) {
            scenarios.extend(open(&spin_rates, Waiting::Spinning));
        }
        if asked(Mode::Window) {
            scenarios.extend(windows.iter().map(window));
        }
        if asked(Mode::Burst) {
            scenarios.extend(bursts.iter().map(burst));
        }
        scenarios
    }
}

/// What was `given`, or else the default.
fn or<T: Clone>(given: &[T], default: Vec<T>) -> Vec<T> {
    if given.is_empty() { default } else { given.to_vec() }
}

/// A line of the help on one design.
fn line(design: &Entry) -> String {
    let default = if Entry::DEFAULT.contains(design) { '*' } else { ' ' };
    format!("\n{default} {:<32} {}, {}", design.name(), design.kind(), design.description())
}

fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| format!("{text:?} is no whole number"))?;
    if number == 0 { Err("it takes at least one".to_owned()) } else { Ok(number) }
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
        assert_eq!(all.pairs.len(), 5 * Entry::DEFAULT.len() + 1);
        let some = options("--bench window-64-empty/std").plan(pace);
        let names = some.pairs.iter().map(|(_, design)| design.name());
        assert_eq!(names.collect::<Vec<_>>(), ["std-mpsc"]);
        assert!(options("--bench nothing-like-it").plan(pace).pairs.is_empty());
    }

    #[test]
    fn what_is_named_twice_is_run_once() {
        let plan = options("--bench --designs std-mpsc,std-mpsc").plan(Pace::measure());
        assert_eq!(plan.pairs.len(), 5 + 1);
    }

    #[test]
    fn bursts_are_measured_against_joining_in_order() {
        let plan = options("--bench --scenarios burst").plan(Pace::measure());
        assert_eq!(plan.pairs.last().unwrap().1.name(), "join-in-order");
    }

    #[test]
    fn the_whole_matrix_has_every_design_and_length_parked_and_spinning() {
        let plan = options("--bench --full").plan(Pace::measure());
        for entry in Entry::ALL {
            let of = plan.pairs.iter().filter(|(_, design)| design.name() == entry.name());
            assert_eq!(of.count(), 4 * 4 * 2 + 3 + 2);
        }
        let slugs: Vec<String> = plan.pairs.iter().map(|(scenario, _)| scenario.slug()).collect();
        for part in ["-5us-park", "-20us-spin", "-100us-park", "-1ms-spin", "window-1-"] {
            assert!(slugs.iter().any(|slug| slug.contains(part)), "{part}");
        }
    }

    #[test]
    fn all_designs_can_be_asked_for() {
        let plan = options("--bench --designs all window-64-empty").plan(Pace::measure());
        let installed = Peer::ALL.iter().filter(|peer| peer.find().is_ok()).count();
        assert_eq!(plan.pairs.len(), Entry::ALL.len() + installed);
    }
}
