//! From unparking a thread to its being awake.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::limits::median;

/// Nothing from the sleeper yet; else a moment on the clock when it is up again.
const ASLEEP: u64 = 0;
const DISMISSED: u64 = u64::MAX;

/// The median of so many times, each after the thread has slept for `nap`. The waker does not
/// sleep: it wakes from the middle of its work, as a worker does.
pub(super) fn one_way(nap: Duration, times: u32) -> f64 {
    let clock = Clock::start();
    let (called, risen) = (&AtomicU64::new(0), &AtomicU64::new(ASLEEP));
    thread::scope(|scope| {
        let sleeper = scope.spawn(move || {
            for call in 1.. {
                // ORDERING: Acquire and Release on both words; each carries the other.
                let heard = loop {
                    let heard = called.load(Ordering::Acquire);
                    if heard >= call {
                        break heard;
                    }
                    thread::park();
                };
                if heard == DISMISSED {
                    return;
                }
                risen.store(clock.now().max(1), Ordering::Release);
                // The waker has noted the moment when it takes it away.
                while risen.load(Ordering::Acquire) != ASLEEP {
                    spin_loop();
                }
            }
        });
        let wakes: Vec<f64> = (1..=u64::from(times))
            .map(|call| {
                work_for(nap);
                let begun = clock.now();
                called.store(call, Ordering::Release);
                sleeper.thread().unpark();
                let up = loop {
                    let up = risen.load(Ordering::Acquire);
                    if up != ASLEEP {
                        break up;
                    }
                    spin_loop();
                };
                risen.store(ASLEEP, Ordering::Release);
                up.saturating_sub(begun).max(1) as f64
            })
            .collect();
        called.store(DISMISSED, Ordering::Release);
        sleeper.thread().unpark();
        median(wakes.into_iter()).unwrap_or(f64::NAN)
    })
}

fn work_for(length: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < length {
        spin_loop();
    }
}
