//! Telling tasks apart.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A task's identity: no two tasks of a process share one.
///
/// Identities say nothing about order: each thread numbers its tasks from blocks of its own.
///
/// ```
/// use photofinish_protocol::completer;
///
/// let (_, one) = completer::<()>();
/// let (_, other) = completer::<()>();
/// assert_ne!(one.id(), other.id());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(u64);

static NEXT: AtomicU64 = AtomicU64::new(0);

/// The first of `many` numbers in a row that nobody else has.
pub(crate) fn reserve(many: usize) -> u64 {
    // ORDERING: Relaxed; the counter itself hands the numbers over, and nothing goes with them. So
    // there is nothing for a model to explore: plain std, not the seam.
    NEXT.fetch_add(many as u64, Ordering::Relaxed)
}

impl TaskId {
    /// The identity of the task with this reserved number.
    pub(crate) fn from_number(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({})", self.0)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
