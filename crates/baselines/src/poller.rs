//! A thread that waits for what is polled.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

/// Polls, and parks its thread between polls. Its waker is made once: what is polled finds the
/// same one each time, and a wake is an `unpark`.
#[derive(Debug)]
pub(crate) struct Poller {
    waker: Waker,
    /// It wakes the thread that made it, so it stays there.
    thread: PhantomData<*const Thread>,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

impl Poller {
    pub(crate) fn of_this_thread() -> Self {
        Self { waker: Arc::new(Unpark(thread::current())).into(), thread: PhantomData }
    }

    /// Waits until `poll` is ready.
    pub(crate) fn wait<T>(&self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        let mut context = Context::from_waker(&self.waker);
        loop {
            match poll(&mut context) {
                Poll::Ready(value) => return value,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Waits until `poll` is ready or `deadline` has passed.
    pub(crate) fn wait_until<T>(
        &self,
        deadline: Instant,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let mut context = Context::from_waker(&self.waker);
        loop {
            if let Poll::Ready(value) = poll(&mut context) {
                return Some(value);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }
}
