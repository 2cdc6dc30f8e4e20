//! D. Vyukov's queue: a push exchanges the newest node, then links it to the one before.

use std::ptr::{self, NonNull};
use std::time::Instant;

use photofinish_protocol::sync::Ordering::{AcqRel, Acquire, Release};
use photofinish_protocol::sync::{AtomicPtr, Deadline, UnsafeCell};

use super::Channel;
use super::bell::Bell;

/// An intrusive list that grows by an exchange and a link. A pusher that stops between the two
/// hides all that come after it.
///
/// Nodes are made by the consumer and come back to it, to be used again: a push allocates
/// nothing.
#[derive(Debug)]
pub struct ExchangeThenLink<T: 'static> {
    shared: &'static Shared<T>,
    /// The last node that was received: its value is gone, its link leads to the next.
    received: NonNull<Node<T>>,
    /// Nodes to be used again.
    spare: Vec<Box<Node<T>>>,
}

#[derive(Debug)]
struct Shared<T> {
    newest: AtomicPtr<Node<T>>,
    bell: Bell,
}

#[derive(Debug)]
struct Node<T> {
    next: AtomicPtr<Node<T>>,
    value: UnsafeCell<Option<T>>,
}

/// A node, and where to push it.
#[derive(Debug)]
pub struct Envelope<T: 'static> {
    shared: &'static Shared<T>,
    node: Box<Node<T>>,
}

// SAFETY: the shared part is atomics and a bell; a node belongs to the sender until it is pushed,
// and its value goes from the sender's thread to the consumer's.
unsafe impl<T: Send> Send for Envelope<T> {}

impl<T> Node<T> {
    fn new(value: Option<T>) -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), value: UnsafeCell::new(value) }
    }
}

impl<T> ExchangeThenLink<T> {
    fn pop(&mut self) -> Option<T> {
        // SAFETY: the node that was received last is the consumer's, and live.
        let link = unsafe { &self.received.as_ref().next };
        // ORDERING: Acquire; pairs with the store of the link; carries the node.
        let next = NonNull::new(link.load(Acquire))?;
        // SAFETY: a node that is linked stays live until it is received and the next one is.
        let cell = unsafe { &next.as_ref().value };
        // SAFETY: its pusher is done with the value, and nobody but the consumer looks at it.
        let value = cell.with_mut(|value| unsafe { (*value).take() });
        let before = std::mem::replace(&mut self.received, next);
        // SAFETY: the node came from a box, and the one who linked the next to it was the last to
        // use it.
        self.spare.push(unsafe { Box::from_raw(before.as_ptr()) });
        value
    }

    fn wait(&mut self, deadline: Deadline) -> Option<T> {
        let shared = self.shared;
        shared.bell.wait(deadline, || self.pop())
    }
}

impl<T: Send + 'static> Channel<T> for ExchangeThenLink<T> {
    type Sender = Envelope<T>;

    fn open() -> Self {
        let first = Box::into_raw(Box::new(Node::new(None)));
        let shared = Shared { newest: AtomicPtr::new(first), bell: Bell::of_this_thread() };
        let received = NonNull::new(first).expect("a box is somewhere");
        Self { shared: Box::leak(Box::new(shared)), received, spare: Vec::new() }
    }

    fn sender(&mut self) -> Envelope<T> {
        let node = self.spare.pop().unwrap_or_else(|| Box::new(Node::new(None)));
        Envelope { shared: self.shared, node }
    }

    fn send(envelope: Envelope<T>, value: T) {
        let Envelope { shared, mut node } = envelope;
        *node = Node::new(Some(value));
        let node = Box::into_raw(node);
        // ORDERING: AcqRel; Acquire, for the node before, and Release, for this one, pair with
        // this exchange in other pushes.
        let before = shared.newest.swap(node, AcqRel);
        // SAFETY: the node before lives until its link has been seen, and this is the only push
        // that sets it.
        let link = unsafe { &(*before).next };
        // ORDERING: Release; pairs with the load in pop; carries the node.
        link.store(node, Release);
        shared.bell.ring();
    }

    fn receive(&mut self) -> T {
        self.wait(Deadline::NEVER).expect("a wait without a deadline ends with a result")
    }

    fn try_receive(&mut self) -> Option<T> {
        self.pop()
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        self.wait(Deadline::at(deadline))
    }
}

impl<T> Drop for ExchangeThenLink<T> {
    /// Drops what has come. One node is left behind, where the next push would link to.
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
