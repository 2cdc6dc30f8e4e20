//! The completion queue: the second of the two words.
//!
//! ```text
//!   head:  the newest node, or none | WAITING     or CLOSED
//! ```
//!
//! An intrusive stack (R. K. Treiber, *Systems Programming: Coping with Parallelism*, 1986) that
//! many push to and one takes whole: no node is ever popped alone, so there is no ABA, and a
//! pusher stopped anywhere hides no node but its own. The price is that the consumer turns around
//! what it has taken before it has the first node in hand.
//!
//! Each step is one step on `head`, from what stands at the left to what stands in the cell:
//!
//! | `head` | push | take | announce | close |
//! |---|---|---|---|---|
//! | nothing | the node | nothing | nothing and `WAITING` | `CLOSED` |
//! | nodes | the node before them | nothing; they are taken | refused | `CLOSED`; they are taken |
//! | nothing and `WAITING` | the node and `WAITING`; rings | nothing; the wait is over | | `CLOSED` |
//! | nodes and `WAITING` | the node before them, and `WAITING`; rings | nothing; they are taken | | `CLOSED`; they are taken |
//! | `CLOSED` | refused; the pusher settles | | | |
//!
//! So nobody sleeps through a push: in the order of this one word it comes either before the
//! announcement, which is refused then, or after it, and rings.
//!
//! The waiting bit is *sticky*. A push preserves it, every push that sees it rings, and only the
//! consumer's take clears it. With a bit that the first pusher consumes, a pusher stopped
//! between its push and its ring would silence all that come after it.

use std::ptr::{self, NonNull};

use crate::prefetch;
use crate::signal::Signal;
use crate::storage;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::{AtomicPtr, AtomicUsize, Lifetime, UnsafeCell, fence};

/// The link by which a task hangs in a completion queue. It belongs to the completion side
/// alone: a cancelled task hangs here while it still lies in a deque.
#[derive(Debug)]
#[repr(align(4))]
pub(crate) struct Node {
    next: UnsafeCell<*mut Node>,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self { next: UnsafeCell::new(ptr::null_mut()) }
    }

    /// Lets the link point at `next`.
    ///
    /// # Safety
    ///
    /// Nobody else reads or writes the link.
    #[inline]
    pub(crate) unsafe fn point_at(&self, next: *mut Node) {
        // SAFETY: the caller's promise.
        self.next.with_mut(|place| unsafe { place.write(next) });
    }
}

const WAITING: usize = 1;
/// The consumer has left. Nodes are aligned to four bytes, so none has this address.
const CLOSED: usize = 2;

fn is_waiting(head: *mut Node) -> bool {
    head.addr() & WAITING != 0
}

fn is_closed(head: *mut Node) -> bool {
    head.addr() == CLOSED
}

fn newest(head: *mut Node) -> *mut Node {
    head.map_addr(|address| address & !WAITING)
}

/// What became of a push.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Pushed {
    /// The node is the consumer's.
    Delivered,
    /// The consumer has left: the node is still the pusher's. It has to settle the delivery
    /// itself, and then [`Queue::settle_one`].
    Closed,
}

/// Where tasks are delivered to.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Written by pushers and the consumer; all that they agree on is in it.
    head: AtomicPtr<Node>,
    /// After the close: how many late deliveries are still to be settled. Late pushers lower it
    /// and the closer raises it once; whoever brings it to zero frees the queue.
    unsettled: AtomicUsize,
    /// Whom a push rings for. It outlives the queue, and the push.
    signal: &'static Signal,
    /// In models: whether the queue is used after its end. Otherwise nothing.
    lifetime: Lifetime,
}

impl Queue {
    /// An empty queue, owned by its consumer until [`close`](Self::close).
    pub(crate) fn open() -> NonNull<Queue> {
        storage::allocate(Queue {
            head: AtomicPtr::new(ptr::null_mut()),
            unsettled: AtomicUsize::new(0),
            signal: Signal::lend(),
            lifetime: Lifetime::begin(),
        })
    }

    /// # Safety
    ///
    /// The queue has been closed and every delivery settled; nobody uses it any more.
    unsafe fn free(this: NonNull<Queue>) {
        // SAFETY: by the caller's promise the queue is live and this is its last use.
        let queue = unsafe { this.as_ref() };
        queue.lifetime.end();
        queue.signal.give_back();
        // SAFETY: as above; it came from `allocate`.
        unsafe { storage::free(this) };
    }

    /// Delivers `node`. Lock-free: one compare-exchange, repeated only when somebody else
    /// pushed, or the consumer took, announced itself or left, in between.
    ///
    /// # Safety
    ///
    /// The caller owns the delivery of `node`, which the queue has been promised and which
    /// keeps it alive up to the push; the node is live. Unless this returns
    /// [`Pushed::Closed`], neither is the caller's any more.
    #[inline]
    pub(crate) unsafe fn push(this: NonNull<Queue>, node: NonNull<Node>) -> Pushed {
        // SAFETY: the outstanding delivery keeps the queue alive until the push.
        let queue = unsafe { this.as_ref() };
        queue.lifetime.access();
        // Read before the push; afterwards the queue may be gone.
        let signal = queue.signal;
        // ORDERING: Relaxed; a guess, which the compare-exchange checks. The one guess that is acted on,
        // CLOSED, has its fence.
        let mut head = queue.head.load(Relaxed);
        loop {
            if is_closed(head) {
                // ORDERING (edge close): Acquire; pairs with the Release in close; carries
                // what the consumer did to the task before it left.
                fence(Acquire);
                return Pushed::Closed;
            }
            // SAFETY: the node is the caller's until the push, and it is live.
            let link = unsafe { node.as_ref() };
            // SAFETY: nobody else reads or writes a link before its node is pushed.
            unsafe { link.point_at(newest(head)) };
            // A node's address has no such bit of its own.
            let pushed = node.as_ptr().wrapping_byte_add(head.addr() & WAITING);
            // ORDERING (edge delivery): Release; pairs with the Acquire in take and close;
            // carries the link and all that happened to the task.
            // ORDERING (edge announcement): Acquire; pairs with the Release in announce;
            // carries the signal's waiter.
            match queue.head.compare_exchange(head, pushed, AcqRel, Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        if is_waiting(head) {
            signal.ring();
        }
        Pushed::Delivered
    }

    /// Takes all that has been delivered, oldest first, tells how many that are, and ends a wait.
    /// Wait-free up to the reversal, which visits each node once.
    #[inline]
    pub(crate) fn take(&self) -> (Chain, usize) {
        self.lifetime.access();
        // ORDERING: Relaxed; a look. Most polls of an empty queue end here, without stealing
        // the line from a pusher.
        if self.head.load(Relaxed).is_null() {
            return (Chain::EMPTY, 0);
        }
        // ORDERING (edge delivery): Acquire; pairs with the Release in push; carries the tasks.
        let head = self.head.swap(ptr::null_mut(), Acquire);
        Chain::oldest_first(newest(head))
    }

    /// Whether something may have been delivered, for a look only.
    #[inline]
    pub(crate) fn is_silent(&self) -> bool {
        self.lifetime.access();
        // ORDERING: Relaxed; a look, the take synchronises.
        newest(self.head.load(Relaxed)).is_null()
    }

    /// Asks to be woken through the signal, which points at this thread already. `false` if
    /// something has been delivered: take that first.
    pub(crate) fn announce(&self) -> bool {
        self.lifetime.access();
        let waiting = ptr::without_provenance_mut(WAITING);
        // ORDERING (edge announcement): Release; pairs with the Acquire in push; carries the
        // signal's waiter.
        self.head.compare_exchange(ptr::null_mut(), waiting, Release, Relaxed).is_ok()
    }

    /// The consumer's bell.
    pub(crate) fn signal(&self) -> &'static Signal {
        self.signal
    }

    /// The consumer leaves. `outstanding` is the number of tasks the queue has been promised and
    /// the consumer has not taken. Returns those of them that had been delivered; the rest are
    /// settled by their pushers. Wait-free.
    ///
    /// # Safety
    ///
    /// The caller is the consumer, and uses the queue no more.
    pub(crate) unsafe fn close(this: NonNull<Queue>, outstanding: usize) -> Chain {
        // SAFETY: the consumer owns the queue, and late pushers free it only after the
        // fetch-and-add below.
        let queue = unsafe { this.as_ref() };
        queue.lifetime.access();
        if outstanding == 0 {
            // SAFETY: nothing is outstanding, so no pusher has reached or will reach the queue
            // again: the consumer is alone with it.
            unsafe { Self::free(this) };
            return Chain::EMPTY;
        }
        let closed = ptr::without_provenance_mut(CLOSED);
        // ORDERING (edge delivery): Acquire; pairs with the Release in push.
        // ORDERING (edge close): Release; pairs with the Acquire in push; carries what the
        // consumer did to tasks it did not receive.
        let head = queue.head.swap(closed, AcqRel);
        let (chain, in_time) = Chain::oldest_first(newest(head));
        let late = outstanding - in_time;
        queue.lifetime.access();
        // ORDERING (edge settlement): AcqRel; all uses of the queue, this step among them, for
        // the one who frees it.
        let settled = queue.unsettled.fetch_add(late, AcqRel).wrapping_add(late) == 0;
        if settled {
            // SAFETY: every delivery has been taken or settled, and this was the last use.
            unsafe { Self::free(this) };
        }
        chain
    }

    /// A late pusher has settled its delivery.
    ///
    /// # Safety
    ///
    /// `push` returned [`Pushed::Closed`] for a delivery that the caller has settled since; it
    /// uses the queue no more.
    pub(crate) unsafe fn settle_one(this: NonNull<Queue>) {
        // SAFETY: the queue is freed only when as many have come here as were outstanding, and
        // the caller is one of them.
        let queue = unsafe { this.as_ref() };
        queue.lifetime.access();
        // ORDERING (edge settlement): AcqRel; as in close.
        let last = queue.unsettled.fetch_sub(1, AcqRel) == 1;
        if last {
            // SAFETY: the closer has come and all late pushers too; this was the last use.
            unsafe { Self::free(this) };
        }
    }
}

/// Delivered nodes in the order of their pushes.
#[derive(Debug)]
pub(crate) struct Chain {
    oldest: *mut Node,
}

impl Chain {
    pub(crate) const EMPTY: Self = Self { oldest: ptr::null_mut() };

    /// Turns a stack that the caller has taken, newest first, around in place, and tells its length.
    pub(crate) fn oldest_first(newest: *mut Node) -> (Self, usize) {
        let mut chain = Self::EMPTY;
        let mut length = 0;
        let mut stack = newest;
        while let Some(node) = NonNull::new(stack) {
            // SAFETY: the consumer has taken the stack; its nodes are live and its own.
            let link = unsafe { &node.as_ref().next };
            // SAFETY: as above, nobody else reads or writes the link.
            stack = link.with_mut(|next| unsafe { next.replace(chain.oldest) });
            prefetch::ahead(chain.oldest, node.as_ptr());
            chain.oldest = node.as_ptr();
            length += 1;
        }
        (chain, length)
    }

    /// Whether there is none.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.oldest.is_null()
    }

    /// Takes the oldest node out. It is live, and the caller's.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<NonNull<Node>> {
        let node = NonNull::new(self.oldest)?;
        // SAFETY: a node in a chain is live and belongs to the chain's owner.
        let link = unsafe { &node.as_ref().next };
        // SAFETY: as above, nobody else reads or writes the link.
        self.oldest = link.with(|next| unsafe { next.read() });
        Some(node)
    }
}
