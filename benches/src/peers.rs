//! Peers outside Rust: programs of our own in `benches/peers/`, found at run time.
//!
//! Each [`Peer`] plays an [`Errand`] in a process of its own and answers with a [`Report`]; one
//! whose tool is not installed is skipped with a word that says so.
//!
//! ```
//! use photofinish_bench::peers::{Errand, Pattern, Peer, PeerError};
//! use std::time::Duration;
//!
//! let errand = Errand {
//!     pattern: Pattern::OpenLoop { rate: 1_000.0 },
//!     workers: 1,
//!     task: Duration::from_micros(20),
//!     warm_up: Duration::from_millis(10),
//!     duration: Duration::from_millis(20),
//!     limit: Duration::from_secs(60),
//! };
//! match Peer::CPython.play(&errand) {
//!     Ok(report) => println!("{}: {} results", report.version, report.recorded),
//!     Err(PeerError::NotInstalled { .. }) => println!("skipped"),
//!     Err(error) => panic!("{error}"),
//! }
//! ```
//!
//! An open loop or a window answers with the lab's five measures: [`Report::into_run`] makes it a
//! [`Run`](crate::run::Run), which a [`Tally`](crate::series::Tally) takes like any other. A burst
//! answers with the times to the first, the middle and the last result, see [`Report::burst`].
//!
//! The clocks are each peer's own, and so is the calibration of its busy loop. What start-up and
//! just-in-time compilation cost belongs to the warm-up: give Java a second of it.

mod process;
mod report;

pub use report::{Burst, Report};

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fmt, fs, io};

use crate::machine;

/// A system outside Rust that gives results in the order of their completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// CPython's `ThreadPoolExecutor` and `as_completed`.
    CPython,
    /// Java's `ExecutorCompletionService` over a fixed pool.
    Java,
    /// Go: goroutines with a channel of jobs and one of results.
    Go,
}

/// What a peer is to play.
#[derive(Clone, Copy, Debug)]
pub struct Errand {
    /// How tasks are submitted.
    pub pattern: Pattern,
    /// How many workers the pool has.
    pub workers: usize,
    /// How long each task works.
    pub task: Duration,
    /// For how long it runs before anything is recorded.
    pub warm_up: Duration,
    /// For how long it is recorded.
    pub duration: Duration,
    /// The program is stopped when it has taken so long in all.
    pub limit: Duration,
}

/// How tasks are submitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    /// At a rate, whether or not the peer keeps up.
    OpenLoop {
        /// Tasks per second.
        rate: f64,
    },
    /// So many in flight: each that comes back makes room for the next.
    Window {
        /// Tasks in flight.
        in_flight: usize,
    },
    /// So many at once, then all their results, again and again. These tasks take no stamps.
    Burst {
        /// Tasks in a burst.
        tasks: usize,
    },
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CPython, Self::Java, Self::Go];

    /// The name in tables, file names and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::CPython => "cpython-as-completed",
            Self::Java => "java-completion-service",
            Self::Go => "go-worker-pool",
        }
    }

    /// What the peer consists of, in one line.
    pub fn description(self) -> &'static str {
        match self {
            Self::CPython => "CPython's ThreadPoolExecutor and as_completed",
            Self::Java => "Java's ExecutorCompletionService over a fixed pool",
            Self::Go => "Go: goroutines, a channel of jobs and one of results",
        }
    }

    /// The program that has to be on the path.
    pub fn tool(self) -> &'static str {
        match self {
            Self::CPython => "python3",
            Self::Java => "java",
            Self::Go => "go",
        }
    }

    /// Where the tool is installed.
    ///
    /// # Errors
    ///
    /// [`PeerError::NotInstalled`] if it is nowhere on the path.
    pub fn find(self) -> Result<PathBuf, PeerError> {
        self.find_in(&env::var_os("PATH").unwrap_or_default())
    }

    fn find_in(self, path: &OsStr) -> Result<PathBuf, PeerError> {
        let name = format!("{}{}", self.tool(), env::consts::EXE_SUFFIX);
        let mut places = env::split_paths(path).map(|folder| folder.join(&name));
        places.find(|place| place.is_file()).ok_or(PeerError::NotInstalled { peer: self })
    }

    /// Plays `errand` to its end.
    ///
    /// # Errors
    ///
    /// If the peer is not installed, does not run, takes too long, says what cannot be read, or
    /// does not deliver every task exactly once.
    ///
    /// # Blocking
    ///
    /// For as long as the errand takes, start-up included; asleep meanwhile.
    pub fn play(self, errand: &Errand) -> Result<Report, PeerError> {
        let tool = self.find()?;
        let (program, mut arguments) = match self {
            Self::CPython => (tool, vec![source("as_completed.py").into_os_string()]),
            Self::Java => (tool, vec![source("ExecutorCompletion.java").into_os_string()]),
            // What `go run` starts would outlive it if it had to be stopped.
            Self::Go => (build(&tool, errand.limit)?, vec![]),
        };
        arguments.extend(errand.arguments());
        let said = process::run(&program, &arguments, errand.limit)?;
        Report::read(&said, errand)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Errand {
    /// The command line that all programs understand.
    fn arguments(&self) -> Vec<OsString> {
        let (scenario, knob, value) = match self.pattern {
            Pattern::OpenLoop { rate } => ("open", "--rate", rate.to_string()),
            Pattern::Window { in_flight } => ("window", "--in-flight", in_flight.to_string()),
            Pattern::Burst { tasks } => ("burst", "--in-flight", tasks.to_string()),
        };
        let seconds = |length: Duration| length.as_secs_f64().to_string();
        let numbers = [
            ("--workers", self.workers.to_string()),
            ("--task-ns", self.task.as_nanos().to_string()),
            ("--seconds", seconds(self.duration)),
            ("--warm-up", seconds(self.warm_up)),
            (knob, value),
        ];
        let numbers = numbers.into_iter().flat_map(|(name, value)| [name.into(), value.into()]);
        std::iter::once(scenario.into()).chain(numbers).collect()
    }
}

/// A program of ours.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// Builds the program for Go, where builds go, unless it is there and newer than its source.
fn build(go: &Path, limit: Duration) -> Result<PathBuf, PeerError> {
    let folder = machine::target_folder().join("photofinish").join("peers");
    fs::create_dir_all(&folder).map_err(PeerError::Start)?;
    let (source, program) = (source("worker_pool.go"), folder.join("worker_pool"));
    let written = |file: &Path| fs::metadata(file).and_then(|file| file.modified());
    let is_new = |built| written(&source).is_ok_and(|source| source < built);
    if !written(&program).is_ok_and(is_new) {
        let arguments = ["build".into(), "-o".into(), program.clone().into(), source.into()];
        process::run(go, &arguments, limit)?;
    }
    Ok(program)
}

/// Why there is no report.
#[derive(Debug)]
pub enum PeerError {
    /// The peer is skipped: its tool is nowhere on the path.
    NotInstalled {
        /// The peer.
        peer: Peer,
    },
    /// The program could not be started.
    Start(io::Error),
    /// The program was stopped because it took too long.
    TimedOut {
        /// How long it was given.
        limit: Duration,
    },
    /// The program failed.
    Failed {
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said at last.
        said: String,
    },
    /// The program's report is not of the form that all programs share.
    Unreadable(serde_json::Error),
    /// The program's report does not fit the errand, or itself.
    Contradictory {
        /// What does not fit.
        what: String,
    },
    /// The peer did not deliver every task exactly once.
    Unfaithful {
        /// Tasks that never came back.
        lost: u64,
        /// Results that came again.
        duplicated: u64,
    },
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { peer } => {
                write!(f, "{peer} is skipped: {} is not on the path", peer.tool())
            }
            Self::Start(error) => write!(f, "the program cannot be started: {error}"),
            Self::TimedOut { limit } => write!(f, "the program has not ended within {limit:?}"),
            Self::Failed { status, said } => write!(f, "the program failed, {status}: {said}"),
            Self::Unreadable(error) => write!(f, "the report cannot be read: {error}"),
            Self::Contradictory { what } => write!(f, "the report does not fit: {what}"),
            Self::Unfaithful { lost, duplicated } => {
                write!(f, "{lost} tasks were lost and {duplicated} results came twice")
            }
        }
    }
}

impl Error for PeerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start(error) => Some(error),
            Self::Unreadable(error) => Some(error),
            Self::NotInstalled { .. }
            | Self::TimedOut { .. }
            | Self::Failed { .. }
            | Self::Contradictory { .. }
            | Self::Unfaithful { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_not_on_the_path_is_skipped_with_a_word() {
        for peer in Peer::ALL {
            let error = peer.find_in(OsStr::new("/nowhere")).unwrap_err();
            assert!(matches!(error, PeerError::NotInstalled { peer: skipped } if skipped == peer));
            let expected = format!("{peer} is skipped: {} is not on the path", peer.tool());
            assert_eq!(error.to_string(), expected);
        }
    }
}
