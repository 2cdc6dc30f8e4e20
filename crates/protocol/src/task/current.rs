//! Which task runs on this thread.

use std::ptr::NonNull;

use super::Task;
use crate::id::TaskId;
use crate::state::Verdict;
use crate::sync::{running, set_running};

/// Makes `task` this thread's while it runs, which does not unwind. Its runner's share is not
/// given up meanwhile.
#[inline]
pub(super) fn during(task: Task, run: impl FnOnce() -> Verdict) -> Verdict {
    let outer = running();
    set_running(task.0.as_ptr().cast());
    let verdict = run();
    set_running(outer);
    verdict
}

/// The innermost task that runs on this thread, and its identity.
pub(crate) fn get() -> Option<(Task, TaskId)> {
    let task = Task(NonNull::new(running())?.cast());
    // SAFETY: the task runs on this thread, so its runner's share is there.
    Some((task, unsafe { task.id() }))
}

/// Whether `task` is the innermost that runs on this thread, and has been asked to stop.
pub(crate) fn is_requested(task: Task) -> bool {
    // SAFETY: the task runs on this thread, so its runner's share is there.
    running() == task.0.as_ptr().cast() && unsafe { task.is_requested() }
}
