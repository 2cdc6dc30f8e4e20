//! Wakers: which one is registered, when it is woken and let go, and those that do what they like.

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

use futures::stream::StreamExt;
use photofinish::{CompletionSet, JoinHandle, as_completed, completer};

use support::{Gate, LIMIT, completers, eventually, pool, within};

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
