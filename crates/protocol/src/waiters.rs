//! Those who wait for one outcome: a list that anybody joins and one closes.
//!
//! ```text
//!   newest:  the newest task, or none,  or CLOSED
//! ```
//!
//! An intrusive stack, like the completion queue, of tasks that nobody has begun. The closer takes
//! it whole and runs them, oldest first; whoever comes after the close keeps his task and runs it
//! himself. To come and to look whether the list is closed is one step on one word, so nobody is
//! lost in between.

use std::ptr::{self, NonNull};

use crate::handle::JoinHandle;
use crate::queue::{Chain, Node};
use crate::runnable::Runnable;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::{AtomicPtr, fence};

/// Nodes are aligned to four bytes, so none has this address.
const CLOSED: usize = 1;

fn is_closed(newest: *mut Node) -> bool {
    newest.addr() == CLOSED
}

/// The tasks to run when the outcome is there.
#[derive(Debug)]
pub(crate) struct Waiters {
    newest: AtomicPtr<Node>,
}

impl Waiters {
    pub(crate) fn new() -> Self {
        Self { newest: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Adds `task`, which nobody cancels: its link is the list's until it runs. It comes back if
    /// the list is closed; then all that was done before the close has happened.
    ///
    /// Lock-free: one compare-exchange, repeated only when somebody else came, or the closer.
    pub(crate) fn add(&self, task: Runnable) -> Result<(), Runnable> {
        // ORDERING: Relaxed; a guess, which the compare-exchange checks. The one guess that is acted on,
        // CLOSED, has its fence.
        let mut newest = self.newest.load(Relaxed);
        let node = task.into_node();
        loop {
            if is_closed(newest) {
                // ORDERING (edge shared outcome): Acquire; pairs with the Release in close; carries
                // the outcome.
                fence(Acquire);
                // SAFETY: the node is still ours.
                return Err(unsafe { Runnable::of_node(node) });
            }
            // SAFETY: the node is ours until it is in the list, and its task is live.
            let link = unsafe { node.as_ref() };
            // SAFETY: nobody else reads or writes the link of a task that is not begun, cancelled
            // or in a list.
            unsafe { link.point_at(newest) };
            // ORDERING (edge registration): Release; pairs with the Acquire in close; carries the
            // task and its link.
            match self.newest.compare_exchange(newest, node.as_ptr(), Release, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => newest = now,
            }
        }
    }

    /// Closes the list, once, and gives out the tasks that came before, oldest first.
    pub(crate) fn close(&self) -> impl Iterator<Item = Runnable> {
        let closed = ptr::without_provenance_mut(CLOSED);
        // ORDERING (edge registration): Acquire; pairs with the Release in add; carries the tasks.
        // ORDERING (edge shared outcome): Release; pairs with the Acquire in is_closed and add;
        // carries the outcome.
        let newest = self.newest.swap(closed, AcqRel);
        let (mut chain, _) = Chain::oldest_first(newest);
        // SAFETY: the runner's share came with the node, by `add`.
        std::iter::from_fn(move || chain.pop().map(|node| unsafe { Runnable::of_node(node) }))
    }

    /// Whether the list is closed; then all that was done before the close has happened.
    pub(crate) fn is_closed(&self) -> bool {
        // ORDERING (edge shared outcome): Acquire; pairs with the Release in close; carries the
        // outcome.
        is_closed(self.newest.load(Acquire))
    }
}

/// Keeps the handle of a waiter whose wait has ended too early, for the next wait.
#[derive(Debug)]
pub(crate) struct Spare {
    handle: AtomicPtr<Node>,
}

impl Spare {
    pub(crate) fn none() -> Self {
        Self { handle: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Takes the handle out, if there is one.
    pub(crate) fn take(&self) -> Option<JoinHandle<()>> {
        // ORDERING (edge spare): Acquire; pairs with the Release in keep; carries what the last
        // wait did with the handle.
        let node = NonNull::new(self.handle.swap(ptr::null_mut(), Acquire))?;
        // SAFETY: `keep` put it here, with the handle's share.
        Some(unsafe { JoinHandle::of_node(node) })
    }

    /// Puts a handle in, unless there is one already: that of another wait at the same time. Then
    /// this one is dropped.
    pub(crate) fn keep(&self, handle: JoinHandle<()>) {
        let node = handle.into_node();
        // ORDERING (edge spare): Release; pairs with the Acquire in take; carries what this wait
        // did with the handle.
        let kept =
            self.handle.compare_exchange(ptr::null_mut(), node.as_ptr(), Release, Relaxed).is_ok();
        if !kept {
            // SAFETY: the handle's share is still ours.
            drop(unsafe { JoinHandle::<()>::of_node(node) });
        }
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        drop(self.take());
    }
}
