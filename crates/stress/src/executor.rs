//! An executor of one future, without a lock, so that the thread sanitizer sees through it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// Tells the thread that polls to poll again.
struct Alarm {
    has_rung: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: Release; pairs with the Acquire in block_on; carries what the one did who wakes.
        self.has_rung.store(true, Release);
    }
}

fn alarm() -> Arc<Alarm> {
    Arc::new(Alarm { has_rung: AtomicBool::new(false) })
}

/// Polls `future` once, with a waker that nobody waits for.
pub(crate) fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(&Waker::from(alarm())))
}

/// Runs `future` to its end, with a new waker every so many polls.
pub(crate) fn block_on<F: Future>(future: F, polls_per_waker: usize) -> F::Output {
    let mut future = pin!(future);
    loop {
        let alarm = alarm();
        let waker = Waker::from(Arc::clone(&alarm));
        for _ in 0..polls_per_waker {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            // ORDERING: Acquire; pairs with the Release in wake_by_ref.
            while !alarm.has_rung.load(Acquire) {
                thread::yield_now();
            }
            // ORDERING: AcqRel; as above, for a second wake in between.
            alarm.has_rung.swap(false, AcqRel);
        }
    }
}
