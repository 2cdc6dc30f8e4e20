//! Telling tasks apart.

use std::cell::Cell;
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

const BLOCK: u64 = 1 << 12;

// Plain std, not the seam: a number is handed over by the counter itself, nothing else is, so
// there is nothing for a model to explore.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

impl TaskId {
    pub(crate) fn next() -> Self {
        NEXT.with(|next| {
            let mut id = next.get();
            if id.is_multiple_of(BLOCK) {
                id = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
            }
            next.set(id + 1);
            Self(id)
        })
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
