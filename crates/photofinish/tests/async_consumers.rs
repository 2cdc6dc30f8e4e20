//! Async tasks as consumers: the same handles, iterators and sets, on any executor, and in turns
//! with blocked threads.

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use futures::future::{Either, FusedFuture, FutureExt, join_all, ready, select};
use futures::stream::{FusedStream, FuturesUnordered, Stream, StreamExt};
use photofinish::{
    AsCompletedStream, CompletionSet, CompletionSetStream, JoinError, JoinHandle, as_completed,
    completer,
};

use support::{Drops, LIMIT, completers, pool, within};

/// Longer than any wait that is to end by itself, shorter than the watchdog.
const SOON: Duration = Duration::from_millis(50);

/// Who polls.
#[derive(Clone, Copy, Debug)]
enum Runtime {
    TokioThreads,
    TokioAlone,
    Smol,
    Futures,
}

const RUNTIMES: [Runtime; 4] =
    [Runtime::TokioThreads, Runtime::TokioAlone, Runtime::Smol, Runtime::Futures];

impl Runtime {
    /// Runs `future` as a task of its own where the runtime has tasks, so that it may move between
    /// threads.
    fn run<F>(self, future: F) -> F::Output
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let spawn_and_await = |runtime: tokio::runtime::Runtime, future| {
            let task = runtime.spawn(future);
            runtime.block_on(task).expect("the task returns")
        };
        match self {
            Self::TokioThreads => spawn_and_await(tokio_threads(), future),
            Self::TokioAlone => spawn_and_await(tokio_alone(), future),
            Self::Smol => smol::block_on(smol::spawn(future)),
            Self::Futures => futures::executor::block_on(future),
        }
    }
}

fn tokio_threads() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_time().build().expect("a runtime")
}

fn tokio_alone() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

/// Runs `claim` on each runtime, within the time that a test has.
fn on_every_runtime<F>(claim: impl Fn() -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    within(LIMIT, move || {
        for runtime in RUNTIMES {
            println!("{runtime:?}");
            runtime.run(claim());
        }
    });
}

#[test]
fn a_handle_is_awaited_whatever_its_task_comes_to() {
    on_every_runtime(|| async {
        let pool = pool(2);
        assert_eq!(pool.submit(|| 1 + 1).await.unwrap(), 2);
        let slow = pool.submit(|| {
            thread::sleep(SOON);
            "slow"
        });
        assert_eq!(slow.await.unwrap(), "slow");
        match pool.submit(|| panic!("no luck")).await {
            Err(JoinError::Panicked(panic)) => assert_eq!(panic.message(), "no luck"),
            Err(other) => panic!("not the panic: {other}"),
            Ok(()) => unreachable!("the task panics"),
        }
        let (abandoned, handle) = completer::<u8>();
        thread::spawn(move || {
            thread::sleep(SOON / 10);
            drop(abandoned);
        });
        assert!(matches!(handle.await, Err(JoinError::Abandoned)));
        let (_completer, handle) = completer::<u8>();
        let canceller = handle.canceller();
        thread::spawn(move || {
            thread::sleep(SOON / 10);
            canceller.cancel();
        });
        assert!(matches!(handle.await, Err(JoinError::Cancelled)));
    });
}

#[test]
fn a_stream_yields_in_the_order_of_completion() {
    on_every_runtime(|| async {
        let (completers, handles) = completers(64);
        let mut order: Vec<usize> = (0..64).collect();
        fastrand::shuffle(&mut order);
        let stream = as_completed(handles).into_stream();
        assert_eq!(stream.size_hint(), (64, Some(64)));
        let given = order.clone();
        let thread = thread::spawn(move || {
            let mut completers: Vec<_> = completers.into_iter().map(Some).collect();
            for index in given {
                completers[index].take().unwrap().complete(index).unwrap();
                if index % 8 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
            }
        });
        let yielded: Vec<usize> = stream.map(|finished| finished.outcome.unwrap()).collect().await;
        assert_eq!(yielded, order);
        thread.join().unwrap();
    });
}

#[test]
fn tasks_are_added_to_a_set_between_the_awaits_of_its_tasks() {
    on_every_runtime(|| async {
        let pool = pool(2);
        let mut set = CompletionSet::new();
        set.submit(&pool, || 0);
        let mut sum = 0;
        while let Some(finished) = set.next_async().await {
            sum += finished.outcome.unwrap();
            if set.total() <= 100 {
                let total = set.total();
                set.submit(&pool, move || total);
            }
        }
        assert_eq!(sum, (0..=100).sum());
        assert!(set.is_empty());
    });
}

#[test]
fn a_blocking_and_an_async_consumer_take_turns_on_one_set() {
    within(LIMIT, || {
        const TASKS: usize = 300;
        let (mut completers, handles) = completers(TASKS);
        let mut set: CompletionSet<usize> = handles.into_iter().collect();
        let thread = thread::spawn(move || {
            completers.reverse();
            for (number, completer) in completers.into_iter().enumerate() {
                completer.complete(number).unwrap();
                thread::sleep(Duration::from_micros(fastrand::u64(0..100)));
            }
        });
        let runtime = tokio_threads();
        for number in 0..TASKS {
            let finished = match number % 3 {
                0 => set.next_finished(),
                1 => runtime.block_on(set.stream().next()),
                _ => loop {
                    // A wait that gives up leaves the next one nothing but what is to come.
                    if let Some(finished) = set.stream().next().now_or_never() {
                        break finished;
                    }
                    if let Ok(finished) = set.next_timeout(Duration::from_micros(20)) {
                        break finished;
                    }
                },
            };
            assert_eq!(finished.unwrap().outcome.unwrap(), number);
        }
        assert!(set.next_finished().is_none());
        thread.join().unwrap();
    });
}

#[test]
fn an_iterator_and_its_stream_are_turned_into_each_other() {
    on_every_runtime(|| async {
        let (completers, handles) = completers(4);
        let mut results = as_completed(handles).into_stream();
        let thread = thread::spawn(move || {
            for (number, completer) in completers.into_iter().enumerate() {
                thread::sleep(SOON / 10);
                completer.complete(number).unwrap();
            }
        });
        assert_eq!(results.next().await.unwrap().index, 0);
        let mut results = results.into_inner();
        assert_eq!(results.next().unwrap().index, 1);
        let mut results = results.into_stream();
        assert_eq!(results.next().await.unwrap().index, 2);
        assert_eq!(results.next().await.unwrap().index, 3);
        assert!(results.is_terminated());
        assert!(results.next().await.is_none());
        assert!(results.next().await.is_none());
        thread.join().unwrap();
    });
}

#[test]
fn a_handle_dropped_by_a_select_detaches_its_task() {
    on_every_runtime(|| async {
        let drops = Drops::default();
        let (completer, handle) = completer();
        let token = drops.token();
        match select(handle, ready(())).await {
            Either::Right(((), handle)) => drop(handle),
            Either::Left(_) => unreachable!("nobody has completed the task"),
        }
        assert_eq!(drops.count(), 0);
        completer.complete(token).map_err(drop).expect("a task without its handle goes on");
        assert_eq!(drops.count(), 1, "nobody is left to take the result");
    });
}

#[test]
fn a_handle_that_lost_a_select_can_be_selected_again_and_joined() {
    on_every_runtime(|| async {
        let (completer, mut handle) = completer();
        for _ in 0..3 {
            assert!(matches!(select(&mut handle, ready(())).await, Either::Right(_)));
        }
        thread::spawn(move || {
            thread::sleep(SOON / 10);
            completer.complete(5)
        });
        // On a thread of its own: a join inside of async code blocks the executor.
        let joined = thread::spawn(move || handle.join().unwrap()).join().unwrap();
        assert_eq!(joined, 5);
    });
}

#[test]
fn an_await_that_timed_out_keeps_the_handle() {
    within(LIMIT, || {
        for runtime in [tokio_threads(), tokio_alone()] {
            runtime.block_on(async {
                let (completer, mut handle) = completer();
                let early = tokio::time::timeout(SOON / 10, &mut handle).await;
                assert!(early.is_err(), "nobody has completed the task");
                assert!(!handle.is_finished());
                completer.complete(7).unwrap();
                let late = tokio::time::timeout(LIMIT, &mut handle).await;
                assert_eq!(late.expect("the task is finished").unwrap(), 7);
            });
        }
    });
}

#[test]
fn a_stream_that_timed_out_goes_on_where_it_was() {
    within(LIMIT, || {
        tokio_threads().block_on(async {
            let (completers, handles) = completers(3);
            let mut results = as_completed(handles).into_stream();
            for completer in completers {
                assert!(tokio::time::timeout(SOON / 10, results.next()).await.is_err());
                completer.complete(()).unwrap();
                results.next().await.unwrap().outcome.unwrap();
            }
            assert!(results.next().await.is_none());
        });
    });
}

#[test]
fn handles_are_awaited_together() {
    on_every_runtime(|| async {
        let pool = pool(2);
        let squares = join_all((0..100_u32).map(|n| pool.submit(move || n * n))).await;
        let squares: Vec<_> = squares.into_iter().map(|outcome| outcome.unwrap()).collect();
        assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
        let unordered: FuturesUnordered<_> = (0..100_u32).map(|n| pool.submit(move || n)).collect();
        let sum: u32 = unordered.map(|outcome| outcome.unwrap()).fold(0, |a, b| ready(a + b)).await;
        assert_eq!(sum, 4950);
    });
}

#[test]
fn many_async_tasks_await_many_tasks_of_a_pool() {
    within(LIMIT, || {
        let runtime = tokio_threads();
        let pool = pool(2);
        let tasks: Vec<_> = (0..200_usize)
            .map(|number| {
                let pool = pool.handle();
                runtime.spawn(async move {
                    let mut sum = 0;
                    for term in 0..20 {
                        sum += pool.submit(move || number + term).await.unwrap();
                    }
                    let few = (0..20).map(|term| pool.submit(move || number + term));
                    let mut few = as_completed(few).into_stream();
                    while let Some(finished) = few.next().await {
                        sum += finished.outcome.unwrap();
                    }
                    sum
                })
            })
            .collect();
        let sum: usize =
            runtime.block_on(join_all(tasks)).into_iter().map(|sum| sum.unwrap()).sum();
        assert_eq!(sum, 2 * (0..200).map(|number| 20 * number + 190).sum::<usize>());
    });
}

#[test]
fn a_worker_that_blocks_on_an_executor_runs_no_other_tasks() {
    within(LIMIT, || {
        let alone = pool(1);
        let handle = alone.handle();
        let begun = Arc::new(AtomicUsize::new(0));
        let begins = Arc::clone(&begun);
        let (inner, seen) = alone
            .submit(move || {
                let mut inner = handle.submit(move || begins.fetch_add(1, SeqCst));
                let waited = tokio_alone()
                    .block_on(async { tokio::time::timeout(SOON, &mut inner).await.is_ok() });
                (inner, waited)
            })
            .join()
            .unwrap();
        assert!(!seen, "the only worker was blocked on the await");
        // The wait ends, the worker goes on, and so does what was awaited.
        assert_eq!(inner.join().unwrap(), 0);
        assert_eq!(begun.load(SeqCst), 1);

        // With a worker to spare it works, and a join helps with none.
        for (workers, awaits) in [(2, true), (1, false)] {
            let pool = pool(workers);
            let handle = pool.handle();
            let outer = pool.submit(move || {
                let inner = handle.submit(|| 7);
                if awaits { smol::block_on(inner).unwrap() } else { inner.join().unwrap() }
            });
            assert_eq!(outer.join().unwrap(), 7);
        }
    });
}

#[test]
fn a_handle_awaited_to_its_end_tells_what_it_was_and_refuses_the_rest() {
    let (completer, mut handle) = completer();
    let id = handle.id();
    assert!(!handle.is_terminated());
    completer.complete(9).unwrap();
    assert!(matches!((&mut handle).now_or_never(), Some(Ok(9))));
    assert!(handle.is_terminated() && handle.is_finished() && !handle.is_cancelled());
    assert_eq!(handle.id(), id);
    assert!(!handle.cancel().is_cancelled());
    assert!(format!("{handle:?}").contains("Returned"));
    let refused = |call: &mut dyn FnMut()| {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("it is refused");
        let message = panic.downcast_ref::<&str>().expect("a message");
        assert!(message.contains("its outcome has been taken"), "{message}");
    };
    refused(&mut || drop((&mut handle).now_or_never()));
    let mut handle = Some(handle);
    refused(&mut || drop(handle.take().unwrap().join()));
}

#[test]
fn an_outcome_that_was_awaited_is_dropped_once() {
    for cancelled in [false, true] {
        let drops = Drops::default();
        let (completer, mut handle) = completer();
        let canceller = handle.canceller();
        if cancelled {
            canceller.cancel();
        }
        drop(completer.complete(drops.token()));
        let outcome = (&mut handle).now_or_never().expect("the task is finished");
        assert_eq!(outcome.is_err(), cancelled);
        drop(outcome);
        assert_eq!(drops.count(), 1);
        drop(handle);
        drop(canceller);
        assert_eq!(drops.count(), 1);
    }
}

#[test]
fn futures_and_streams_are_send_where_the_result_is_and_show_their_state() {
    fn is_send<T: Send + Unpin>(_: &T) {}
    let (_completer, handle) = completer::<u8>();
    is_send(&handle);
    let stream: AsCompletedStream<JoinHandle<u8>> = as_completed([handle]).into_stream();
    is_send(&stream);
    let shown = "AsCompletedStream(Outstanding { remaining: 1, total: 1 })";
    assert_eq!(format!("{stream:?}"), shown);
    let mut set = CompletionSet::<u8>::new();
    let stream: CompletionSetStream<'_, u8> = set.stream();
    is_send(&stream);
    assert!(stream.is_terminated());
    let shown = "CompletionSetStream(CompletionSet(Outstanding { remaining: 0, total: 0 }))";
    assert_eq!(format!("{stream:?}"), shown);
}
