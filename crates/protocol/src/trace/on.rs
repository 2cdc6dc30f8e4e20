//! Whoever subscribes is told.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field::{Empty, display};
use tracing::span::Entered;
use tracing::{Span, debug, debug_span};

use crate::id::TaskId;
use crate::panic::contain;
use crate::state::Verdict;

pub(crate) const ON: bool = true;

/// Where a task keeps its span. Tasks of the library's own have none.
#[derive(Debug)]
pub(crate) struct Slot(Mutex<Option<Span>>);

/// A task's span, for a while.
#[derive(Debug)]
pub(crate) struct Trace(Option<Span>);

/// The thread is inside the task's span until this is dropped.
pub(crate) struct Inside<'a>(Option<Entered<'a>>);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let entered = self.0.take();
        contain(|| drop(entered));
    }
}

impl Slot {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Opens the task's span, below the one that the calling thread is in.
    pub(crate) fn submitted(&self, id: TaskId) {
        contain(|| {
            let id = display(id);
            let span = debug_span!(target: "photofinish", "task", id, outcome = Empty);
            *self.lock() = Some(span);
        });
    }

    pub(crate) fn trace(&self) -> Trace {
        let mut trace = Trace::NONE;
        contain(|| trace.0 = self.lock().clone());
        trace
    }

    /// The task's memory is about to be freed.
    pub(crate) fn end(&self) {
        let span = self.lock().take();
        contain(|| drop(span));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Span>> {
        // A clone may have panicked, which changes nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    pub(crate) const NONE: Self = Self(None);

    /// Enters the task's span. A guard and no call around the run: tasks run inside of tasks, and a
    /// frame more for each takes up their stack.
    pub(crate) fn enter(&self) -> Inside<'_> {
        let mut entered = None;
        contain(|| entered = self.0.as_ref().map(Span::enter));
        Inside(entered)
    }

    /// The task has come to this.
    pub(crate) fn completed(&self, verdict: Verdict) {
        let outcome = match verdict {
            Verdict::Returned => "returned",
            Verdict::Failed => "failed",
            Verdict::Revoked => "cancelled",
        };
        contain(|| {
            if let Some(span) = &self.0 {
                span.record("outcome", outcome);
            }
        });
    }

    /// The task is about to be handed to whoever waits for it.
    pub(crate) fn delivered(&self) {
        contain(|| {
            if let Some(span) = &self.0 {
                debug!(target: "photofinish", parent: span, "delivered");
            }
        });
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let span = self.0.take();
        contain(|| drop(span));
    }
}
