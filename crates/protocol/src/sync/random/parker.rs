//! Parking a thread of the schedule until another one wakes it.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, PoisonError};

use shuttle::thread::{self, Thread};

use super::once_in;
use crate::sync::{Deadline, Immortals};

/// A thread's own parking place: a token that [`unpark`](Self::unpark) leaves and
/// [`park`](Self::park) takes, waiting for it if need be, or returning for no reason.
///
/// As in a normal build, each thread that waits borrows a parker and gives it back when it ends,
/// so a wake that comes late reaches either nobody or a thread that did not expect it.
///
/// shuttle itself wakes its parked threads for no reason, at every step. A thread that nobody
/// wakes any more would hardly ever be found asleep, so here it sleeps on unless it was decided
/// beforehand that it returns for no reason.
#[derive(Debug)]
pub struct Parker {
    token: AtomicBool,
    /// Whose parker it is.
    thread: Mutex<Option<Thread>>,
}

static RESTING: Immortals<Parker> = Immortals::new();

/// This thread's loan of a parker; given back when the thread ends.
struct Loan(&'static Parker);

impl Drop for Loan {
    fn drop(&mut self) {
        RESTING.give_back(self.0);
    }
}

shuttle::thread_local! {
    static CURRENT: Loan = Loan(Parker::lend());
}

impl Parker {
    fn lend() -> &'static Parker {
        let parker =
            RESTING.lend(|| Parker { token: AtomicBool::new(false), thread: Mutex::new(None) });
        *parker.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        parker
    }

    /// The calling thread's parker.
    ///
    /// While the thread's locals are being destroyed it has none of its own any more, and gets
    /// one that is not given back.
    pub fn current() -> &'static Parker {
        CURRENT.try_with(|loan| loan.0).unwrap_or_else(|_| Parker::lend())
    }

    fn take_token(&self) -> bool {
        // ORDERING: SeqCst; here everything is. No scheduling point: the token is plain std.
        self.token.swap(false, SeqCst)
    }

    /// Waits for a token and takes it. May return without one.
    pub fn park(&self) {
        if self.take_token() {
            return;
        }
        if once_in(4) {
            return thread::yield_now();
        }
        while !self.take_token() {
            thread::park();
        }
    }

    /// As [`park`](Self::park), but no longer than until `deadline`, which passes at random.
    pub fn park_until(&self, deadline: &mut Deadline) {
        if deadline.is_never() {
            return self.park();
        }
        while !self.take_token() {
            if once_in(4) {
                *deadline = Deadline::Passed;
                return;
            }
            if once_in(8) {
                return;
            }
            thread::yield_now();
        }
    }

    /// Leaves a token, and wakes the thread if it sleeps.
    pub fn unpark(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // The other threads get their turn before the wake, and none between it and the token.
        thread.expect("a parker is lent to a thread first").unpark();
        // ORDERING: SeqCst; as in take_token.
        self.token.store(true, SeqCst);
    }
}
