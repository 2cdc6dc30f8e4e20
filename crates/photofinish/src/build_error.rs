//! Why a pool could not be built.

use std::error::Error;
use std::{fmt, io};

use photofinish_protocol::Panic;

/// Why a pool could not be built. Nothing is left running.
///
/// ```
/// use photofinish::{BuildError, Pool};
///
/// let error = Pool::builder().workers(0).build().unwrap_err();
/// assert!(matches!(error, BuildError::NoWorkers));
/// assert_eq!(error.to_string(), "a pool needs at least 1 worker, and 0 were asked for");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// No worker was asked for.
    NoWorkers,
    /// More workers were asked for than a pool can have.
    TooManyWorkers {
        /// How many were asked for.
        workers: usize,
        /// How many there can be.
        most: usize,
    },
    /// A queue was asked for that holds nothing.
    NoCapacity,
    /// A queue was asked for with a higher bound than can be counted.
    TooMuchCapacity {
        /// How many tasks were to be queued.
        tasks: usize,
        /// How many there can be.
        most: usize,
    },
    /// The workers' stacks would be too small to run anything.
    StackTooSmall {
        /// What was asked for, in bytes.
        bytes: usize,
        /// What is needed, in bytes.
        smallest: usize,
    },
    /// A thread's name contains a NUL character.
    BadThreadName {
        /// The worker whose thread it is.
        worker: usize,
        /// The name.
        name: String,
    },
    /// The system refused a thread.
    ThreadNotStarted {
        /// The worker whose thread it is.
        worker: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The initializer panicked.
    InitializerPanicked {
        /// The first worker on which it did.
        worker: usize,
        /// The panic.
        panic: Panic,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkers => f.write_str("a pool needs at least 1 worker, and 0 were asked for"),
            Self::TooManyWorkers { workers, most } => {
                write!(f, "a pool has at most {most} workers, and {workers} were asked for")
            }
            Self::NoCapacity => f.write_str("a bounded queue holds at least 1 task, not 0"),
            Self::TooMuchCapacity { tasks, most } => {
                write!(f, "a bounded queue holds at most {most} tasks, not {tasks}")
            }
            Self::StackTooSmall { bytes, smallest } => {
                write!(f, "a worker's stack has at least {smallest} bytes, not {bytes}")
            }
            Self::BadThreadName { worker, name } => {
                write!(f, "the thread name of worker {worker}, {name:?}, contains a NUL character")
            }
            Self::ThreadNotStarted { worker, source } => {
                write!(f, "the thread of worker {worker} could not be started: {source}")
            }
            Self::InitializerPanicked { worker, panic } => {
                write!(f, "on_thread_start panicked on worker {worker}: {}", panic.message())
            }
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::ThreadNotStarted { source, .. } => Some(source),
            _ => None,
        }
    }
}
