//! A queue under a mutex, and a condition variable, as one writes it first.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use super::{Channel, left};

/// `Mutex<VecDeque<T>>` and `Condvar`: a worker notifies for each result, whether or not the
/// consumer waits, and the consumer locks for each result.
#[derive(Debug)]
pub(crate) struct NaiveMutexChannel<T: 'static>(&'static Mailbox<T>);

/// What the workers and the consumer share.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    letters: Mutex<VecDeque<T>>,
    arrived: Condvar,
}

const NO_PANIC: &str = "nothing panics under this lock";

impl<T> Mailbox<T> {
    fn letters(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.letters.lock().expect(NO_PANIC)
    }
}

impl<T: Send + 'static> Channel<T> for NaiveMutexChannel<T> {
    type Sender = &'static Mailbox<T>;

    fn open() -> Self {
        let mailbox = Mailbox { letters: Mutex::new(VecDeque::new()), arrived: Condvar::new() };
        Self(Box::leak(Box::new(mailbox)))
    }

    fn sender(&mut self) -> Self::Sender {
        self.0
    }

    fn send(sender: Self::Sender, value: T) {
        sender.letters().push_back(value);
        sender.arrived.notify_one();
    }

    fn receive(&mut self) -> T {
        let none = |letters: &mut VecDeque<T>| letters.is_empty();
        let mut letters = self.0.arrived.wait_while(self.0.letters(), none).expect(NO_PANIC);
        letters.pop_front().expect("the wait ends with a letter")
    }

    fn try_receive(&mut self) -> Option<T> {
        self.0.letters().pop_front()
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        let none = |letters: &mut VecDeque<T>| letters.is_empty();
        let (letters, arrived) = (self.0.letters(), &self.0.arrived);
        let waited = arrived.wait_timeout_while(letters, left(deadline), none);
        let (mut letters, _) = waited.expect(NO_PANIC);
        letters.pop_front()
    }
}
