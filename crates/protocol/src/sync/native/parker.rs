//! Parking a thread until another one wakes it.

use super::{Deadline, Immortals};

#[cfg(target_os = "linux")]
mod futex;
#[cfg(target_os = "linux")]
use futex::Bed;

#[cfg(not(target_os = "linux"))]
mod condvar;
#[cfg(not(target_os = "linux"))]
use condvar::Bed;

/// A thread's own parking place: a token that [`unpark`](Self::unpark) leaves and
/// [`park`](Self::park) takes, waiting for it if need be.
///
/// Parkers are immortal: each thread that ever waits borrows one and gives it back when it
/// ends, so a reference to a parker is valid for ever, and a wake that comes late reaches
/// either nobody or a thread that did not expect it. Every wait is therefore a loop over its
/// condition.
#[derive(Debug, Default)]
pub struct Parker(Bed);

static RESTING: Immortals<Parker> = Immortals::new();

/// This thread's loan of a parker; given back when the thread ends.
struct Loan(&'static Parker);

impl Drop for Loan {
    fn drop(&mut self) {
        RESTING.give_back(self.0);
    }
}

thread_local! {
    static CURRENT: Loan = Loan(RESTING.lend(Parker::default));
}

impl Parker {
    /// The calling thread's parker.
    ///
    /// While the thread's locals are being destroyed it has none of its own any more, and gets
    /// one that is not given back.
    pub fn current() -> &'static Parker {
        CURRENT.try_with(|loan| loan.0).unwrap_or_else(|_| RESTING.lend(Parker::default))
    }

    /// Waits for a token and takes it. May return without one.
    ///
    /// Memory ordering: what a thread did before the `unpark` whose token is taken happens
    /// before the return.
    pub fn park(&self) {
        self.0.sleep(Deadline::NEVER);
    }

    /// As [`park`](Self::park), but no longer than until `deadline`.
    pub fn park_until(&self, deadline: &mut Deadline) {
        self.0.sleep(*deadline);
    }

    /// Leaves a token, and wakes the thread if it sleeps.
    ///
    /// On Linux this is lock-free: one read-modify-write, and if the thread sleeps and nobody
    /// has finished waking it yet, one futex call. Elsewhere it takes a lock for a moment.
    pub fn unpark(&self) {
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_token_left_before_parking_is_taken_at_once() {
        let bed = Bed::default();
        bed.wake();
        bed.wake();
        bed.sleep(Deadline::NEVER);
        let started = Instant::now();
        bed.sleep(Deadline::after(Duration::from_millis(20)));
        assert!(started.elapsed() >= Duration::from_millis(20), "two wakes left one token");
    }

    #[test]
    fn sleepers_and_wakers_in_lockstep_lose_no_token() {
        const ROUNDS: usize = 20_000;
        let beds = [Bed::default(), Bed::default()];
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    beds[0].sleep(Deadline::NEVER);
                    beds[1].wake();
                }
            });
            for _ in 0..ROUNDS {
                beds[0].wake();
                beds[1].sleep(Deadline::NEVER);
            }
        });
    }
}
