//! A cache line between two cores, and atomic steps alone and contended.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::limits::median;

/// A word on a line of its own, its neighbours' prefetch included.
#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// Medians are taken over so many batches.
const BATCHES: u32 = 11;

/// Half of a round trip: one thread writes odd numbers, the other answers with even ones.
pub(super) fn line_one_way(round_trips: u32) -> f64 {
    let line = Line::default();
    let batch = u64::from((round_trips / BATCHES).max(1));
    let last = batch * u64::from(BATCHES) * 2;
    thread::scope(|scope| {
        scope.spawn(|| {
            for ball in (2..=last).step_by(2) {
                play(&line, ball);
            }
        });
        let mut next = 1;
        let batches = (0..BATCHES).map(|_| {
            let begun = Instant::now();
            for _ in 0..batch {
                play(&line, next);
                next += 2;
            }
            begun.elapsed().as_nanos() as f64 / (2 * batch) as f64
        });
        median(batches).unwrap_or(f64::NAN)
    })
}

/// Waits for the ball before `ball`, and plays this one.
fn play(line: &Line, ball: u64) {
    // ORDERING: Acquire and Release, as a queue's would be; only the number itself is carried.
    while line.0.load(Ordering::Acquire) != ball - 1 {
        spin_loop();
    }
    line.0.store(ball, Ordering::Release);
}

/// One thread, one line.
pub(super) fn rmw_alone(steps: u32) -> f64 {
    let line = Line::default();
    let batch = (steps / BATCHES).max(1);
    let batches = (0..BATCHES).map(|_| {
        let begun = Instant::now();
        for step in 0..batch {
            // ORDERING: AcqRel, as a delivery's; nobody else looks.
            black_box(&line).0.swap(step.into(), Ordering::AcqRel);
        }
        begun.elapsed().as_nanos() as f64 / f64::from(batch)
    });
    median(batches).unwrap_or(f64::NAN)
}

/// Two threads exchange; the time is shared between the steps of both.
pub(super) fn swap_contended(steps: u32) -> f64 {
    contended(steps, |line, step| {
        // ORDERING: AcqRel, as a delivery's; nothing is carried.
        black_box(line.swap(step, Ordering::AcqRel));
    })
}

/// Two threads add by compare-exchange; only successes count.
pub(super) fn cas_contended(steps: u32) -> f64 {
    contended(steps, |line, _| {
        let mut seen = line.load(Ordering::Relaxed);
        // ORDERING: Release, as a push's; nothing is carried.
        while let Err(now) =
            line.compare_exchange_weak(seen, seen + 1, Ordering::Release, Ordering::Relaxed)
        {
            seen = now;
        }
    })
}

fn contended(steps: u32, step: impl Fn(&AtomicU64, u64) + Sync) -> f64 {
    let batch = u64::from((steps / BATCHES).max(1));
    let (line, arrived) = (&Line::default(), &Line::default());
    let bout = |number: u64| {
        meet(&arrived.0, 2 * number);
        let begun = Instant::now();
        for nth in 0..batch {
            step(&line.0, nth);
        }
        (begun, Instant::now())
    };
    thread::scope(|scope| {
        let bouts = || (1..=u64::from(BATCHES)).map(bout).collect::<Vec<_>>();
        let other = scope.spawn(bouts);
        let (ours, theirs) = (bouts(), other.join().expect("the other thread counts"));
        let batches = ours.into_iter().zip(theirs).map(|(ours, theirs)| {
            // From the first to begin to the last to end; steps that were not contended at the
            // edges are few among so many.
            let took = ours.1.max(theirs.1) - ours.0.min(theirs.0);
            took.as_nanos() as f64 / (2 * batch) as f64
        });
        median(batches).unwrap_or(f64::NAN)
    })
}

/// Spins until so many have arrived: whoever slept at a barrier would come too late.
fn meet(arrived: &AtomicU64, count: u64) {
    // ORDERING: Relaxed; nothing is carried.
    arrived.fetch_add(1, Ordering::Relaxed);
    while arrived.load(Ordering::Relaxed) < count {
        spin_loop();
    }
}
