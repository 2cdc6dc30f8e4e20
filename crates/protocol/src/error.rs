//! Why there is no result.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::panic::Panic;

/// Why a task has no result.
///
/// ```
/// use photofinish_protocol::{JoinError, completer};
///
/// let (completer, handle) = completer::<u8>();
/// drop(completer);
/// assert!(matches!(handle.join(), Err(JoinError::Abandoned)));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// The task panicked. The panic hook ran in the task's thread.
    Panicked(Panic),
    /// The task was cancelled before it began; it never ran.
    Cancelled,
    /// Whoever was to complete the task dropped its part: a [`Completer`] went out of scope, or
    /// a pool ended with the task still queued. It will never complete.
    ///
    /// [`Completer`]: crate::Completer
    Abandoned,
    /// The pool that was to run the task broke; the same cause is shared by all its tasks.
    Broken(Arc<dyn Error + Send + Sync>),
    /// The wait was refused, not the task: it was made by a worker that was already deep in
    /// waits within waits. The task goes on without its handle.
    TooDeep(TooDeep),
}

impl JoinError {
    /// The error is given to somebody who waited for the task.
    #[cold]
    pub(crate) fn seen(&mut self) {
        if let Self::Panicked(panic) = self {
            panic.seen();
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panic) => write!(f, "the task panicked: {}", panic.message()),
            Self::Cancelled => f.write_str("the task was cancelled before it began"),
            Self::Abandoned => f.write_str("the task was abandoned by whoever was to complete it"),
            Self::Broken(cause) => write!(f, "the task's pool broke: {cause}"),
            Self::TooDeep(limit) => limit.fmt(f),
        }
    }
}

// Nobody can change an error.
impl std::panic::UnwindSafe for JoinError {}
impl std::panic::RefUnwindSafe for JoinError {}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(cause) => Some(&**cause),
            Self::TooDeep(limit) => Some(limit),
            Self::Panicked(_) | Self::Cancelled | Self::Abandoned => None,
        }
    }
}

/// A worker that waits runs other tasks meanwhile, on the same stack; this wait would have
/// gone deeper than the stack allows.
///
/// ```
/// use photofinish_protocol::TooDeep;
///
/// let limit = TooDeep::new(1_900_000, 2_097_152);
/// assert_eq!(
///     limit.to_string(),
///     "the wait is nested too deeply: 1900000 of 2097152 bytes of the worker's stack are in use"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep {
    used: usize,
    stack_size: usize,
}

impl TooDeep {
    /// A wait refused with `used` of `stack_size` bytes of stack in use.
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, TooDeep};
    ///
    /// let error = JoinError::TooDeep(TooDeep::new(900, 1_000));
    /// assert!(std::error::Error::source(&error).is_some());
    /// ```
    pub fn new(used: usize, stack_size: usize) -> Self {
        Self { used, stack_size }
    }

    /// How much of the worker's stack was in use, in bytes.
    ///
    /// ```
    /// assert_eq!(photofinish_protocol::TooDeep::new(900, 1_000).used(), 900);
    /// ```
    pub fn used(&self) -> usize {
        self.used
    }

    /// How large the worker's stack is, in bytes.
    ///
    /// ```
    /// assert_eq!(photofinish_protocol::TooDeep::new(900, 1_000).stack_size(), 1_000);
    /// ```
    pub fn stack_size(&self) -> usize {
        self.stack_size
    }
}

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used, stack_size } = self;
        write!(
            f,
            "the wait is nested too deeply: {used} of {stack_size} bytes of the worker's stack \
             are in use"
        )
    }
}

impl Error for TooDeep {}

/// A wait's time was up. It says nothing about the tasks, which go on.
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
/// use std::time::Duration;
///
/// let (done, first) = completer::<u8>();
/// let (_not_done, second) = completer::<u8>();
/// done.complete(1).unwrap();
/// let mut results = as_completed([first, second]).timeout(Duration::ZERO);
/// assert!(results.next().unwrap().is_ok());
/// let timed_out = results.next().unwrap().unwrap_err();
/// assert_eq!(timed_out.to_string(), "1 (of 2) tasks unfinished");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    unfinished: usize,
    total: usize,
}

impl TimedOut {
    pub(crate) fn new(unfinished: usize, total: usize) -> Self {
        Self { unfinished, total }
    }

    /// How many tasks had not finished.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (done, first) = completer::<u8>();
    /// let (_not_done, second) = completer::<u8>();
    /// done.complete(1).unwrap();
    /// let results = as_completed([first, second]).timeout(Duration::ZERO);
    /// let timed_out = results.filter_map(Result::err).next().unwrap();
    /// assert_eq!(timed_out.unfinished(), 1);
    /// ```
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// How many tasks were waited for, finished ones included.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (done, first) = completer::<u8>();
    /// let (_not_done, second) = completer::<u8>();
    /// done.complete(1).unwrap();
    /// let results = as_completed([first, second]).timeout(Duration::ZERO);
    /// let timed_out = results.filter_map(Result::err).next().unwrap();
    /// assert_eq!(timed_out.total(), 2);
    /// ```
    pub fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (of {}) tasks unfinished", self.unfinished, self.total)
    }
}

impl Error for TimedOut {}
