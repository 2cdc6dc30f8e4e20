//! What every design must do, ours and the rivals alike.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use photofinish_baselines::{
    Design, Entry, ThroughCrossbeam, ThroughHandles, ThroughMpsc, ThroughMutex, ThroughSet,
};

const TASKS: usize = 100_000;
const IN_FLIGHT: usize = 1_000;

/// Notes that task `number` has come, for the first time.
fn note(seen: &mut [bool], number: usize) {
    assert!(!std::mem::replace(&mut seen[number], true), "task {number} came twice");
}

fn all_at_once<D: Design<usize>>() {
    let mut design = D::with_workers(2);
    let mut seen = vec![false; TASKS];
    for number in 0..TASKS {
        design.submit(move || number);
    }
    assert_eq!(design.outstanding(), TASKS);
    while let Some(number) = design.next() {
        note(&mut seen, number);
    }
    assert_eq!(seen.iter().position(|seen| !seen), None, "a task was lost");
    assert_eq!((design.outstanding(), design.try_next()), (0, None));
}

fn some_at_a_time<D: Design<usize>>() {
    let mut design = D::with_workers(2);
    let mut seen = vec![false; TASKS];
    for number in 0..TASKS {
        design.submit(move || number);
        if design.outstanding() == IN_FLIGHT {
            note(&mut seen, design.next().expect("tasks are outstanding"));
        }
        // The three ways to receive are mixed, so that none leaves the others behind.
        if number % 3 == 0 {
            design.try_next().into_iter().for_each(|number| note(&mut seen, number));
        }
        if number % 1_000 == 0 {
            let soon = Instant::now() + Duration::from_micros(50);
            design.next_until(soon).into_iter().for_each(|number| note(&mut seen, number));
        }
    }
    while let Some(number) = design.next() {
        note(&mut seen, number);
    }
    assert_eq!(seen.iter().position(|seen| !seen), None, "a task was lost");
}

fn slow_after_fast<D: Design<&'static str>>() {
    let mut design = D::with_workers(2);
    let (open, gate) = mpsc::channel();
    design.submit(move || {
        gate.recv().expect("the gate is opened below");
        "slow"
    });
    design.submit(|| "fast");
    assert_eq!(design.next(), Some("fast"));
    open.send(()).expect("the slow task waits");
    assert_eq!(design.next(), Some("slow"));
}

fn one_worker_keeps_order<D: Design<usize>>() {
    let mut design = D::with_workers(1);
    for number in 0..1_000 {
        design.submit(move || number);
    }
    let received: Vec<_> = std::iter::from_fn(|| design.next()).collect();
    assert!(received.iter().copied().eq(0..1_000), "one worker completes tasks as they came");
}

fn empty<D: Design<u8>>() {
    let mut design = D::with_workers(1);
    let later = Instant::now() + Duration::from_secs(3_600);
    assert_eq!((design.next(), design.try_next(), design.next_until(later)), (None, None, None));
    design.submit(|| 1);
    assert_eq!((design.next(), design.next()), (Some(1), None));
}

fn times_out<D: Design<u8>>() {
    let mut design = D::with_workers(1);
    let (open, gate) = mpsc::channel();
    design.submit(move || gate.recv().expect("the gate is opened below"));
    for _ in 0..3 {
        let deadline = Instant::now() + Duration::from_millis(5);
        assert_eq!((design.next_until(deadline), design.try_next()), (None, None));
        assert!(Instant::now() >= deadline, "the wait was given up too early");
    }
    assert_eq!(design.outstanding(), 1);
    open.send(9).expect("the task waits");
    assert_eq!((design.next(), design.outstanding()), (Some(9), 0));
}

fn ready_beats_deadline<D: Design<u8>>() {
    let past = Instant::now();
    let mut design = D::with_workers(1);
    design.submit(|| 1);
    let received = loop {
        match design.next_until(past) {
            Some(received) => break received,
            None => std::thread::yield_now(),
        }
    };
    assert_eq!((received, design.outstanding()), (1, 0));
}

fn dropped_with_tasks_outstanding<D: Design<usize>>() {
    let (ran, runs) = mpsc::channel();
    let mut design = D::with_workers(2);
    for number in 0..1_000 {
        let ran = ran.clone();
        design.submit(move || {
            ran.send(number).expect("the test listens");
            number
        });
    }
    drop(ran);
    drop(design);
    assert_eq!(runs.iter().count(), 1_000, "a dropped design finishes its work");
}

macro_rules! conformance {
    ($($module:ident: $design:ident,)+) => {$(
        mod $module {
            use super::*;

            #[test]
            fn delivers_all_of_many_tasks_exactly_once() {
                all_at_once::<$design<_>>();
            }

            #[test]
            fn delivers_exactly_once_however_results_are_received() {
                some_at_a_time::<$design<_>>();
            }

            #[test]
            fn a_slow_task_submitted_first_comes_after_a_fast_one() {
                slow_after_fast::<$design<_>>();
            }

            #[test]
            fn one_worker_delivers_in_order() {
                one_worker_keeps_order::<$design<_>>();
            }

            #[test]
            fn next_gives_none_when_nothing_is_outstanding() {
                empty::<$design<_>>();
            }

            #[test]
            fn a_wait_that_times_out_loses_nothing() {
                times_out::<$design<_>>();
            }

            #[test]
            fn a_deadline_that_has_passed_still_gives_what_is_ready() {
                ready_beats_deadline::<$design<_>>();
            }

            #[test]
            fn dropping_a_design_finishes_its_tasks() {
                dropped_with_tasks_outstanding::<$design<_>>();
            }
        }
    )+};
}

conformance! {
    completion_set: ThroughSet,
    handles: ThroughHandles,
    std_mpsc: ThroughMpsc,
    crossbeam_channel: ThroughCrossbeam,
    mutex_condvar: ThroughMutex,
}

#[test]
fn names_are_distinct_and_parse() {
    for entry in Entry::ALL {
        assert_eq!(entry.name().parse(), Ok(*entry));
    }
}
