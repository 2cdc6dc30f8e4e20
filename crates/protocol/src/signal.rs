//! Whom to wake when something is delivered.

use std::ptr;

use crate::sync::Ordering::{Acquire, Release};
use crate::sync::{AtomicPtr, Immortals, Parker};

/// A completion queue's bell. A queue has one for its whole life; when the queue ends, the
/// signal is recycled, but never freed, and neither is the parker it points to.
///
/// That is what a pusher needs: after its push it owns nothing, and the consumer may have taken
/// everything and freed the queue. It may still ring, because it has read the signal's address
/// before the push; the worst that can happen is that it wakes a thread which did not expect it.
#[derive(Debug)]
pub(crate) struct Signal {
    waiter: AtomicPtr<Parker>,
}

static RESTING: Immortals<Signal> = Immortals::new();

impl Signal {
    /// A signal for a new queue.
    pub(crate) fn lend() -> &'static Signal {
        RESTING.lend(|| Signal { waiter: AtomicPtr::new(ptr::null_mut()) })
    }

    /// The queue that held the signal has ended.
    pub(crate) fn give_back(&'static self) {
        RESTING.give_back(self);
    }

    /// From now on this thread is the one to wake. The consumer calls it before it announces
    /// itself on its queue.
    pub(crate) fn point_at(&self, parker: &'static Parker) {
        // ORDERING (edge waiter): Release; pairs with the Acquire in ring; carries the parker.
        self.waiter.store(ptr::from_ref(parker).cast_mut(), Release);
    }

    /// Wakes the thread that the signal points at.
    #[cold]
    pub(crate) fn ring(&self) {
        // ORDERING (edge waiter): Acquire; pairs with the Release in point_at; carries the
        // parker. It is read after the push, never before: read before, it could name a thread
        // that the consumer has left since, and nobody would wake the one it waits on now.
        let waiter = self.waiter.load(Acquire);
        // SAFETY: a signal that rings has been pointed at a parker (the bit that made the pusher
        // ring was set after that), and parkers are immortal.
        let parker = unsafe { &*waiter };
        parker.unpark();
    }
}
