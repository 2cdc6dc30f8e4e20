//! A rival: crossbeam's channel.

use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, unbounded};
use photofinish::Pool;

use crate::design::{Design, pool};

/// `crossbeam_channel::unbounded`.
///
/// ```
/// use photofinish_baselines::{Design, ThroughCrossbeam};
///
/// let mut design = ThroughCrossbeam::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
#[derive(Debug)]
pub struct ThroughCrossbeam<T: 'static> {
    /// Before the receiver, so that the workers are gone when that is dropped.
    pool: Pool,
    sender: &'static Sender<T>,
    receiver: Receiver<T>,
    outstanding: usize,
}

impl<T: Send + 'static> ThroughCrossbeam<T> {
    fn received(&mut self, value: T) -> T {
        self.outstanding -= 1;
        value
    }
}

impl<T: Send + 'static> Design<T> for ThroughCrossbeam<T> {
    const NAME: &'static str = "crossbeam-channel";

    fn with_workers(workers: usize) -> Self {
        let (sender, receiver) = unbounded();
        let sender = Box::leak(Box::new(sender));
        Self { pool: pool(workers), sender, receiver, outstanding: 0 }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.outstanding += 1;
        let sender = self.sender;
        // The receiver lives until the pool has ended, so the send cannot fail.
        drop(self.pool.submit(move || sender.send(task()).is_ok()));
    }

    fn next(&mut self) -> Option<T> {
        if self.outstanding == 0 {
            return None;
        }
        let value = self.receiver.recv().ok()?;
        Some(self.received(value))
    }

    fn try_next(&mut self) -> Option<T> {
        let value = self.receiver.try_recv().ok()?;
        Some(self.received(value))
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        if self.outstanding == 0 {
            return None;
        }
        let value = self.receiver.recv_deadline(deadline).ok()?;
        Some(self.received(value))
    }

    fn outstanding(&self) -> usize {
        self.outstanding
    }
}
