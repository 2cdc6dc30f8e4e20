//! Rows A: `as_completed`.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{JoinError, as_completed, completer};

use crate::support::{Drops, LIMIT, completers, eventually, pool, within};

/// Cancelled, failed and succeeded tasks, and two that are still to come, are yielded exactly
/// once each, and an error does not end the iteration; same as CPython.
#[test]
fn a1_no_timeout_yields_each_exactly_once() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<u32>(6);
        let (last, later) = (ends.pop().unwrap(), ends.pop().unwrap());
        let abandoned = ends.pop().unwrap();
        drop(abandoned);
        ends.pop().unwrap().complete(42).unwrap();
        ends.pop().unwrap().panic(Box::new("failed"));
        handles[0].cancel();

        let mut results = as_completed(handles);
        let early: Vec<_> = results.by_ref().take(4).collect();
        assert!(matches!(early[0].outcome, Err(JoinError::Cancelled)));
        assert!(matches!(early[1].outcome, Err(JoinError::Panicked(_))));
        assert!(matches!(early[2].outcome, Ok(42)));
        assert!(matches!(early[3].outcome, Err(JoinError::Abandoned)));
        let feeder = thread::spawn(move || {
            last.complete(5).unwrap();
            later.complete(4).unwrap();
        });
        let late: Vec<_> = results.map(|finished| finished.index).collect();
        assert_eq!(late, [5, 4]);
        feeder.join().unwrap();
    });
}

fn those_that_are_done_come_before_the_time_out(timeout: Duration) {
    within(LIMIT, move || {
        let (mut ends, handles) = completers::<usize>(4);
        let unfinished = ends.pop().unwrap();
        for (n, end) in ends.into_iter().enumerate() {
            end.complete(n).unwrap();
        }
        let mut results = as_completed(handles).timeout(timeout);
        for n in 0..3 {
            assert_eq!(results.next().unwrap().unwrap().index, n);
        }
        let timed_out = results.next().unwrap().unwrap_err();
        assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 4));
        assert!(results.next().is_none());
        assert!(results.next().is_none());
        unfinished.complete(3).unwrap();
    });
}

/// With a time-out of 0 all that is done is yielded, then the time-out, and the unfinished
/// never; same as CPython.
#[test]
fn a2_a_timeout_of_zero_yields_what_is_done_then_times_out() {
    those_that_are_done_come_before_the_time_out(Duration::ZERO);
}

/// The same with a time-out of 0.1 s; same as CPython.
#[test]
fn a2_a_timeout_of_a_tenth_of_a_second_yields_what_is_done_then_times_out() {
    those_that_are_done_come_before_the_time_out(Duration::from_millis(100));
}

/// No reference is kept to what was yielded, early or late, and completing the next task from
/// inside the loop works; same as CPython.
#[test]
fn a4_nothing_yielded_is_kept_alive() {
    within(LIMIT, || {
        let drops = Drops::default();
        let (ends, handles) = completers(6);
        let mut ends = ends.into_iter();
        for _ in 0..2 {
            ends.next().unwrap().complete(Arc::new(drops.token())).unwrap();
        }
        let mut results = as_completed(handles);
        for yielded in 0..6 {
            if yielded >= 2 {
                ends.next().unwrap().complete(Arc::new(drops.token())).unwrap();
            }
            let finished = results.next().unwrap();
            assert_eq!(finished.index, yielded);
            let value = finished.outcome.unwrap();
            let observer = Arc::downgrade(&value);
            assert_eq!(drops.count(), yielded);
            drop(value);
            assert!(observer.upgrade().is_none());
            assert_eq!(drops.count(), yielded + 1);
        }
        assert!(results.next().is_none());
    });
}

/// The error of a time-out counts: "2 (of 4) ... unfinished"; same as CPython, but for the noun.
#[test]
fn a5_the_timeout_says_how_many_of_how_many_are_unfinished() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<()>(4);
        for end in ends.drain(..2) {
            end.complete(()).unwrap();
        }
        let timed_out = as_completed(handles)
            .timeout(Duration::ZERO)
            .find_map(|next| next.err())
            .expect("two tasks are unfinished");
        assert_eq!(timed_out.to_string(), "2 (of 4) tasks unfinished");
    });
}

/// Tasks of different pools, and of none, mix; same as CPython.
#[test]
fn a6_tasks_of_different_pools_mix() {
    within(LIMIT, || {
        let (one, other) = (pool(1), pool(2));
        let (end, by_hand) = completer();
        let tasks = [one.submit(|| 1), by_hand, other.submit(|| 3), one.submit(|| 4)];
        end.complete(2).unwrap();
        let mut seen: Vec<_> = as_completed(tasks).map(|f| (f.index, f.outcome.unwrap())).collect();
        seen.sort_unstable();
        assert_eq!(seen, [(0, 1), (1, 2), (2, 3), (3, 4)]);
    });
}

/// What finished before the call comes first; same as CPython.
#[test]
fn a7_what_finished_before_the_call_comes_first() {
    within(LIMIT, || {
        let (ends, handles) = completers::<usize>(10);
        let (done, live): (Vec<_>, Vec<_>) =
            ends.into_iter().enumerate().partition(|(n, _)| n % 3 == 0);
        for (n, end) in done {
            end.complete(n).unwrap();
        }
        let results = as_completed(handles);
        for (n, end) in live {
            end.complete(n).unwrap();
        }
        let order: Vec<_> = results.map(|finished| finished.index).collect();
        assert_eq!(order, [0, 3, 6, 9, 1, 2, 4, 5, 7, 8]);
    });
}

/// What finished before the call comes in input order; deviates: CPython's order is that of a
/// set, which is any.
#[test]
fn a8_what_finished_before_the_call_comes_in_input_order() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<usize>(6);
        for place in [3, 1, 3, 0, 1, 0] {
            ends.remove(place).complete(0).unwrap();
        }
        let order: Vec<_> = as_completed(handles).map(|finished| finished.index).collect();
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    });
}

/// After that the order is strictly that of completion, whether the consumer waits for each task
/// or finds them all ready; same as CPython.
#[test]
fn a9_the_order_is_that_of_completion() {
    within(LIMIT, || {
        const TASKS: usize = 200;
        for lockstep in [true, false] {
            let (ends, handles) = completers::<()>(TASKS);
            let mut line: Vec<_> = ends.into_iter().enumerate().collect();
            fastrand::shuffle(&mut line);
            let expected: Vec<_> = line.iter().map(|(n, _)| *n).collect();

            let mut results = as_completed(handles);
            let step = Arc::new(Barrier::new(2));
            let feeder = thread::spawn({
                let step = Arc::clone(&step);
                move || {
                    for (_, end) in line {
                        if lockstep {
                            step.wait();
                        }
                        end.complete(()).unwrap();
                    }
                }
            });
            let order: Vec<_> = std::iter::from_fn(|| {
                if lockstep && results.remaining() > 0 {
                    step.wait();
                }
                results.next().map(|finished| finished.index)
            })
            .collect();
            assert_eq!(order, expected);
            feeder.join().unwrap();
        }
    });
}

/// The time counts from the call, as CPython's documentation says; deviates: CPython's code
/// counts from the first `next`.
#[test]
fn a10_the_deadline_counts_from_the_call() {
    within(LIMIT, || {
        const TIMEOUT: Duration = Duration::from_millis(100);
        // A busy machine may hold one `next` up. Counted from there, every one would take so long.
        eventually("a time that is up is not waited for again", || {
            let (_end, handle) = completer::<()>();
            let mut results = as_completed([handle]).timeout(TIMEOUT);
            thread::sleep(TIMEOUT);
            let called = Instant::now();
            assert!(results.next().unwrap().is_err());
            called.elapsed() < TIMEOUT
        });
    });
}

/// What is ready is yielded before any time-out, even past the deadline; deviates: CPython
/// withholds finished results from a consumer that is late (gh-73919).
#[test]
fn a11_what_is_ready_comes_before_the_time_out_even_when_late() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<usize>(5);
        let _unfinished = ends.pop().unwrap();
        let mut results = as_completed(handles).deadline(Instant::now());
        for (n, end) in ends.into_iter().enumerate() {
            end.complete(n).unwrap();
        }
        for n in 0..4 {
            assert_eq!(results.next().unwrap().unwrap().outcome.unwrap(), n);
        }
        assert_eq!(results.next().unwrap().unwrap_err().unfinished(), 1);
        assert!(results.next().is_none());
    });
}

/// No time-out is no limit, 0 polls; a time beyond the clock's end is no limit either. Negative
/// times do not exist; same as CPython.
#[test]
fn a12_zero_polls_and_the_longest_time_waits() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let mut results = as_completed([handle]).timeout(Duration::ZERO);
        assert!(results.next().unwrap().is_err());

        let mut results = results.into_inner().timeout(Duration::MAX);
        let feeder = thread::spawn(move || end.complete("at last").unwrap());
        assert_eq!(results.next().unwrap().unwrap().outcome.unwrap(), "at last");
        assert!(results.next().is_none());
        feeder.join().unwrap();
    });
}

/// A time-out cancels nothing; deviates: the iteration can be resumed, CPython's is dead.
#[test]
fn a13_a_timed_out_iteration_can_be_resumed() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<usize>(3);
        ends.remove(1).complete(1).unwrap();
        let mut results = as_completed(handles).timeout(Duration::ZERO);
        assert_eq!(results.next().unwrap().unwrap().index, 1);
        assert!(results.next().unwrap().is_err());
        assert_eq!(results.remaining(), 2);

        assert!(ends.iter().all(|end| !end.is_cancelled()));
        let results = results.into_inner();
        for end in ends.into_iter().rev() {
            end.complete(0).unwrap();
        }
        let order: Vec<_> = results.map(|finished| finished.index).collect();
        assert_eq!(order, [2, 0]);
    });
}

/// The input is taken in full, and an empty one ends at once; deviates: it is taken at the call,
/// by CPython at the first `next`.
#[test]
fn a14_the_input_is_taken_at_the_call_and_an_empty_one_ends_at_once() {
    within(LIMIT, || {
        assert!(as_completed(Vec::<photofinish::JoinHandle<()>>::new()).next().is_none());
        let mut pulled = 0;
        let results = as_completed((0..3).map(|n| {
            pulled += 1;
            let (end, handle) = completer();
            end.complete(n).unwrap();
            handle
        }));
        assert_eq!(results.len(), 3);
        assert_eq!(pulled, 3);
    });
}

/// Leaving early deregisters: unfinished tasks go on, nothing piles up, and what they return is
/// dropped as it comes; same as CPython.
#[test]
fn a16_leaving_early_leaves_nothing_behind() {
    within(LIMIT, || {
        const TASKS: usize = 10_000;
        let drops = Drops::default();
        let (ends, handles) = completers(TASKS);
        let mut ends = ends.into_iter();
        let mut results = as_completed(handles);
        for _ in 0..10 {
            ends.next().unwrap().complete(drops.token()).unwrap();
        }
        drop(results.next());
        assert_eq!(drops.count(), 1);
        drop(results);
        assert_eq!(drops.count(), 10);
        for (n, end) in ends.enumerate() {
            assert!(!end.is_cancelled());
            end.complete(drops.token()).expect("nobody has cancelled it");
            assert_eq!(drops.count(), 11 + n);
        }
    });
}

/// An unfinished task that was given back is registered nowhere: it can be waited for anew, by
/// `join` or in another set. CPython's futures can, too, since they are shared.
#[test]
fn a16_handles_given_back_can_be_waited_for_anew() {
    within(LIMIT, || {
        let (ends, handles) = completers::<usize>(6);
        let mut results = as_completed(handles);
        let mut ends = ends.into_iter();
        ends.next().unwrap().complete(0).unwrap();
        ends.next().unwrap().complete(1).unwrap();
        assert_eq!(results.next().unwrap().index, 0);
        let mut handles = results.into_unfinished();
        assert_eq!(handles.len(), 5);
        let last = handles.pop().unwrap();
        let feeder = thread::spawn(move || {
            ends.enumerate().for_each(|(n, end)| end.complete(n + 2).unwrap());
        });
        let values: Vec<_> = as_completed(handles).map(|f| f.outcome.unwrap()).collect();
        assert_eq!(values, [1, 2, 3, 4]);
        assert_eq!(last.join().unwrap(), 5);
        feeder.join().unwrap();
    });
}

/// A task that is given several times, from a lazy iterator, is yielded once; same as CPython, for
/// shared handles. A unique one cannot be given twice (see `tests/compile_fail`).
#[test]
fn a3_duplicates_of_a_shared_handle_are_yielded_once() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let (other, second) = completer();
        let (first, second) = (handle.shared(), second.shared());
        other.complete(2).unwrap();
        let given = std::iter::repeat_n(first, 3).chain([second]);
        let mut results = as_completed(given);
        assert_eq!(results.remaining(), 2);
        let early = results.next().unwrap();
        assert_eq!((early.index, early.outcome().unwrap()), (3, &2));
        end.complete(1).unwrap();
        let late = results.next().unwrap();
        assert_eq!((late.index, late.outcome().unwrap()), (0, &1));
        assert!(results.next().is_none());
    });
}

/// Several iterators over the same tasks see each of them, exactly once each; same as CPython.
#[test]
fn a19_several_iterators_over_the_same_tasks_see_each() {
    within(LIMIT, || {
        let pool = pool(2);
        let handles: Vec<_> = (0..100_usize).map(|n| pool.submit(move || n).shared()).collect();
        let iterate = |handles: Vec<photofinish::SharedHandle<usize>>| {
            let mut seen: Vec<_> = as_completed(handles)
                .map(|finished| (finished.index, *finished.outcome().unwrap()))
                .collect();
            seen.sort_unstable();
            seen
        };
        let others = [handles.clone(), handles.clone()]
            .map(|handles| thread::spawn(move || iterate(handles)));
        let expected: Vec<_> = (0..100).map(|n| (n, n)).collect();
        assert_eq!(iterate(handles), expected);
        for other in others {
            assert_eq!(other.join().unwrap(), expected);
        }
    });
}

/// Nothing that was yielded of shared handles is kept alive; same as CPython.
#[test]
fn a4_no_shared_handle_that_was_yielded_is_kept_alive() {
    within(LIMIT, || {
        let drops = Drops::default();
        let (ends, handles) = completers(3);
        let mut results = as_completed(handles.into_iter().map(|handle| handle.shared()));
        for (n, end) in ends.into_iter().enumerate() {
            end.complete(drops.token()).unwrap();
            drop(results.next().unwrap());
            assert_eq!(drops.count(), n + 1);
        }
    });
}

/// A timed-out iteration over shared handles can be resumed, given up and begun anew; deviates, as
/// row A13.
#[test]
fn a13_a_timed_out_iteration_over_shared_handles_can_be_resumed() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let (_pending, other) = completer::<u32>();
        let mut results = as_completed([handle.shared(), other.shared()]).timeout(Duration::ZERO);
        assert_eq!(results.next().unwrap().unwrap_err().unfinished(), 2);
        end.complete(1).unwrap();
        let mut results = results.into_inner();
        assert_eq!(results.next().unwrap().index, 0);
        let handles = results.into_unfinished();
        assert_eq!(handles.len(), 1);
        let (mut running, begun) = completer();
        running.start();
        let mut results = as_completed(handles.into_iter().chain([begun.shared()]));
        assert_eq!(results.cancel_unfinished(), 1, "what runs is asked to stop");
        assert!(matches!(results.next().unwrap().outcome(), Err(JoinError::Cancelled)));
    });
}
