//! Where a finished task goes: into a consumer's queue, or on.
//!
//! Whoever is owed to deliver a task, its completer or its canceller, hands it to the destination.
//! Nothing else differs: a task is promised to a continuation as it is to a queue.

use std::ptr::NonNull;

use crate::queue::{Node, Queue};
use crate::sync::Lifetime;

/// What begins a block that goes on with a task when it has finished.
#[derive(Debug)]
pub(crate) struct Continuation {
    go_on: unsafe fn(NonNull<Continuation>, NonNull<Node>),
    lifetime: Lifetime,
}

impl Continuation {
    /// The beginning of a block that `go_on` consumes, together with the task of the node. It is
    /// called once, in the thread that delivers, and does not unwind.
    pub(crate) fn new(go_on: unsafe fn(NonNull<Continuation>, NonNull<Node>)) -> Self {
        Self { go_on, lifetime: Lifetime::begin() }
    }

    /// Delivers the task of `node`. It is not the caller's any more, and neither is the block.
    ///
    /// # Safety
    ///
    /// The caller owns the delivery of the task, which the continuation has been promised.
    #[cold]
    pub(crate) unsafe fn deliver(this: NonNull<Continuation>, node: NonNull<Node>) {
        // SAFETY: the block lives until it is consumed, and that is by its only delivery.
        let continuation = unsafe { this.as_ref() };
        continuation.lifetime.access();
        // SAFETY: the caller's promise.
        unsafe { (continuation.go_on)(this, node) };
    }

    /// The block is about to be freed; nobody may use it any more.
    pub(crate) fn end(&self) {
        self.lifetime.end();
    }
}

/// Where a task is promised to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    Queue(NonNull<Queue>),
    Continuation(NonNull<Continuation>),
}

/// A destination in one word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(NonNull<()>);

/// Tells the address of a continuation from that of a queue.
const CONTINUATION: usize = 1;
const _: () = assert!(align_of::<Queue>() > CONTINUATION);
const _: () = assert!(align_of::<Continuation>() > CONTINUATION);

impl From<Destination> for Address {
    #[inline]
    fn from(destination: Destination) -> Self {
        Self(match destination {
            Destination::Queue(queue) => queue.cast(),
            Destination::Continuation(continuation) => {
                continuation.cast::<()>().map_addr(|address| address | CONTINUATION)
            }
        })
    }
}

impl From<Address> for Destination {
    #[inline]
    fn from(Address(address): Address) -> Self {
        if address.addr().get() & CONTINUATION == 0 {
            return Self::Queue(address.cast());
        }
        // SAFETY: a tagged address is not the tag alone.
        let address = unsafe { address.byte_sub(CONTINUATION) };
        Self::Continuation(address.cast())
    }
}
