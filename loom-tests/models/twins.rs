//! The red twins: completion queues with known holes. `cargo freeze` has to find them, or it would
//! find nothing in the shipped queue either. Those of `photofinish-baselines` are the very ones
//! that the benches compare with ours.

use photofinish_baselines::{Channel, ExchangeThenLink, OneShotToken, SlotArray};
use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{model, spawn};
use photofinish_protocol::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use photofinish_protocol::sync::hooks::{frozen_role, open_gate, play};
use photofinish_protocol::sync::{Arc, AtomicUsize, Parker, UnsafeCell, thread};

/// The consumer's end of a queue that two producers send their numbers through.
trait Twin: 'static {
    type Sender: Send + 'static;
    fn sender(&mut self) -> Self::Sender;
    fn send(sender: Self::Sender, producer: usize);
    fn receive(&mut self) -> usize;
}

impl<Q: Channel<usize> + 'static> Twin for Q {
    type Sender = Q::Sender;

    fn sender(&mut self) -> Self::Sender {
        Channel::sender(self)
    }

    fn send(sender: Self::Sender, producer: usize) {
        <Q as Channel<usize>>::send(sender, producer);
    }

    fn receive(&mut self) -> usize {
        Channel::receive(self)
    }
}

fn race<Q: Twin>(name: &'static str, open: fn() -> Q) {
    model(name, Preemptions(2), &[], move || {
        let mut queue = open();
        for role in 0..2 {
            let sender = queue.sender();
            spawn(move || {
                play(role);
                Q::send(sender, role);
            });
        }
        let mut arrived = [false, false];
        while arrived != [true, true] {
            if (0..2).all(|role| arrived[role] || frozen_role() == Some(role)) {
                open_gate();
            }
            arrived[queue.receive()] = true;
        }
        open_gate();
    });
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

const WAITING: usize = 0b100;

const IDLE: usize = 0;
const REGISTERING: usize = 0b01;
const WAKING: usize = 0b10;

// SAFETY: the waker is used by whoever has made the state `REGISTERING` or `WAKING` alone.
unsafe impl Sync for TakenWaker {}
// SAFETY: as above.
unsafe impl Send for TakenWaker {}

impl TakenWaker {
    fn push(&self, producer: usize) {
        if self.head.fetch_or(1 << producer, AcqRel) & WAITING != 0 {
            self.wake();
        }
    }

    /// Takes what has been delivered, waiting for the first.
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

/// Whoever polls.
struct Polling {
    shared: Arc<TakenWaker>,
    taken: Vec<usize>,
}

impl Twin for Polling {
    type Sender = Arc<TakenWaker>;

    fn sender(&mut self) -> Arc<TakenWaker> {
        Arc::clone(&self.shared)
    }

    fn send(shared: Arc<TakenWaker>, producer: usize) {
        shared.push(producer);
    }

    fn receive(&mut self) -> usize {
        if self.taken.is_empty() {
            self.taken = self.shared.take();
        }
        self.taken.pop().expect("a wait ends with a number")
    }
}

#[test]
fn a_waker_that_the_first_takes() {
    race("twin_taken_waker", || {
        let shared = TakenWaker {
            head: AtomicUsize::new(0),
            state: AtomicUsize::new(IDLE),
            waker: UnsafeCell::new(None),
            consumer: Parker::current(),
        };
        Polling { shared: Arc::new(shared), taken: Vec::new() }
    });
}

/// The first pusher takes the waiting bit with it: if it stops before its wake, nobody else wakes.
#[test]
fn a_one_shot_token() {
    race("twin_one_shot_token", OneShotToken::open);
}

/// A pusher that stops between the exchange and the link hides all that come after it.
#[test]
fn an_exchange_then_a_link() {
    race("twin_exchange_then_link", ExchangeThenLink::open);
}

/// A pusher that stops between its ticket and its slot hides all that come after it.
#[test]
fn a_ticket_then_a_slot() {
    race("twin_slot_array", || SlotArray::with_segments(2, 1));
}
