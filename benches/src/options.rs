//! The knobs of the latency lab.

mod selection;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Command, FromArgMatches, ValueEnum};
use photofinish_baselines::{Entry, UnknownDesign};

use crate::allocator::Allocator;
use crate::cargo_flags::{CargoFlags, Task};
use crate::criterion_flags;
use crate::length::Length;
use crate::machine;
use crate::peers::Peer;
use crate::rate::Rate;
use crate::stamps::Load;

/// Who sets the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The clock, at each of the rates; the consumer waits in its own way.
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
    #[arg(long, value_name = "N", value_parser = up_to(10_000), allow_negative_numbers = true)]
    workers: Option<usize>,
    /// Open loop: tasks per second, or percent of what the workers can do at most [default:
    /// 10000,30000, and 10000 with a consumer that spins]
    #[arg(
        long,
        value_name = "RATE,...",
        value_delimiter = ',',
        alias = "rate",
        allow_negative_numbers = true
    )]
    rates: Vec<Rate>,
    /// Open loop: how long tasks work [default: 20us]
    #[arg(long, value_name = "LENGTH,...", value_delimiter = ',', alias = "task")]
    tasks: Vec<Length>,
    /// Closed loop: tasks in flight [default: 64]
    #[arg(long, value_name = "N,...", value_delimiter = ',', alias = "window",
          value_parser = up_to(1_000_000), allow_negative_numbers = true)]
    windows: Vec<usize>,
    /// Closed loop: how long each task works
    #[arg(long, value_name = "LENGTH", default_value = "0us")]
    window_task: Length,
    /// Closed loop: bytes that each task carries besides its stamps, 8, 64 or 256 [default: none]
    #[arg(long, value_name = "BYTES,...", value_delimiter = ',', alias = "closure")]
    closures: Vec<Load>,
    /// Burst: tasks at once [default: 64]
    #[arg(long, value_name = "N,...", value_delimiter = ',', alias = "burst",
          value_parser = up_to(100_000), allow_negative_numbers = true)]
    bursts: Vec<usize>,
    /// Burst: how long most of the tasks sleep
    #[arg(long, value_name = "LENGTH", default_value = "200us")]
    burst_task: Length,
    /// How often every design is run, in turns
    #[arg(long, value_name = "N", value_parser = up_to(1_000_000), default_value_t = 5,
          allow_negative_numbers = true)]
    rounds: usize,
    /// For how long each design is recorded in a scenario and round [default: 800ms]
    #[arg(long, value_name = "LENGTH", value_parser = some_time)]
    duration: Option<Length>,
    /// For how long it runs before that [default: 100ms]
    #[arg(long, value_name = "LENGTH")]
    warm_up: Option<Length>,
    /// What serves the allocations of all designs [default: as PHOTOFINISH_ALLOCATOR says, or else
    /// system]
    #[arg(long, value_name = "NAME", value_enum)]
    allocator: Option<Allocator>,
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
    /// bursts, closures of 8 to 256 bytes; takes hours, or with `--rounds 1 --duration 50ms
    /// --warm-up 10ms` minutes
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    cargo: CargoFlags,
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
        self.cargo.task()
    }

    /// What is to serve all allocations.
    pub fn allocator(&self) -> Allocator {
        self.allocator.unwrap_or_else(Allocator::here)
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
}

/// A line of the help on one design.
fn line(design: &Entry) -> String {
    let default = if Entry::DEFAULT.contains(design) { '*' } else { ' ' };
    format!("\n{default} {:<32} {}, {}", design.name(), design.kind(), design.description())
}

/// A whole number from 1 to `most`: beyond that a run would end for want of memory, if ever.
fn up_to(most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync {
    move |text| {
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| format!("{text:?} is no whole number from 1 to {most}"))
    }
}

fn some_time(text: &str) -> Result<Length, String> {
    let length: Length = text.parse()?;
    if length.0.is_zero() { Err("nothing is recorded in no time".to_owned()) } else { Ok(length) }
}

#[cfg(test)]
mod tests;
