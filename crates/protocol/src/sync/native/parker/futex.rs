//! A bed on a Linux futex, lock-free for whoever wakes.
//!
//! One 32-bit word: two flags and, above them, the number of the nap.
//!
//! | flag | meaning |
//! |---|---|
//! | `TOKEN` | somebody has woken the thread and it has not noticed yet |
//! | `ASLEEP` | the thread sleeps, or is about to |
//! | `RUNG` | a waker has come back from its futex call for this nap |
//!
//! The usual three-state parker lets only the waker that found the thread asleep call the
//! futex; if that one is stopped between its atomic step and its call, no other wakes the
//! sleeper. Here every waker calls until one of them has come back from the call, so that a
//! stopped waker silences nobody. `RUNG` is set by a compare-exchange on the whole word: it
//! holds the nap's number, so a late ringer cannot mark a later nap.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::Deadline;

const TOKEN: u32 = 1 << 0;
const ASLEEP: u32 = 1 << 1;
const RUNG: u32 = 1 << 2;
const NAP: u32 = 1 << 3;
const FLAGS: u32 = NAP - 1;

#[derive(Debug, Default)]
pub(super) struct Bed(AtomicU32);

impl Bed {
    /// Takes the token, sleeping until there is one or `deadline` has passed.
    pub(super) fn sleep(&self, deadline: Deadline) {
        // ORDERING: Relaxed; the number is this thread's own, and a token that is missed here makes the
        // compare-exchange fail.
        let awake = self.0.load(Relaxed);
        let asleep = (awake & !FLAGS).wrapping_add(NAP) | ASLEEP;
        // ORDERING (edge wake): Relaxed; it fails only when a token is there, and the swap
        // below takes that.
        let lay_down =
            awake & TOKEN == 0 && self.0.compare_exchange(awake, asleep, Relaxed, Relaxed).is_ok();
        if lay_down {
            // A call for an earlier nap may come late and end this one: then sleep on.
            // ORDERING: Relaxed; a look, the swap below takes the token.
            while self.0.load(Relaxed) & TOKEN == 0 && !deadline.has_passed() {
                wait(&self.0, asleep, deadline);
            }
        }
        // The nap's number stays, so that no two naps look alike to a late ringer.
        let rested = if lay_down { asleep & !FLAGS } else { awake & !FLAGS };
        // ORDERING (edge wake): Acquire; pairs with the Release in wake; carries what the
        // waker did before it woke.
        self.0.swap(rested, Acquire);
    }

    /// Leaves a token, and rings if the thread sleeps and nobody has rung yet.
    pub(super) fn wake(&self) {
        // ORDERING (edge wake): Release; pairs with the Acquire in sleep.
        let before = self.0.fetch_or(TOKEN, Release);
        if before & (ASLEEP | RUNG) == ASLEEP {
            self.ring(before | TOKEN);
        }
    }

    #[cold]
    fn ring(&self, nap: u32) {
        wake(&self.0);
        // ORDERING: Relaxed; a hint that spares later wakers the call. If the thread is up
        // already, the word has changed and so has nothing to be marked.
        let _ = self.0.compare_exchange(nap, nap | RUNG, Relaxed, Relaxed);
    }
}

/// Sleeps while `word` holds `expected`, at most until `deadline`.
fn wait(word: &AtomicU32, expected: u32, deadline: Deadline) {
    let limit = deadline.remaining().map(|left| libc::timespec {
        tv_sec: left.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `word` is a live, aligned 32-bit word and `limit` null or a live timespec, as
    // FUTEX_WAIT asks. However it returns, a signal included, the caller looks again.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            expected,
            limit,
        )
    };
}

/// Wakes the thread that sleeps on `word`, if one does.
fn wake(word: &AtomicU32) {
    const ONE: i32 = 1;
    // SAFETY: FUTEX_WAKE only uses the address, which is that of a live word.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            ONE,
        )
    };
}
