//! Waiting for several tasks until enough of them have finished.

use std::iter;
use std::time::{Duration, Instant};

use crate::as_completed::{TaskHandle, as_completed};
use crate::error::JoinError;
use crate::sync::Deadline;

/// How much has to have finished for a [`wait`] to end. A cancelled task has finished.
///
/// ```
/// use photofinish_protocol::{Until, completer, wait};
///
/// let (completer, a) = completer::<u8>();
/// let (_unfinished, b) = photofinish_protocol::completer();
/// drop(completer);
/// assert_eq!(wait([a, b], Until::FirstError).done[0].index, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Any task.
    First,
    /// Any task that has failed; a cancellation is no failure. All, if none fails.
    FirstError,
    /// All tasks.
    All,
}

impl Until {
    /// Whether a task that has finished with this error, or none, is enough.
    fn is_met_by(self, error: Option<&JoinError>) -> bool {
        match (self, error) {
            (Self::First, _) => true,
            (Self::FirstError, None | Some(JoinError::Cancelled)) | (Self::All, _) => false,
            (Self::FirstError, Some(_)) => true,
        }
    }
}

/// What a [`wait`] came to.
///
/// ```
/// use photofinish_protocol::{Until, Waited, completer, wait};
///
/// let ((fast, a), (_slow, b)) = (completer(), completer::<&str>());
/// fast.complete("fast").unwrap();
/// let Waited { done, pending } = wait([a, b], Until::First);
/// assert_eq!(*done[0].outcome.as_ref().unwrap(), "fast");
/// assert!(!pending[0].is_finished());
/// ```
#[derive(Debug)]
#[must_use = "dropping what is pending detaches it"]
pub struct Waited<H: TaskHandle> {
    /// The tasks that have finished, in the order they did; those that had before the wait come
    /// first, in input order.
    pub done: Vec<H::Finished>,
    /// The handles of all others, in input order. They may finish at any moment.
    pub pending: Vec<H>,
}

/// Waits until enough of the tasks have finished, and tells which have. All that is ready by then
/// is among them. Takes handles of either kind, as [`as_completed`] does.
///
/// # Blocking
///
/// As [`AsCompleted`](crate::AsCompleted). A task whose wait is refused for lack of stack is done
/// as [`JoinError::TooDeep`], which ends a wait for the first or the first error.
///
/// ```
/// use photofinish_protocol::{Until, completer, wait};
///
/// let (fast, a) = completer();
/// let (slow, b) = completer();
/// fast.complete("fast").unwrap();
/// let waited = wait([a, b], Until::First);
/// assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
/// slow.complete("slow").unwrap();
/// assert!(wait(waited.pending, Until::All).pending.is_empty());
/// ```
pub fn wait<H: TaskHandle>(handles: impl IntoIterator<Item = H>, until: Until) -> Waited<H> {
    wait_for(Deadline::NEVER, handles, until)
}

/// As [`wait`], but no longer than `timeout`, counted from the call. When the time is up this is
/// no error: what has not finished is pending.
///
/// # Blocking
///
/// On a worker of a pool it runs no other tasks meanwhile, because it could not stop them when
/// the time is up.
///
/// ```
/// use photofinish_protocol::{Until, completer, wait_timeout};
/// use std::time::Duration;
///
/// let (_completer, handle) = completer::<u8>();
/// let waited = wait_timeout([handle], Until::All, Duration::from_millis(1));
/// assert_eq!((waited.done.len(), waited.pending.len()), (0, 1));
/// ```
pub fn wait_timeout<H: TaskHandle>(
    handles: impl IntoIterator<Item = H>,
    until: Until,
    timeout: Duration,
) -> Waited<H> {
    wait_for(Deadline::after(timeout), handles, until)
}

/// As [`wait_timeout`], until a moment.
///
/// ```
/// use photofinish_protocol::{Until, completer, wait_deadline};
/// use std::time::Instant;
///
/// let (completer, handle) = completer();
/// completer.complete(1).unwrap();
/// let waited = wait_deadline([handle], Until::All, Instant::now());
/// assert_eq!(waited.done.len(), 1);
/// ```
pub fn wait_deadline<H: TaskHandle>(
    handles: impl IntoIterator<Item = H>,
    until: Until,
    deadline: Instant,
) -> Waited<H> {
    wait_for(Deadline::at(deadline), handles, until)
}

fn wait_for<H: TaskHandle>(
    deadline: Deadline,
    handles: impl IntoIterator<Item = H>,
    until: Until,
) -> Waited<H> {
    let mut results = as_completed(handles);
    let mut done = Vec::new();
    while let Ok(Some(finished)) = results.next_before(deadline) {
        let enough = until.is_met_by(H::error(&finished));
        done.push(finished);
        if enough {
            break;
        }
    }
    done.extend(iter::from_fn(|| results.try_next()));
    Waited { done, pending: results.into_unfinished() }
}
