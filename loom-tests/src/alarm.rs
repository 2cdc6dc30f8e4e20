//! Async tasks in a model: an executor of one task, and the waker that it gives out.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Wake, Waker};

use photofinish_protocol::sync::Parker;

use crate::value::Entry;

/// Wakes the thread that made it. Each wake is a step of the one who wakes, and reads what must
/// have been published to it; each alarm has to be dropped once. How often it was rung is plain
/// `std` state, which adds nothing to the model.
#[derive(Debug)]
pub struct Alarm {
    parker: &'static Parker,
    rings: AtomicUsize,
    _entry: Entry,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rings.fetch_add(1, SeqCst);
        self.parker.unpark();
    }
}

impl Alarm {
    /// An alarm for this thread.
    pub fn new() -> Arc<Self> {
        let (parker, rings) = (Parker::current(), AtomicUsize::new(0));
        Arc::new(Self { parker, rings, _entry: Entry::new() })
    }

    /// How often it has been rung.
    pub fn rings(&self) -> usize {
        self.rings.load(SeqCst)
    }

    /// Parks the thread that made it until it has been rung more than `before` times.
    pub fn await_ring(&self, before: usize) {
        while self.rings() <= before {
            self.parker.park();
        }
    }
}

/// Polls `future` once; `alarm` rings when it is to be polled again.
pub fn poll<F: Future + Unpin>(future: &mut F, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(alarm));
    pin!(future).poll(&mut Context::from_waker(&waker))
}

/// Runs `future` to its end on this thread.
///
/// The thread sleeps until the alarm has rung: an executor does not poll a task that nobody woke.
pub fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let alarm = Alarm::new();
    loop {
        let rings = alarm.rings();
        match poll(&mut future, &alarm) {
            Poll::Ready(output) => return output,
            Poll::Pending => alarm.await_ring(rings),
        }
    }
}
