//! A queue under a mutex, and a condition variable.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use super::{Channel, left};

/// `Mutex<VecDeque<T>>` and `Condvar`, tuned: a worker notifies only if the consumer waits, once
/// per wait and after it has unlocked, and the consumer takes all there is under one lock.
#[derive(Debug)]
pub(crate) struct MutexChannel<T: 'static> {
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

impl<T> Mailbox<T> {
    fn new() -> Self {
        let letters = Letters { queue: VecDeque::new(), waiting: false };
        Self { letters: Mutex::new(letters), arrived: Condvar::new() }
    }

    fn letters(&self) -> MutexGuard<'_, Letters<T>> {
        self.letters.lock().expect("nothing panics under this lock")
    }

    fn put(&self, value: T) {
        let mut letters = self.letters();
        letters.queue.push_back(value);
        let waiting = std::mem::take(&mut letters.waiting);
        drop(letters);
        if waiting {
            self.arrived.notify_one();
        }
    }

    /// Exchanges the queue with `empty`, waiting for a letter until `deadline`, or for ever.
    fn take_all(&self, empty: &mut VecDeque<T>, deadline: Option<Instant>) {
        let mut letters = self.letters();
        while letters.queue.is_empty() {
            letters.waiting = true;
            letters = match deadline {
                None => self.arrived.wait(letters).expect("nothing panics under this lock"),
                Some(deadline) => {
                    let left = left(deadline);
                    if left.is_zero() {
                        letters.waiting = false;
                        return;
                    }
                    let waited = self.arrived.wait_timeout(letters, left);
                    waited.expect("nothing panics under this lock").0
                }
            };
        }
        letters.waiting = false;
        std::mem::swap(&mut letters.queue, empty);
    }

    fn try_take_all(&self, empty: &mut VecDeque<T>) {
        std::mem::swap(&mut self.letters().queue, empty);
    }
}

impl<T: Send + 'static> Channel<T> for MutexChannel<T> {
    type Sender = &'static Mailbox<T>;

    fn open() -> Self {
        Self { mailbox: Box::leak(Box::new(Mailbox::new())), taken: VecDeque::new() }
    }

    fn sender(&mut self) -> Self::Sender {
        self.mailbox
    }

    fn send(sender: Self::Sender, value: T) {
        sender.put(value);
    }

    fn receive(&mut self) -> T {
        if self.taken.is_empty() {
            self.mailbox.take_all(&mut self.taken, None);
        }
        self.taken.pop_front().expect("a wait without a deadline ends with a letter")
    }

    fn try_receive(&mut self) -> Option<T> {
        if self.taken.is_empty() {
            self.mailbox.try_take_all(&mut self.taken);
        }
        self.taken.pop_front()
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        if self.taken.is_empty() {
            self.mailbox.take_all(&mut self.taken, Some(deadline));
        }
        self.taken.pop_front()
    }
}
