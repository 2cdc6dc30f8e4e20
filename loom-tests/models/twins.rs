//! The red twins: completion queues with known holes. `cargo freeze` has to find them, or it
//! would find nothing in the shipped one either.

use std::ptr;

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{model, spawn};
use photofinish_protocol::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use photofinish_protocol::sync::hooks::{frozen_role, open_gate, play};
use photofinish_protocol::sync::{Arc, AtomicPtr, AtomicUsize, Parker, UnsafeCell, thread};

/// A queue that two producers push to, known by their numbers.
trait Twin: Send + Sync + 'static {
    fn new(consumer: &'static Parker) -> Self;
    fn push(&self, producer: usize);
    /// Takes what has been delivered, waiting for the first.
    fn take(&self) -> Vec<usize>;
}

fn race<Q: Twin>(name: &'static str) {
    model(name, Preemptions(2), &[], || {
        let queue = Arc::new(Q::new(Parker::current()));
        for role in 0..2 {
            let queue = Arc::clone(&queue);
            spawn(move || {
                play(role);
                queue.push(role);
            });
        }
        let mut arrived = [false, false];
        while arrived != [true, true] {
            if (0..2).all(|role| arrived[role] || frozen_role() == Some(role)) {
                open_gate();
            }
            for producer in queue.take() {
                arrived[producer] = true;
            }
        }
        open_gate();
    });
}

/// A stack like the shipped one, with a waiting bit that the first pusher takes with it: if that
/// one stops before its wake, nobody else wakes.
struct OneShotToken {
    /// Bits 0 and 1: who has pushed. Bit 2: the consumer waits.
    head: AtomicUsize,
    consumer: &'static Parker,
}

const WAITING: usize = 0b100;

impl Twin for OneShotToken {
    fn new(consumer: &'static Parker) -> Self {
        Self { head: AtomicUsize::new(0), consumer }
    }

    fn push(&self, producer: usize) {
        let mut head = self.head.load(Relaxed);
        loop {
            let pushed = (head & !WAITING) | 1 << producer;
            match self.head.compare_exchange(head, pushed, AcqRel, Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        if head & WAITING != 0 {
            self.consumer.unpark();
        }
    }

    fn take(&self) -> Vec<usize> {
        loop {
            let head = self.head.swap(0, AcqRel) & !WAITING;
            if head != 0 {
                return (0..2).filter(|producer| head & (1 << producer) != 0).collect();
            }
            if self.head.compare_exchange(0, WAITING, AcqRel, Relaxed).is_ok() {
                while self.head.load(Relaxed) == WAITING {
                    self.consumer.park();
                }
            }
        }
    }
}

/// D. Vyukov's intrusive queue: a push exchanges the newest node, then links it to the one
/// before. A producer that stops between the two hides all that come after it.
struct ExchangeThenLink {
    newest: AtomicPtr<Node>,
    oldest: AtomicPtr<Node>,
    waiting: AtomicUsize,
    consumer: &'static Parker,
    stub: &'static Node,
    nodes: [&'static Node; 2],
}

struct Node {
    next: AtomicPtr<Node>,
}

fn node() -> &'static Node {
    Box::leak(Box::new(Node { next: AtomicPtr::new(ptr::null_mut()) }))
}

fn address(node: &'static Node) -> *mut Node {
    ptr::from_ref(node).cast_mut()
}

impl Twin for ExchangeThenLink {
    fn new(consumer: &'static Parker) -> Self {
        let stub = node();
        Self {
            newest: AtomicPtr::new(address(stub)),
            oldest: AtomicPtr::new(address(stub)),
            waiting: AtomicUsize::new(0),
            consumer,
            stub,
            nodes: [node(), node()],
        }
    }

    fn push(&self, producer: usize) {
        let node = self.nodes[producer];
        let before = self.newest.swap(address(node), AcqRel);
        let all = [self.stub, self.nodes[0], self.nodes[1]];
        let before = all.into_iter().find(|node| address(node) == before).expect("a known node");
        before.next.swap(address(node), AcqRel);
        if self.waiting.swap(0, AcqRel) == 1 {
            self.consumer.unpark();
        }
    }

    fn take(&self) -> Vec<usize> {
        loop {
            let oldest = self.oldest.load(Relaxed);
            let all = [self.stub, self.nodes[0], self.nodes[1]];
            let oldest = all.into_iter().find(|node| address(node) == oldest).expect("known");
            let next = oldest.next.load(Acquire);
            if !next.is_null() {
                self.oldest.store(next, Release);
                return (0..2).filter(|&at| address(self.nodes[at]) == next).collect();
            }
            // The flag is set and the link looked at again, both by read-modify-writes.
            self.waiting.swap(1, AcqRel);
            let linked =
                oldest.next.compare_exchange(ptr::null_mut(), ptr::null_mut(), AcqRel, Acquire);
            if linked.is_ok() {
                self.consumer.park();
            }
        }
    }
}

/// The shipped stack with its sticky bit, and an async consumer whose waker lies in a slot from
/// which the first pusher takes it: registering, waking, or neither (the algorithm of the
/// `atomic-waker` crate, release 1.1). A pusher that stops in the middle of the taking silences all
/// that come after it.
struct TakenWaker {
    /// Bits 0 and 1: who has pushed. Bit 2: the consumer waits.
    head: AtomicUsize,
    state: AtomicUsize,
    waker: UnsafeCell<Option<&'static Parker>>,
    consumer: &'static Parker,
}

const IDLE: usize = 0;
const REGISTERING: usize = 0b01;
const WAKING: usize = 0b10;

// SAFETY: the waker is used by whoever has made the state `REGISTERING` or `WAKING` alone.
unsafe impl Sync for TakenWaker {}
// SAFETY: as above.
unsafe impl Send for TakenWaker {}

impl TakenWaker {
    fn wake(&self) {
        if self.state.fetch_or(WAKING, AcqRel) == IDLE {
            // SAFETY: the state was idle, so the waker is this thread's until it is idle again.
            let waker = self.waker.with_mut(|waker| unsafe { waker.replace(None) });
            self.state.fetch_and(!WAKING, Release);
            if let Some(waker) = waker {
                waker.unpark();
            }
        }
    }

    /// Whether the consumer will be woken by a pusher; if not, it is to look again.
    fn register(&self) -> bool {
        if self.state.compare_exchange(IDLE, REGISTERING, Acquire, Acquire).is_err() {
            return false;
        }
        // SAFETY: the state was idle, so the waker is this thread's until it is idle again.
        self.waker.with_mut(|waker| unsafe { waker.write(Some(self.consumer)) });
        let registered = self.state.compare_exchange(REGISTERING, IDLE, AcqRel, Acquire).is_ok();
        if !registered {
            // SAFETY: as above; somebody wanted to wake meanwhile, and will not come again.
            self.waker.with_mut(|waker| unsafe { waker.write(None) });
            self.state.swap(IDLE, AcqRel);
        }
        registered
    }
}

impl Twin for TakenWaker {
    fn new(consumer: &'static Parker) -> Self {
        Self {
            head: AtomicUsize::new(0),
            state: AtomicUsize::new(IDLE),
            waker: UnsafeCell::new(None),
            consumer,
        }
    }

    fn push(&self, producer: usize) {
        if self.head.fetch_or(1 << producer, AcqRel) & WAITING != 0 {
            self.wake();
        }
    }

    fn take(&self) -> Vec<usize> {
        loop {
            let head = self.head.swap(0, AcqRel) & !WAITING;
            if head != 0 {
                return (0..2).filter(|producer| head & (1 << producer) != 0).collect();
            }
            let registered = self.register();
            if self.head.compare_exchange(0, WAITING, AcqRel, Relaxed).is_ok() && registered {
                // An executor polls a task again when it has been woken.
                self.consumer.park();
            } else if !registered {
                thread::yield_now();
            }
        }
    }
}

#[test]
fn a_waker_that_the_first_takes() {
    race::<TakenWaker>("twin_taken_waker");
}

#[test]
fn a_one_shot_token() {
    race::<OneShotToken>("twin_one_shot_token");
}

#[test]
fn an_exchange_then_a_link() {
    race::<ExchangeThenLink>("twin_exchange_then_link");
}
