//! A rival: a queue under a mutex, and a condition variable.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use photofinish::Pool;

use crate::design::{Design, pool};

/// `Mutex<VecDeque<T>>` and `Condvar`, tuned: a worker notifies only if the consumer waits, once
/// per wait and after it has unlocked, and the consumer takes all there is under one lock.
///
/// ```
/// use photofinish_baselines::{Design, ThroughMutex};
///
/// let mut design = ThroughMutex::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
#[derive(Debug)]
pub struct ThroughMutex<T: 'static> {
    /// The workers end with it; what they share is leaked and so outlives them.
    pool: Pool,
    mailbox: &'static Mailbox<T>,
    /// Taken from the mailbox, and not yet given.
    taken: VecDeque<T>,
    outstanding: usize,
}

#[derive(Debug)]
struct Mailbox<T> {
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
                    let left = deadline.saturating_duration_since(Instant::now());
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

impl<T: Send + 'static> ThroughMutex<T> {
    fn next_by(&mut self, deadline: Option<Instant>) -> Option<T> {
        if self.outstanding == 0 {
            return None;
        }
        if self.taken.is_empty() {
            self.mailbox.take_all(&mut self.taken, deadline);
        }
        self.give()
    }

    fn give(&mut self) -> Option<T> {
        let value = self.taken.pop_front()?;
        self.outstanding -= 1;
        Some(value)
    }
}

impl<T: Send + 'static> Design<T> for ThroughMutex<T> {
    const NAME: &'static str = "mutex-condvar";

    fn with_workers(workers: usize) -> Self {
        let mailbox = Box::leak(Box::new(Mailbox::new()));
        Self { pool: pool(workers), mailbox, taken: VecDeque::new(), outstanding: 0 }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.outstanding += 1;
        let mailbox = self.mailbox;
        drop(self.pool.submit(move || mailbox.put(task())));
    }

    fn next(&mut self) -> Option<T> {
        self.next_by(None)
    }

    fn try_next(&mut self) -> Option<T> {
        if self.taken.is_empty() {
            self.mailbox.try_take_all(&mut self.taken);
        }
        self.give()
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        self.next_by(Some(deadline))
    }

    fn outstanding(&self) -> usize {
        self.outstanding
    }
}
