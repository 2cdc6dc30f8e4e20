//! Async tasks as consumers: the same handles, iterators and sets, on any executor, in turns with
//! blocked threads, and with wakers that do what they like.

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures::future::{Either, FusedFuture, join_all, ready, select};
use futures::stream::{FusedStream, FuturesUnordered, Stream, StreamExt};
use photofinish::{
    AsCompletedStream, CompletionSet, CompletionSetStream, JoinError, JoinHandle, as_completed,
    completer,
};

use support::{Drops, Gate, LIMIT, completers, eventually, pool, within};

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

/// A waker that counts its wakes, and is counted itself.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Counting {
    fn wakes(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// Polls once with `waker`'s waker, of which nothing is left over but what was registered.
fn poll<F: Future + Unpin>(
    future: &mut F,
    waker: &Arc<impl Wake + Send + Sync + 'static>,
) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(waker));
    pin!(future).poll(&mut Context::from_waker(&waker))
}

/// How many wakers of `waker`'s are somewhere.
fn registered<W>(waker: &Arc<W>) -> usize {
    Arc::strong_count(waker) - 1
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
                    let polled = poll(&mut set.stream().next(), &Arc::new(Counting::default()));
                    if let Poll::Ready(finished) = polled {
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
fn nothing_is_registered_where_something_is_ready() {
    let waker = Arc::new(Counting::default());
    let (completer, mut handle) = completer();
    completer.complete(1).unwrap();
    assert!(poll(&mut handle, &waker).is_ready());
    let (completers, handles) = completers(3);
    let mut stream = as_completed(handles).into_stream();
    completers.into_iter().for_each(|completer| completer.complete(2).unwrap());
    for _ in 0..3 {
        assert!(poll(&mut stream.next(), &waker).is_ready());
    }
    assert!(matches!(poll(&mut stream.next(), &waker), Poll::Ready(None)));
    assert_eq!((waker.wakes(), registered(&waker)), (0, 0));
}

#[test]
fn a_push_wakes_the_waker_that_polled_last_and_no_other() {
    let wakers = [(); 3].map(|()| Arc::new(Counting::default()));
    let (completers, handles) = completers(2);
    let mut stream = as_completed(handles).into_stream();
    for waker in &wakers {
        assert!(poll(&mut stream.next(), waker).is_pending());
    }
    assert_eq!(wakers.each_ref().map(registered), [0, 0, 1], "a waker replaces the one before");
    let mut completers = completers.into_iter();
    completers.next().unwrap().complete(1).unwrap();
    assert_eq!(wakers.each_ref().map(|waker| waker.wakes()), [0, 0, 1]);
    // Something is ready now: until the next poll finds nothing, there is nobody to wake.
    assert!(poll(&mut stream.next(), &wakers[0]).is_ready());
    completers.next().unwrap().complete(2).unwrap();
    assert_eq!(wakers.each_ref().map(|waker| waker.wakes()), [0, 0, 1]);
}

#[test]
fn the_executors_waker_is_let_go_when_the_wait_ends() {
    let waker = Arc::new(Counting::default());
    let pending = || {
        let (completer, mut handle) = completer::<u8>();
        assert!(poll(&mut handle, &waker).is_pending());
        assert_eq!(registered(&waker), 1);
        (completer, handle)
    };
    let gone = |how: &str| assert_eq!(registered(&waker), 0, "{how}");

    let (_completer, handle) = pending();
    drop(handle);
    gone("the handle was dropped");

    let (completer, mut handle) = pending();
    completer.complete(1).unwrap();
    assert!(poll(&mut handle, &waker).is_ready());
    gone("the outcome was given");

    let (_completer, handle) = pending();
    let handle = handle.join_timeout(Duration::ZERO).unwrap_err();
    gone("a thread waits");
    drop(handle);

    let (_completer, handle) = pending();
    let mut set: CompletionSet<u8> = [handle].into_iter().collect();
    gone("the handle went into a set");
    assert!(poll(&mut set.stream().next(), &waker).is_pending());
    gone("the set's stream was dropped");

    let mut stream = as_completed(set.into_unfinished()).into_stream();
    assert!(poll(&mut stream.next(), &waker).is_pending());
    assert_eq!(registered(&waker), 1);
    let results = stream.into_inner();
    gone("the stream became an iterator");
    let mut stream = results.into_stream();
    assert!(poll(&mut stream.next(), &waker).is_pending());
    drop(stream);
    gone("the stream was dropped");
    assert_eq!(waker.wakes(), 1, "only one task was completed while it was awaited");
}

#[test]
fn a_handle_awaited_to_its_end_tells_what_it_was_and_refuses_the_rest() {
    let waker = Arc::new(Counting::default());
    let (completer, mut handle) = completer();
    let id = handle.id();
    assert!(!handle.is_terminated());
    completer.complete(9).unwrap();
    assert!(matches!(poll(&mut handle, &waker), Poll::Ready(Ok(9))));
    assert!(handle.is_terminated() && handle.is_finished() && !handle.is_cancelled());
    assert_eq!(handle.id(), id);
    assert!(!handle.cancel().is_cancelled());
    assert!(format!("{handle:?}").contains("Returned"));
    let refused = |call: &mut dyn FnMut()| {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("it is refused");
        let message = panic.downcast_ref::<&str>().expect("a message");
        assert!(message.contains("its outcome has been taken"), "{message}");
    };
    refused(&mut || drop(poll(&mut handle, &waker)));
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
        let Poll::Ready(outcome) = poll(&mut handle, &Arc::new(Counting::default())) else {
            panic!("the task is finished");
        };
        assert_eq!(outcome.is_err(), cancelled);
        drop(outcome);
        assert_eq!(drops.count(), 1);
        drop(handle);
        drop(canceller);
        assert_eq!(drops.count(), 1);
    }
}

/// A waker that panics in one of its functions.
fn panicking(vtable: &'static RawWakerVTable) -> Waker {
    // SAFETY: the functions of the table do nothing with the pointer.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), vtable)) }
}

fn nothing(_: *const ()) {}

static PANICS_IN_CLONE: RawWakerVTable =
    RawWakerVTable::new(|_| panic!("a clone panics"), nothing, nothing, nothing);
static PANICS_IN_WAKE: RawWakerVTable = RawWakerVTable::new(
    |data| RawWaker::new(data, &PANICS_IN_WAKE),
    |_| panic!("a wake panics"),
    |_| panic!("a wake panics"),
    nothing,
);
static PANICS_IN_DROP: RawWakerVTable = RawWakerVTable::new(
    |data| RawWaker::new(data, &PANICS_IN_DROP),
    nothing,
    nothing,
    |_| panic!("a drop panics"),
);

#[test]
fn a_waker_that_panics_harms_only_who_made_it() {
    within(LIMIT, || {
        let poll_with = |handle: &mut JoinHandle<u8>, waker: &Waker| {
            Pin::new(handle).poll(&mut Context::from_waker(waker))
        };
        let pool = pool(1);
        for vtable in [&PANICS_IN_CLONE, &PANICS_IN_WAKE, &PANICS_IN_DROP] {
            let gate = Gate::default();
            let held = gate.hold_a_worker(&pool);
            let mut handle = pool.submit(|| 3);
            // Its own drop is the caller's affair.
            let waker = std::mem::ManuallyDrop::new(panicking(vtable));
            let polled = catch_unwind(AssertUnwindSafe(|| poll_with(&mut handle, &waker)));
            let in_clone = std::ptr::eq(vtable, &PANICS_IN_CLONE);
            assert_eq!(polled.is_err(), in_clone, "a panicking clone is the poller's");
            gate.open();
            held.join().unwrap();
            // The worker is alive, and the handle gives what the task returned.
            assert_eq!(pool.submit(|| 4).join().unwrap(), 4);
            assert_eq!(handle.join().unwrap(), 3);
        }
    });
}

/// An executor that polls its task inside of the wake.
struct Inline {
    handle: Mutex<Option<JoinHandle<u32>>>,
    outcome: Mutex<Option<Sender<(thread::ThreadId, u32)>>>,
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let mut place = self.handle.lock().unwrap();
        let Some(handle) = &mut *place else { return };
        if let Poll::Ready(outcome) = poll(handle, &self) {
            let outcome = (thread::current().id(), outcome.unwrap());
            self.outcome.lock().unwrap().take().unwrap().send(outcome).unwrap();
            *place = None;
        }
    }
}

#[test]
fn a_waker_may_poll_its_task_at_once_on_the_worker_that_wakes_it() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let held = gate.hold_a_worker(&pool);
        let worker = pool.submit(|| thread::current().id());
        let (outcome, result) = channel();
        let inline = Arc::new(Inline {
            handle: Mutex::new(Some(pool.submit(|| 11))),
            outcome: Mutex::new(Some(outcome)),
        });
        Arc::clone(&inline).wake();
        gate.open();
        held.join().unwrap();
        assert_eq!(result.recv().unwrap(), (worker.join().unwrap(), 11));
        // The worker leaves the waker's slot after the poll inside of the wake has ended.
        eventually("the last waker is dropped", || registered(&inline) == 0);
    });
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
