//! The red twins: completion queues with known holes. `cargo freeze` has to find them, or it
//! would find nothing in the shipped one either.

use std::ptr;

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{model, spawn};
use photofinish_protocol::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use photofinish_protocol::sync::hooks::{frozen_role, open_gate, play};
use photofinish_protocol::sync::{Arc, AtomicPtr, AtomicUsize, Parker};

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

#[test]
fn a_one_shot_token() {
    race::<OneShotToken>("twin_one_shot_token");
}

#[test]
fn an_exchange_then_a_link() {
    race::<ExchangeThenLink>("twin_exchange_then_link");
}
