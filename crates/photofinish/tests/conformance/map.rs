//! Rows E3 to E17, E20, T1 and T7, X20 to X26, and the pains P2, P3, P12 to P14: `map`.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{JoinError, Pool};

use crate::support::{Drops, Gate, LIMIT, assert_all_workers_run, eventually, pool, within};

fn divide((a, b): (i32, i32)) -> Result<(i32, i32), &'static str> {
    if b == 0 { Err("division by zero") } else { Ok((a / b, a % b)) }
}

/// Inputs that count how many of them have been pulled.
fn counted(pulled: &Rc<Cell<usize>>) -> impl Iterator<Item = usize> + use<> {
    let pulled = Rc::clone(pulled);
    (0..).inspect(move |_| pulled.set(pulled.get() + 1))
}

/// Results come in the order of the inputs, however they finish; same as CPython.
#[test]
fn e3_map_gives_results_in_the_order_of_the_inputs() {
    within(LIMIT, || {
        let pool = pool(3);
        let pow = |(base, exponent): (u64, u32)| base.pow(exponent);
        let results = pool.map((0..10).zip(0..10), pow);
        let expected: Vec<u64> = (0..10).zip(0..10).map(pow).collect();
        assert_eq!(results.map(Result::unwrap).collect::<Vec<_>>(), expected);
        let slowest_first = pool.map((0..6).rev(), |n| {
            thread::sleep(Duration::from_millis(n));
            n
        });
        let order: Vec<_> = slowest_first.map(Result::unwrap).collect();
        assert_eq!(order, [5, 4, 3, 2, 1, 0]);
    });
}

/// An error comes at its input's place, and the iteration goes on; same as CPython from 3.15 on.
#[test]
fn e4_an_error_comes_at_its_place_and_the_iteration_goes_on() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut results = pool.map([(5, 2), (3, 2), (3, 0), (2, 2)], |pair| divide(pair).unwrap());
        assert_eq!(results.next().unwrap().unwrap(), (2, 1));
        assert_eq!(results.next().unwrap().unwrap(), (1, 1));
        let Some(Err(JoinError::Panicked(panic))) = results.next() else { panic!("no panic") };
        assert!(panic.message().contains("division by zero"));
        assert_eq!(results.next().unwrap().unwrap(), (1, 0));
        assert!(results.next().is_none());
        assert!(results.next().is_none());
    });
}

/// A task's own time-out is its result, not the iteration's; settled by types here.
#[test]
fn e5_a_time_out_of_a_task_is_not_the_iterations() {
    within(LIMIT, || {
        let pool = pool(2);
        let own = |n| if n == 1 { Err("timed out") } else { Ok(n) };
        let results = pool.map(0..3, own).timeout(LIMIT);
        let results: Vec<_> = results.map(|item| item.unwrap().unwrap()).collect();
        assert_eq!(results, [Ok(0), Err("timed out"), Ok(2)]);
    });
}

/// When the time is up, one error follows what has come, and then nothing; same as CPython.
#[test]
fn e6_a_time_out_ends_the_iteration() {
    within(LIMIT, || {
        let pool = pool(2);
        let gate = Gate::default();
        let waiting = gate.clone();
        let mut results = pool.map([false, false, true], move |waits| {
            if waits {
                waiting.wait();
            }
        });
        assert_eq!(results.by_ref().take(2).filter(Result::is_ok).count(), 2);
        let mut results = results.timeout(Duration::from_millis(20));
        let timed_out = results.next().unwrap().unwrap_err();
        assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 3));
        assert!(results.next().is_none());
        assert!(results.next().is_none());
        gate.open();
    });
}

/// An iterator that is left early cancels the rest, and nothing of later items surfaces; same as
/// CPython, where `close` is what dropping is here.
#[test]
fn e7_dropping_the_iterator_closes_it() {
    within(LIMIT, || {
        let pool = pool(1);
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let gate = Gate::default();
        let waiting = gate.clone();
        let mut results = pool.map(0..100, move |n| {
            counter.fetch_add(1, SeqCst);
            if n == 1 {
                waiting.wait();
                panic!("nobody hears of it");
            }
        });
        results.next().unwrap().unwrap();
        eventually("the second item runs", || begun.load(SeqCst) == 2);
        drop(results);
        gate.open();
        assert_all_workers_run(&pool);
        assert_eq!(begun.load(SeqCst), 2);
    });
}

/// A buffer of nothing is refused at the call, not at the first item; same as CPython. Less than
/// nothing, or what is no number (E8), cannot be said.
#[test]
#[should_panic(expected = "a buffer for no item at all")]
fn e9_a_buffer_of_nothing_is_refused() {
    let _ = pool(1).map(0..3, |n| n).buffer(0);
}

/// Whatever the buffer, all results come, in order, of zipped inputs too; same as CPython.
#[test]
fn e10_e11_any_buffer_gives_all_results() {
    within(LIMIT, || {
        let pool = pool(2);
        for buffer in [1, 2, 100, 200] {
            let results = pool.map((0..100).zip(1..101), |(a, b)| a * b).buffer(buffer);
            let expected: Vec<_> = (0..100).map(|n| n * (n + 1)).collect();
            assert_eq!(results.map(Result::unwrap).collect::<Vec<_>>(), expected);
        }
    });
}

/// Inputs may be endless, zipped ones too; same as CPython with a buffer, and here always.
#[test]
fn e12_e13_inputs_may_be_endless() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut results = pool.map(0.., |n: u32| n.to_string()).buffer(2);
        let first: Vec<_> = results.by_ref().take(3).map(Result::unwrap).collect();
        assert_eq!(first, ["0", "1", "2"]);
        let mut sums = pool.map((0..).zip(0..), |(a, b): (u32, u32)| a + b);
        let first: Vec<_> = sums.by_ref().take(3).map(Result::unwrap).collect();
        assert_eq!(first, [0, 2, 4]);
    });
}

/// No inputs, no results; same as CPython. `map` without any iterable at all (E15) cannot be said.
#[test]
fn e14_no_inputs_give_no_results() {
    within(LIMIT, || {
        let mut results = pool(1).map([] as [u8; 0], |n| n);
        assert!(results.next().is_none());
    });
}

/// As long as nobody takes results, exactly as many inputs are pulled as the buffer holds; same as
/// CPython, but for [`start`](photofinish::Map::start), which has to be said.
#[test]
fn e16_a_full_buffer_pulls_no_more() {
    within(LIMIT, || {
        let pulled = Rc::new(Cell::new(0));
        let pool = pool(2);
        let results = pool.map(counted(&pulled), |n| n).buffer(3).start();
        assert_eq!(pulled.get(), 3);
        drop(pool);
        assert_eq!(pulled.get(), 3);
        assert_eq!(results.under_way(), 3);
    });
}

/// A shutdown ends although nobody has read the results; same as CPython.
#[test]
fn e17_a_shutdown_does_not_wait_for_results_to_be_read() {
    within(LIMIT, || {
        let pool = pool(2);
        drop(pool.map(0..3, |n| n).start());
        let unread = pool.map(0..3, |n| n).buffer(3).start();
        drop(pool);
        assert_eq!(unread.map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2]);
    });
}

/// The iterator keeps nothing of what it has yielded; same as CPython.
#[test]
fn e20_what_was_yielded_is_not_kept() {
    within(LIMIT, || {
        let (pool, drops) = (pool(2), Drops::default());
        let token = drops.clone();
        let mut results = pool.map(0..10, move |_| token.token());
        for yielded in 1..=10 {
            drop(results.next().unwrap());
            assert_eq!(drops.count(), yielded);
        }
    });
}

/// Nothing begins before the first result is asked for, unless [`start`](photofinish::Map::start)
/// is called; deviates: CPython's `map` starts everything at the call. An iterator in Rust is lazy,
/// inputs may be endless, and a buffer that is set after the call would come too late.
#[test]
fn t1_work_begins_when_it_is_asked_for() {
    within(LIMIT, || {
        let begun = Arc::new(AtomicUsize::new(0));
        let map = |pool: &Pool| {
            let counter = Arc::clone(&begun);
            pool.map(0..10, move |_| counter.fetch_add(1, SeqCst)).buffer(10)
        };
        let lazy = pool(2);
        let _untouched = map(&lazy);
        drop(lazy);
        assert_eq!(begun.load(SeqCst), 0);
        let eager = pool(2);
        let _untouched = map(&eager).start();
        drop(eager);
        assert_eq!(begun.load(SeqCst), 10);
    });
}

/// A time-out cancels the item that was waited for, and the rest: none of them ever runs; same as
/// CPython, where the first was forgotten until 3.14.
#[test]
fn t7_a_time_out_cancels_the_item_waited_for_and_the_rest() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let results = pool.map(0..5, move |_| counter.fetch_add(1, SeqCst)).buffer(5).start();
        let mut results = results.timeout(Duration::ZERO);
        assert!(results.next().unwrap().is_err());
        assert!(results.next().is_none());
        gate.open();
        blocker.join().unwrap();
        drop(pool);
        assert_eq!(begun.load(SeqCst), 0);
    });
}

/// The time is counted from the call, not from the first item asked for; same as CPython.
#[test]
fn x21_the_time_is_counted_from_the_call() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        const TIMEOUT: Duration = Duration::from_millis(100);
        // A busy machine may hold one `next` up. Counted from there, every one would take so long.
        eventually("a time that is up is not waited for again", || {
            let mut results = pool.map(0..2, |n| n).timeout(TIMEOUT);
            thread::sleep(TIMEOUT);
            let asked = Instant::now();
            assert!(results.next().unwrap().is_err());
            asked.elapsed() < TIMEOUT
        });
        gate.open();
        blocker.join().unwrap();
    });
}

/// The inputs are pulled on the thread that iterates, and never more than have been yielded and the
/// buffer holds; deviates: while CPython waits for a result, one more is under way (P3).
#[test]
fn x23_the_buffer_is_strict() {
    within(LIMIT, || {
        let pool = pool(2);
        for buffer in [1, 2, 5, 64] {
            let pulled = Rc::new(Cell::new(0));
            let running = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
            let shared = Arc::clone(&running);
            let mut results = pool.map(counted(&pulled), move |_| {
                let now = shared.0.fetch_add(1, SeqCst) + 1;
                shared.1.fetch_max(now, SeqCst);
                thread::yield_now();
                shared.0.fetch_sub(1, SeqCst);
            });
            results = results.buffer(buffer);
            for yielded in 0..200 {
                assert!(results.next().unwrap().is_ok());
                assert!(pulled.get() <= yielded + buffer);
            }
            assert!(running.1.load(SeqCst) <= buffer);
        }
    });
}

/// What is asked of a pool that has ended is an error item, and inputs go on being pulled; deviates:
/// CPython raises an error, or stops silently.
#[test]
fn x24_items_after_the_end_of_the_pool_are_abandoned() {
    within(LIMIT, || {
        let pool = pool(1);
        let mut results = pool.map(0..4, |n| n).buffer(1);
        assert_eq!(results.next().unwrap().unwrap(), 0);
        drop(pool);
        let rest: Vec<_> = results.collect();
        assert_eq!(rest.len(), 3);
        assert!(rest.iter().all(|item| matches!(item, Err(JoinError::Abandoned))));
    });
}

/// Dropping the iterator cancels what has not begun, whether a result was taken or not; deviates: in
/// CPython an iterator that was never touched cancels nothing (P14).
#[test]
fn x25_one_rule_for_dropping() {
    within(LIMIT, || {
        for taken in [0, 1] {
            let pool = pool(1);
            let gate = Gate::default();
            let begun = Arc::new(AtomicUsize::new(0));
            let (counter, waiting) = (Arc::clone(&begun), gate.clone());
            let results = pool.map(0..5, move |n| {
                counter.fetch_add(1, SeqCst);
                if n == taken {
                    waiting.wait();
                }
            });
            let mut results = results.buffer(5).start();
            assert_eq!(results.by_ref().take(taken).count(), taken);
            eventually("the next item runs", || begun.load(SeqCst) == taken + 1);
            drop(results);
            gate.open();
            drop(pool);
            assert_eq!(begun.load(SeqCst), taken + 1);
        }
    });
}

/// An item that takes long holds up those behind it, up to the buffer; same as CPython. For results
/// as they come there is `map_unordered`.
#[test]
fn x26_a_blocked_head_holds_up_the_rest_and_an_unordered_map_does_not() {
    within(LIMIT, || {
        let pool = pool(2);
        let gate = Gate::default();
        let hold = |n: usize, gate: &Gate| {
            if n == 0 {
                gate.wait();
            }
            n
        };
        let waiting = gate.clone();
        let mut ordered = pool.map(0..10, move |n| hold(n, &waiting)).buffer(4).start();
        thread::sleep(Duration::from_millis(5));
        assert!(ordered.try_next().is_none());
        drop(ordered);
        gate.open();
        let gate = Gate::default();
        let waiting = gate.clone();
        let mut unordered = pool.map_unordered(0..10, move |n| hold(n, &waiting)).buffer(4);
        assert_eq!(unordered.by_ref().take(9).filter(|mapped| mapped.index == 0).count(), 0);
        gate.open();
        assert_eq!(unordered.next().unwrap().index, 0);
    });
}
