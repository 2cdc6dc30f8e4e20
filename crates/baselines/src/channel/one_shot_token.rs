//! A stack like ours, but for a waiting bit that the first pusher takes with it.

use std::ptr::{self, NonNull};
use std::time::Instant;

use photofinish_protocol::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use photofinish_protocol::sync::{AtomicPtr, Deadline, Parker, Tempo, UnsafeCell};

use super::Channel;
use super::bell::SPIN;

/// A stack that many push to and one takes whole. The consumer's waiting bit is a token that the
/// first pusher takes: if that one stops before its wake, nobody else wakes.
///
/// Nodes are made by the consumer and come back to it, to be used again: a push allocates
/// nothing.
#[derive(Debug)]
pub struct OneShotToken<T: 'static> {
    shared: &'static Shared<T>,
    /// Taken from the stack and turned around: the oldest that has not been received, or none.
    oldest: *mut Node<T>,
    /// Nodes to be used again.
    spare: Vec<Box<Node<T>>>,
}

#[derive(Debug)]
struct Shared<T> {
    /// The newest node, or none; and [`WAITING`].
    head: AtomicPtr<Node<T>>,
    consumer: &'static Parker,
}

#[derive(Debug)]
struct Node<T> {
    contents: UnsafeCell<Contents<T>>,
}

#[derive(Debug)]
struct Contents<T> {
    next: *mut Node<T>,
    value: Option<T>,
}

/// A node, and where to push it.
#[derive(Debug)]
pub struct Envelope<T: 'static> {
    shared: &'static Shared<T>,
    node: Box<Node<T>>,
}

// SAFETY: the shared part is an atomic and a parker; a node belongs to the sender until it is
// pushed, and its value goes from the sender's thread to the consumer's.
unsafe impl<T: Send> Send for Envelope<T> {}

/// Nodes hold pointers, so the lowest bit of their addresses is free.
const WAITING: usize = 1;

fn is_waiting<T>(head: *mut Node<T>) -> bool {
    head.addr() & WAITING != 0
}

impl<T> Node<T> {
    fn new(value: Option<T>) -> Box<Self> {
        Box::new(Self { contents: UnsafeCell::new(Contents { next: ptr::null_mut(), value }) })
    }
}

impl<T> OneShotToken<T> {
    fn pop(&mut self) -> Option<T> {
        if self.oldest.is_null() {
            self.take();
        }
        let node = NonNull::new(self.oldest)?;
        // SAFETY: the node was taken from the stack: it came from a box, and is the consumer's.
        let node = unsafe { Box::from_raw(node.as_ptr()) };
        let value = node.contents.with_mut(|contents| {
            // SAFETY: the node is the consumer's alone.
            let contents = unsafe { &mut *contents };
            self.oldest = contents.next;
            contents.value.take()
        });
        self.spare.push(node);
        value
    }

    /// Takes the stack, and turns it around.
    fn take(&mut self) {
        // ORDERING: Relaxed; a look.
        if self.shared.head.load(Relaxed).is_null() {
            return;
        }
        // ORDERING: Acquire; pairs with the push; carries the nodes.
        let head = self.shared.head.swap(ptr::null_mut(), Acquire);
        let mut stack = head.map_addr(|address| address & !WAITING);
        while let Some(node) = NonNull::new(stack) {
            // SAFETY: a node that was pushed is live, and the consumer has taken it.
            let contents = unsafe { &node.as_ref().contents };
            // SAFETY: the node is the consumer's alone.
            let next = |contents: *mut Contents<T>| unsafe { &mut (*contents).next };
            stack = contents.with_mut(|all| std::mem::replace(next(all), self.oldest));
            self.oldest = node.as_ptr();
        }
    }

    fn wait(&mut self, mut deadline: Deadline) -> Option<T> {
        let mut spin = Tempo::new().wait(SPIN, Deadline::NEVER, usize::MAX);
        loop {
            let found = self.pop();
            if found.is_some() || deadline.has_passed() {
                return found;
            }
            if spin.again() {
                continue;
            }
            let head = &self.shared.head;
            let waiting = ptr::without_provenance_mut(WAITING);
            // ORDERING: Release; pairs with the Acquire in push. The consumer's parker has been
            // known to all since the stack was opened.
            if head.compare_exchange(ptr::null_mut(), waiting, Release, Relaxed).is_ok() {
                // ORDERING: Relaxed; a look, the take synchronises.
                while head.load(Relaxed) == waiting && !deadline.has_passed() {
                    self.shared.consumer.park_until(&mut deadline);
                }
            }
        }
    }
}

impl<T: Send + 'static> Channel<T> for OneShotToken<T> {
    type Sender = Envelope<T>;

    fn open() -> Self {
        let shared = Shared { head: AtomicPtr::new(ptr::null_mut()), consumer: Parker::current() };
        let shared = Box::leak(Box::new(shared));
        Self { shared, oldest: ptr::null_mut(), spare: Vec::new() }
    }

    fn sender(&mut self) -> Envelope<T> {
        let node = self.spare.pop().unwrap_or_else(|| Node::new(None));
        Envelope { shared: self.shared, node }
    }

    fn send(envelope: Envelope<T>, value: T) {
        let Envelope { shared, node } = envelope;
        let node = Box::into_raw(node);
        // SAFETY: the node is the sender's until it is pushed.
        let contents = unsafe { &(*node).contents };
        // SAFETY: as above, nobody else looks at it.
        contents.with_mut(|contents| unsafe { (*contents).value = Some(value) });
        // ORDERING: Relaxed; a look.
        let mut head = shared.head.load(Relaxed);
        loop {
            let newest = head.map_addr(|address| address & !WAITING);
            // SAFETY: as above.
            contents.with_mut(|contents| unsafe { (*contents).next = newest });
            // ORDERING: AcqRel; Release pairs with the take and carries the node, Acquire pairs
            // with the announcement.
            match shared.head.compare_exchange(head, node, AcqRel, Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        // The bit went with the push: whoever pushes next sees none.
        if is_waiting(head) {
            shared.consumer.unpark();
        }
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

impl<T> Drop for OneShotToken<T> {
    /// Drops what has come.
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
