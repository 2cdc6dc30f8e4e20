//! Time limits at the ends of what can be said: none, all there is, and what is over already.
//!
//! The clock is the monotonic one, so it does not jump; what can go wrong is the arithmetic.

mod support;

use std::thread;
use std::time::{Duration, Instant};

use photofinish::{
    CompletionSet, DeadlineSet, JoinHandle, Pool, Until, as_completed, wait_deadline, wait_timeout,
};

use support::{Gate, LIMIT, assert_all_workers_run, completers, pool, within};

/// The last moment that the clock can express, more or less.
fn end_of_time() -> Instant {
    let mut end = Instant::now();
    let mut step = Duration::MAX;
    while step > Duration::from_secs(1) {
        match end.checked_add(step) {
            Some(later) => end = later,
            None => step /= 2,
        }
    }
    end
}

/// Waits for the task with a limit; says whether it came in time.
type Wait<L> = fn(JoinHandle<u8>, L) -> bool;

const TIMEOUTS: [(&str, Wait<Duration>); 8] = [
    ("join_timeout", |handle, limit| handle.join_timeout(limit).is_ok()),
    ("result_timeout", |handle, limit| handle.shared().result_timeout(limit).is_some()),
    ("AsCompleted::next_timeout", |handle, limit| {
        as_completed([handle]).next_timeout(limit).is_ok()
    }),
    ("AsCompleted::timeout", |handle, limit| {
        as_completed([handle]).timeout(limit).next().expect("it has not ended").is_ok()
    }),
    ("CompletionSet::next_timeout", |handle, limit| {
        CompletionSet::from_iter([handle]).next_timeout(limit).is_ok()
    }),
    ("DeadlineSet::add_within", |handle, limit| {
        let mut set = DeadlineSet::new();
        set.add_within(handle, limit);
        set.next_finished().expect("it has not ended").is_ok()
    }),
    ("wait_timeout", |handle, limit| !wait_timeout([handle], Until::All, limit).done.is_empty()),
    ("wait_timeout, until the first", |handle, limit| {
        !wait_timeout([handle], Until::First, limit).done.is_empty()
    }),
];

const DEADLINES: [(&str, Wait<Instant>); 4] = [
    ("AsCompleted::deadline", |handle, limit| {
        as_completed([handle]).deadline(limit).next().expect("it has not ended").is_ok()
    }),
    ("CompletionSet::next_deadline", |handle, limit| {
        CompletionSet::from_iter([handle]).next_deadline(limit).is_ok()
    }),
    ("DeadlineSet::add", |handle, limit| {
        let mut set = DeadlineSet::new();
        set.add(handle, limit);
        set.next_finished().expect("it has not ended").is_ok()
    }),
    ("wait_deadline", |handle, limit| !wait_deadline([handle], Until::All, limit).done.is_empty()),
];

/// Waits in each way for a task that ends when the wait has begun, or is about to.
#[track_caller]
fn assert_waits<L: Copy + Send + 'static>(ways: &[(&'static str, Wait<L>)], limit: L) {
    let (ends, handles) = completers(ways.len());
    let consumers: Vec<_> = ways
        .iter()
        .zip(handles)
        .map(|(&(name, wait), handle)| (name, thread::spawn(move || wait(handle, limit))))
        .collect();
    // Some of them sleep by now, and the others find the task done: both must be so.
    thread::sleep(Duration::from_millis(20));
    for end in ends {
        end.complete(1).expect("nobody cancels it");
    }
    for (name, consumer) in consumers {
        assert!(consumer.join().expect("it does not panic"), "{name} has given up");
    }
}

/// Waits in each way for a task that is done, and for one that is not.
#[track_caller]
fn assert_looks_once<L: Copy>(ways: &[(&'static str, Wait<L>)], limit: L) {
    let (mut ends, mut handles) = completers(2 * ways.len());
    for (name, wait) in ways {
        let (end, done) = (ends.pop().expect("an end"), handles.pop().expect("a handle"));
        end.complete(1).expect("nobody cancels it");
        assert!(wait(done, limit), "{name} does not give what is there");
        let (_end, open) = (ends.pop().expect("an end"), handles.pop().expect("a handle"));
        assert!(!wait(open, limit), "{name} gives what is not there");
    }
}

#[test]
fn a_limit_beyond_what_the_clock_can_express_is_none() {
    within(LIMIT, || assert_waits(&TIMEOUTS, Duration::MAX));
}

#[test]
fn a_limit_at_the_end_of_time_is_as_good_as_none() {
    within(LIMIT, || {
        assert_waits(&DEADLINES, end_of_time());
        assert_waits(&TIMEOUTS, end_of_time() - Instant::now());
    });
}

#[test]
fn a_limit_of_nothing_takes_what_is_there() {
    within(LIMIT, || assert_looks_once(&TIMEOUTS, Duration::ZERO));
}

#[test]
fn a_deadline_that_is_over_takes_what_is_there() {
    let over = Instant::now();
    within(LIMIT, move || assert_looks_once(&DEADLINES, over));
}

#[test]
fn maps_keep_to_limits_at_both_ends() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let all = |limit| -> (usize, usize) {
            let ordered = pool.map(0..10, |n| n).timeout(limit).filter(Result::is_ok).count();
            let unordered = pool.map_unordered(0..10, |n| n).timeout(limit);
            (ordered, unordered.filter(Result::is_ok).count())
        };
        assert_eq!(all(Duration::MAX), (10, 10));
        assert_eq!(all(end_of_time() - Instant::now()), (10, 10));
        let blocker = gate.hold_a_worker(&pool);
        assert!(pool.map_unordered(0..10, |n| n).next_timeout(Duration::ZERO).is_err());
        assert_eq!(all(Duration::ZERO), (0, 0));
        gate.open();
        blocker.join().unwrap();
    });
}

#[test]
fn a_pool_is_shut_down_within_limits_at_both_ends() {
    within(LIMIT, || {
        let busy = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&busy);
        let unfinished = busy.shutdown_timeout(Duration::ZERO).expect_err("a task runs");
        assert_eq!((unfinished.queued, unfinished.running), (0, 1));
        gate.open();
        blocker.join().unwrap();

        for limit in [Duration::MAX, end_of_time() - Instant::now()] {
            let pool = pool(2);
            let task = pool.submit(|| thread::sleep(Duration::from_millis(5)));
            pool.shutdown_timeout(limit).expect("there is time enough");
            assert!(task.is_finished());
        }
    });
}

#[test]
fn workers_and_consumers_may_stay_awake_for_any_time() {
    within(LIMIT, || {
        for spin in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let pool = Pool::builder().workers(2).spin(spin).build().unwrap();
            for _ in 0..20 {
                let tasks = pool.submit_batch((0..10).map(|n| move || n));
                assert_eq!(as_completed(tasks).spin(spin).count(), 10);
                let mut set = CompletionSet::new();
                set.set_spin(spin);
                set.submit(&pool, || thread::sleep(Duration::from_micros(200)));
                assert!(set.next_timeout(Duration::MAX).unwrap().is_some());
            }
            assert_all_workers_run(&pool);
        }
    });
}
