//! What every design must do, ours and the rivals alike.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use photofinish_baselines::*;

const TASKS: usize = 10_000;
const IN_FLIGHT: usize = 500;

/// Notes that task `number` has come, for the first time.
fn note(seen: &mut [bool], number: usize) {
    assert!(!std::mem::replace(&mut seen[number], true), "task {number} came twice");
}

fn all_at_once<D: Design<usize>>(workers: usize) {
    let mut design = D::with_workers(workers);
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

fn some_at_a_time<D: Design<usize>>(workers: usize) {
    let mut design = D::with_workers(workers);
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

/// The one worker numbers its tasks as it completes them, in whatever order it takes them.
fn one_worker_keeps_order<D: Design<usize>>() {
    let mut design = D::with_workers(1);
    let completed = Arc::new(AtomicUsize::new(0));
    // Nothing finishes while others are submitted: a handle whose task has finished when it is added
    // to a set overtakes what waits there.
    let (open, gate) = mpsc::channel();
    let first = Arc::clone(&completed);
    design.submit(move || {
        gate.recv().expect("the gate is opened below");
        first.fetch_add(1, Relaxed)
    });
    for _ in 1..1_000 {
        let completed = Arc::clone(&completed);
        design.submit(move || completed.fetch_add(1, Relaxed));
    }
    open.send(()).expect("the first task waits");
    let received: Vec<_> = std::iter::from_fn(|| design.next()).collect();
    assert!(received.iter().copied().eq(0..1_000), "not in the order of completion: {received:?}");
}

/// Four tasks complete one after the other, last first, before the first of them is asked for.
fn those_ready_keep_order<D: Design<usize>>() {
    const TASKS: usize = 4;
    const MARKER: usize = TASKS;
    let mut design = D::with_workers(TASKS);
    let (begin, begun) = mpsc::channel();
    let gates: Vec<_> = (0..TASKS)
        .map(|number| {
            let (begin, (open, gate)) = (begin.clone(), mpsc::channel());
            design.submit(move || {
                begin.send(()).expect("the test listens");
                gate.recv().expect("the gate is opened below");
                number
            });
            open
        })
        .collect();
    begun.iter().take(TASKS).for_each(drop);
    let mut markers = Vec::new();
    for open in gates.iter().rev() {
        // All workers are held, and stay so: whoever takes the marker has delivered a task before.
        let (begin, (end, held)) = (begin.clone(), mpsc::channel::<()>());
        design.submit(move || {
            begin.send(()).expect("the test listens");
            held.recv().unwrap_err();
            MARKER
        });
        markers.push(end);
        open.send(()).expect("the task waits");
        begun.recv().expect("the marker begins");
    }
    drop(markers);
    let received: Vec<_> = std::iter::from_fn(|| design.next()).collect();
    assert!(received.iter().copied().filter(|number| *number != MARKER).eq([3, 2, 1, 0]));
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

/// Drops a design with most of its tasks outstanding, and returns how many of them ran. Returns
/// only when no thread holds a task any more.
fn ran_of_those_dropped<D: Design<usize>>() -> usize {
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
    let mut seen = vec![false; 1_000];
    loop {
        match runs.recv_timeout(Duration::from_secs(60)) {
            Ok(number) => note(&mut seen, number),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("a dropped design keeps tasks"),
        }
    }
    seen.iter().filter(|seen| **seen).count()
}

macro_rules! conformance {
    ($($module:ident: $design:ident $(, $more:ident)*;)+) => {$(
        mod $module {
            use super::*;

            #[test]
            fn delivers_all_of_many_tasks_exactly_once() {
                all_at_once::<$design<_>>(1);
                all_at_once::<$design<_>>(2);
            }

            #[test]
            fn delivers_exactly_once_however_results_are_received() {
                some_at_a_time::<$design<_>>(1);
                some_at_a_time::<$design<_>>(2);
            }

            #[test]
            fn a_slow_task_submitted_first_comes_after_a_fast_one() {
                slow_after_fast::<$design<_>>();
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

            $(conformance!(@$more $design);)*
        }
    )+
        /// The designs that the tests run over.
        const TESTED: &[&str] = &[$(<$design<()> as Design<()>>::NAME),+];
    };
    // The order of completion: of one worker, because nothing tells which of two was first; and of
    // results that nobody waits for yet.
    (@ordered $design:ident) => {
        #[test]
        fn one_worker_delivers_in_the_order_of_completion() {
            one_worker_keeps_order::<$design<_>>();
        }

        #[test]
        fn what_is_ready_comes_in_the_order_of_completion() {
            those_ready_keep_order::<$design<_>>();
        }
    };
    (@finishes $design:ident) => {
        #[test]
        fn dropping_a_design_finishes_its_tasks() {
            assert_eq!(ran_of_those_dropped::<$design<_>>(), 1_000);
        }
    };
    (@cancels $design:ident) => {
        #[test]
        fn dropping_a_design_runs_or_drops_its_tasks() {
            assert!(ran_of_those_dropped::<$design<_>>() <= 1_000);
        }
    };
}

conformance! {
    completion_set: ThroughSet, ordered, finishes;
    handles: ThroughHandles, ordered, finishes;
    std_mpsc: ThroughMpsc, ordered, finishes;
    crossbeam_channel: ThroughCrossbeam, ordered, finishes;
    flume: ThroughFlume, ordered, finishes;
    kanal: ThroughKanal, ordered, finishes;
    mutex_condvar: ThroughMutex, ordered, finishes;
    parking_lot: ThroughParkingLot, ordered, finishes;
    exchange_then_link: ThroughExchangeThenLink, ordered, finishes;
    slot_array: ThroughSlotArray, ordered, finishes;
    one_shot_token: ThroughOneShotToken, ordered, finishes;
    crossbeam_pool: CrossbeamPool, ordered, finishes;
    deque_crossbeam: DequeCrossbeam, ordered, finishes;
    rusty_crossbeam: RustyCrossbeam, ordered, finishes;
    rayon_crossbeam: RayonCrossbeam, ordered, finishes;
    rayon_mpsc: RayonMpsc, ordered, finishes;
    rayon_flume: RayonFlume, ordered, finishes;
    rayon_kanal: RayonKanal, ordered, finishes;
    threadpool_mpsc: ThreadpoolMpsc, ordered, finishes;
    tokio_join_set: TokioJoinSet, ordered, cancels;
    tokio_spawn_blocking: TokioSpawnBlocking, ordered, cancels;
    tokio_blocking_crossbeam: TokioBlockingCrossbeam, ordered, cancels;
    // A `FuturesUnordered` learns of what was ready before its first poll in the order of
    // submission, and of the rest in the order of wakes.
    futures_unordered: FuturesPool, cancels;
    async_executor: AsyncExecutor, cancels;
    mutex_pool: MutexPool, ordered, finishes;
    naive_mutex_pool: NaiveMutex, ordered, finishes;
    concurrent_futures: ConcurrentFutures, ordered, finishes;
}

#[test]
fn the_whole_catalogue_is_tested() {
    let catalogue: BTreeSet<_> = Entry::ALL.iter().map(|entry| entry.name()).collect();
    assert_eq!(TESTED.iter().copied().collect::<BTreeSet<_>>(), catalogue);
    assert_eq!(TESTED.len(), Entry::ALL.len());
}

#[test]
fn names_are_distinct_and_parse() {
    for entry in Entry::ALL {
        assert_eq!(entry.name().parse(), Ok(*entry));
    }
}
