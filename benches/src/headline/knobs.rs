//! The command line of the headline.

use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches};
use serde::de::DeserializeOwned;

use crate::cargo_flags::{self, CargoFlags};
use crate::criterion_flags;
use crate::headline::figure::{Figure, Workload};
use crate::headline::instructions::Count;
use crate::headline::leg::Leg;
use crate::headline::play::Extent;
use crate::machine;

/// What is asked for.
#[derive(Args, Clone, Debug)]
pub struct Knobs {
    /// Only workloads whose name has this in it, such as W1 or outstanding; all are listed below
    filter: Option<String>,
    /// How often everybody plays everything, in turns [default: 7, with --quick 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..),
          allow_negative_numbers = true)]
    rounds: Option<u32>,
    /// Threads in the pools
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_values = ["1", "2"],
          value_parser = clap::value_parser!(u16).range(1..), allow_negative_numbers = true)]
    workers: Vec<u16>,
    /// Fewer rounds and fewer tasks: for a glance, not to be quoted
    #[arg(long)]
    quick: bool,
    /// Let every thread run on any core, even where there is one for each
    #[arg(long)]
    unpinned: bool,
    /// Only count instructions and calls of malloc, and fail if our paths go beyond the budget in
    /// docs/performance.md
    #[arg(long)]
    budget: bool,
    /// Print what everybody came to, not only the best rival
    #[arg(long)]
    everybody: bool,
    /// Where the files go [default: target/photofinish]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Run one leg and print its readings
    #[arg(long, hide = true, value_name = "JSON", value_parser = from_json::<Leg>)]
    leg: Option<Leg>,
    /// Run the program whose instructions are counted
    #[arg(long, hide = true, value_name = "JSON", value_parser = from_json::<Count>)]
    count: Option<Count>,
    #[command(flatten)]
    cargo: CargoFlags,
}

/// What the program is to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// Measure, print and write files.
    Measure,
    /// Count, and compare with the budget.
    Budget,
    /// See that everything runs, as `cargo test --benches` wants it.
    Smoke,
    /// Print names.
    List,
    /// Be the process of one run.
    Leg(Leg),
    /// Be the program whose instructions are counted.
    Count(Count),
}

impl Knobs {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or the help that was asked for.
    ///
    /// ```
    /// use photofinish_bench::headline::knobs::Knobs;
    ///
    /// assert!(Knobs::parse(["headline", "--bench", "--quick", "--sample-size", "10"]).is_ok());
    /// assert!(Knobs::parse(["headline", "--rounds", "0"]).is_err());
    /// ```
    pub fn parse<A>(arguments: impl IntoIterator<Item = A>) -> Result<Self, clap::Error>
    where
        A: Into<std::ffi::OsString> + Clone,
    {
        let names = Figure::all().iter().map(|name| format!("\n  {name}")).collect::<String>();
        let command = Command::new("headline").bin_name("cargo bench --bench headline --");
        let command = criterion_flags::ignored_by(Self::augment_args(command))
            .about("Where we stand against the best rival and the limit of the machine")
            .after_help(format!(
                "Workloads:{names}\n\nFlags of criterion are accepted and ignored."
            ));
        Self::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    /// What the program is to do.
    pub fn task(&self) -> Task {
        if let Some(leg) = &self.leg {
            return Task::Leg(leg.clone());
        }
        if let Some(count) = self.count {
            return Task::Count(count);
        }
        match self.cargo.task() {
            cargo_flags::Task::List => Task::List,
            cargo_flags::Task::Smoke => Task::Smoke,
            cargo_flags::Task::Measure if self.budget => Task::Budget,
            cargo_flags::Task::Measure => Task::Measure,
        }
    }

    /// How much is played.
    pub fn extent(&self) -> Extent {
        match (self.task(), self.quick) {
            (Task::Smoke, _) => Extent::Smoke,
            (_, true) => Extent::Quick,
            (_, false) => Extent::Full,
        }
    }

    /// How often.
    pub fn rounds(&self) -> u32 {
        let default = match self.extent() {
            Extent::Full => 7,
            Extent::Quick => 3,
            Extent::Smoke => 1,
        };
        self.rounds.unwrap_or(default)
    }

    /// With how many workers, each number once.
    pub fn workers(&self) -> Vec<usize> {
        let mut workers: Vec<usize> = self.workers.iter().map(|&workers| workers.into()).collect();
        workers.sort_unstable();
        workers.dedup();
        workers
    }

    /// Whether each thread stays on a core of its own, if there are as many.
    pub fn pinned(&self) -> bool {
        !self.unpinned
    }

    /// Whether everybody's figures are to be printed.
    pub fn everybody(&self) -> bool {
        self.everybody
    }

    /// Whether something is to be played for the sake of `figure`.
    pub fn wants(&self, figure: Figure) -> bool {
        let Some(filter) = &self.filter else { return true };
        figure.to_string().to_lowercase().contains(&filter.to_lowercase())
    }

    /// Whether `workload` is to be played.
    pub fn plays(&self, workload: Workload) -> bool {
        let grows = matches!(workload, Workload::Outstanding(_)) && self.wants(Figure::Growth);
        grows || workload.figures().into_iter().any(|figure| self.wants(figure))
    }

    /// The names of what is to be measured.
    pub fn names(&self) -> Vec<String> {
        let wanted = Figure::all().into_iter().filter(|figure| self.wants(*figure));
        wanted.map(|figure| figure.to_string()).collect()
    }

    /// Where files go.
    pub fn output(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| machine::target_folder().join("photofinish"))
    }
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knobs(arguments: &str) -> Knobs {
        let arguments = std::iter::once("headline").chain(arguments.split_whitespace());
        Knobs::parse(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn without_cargo_bench_nothing_is_measured() {
        assert!(matches!(knobs("").task(), Task::Smoke));
        assert!(matches!(knobs("--bench --test").task(), Task::Smoke));
        assert!(matches!(knobs("--bench").task(), Task::Measure));
        assert!(matches!(knobs("--list --format terse").task(), Task::List));
    }

    #[test]
    fn a_filter_chooses_workloads() {
        assert_eq!(knobs("--bench w2").names(), ["W2 1us", "W2 10us"]);
        assert_eq!(knobs("--bench nothing-like-it").names(), [""; 0]);
        assert_eq!(knobs("--bench").names().len(), Figure::all().len());
    }

    #[test]
    fn flags_of_criterion_are_accepted() {
        let flags = "--bench --noplot -v --color always --save-baseline x --quick W2";
        assert_eq!(knobs(flags).names(), ["W2 1us", "W2 10us"]);
    }

    #[test]
    fn each_number_of_workers_is_played_once() {
        assert_eq!(knobs("--workers 2,1,2").workers(), [1, 2]);
        assert_eq!(knobs("").workers(), [1, 2]);
    }
}
