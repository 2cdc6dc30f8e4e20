//! What each public type can do beside its methods: threads, panics, errors, iterators, and what it
//! shows of itself. What a type must not be is among `compile_fail`.

mod support;

use std::cell::Cell;
use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::iter::FusedIterator;
use std::ops::Range;
use std::panic::{RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::FusedFuture;
use futures::stream::FusedStream;
use photofinish::{
    Adder, AlreadySet, AsCompleted, AsCompletedKeyed, AsCompletedKeyedTimeout, AsCompletedStream,
    AsCompletedTimeout, BuildError, Builder, Cancelled, Canceller, Completer, CompletionSet,
    CompletionSetStream, DeadlineSet, Finished, FinishedShared, Handle, JoinError, JoinHandle, Map,
    MapTimeout, MapUnordered, MapUnorderedStream, MapUnorderedTimeout, Mapped, Metrics, Overdue,
    Panic, Pool, Rejected, Runnable, Scope, SharedHandle, SharedWait, Shutdown, TaskContext,
    TaskId, Timed, TimedOut, Timing, TooDeep, Unfinished, Until, Waited, WorkerLost, as_completed,
    completer,
};
use support::{Gate, LIMIT, eventually, pool, within};

/// It is `Send`, and not `Sync`.
type Value = Cell<u8>;
type Function = fn(u8) -> u8;
type Inputs = Range<u8>;

/// Calls a function, which asks for traits, with each type.
macro_rules! all {
    ($bound:ident: $($type:ty),+ $(,)?) => { $($bound::<$type>();)+ };
}

/// What every type has that is about threads and panics.
fn common<T: Send + Sync + Unpin + UnwindSafe + Debug>() {}

#[test]
fn what_holds_values_that_are_send_is_send_and_sync_and_survives_a_panic() {
    all!(common:
        Completer<Value>, JoinHandle<Value>, AsCompleted<JoinHandle<Value>>,
        AsCompletedTimeout<JoinHandle<Value>>, AsCompletedStream<JoinHandle<Value>>,
        AsCompletedKeyed<&str, JoinHandle<Value>>,
        AsCompletedKeyedTimeout<&str, JoinHandle<Value>>, CompletionSet<Value>,
        DeadlineSet<Value>, Overdue<Value>, Canceller, Runnable, TaskId,
        Map<Inputs, Function, u8>, MapTimeout<Inputs, Function, u8>,
        MapUnordered<Inputs, Function, u8>, MapUnorderedTimeout<Inputs, Function, u8>,
        MapUnorderedStream<Inputs, Function, u8>,
    );
    all!(common:
        SharedHandle<u8>, SharedWait<'_, u8>, AsCompleted<SharedHandle<u8>>,
        AsCompletedTimeout<SharedHandle<u8>>, AsCompletedStream<SharedHandle<u8>>, Timed<u8>,
    );
    all!(common: Pool, Handle, Metrics, Shutdown, Timing, Until, Cancelled);
    all!(common: JoinError, TooDeep, TimedOut, AlreadySet, Unfinished, WorkerLost);
    // A set that a stream borrows mutably is not known to be whole after a panic.
    fn borrowed<T: Send + Sync + Unpin + RefUnwindSafe + Debug>() {}
    all!(borrowed: CompletionSetStream<'_, Value>);
    // A cause is any error, and an initializer any closure.
    fn threads<T: Send + Sync + Unpin + Debug>() {}
    all!(threads: Rejected<fn()>, BuildError, Panic, Finished<u8>, Mapped<u8>,
        FinishedShared<u8>, Waited<JoinHandle<u8>>, Waited<SharedHandle<u8>>);
    fn shown<T: Debug>() {}
    all!(shown: Adder<Value>, TaskContext, Builder, Scope<'_, '_>);
    fn sent<T: Send + Unpin + UnwindSafe>() {}
    all!(sent: Adder<Value>);
    fn shared<T: Sync>() {}
    all!(shared: Scope<'_, '_>);
    fn by_reference<T: RefUnwindSafe>() {}
    all!(by_reference: Pool, Handle, JoinHandle<Value>, CompletionSet<Value>, Completer<Value>);
}

#[test]
fn iterators_streams_and_futures_tell_their_end() {
    fn exact<T: ExactSizeIterator + FusedIterator>() {}
    all!(exact:
        AsCompleted<JoinHandle<Value>>, AsCompleted<SharedHandle<u8>>,
        AsCompletedKeyed<&str, JoinHandle<Value>>, Map<Inputs, Function, u8>,
        MapUnordered<Inputs, Function, u8>,
    );
    fn fused<T: FusedIterator>() {}
    all!(fused:
        AsCompletedTimeout<JoinHandle<Value>>, AsCompletedTimeout<SharedHandle<u8>>,
        AsCompletedKeyedTimeout<&str, JoinHandle<Value>>, MapTimeout<Inputs, Function, u8>,
        MapUnorderedTimeout<Inputs, Function, u8>,
    );
    fn stream<T: FusedStream>() {}
    all!(stream:
        AsCompletedStream<JoinHandle<Value>>, AsCompletedStream<SharedHandle<u8>>,
        CompletionSetStream<'_, Value>, MapUnorderedStream<Inputs, Function, u8>,
    );
    fn future<T: Future>() {}
    all!(future: JoinHandle<Value>, SharedWait<'_, u8>);
    fn fused_future<T: FusedFuture>() {}
    all!(fused_future: JoinHandle<Value>);
}

#[test]
fn sets_are_made_of_what_they_take() {
    fn collects<A, T: FromIterator<A> + Extend<A> + Default>() {}
    collects::<JoinHandle<u8>, CompletionSet<u8>>();
    collects::<(JoinHandle<u8>, Instant), DeadlineSet<u8>>();

    let (done, first) = completer();
    let (_never, second) = completer();
    done.complete(1).unwrap();
    let now = Instant::now();
    let mut set: DeadlineSet<i32> = [(first, now), (second, now)].into_iter().collect();
    assert_eq!(set.next_finished().unwrap().unwrap().outcome.unwrap(), 1);
    assert_eq!(set.next_finished().unwrap().unwrap_err().index, 1);
    assert!(set.next_finished().is_none());
}

#[test]
fn a_stream_of_a_map_is_terminated_when_it_has_ended() {
    let pool = pool(1);
    let mut stream = pool.map_unordered(0..2, |n: u8| n).into_stream();
    for _ in 0..2 {
        assert!(!stream.is_terminated());
        assert!(futures::executor::block_on(futures::StreamExt::next(&mut stream)).is_some());
    }
    assert!(futures::executor::block_on(futures::StreamExt::next(&mut stream)).is_none());
    assert!(stream.is_terminated());
}

#[test]
fn errors_give_their_causes() {
    fn error<T: Error + Send + Sync + 'static>() {}
    all!(error: JoinError, TooDeep, TimedOut, AlreadySet, Unfinished, WorkerLost, BuildError);
    all!(error: Rejected<fn()>);
    let source = |error: &dyn Error| error.source().map(|source| source.to_string());

    let cause: Arc<dyn Error + Send + Sync> = Arc::new(std::fmt::Error);
    let told = Some(cause.to_string());
    assert_eq!(source(&JoinError::Broken(Arc::clone(&cause))), told);
    assert_eq!(source(&Rejected::Broken(|| (), cause)), told);
    let limit = TooDeep::new(1, 2);
    assert_eq!(source(&JoinError::TooDeep(limit)), Some(limit.to_string()));
    let refused = std::io::Error::other("no more threads");
    let error = BuildError::ThreadNotStarted { worker: 1, source: refused };
    assert_eq!(source(&error), Some("no more threads".to_owned()));
    for error in [JoinError::Cancelled, JoinError::Abandoned] {
        assert_eq!(source(&error), None);
    }
    assert_eq!(source(&Rejected::Full(|| ())), None);
}

#[test]
fn what_is_shown_tells_the_state() {
    within(LIMIT, || {
        let (mut completer, handle) = completer::<u8>();
        let canceller = handle.canceller();
        let id = handle.id();
        assert_eq!(format!("{handle:?}"), format!("JoinHandle {{ id: {id:?}, state: Pending }}"));
        assert_eq!(format!("{completer:?}"), "Completer { state: Pending }");
        completer.start();
        assert_eq!(format!("{completer:?}"), "Completer { state: Running }");
        assert!(format!("{handle:?}").contains("state: Running"));
        assert!(format!("{canceller:?}").contains("state: Running"), "{canceller:?}");
        let shared = handle.shared();
        assert!(format!("{shared:?}").contains("state: Running"));
        let results = as_completed([shared]).timeout(Duration::ZERO);
        assert!(format!("{results:?}").contains("remaining: 1, total: 1"), "{results:?}");
        completer.complete(1).unwrap();
        assert!(format!("{canceller:?}").contains("state: Returned"), "{canceller:?}");
    });
}

#[test]
fn a_pool_shows_where_it_is_in_its_life() {
    within(LIMIT, || {
        let one = pool(2);
        let handle = one.handle();
        let gate = Gate::default();
        let running = gate.hold_a_worker(&one);
        assert_eq!(format!("{one:?}"), "Pool { workers: 2, stage: \"open\", .. }");
        assert_eq!((handle.workers().get(), handle.metrics().running), (2, 1));
        let owner = std::thread::spawn(move || drop(one));
        let shows =
            |stage: &str| format!("{handle:?}") == format!("Handle {{ stage: {stage:?}, .. }}");
        eventually("it drains", || shows("draining"));
        gate.open();
        owner.join().unwrap();
        assert!(shows("ended"));
        running.join().unwrap();
        assert_eq!(handle.metrics().finished, 1);

        let two = pool(1);
        let handle = two.handle();
        two.shutdown_now();
        assert_eq!(format!("{handle:?}"), "Handle { stage: \"halted\", .. }");
    });
}

/// What a panic leaves behind works on.
#[test]
fn a_pool_and_a_set_go_on_after_a_panic_of_their_user() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let mut set = CompletionSet::new();
        set.submit(&pool, || 1);
        let caught = catch_unwind(move || {
            drop(handle.submit(|| 2));
            let set = set;
            assert!(set.is_empty(), "a user's claim");
        });
        assert!(caught.is_err());
        assert_eq!(pool.submit(|| 3).join().unwrap(), 3);
    });
}
