//! A queue under a mutex of the `parking_lot` crate, and its condition variable.

use std::collections::VecDeque;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::Channel;

/// As `MutexChannel`, with the locks of another make: a worker notifies only if the consumer
/// waits, once per wait and after it has unlocked, and the consumer takes all there is under one
/// lock.
#[derive(Debug)]
pub(crate) struct ParkingLotChannel<T: 'static> {
    mailbox: &'static Mailbox<T>,
    /// Taken from the mailbox, and not yet received.
    taken: VecDeque<T>,
}

/// What the workers and the consumer share.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    letters: Mutex<Letters<T>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct Letters<T> {
    queue: VecDeque<T>,
    /// The consumer waits, and nobody has notified it yet.
    waiting: bool,
}

impl<T> ParkingLotChannel<T> {
    /// Takes all letters, waiting for the first until `deadline`, or for ever.
    fn take_all(&mut self, deadline: Option<Instant>) {
        let mut letters = self.mailbox.letters.lock();
        while letters.queue.is_empty() {
            letters.waiting = true;
            let arrived = &self.mailbox.arrived;
            let timed_out = match deadline {
                None => {
                    arrived.wait(&mut letters);
                    false
                }
                Some(deadline) => arrived.wait_until(&mut letters, deadline).timed_out(),
            };
            if timed_out {
                break;
            }
        }
        letters.waiting = false;
        std::mem::swap(&mut letters.queue, &mut self.taken);
    }
}

impl<T: Send + 'static> Channel<T> for ParkingLotChannel<T> {
    type Sender = &'static Mailbox<T>;

    fn open() -> Self {
        let letters = Mutex::new(Letters { queue: VecDeque::new(), waiting: false });
        let mailbox = Box::leak(Box::new(Mailbox { letters, arrived: Condvar::new() }));
        Self { mailbox, taken: VecDeque::new() }
    }

    fn sender(&mut self) -> Self::Sender {
        self.mailbox
    }

    fn send(sender: Self::Sender, value: T) {
        let mut letters = sender.letters.lock();
        letters.queue.push_back(value);
        let waiting = std::mem::take(&mut letters.waiting);
        drop(letters);
        if waiting {
            sender.arrived.notify_one();
        }
    }

    fn receive(&mut self) -> T {
        if self.taken.is_empty() {
            self.take_all(None);
        }
        self.taken.pop_front().expect("a wait without a deadline ends with a letter")
    }

    fn try_receive(&mut self) -> Option<T> {
        if self.taken.is_empty() {
            std::mem::swap(&mut self.mailbox.letters.lock().queue, &mut self.taken);
        }
        self.taken.pop_front()
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        if self.taken.is_empty() {
            self.take_all(Some(deadline));
        }
        self.taken.pop_front()
    }
}
