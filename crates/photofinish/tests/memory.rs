//! What is made and dropped again and again takes no more memory: it is freed, or used again. And
//! what is kept to be used again is bounded.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use photofinish::{
    Cancelled, Completer, CompletionSet, DeadlineSet, JoinHandle, as_completed, completer,
};

use support::{LIMIT, completers, within};

/// The system's allocator, which counts the bytes that each thread has taken and not freed.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    /// Where the thread's chunks of cells are counted too.
    static CHUNKS: Cell<Option<&'static AtomicUsize>> = const { Cell::new(None) };
}

/// A chunk's size and alignment; nothing else is aligned so.
const CHUNK: usize = 16 << 10;

fn live() -> usize {
    LIVE.get()
}

/// Counts so many bytes, and so many objects.
fn count(layout: Layout, bytes: usize, objects: usize) {
    LIVE.set(LIVE.get().wrapping_add(bytes));
    if layout.align() == CHUNK
        && let Some(chunks) = CHUNKS.get()
    {
        chunks.fetch_add(objects, SeqCst);
    }
}

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout, layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout, layout.size().wrapping_neg(), usize::MAX);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Shows that after many rounds no more memory is in use than after some.
#[track_caller]
fn assert_no_growth(mut round: impl FnMut()) {
    const ROUNDS: usize = 1_000;
    (0..ROUNDS).for_each(|_| round());
    let before = live();
    (0..ROUNDS).for_each(|_| round());
    assert_eq!(live().wrapping_sub(before) as isize, 0, "bytes in {ROUNDS} rounds");
}

struct Deaf;

impl Wake for Deaf {
    fn wake(self: Arc<Self>) {}
}

/// Polls once, with a waker that nobody else has.
fn poll(future: impl Future) {
    let waker = Waker::from(Arc::new(Deaf));
    assert!(pin!(future).poll(&mut Context::from_waker(&waker)).is_pending());
}

#[test]
fn sets_come_and_go() {
    assert_no_growth(|| {
        let (completers, handles) = completers(3);
        let mut set: CompletionSet<u64> = handles.into_iter().collect();
        completers.into_iter().for_each(|completer| completer.complete(1).unwrap());
        assert!(set.next_finished().is_some());
    });
}

#[test]
fn sets_that_are_dropped_before_their_tasks_end_come_and_go() {
    assert_no_growth(|| {
        let (mut completers, handles) = completers(3);
        let mut set: CompletionSet<u64> = handles.into_iter().collect();
        completers.pop().unwrap().complete(1).unwrap();
        assert!(set.next_timeout(Duration::ZERO).unwrap().is_some());
        drop(set);
        completers.into_iter().for_each(|completer| completer.complete(1).unwrap());
    });
}

#[test]
fn wakers_come_and_go() {
    assert_no_growth(|| {
        let (completer, handle) = completer::<u64>();
        let mut stream = as_completed([handle]).into_stream();
        poll(futures::StreamExt::next(&mut stream));
        poll(futures::StreamExt::next(&mut stream));
        completer.complete(1).unwrap();
    });
    assert_no_growth(|| {
        let (completer, mut handle) = completer::<u64>();
        poll(&mut handle);
        poll(&mut handle);
        drop(handle);
        completer.complete(1).unwrap();
    });
}

#[test]
fn waits_for_what_is_shared_come_and_go() {
    let (_completer, handle) = completer::<u64>();
    let mut handles = vec![handle.shared()];
    assert_no_growth(|| {
        assert!(handles[0].result_timeout(Duration::ZERO).is_none());
        let mut results = as_completed(handles.drain(..));
        assert!(results.try_next().is_none());
        handles = results.into_unfinished();
    });
}

#[test]
fn adders_come_and_go() {
    assert_no_growth(|| {
        let mut set = CompletionSet::new();
        let adder = set.adder();
        let (completers, handles) = completers::<u64>(3);
        for handle in handles {
            adder.clone().add(handle);
        }
        completers.into_iter().for_each(|completer| completer.complete(1).unwrap());
        assert!(set.try_next().is_some());
    });
}

#[test]
fn shared_handles_that_were_waited_for_come_and_go() {
    assert_no_growth(|| {
        let (completer, handle) = completer::<u64>();
        let shared = handle.shared();
        assert!(shared.result_timeout(Duration::ZERO).is_none());
        drop(shared);
        completer.complete(1).unwrap();
    });
}

#[test]
fn cancellers_of_what_was_awaited_come_and_go() {
    assert_no_growth(|| {
        let (completer, mut handle) = completer::<u64>();
        let canceller = handle.canceller();
        completer.complete(1).unwrap();
        assert_eq!(block_on(&mut handle).unwrap(), 1);
        drop(handle);
        assert_eq!(canceller.cancel(), Cancelled::NoLonger);
    });
}

#[test]
fn deadlines_of_what_has_come_are_forgotten_and_no_others() {
    within(LIMIT, || {
        let mut set = DeadlineSet::new();
        let soon = Instant::now() + Duration::from_secs(2);
        let (_completer, late) = completer();
        let late = set.add(late, soon);
        assert_no_growth(|| {
            let (completer, handle) = completer();
            set.add(handle, soon + Duration::from_secs(3_600));
            completer.complete(1).unwrap();
            assert!(set.try_next().expect("it has finished").is_ok());
        });
        assert_eq!(set.next_finished().unwrap().unwrap_err().id, late);
    });
}

/// What a thread may keep to use it again: 512 chunks, and those it takes from and gives back to.
const MOST_KEPT: usize = (512 + 2) * CHUNK;

#[test]
fn a_thread_uses_again_what_it_has_freed_and_keeps_no_more_than_eight_mebibytes() {
    let before = live();
    assert_no_growth(|| drop(completers::<u64>(1_000)));
    assert!(live() - before < MOST_KEPT / 16);
    let many = completers::<u64>(250_000);
    assert!(live() - before > 2 * MOST_KEPT, "that is more than may be kept");
    drop(many);
    let kept = live() - before;
    assert!(kept > MOST_KEPT / 2 && kept <= MOST_KEPT, "{kept} bytes are kept");
}

type Tasks = (Vec<Completer<u64>>, Vec<JoinHandle<u64>>);

thread_local! {
    static KEPT: RefCell<Tasks> = const {
        RefCell::new((Vec::new(), Vec::new()))
    };
}

#[test]
fn threads_that_have_ended_leave_no_chunk_behind() {
    static LEFT: AtomicUsize = AtomicUsize::new(0);
    let made = thread::spawn(|| {
        CHUNKS.set(Some(&LEFT));
        drop(completers::<u64>(2_000));
        let mut tasks = completers::<u64>(1_000);
        drop(tasks.0.split_off(500));
        drop(tasks.1.split_off(500));
        tasks
    });
    let made = made.join().expect("it returns");
    assert_ne!(LEFT.load(SeqCst), 0, "tasks outlive the thread that made them");
    let ended = thread::spawn(move || {
        CHUNKS.set(Some(&LEFT));
        // What is dropped last of a thread was there first.
        KEPT.with_borrow_mut(|kept| *kept = made);
        drop(completer::<u64>());
        KEPT.with_borrow_mut(|(completers, handles)| drop((completers.pop(), handles.pop())));
    });
    ended.join().expect("it returns");
    assert_eq!(LEFT.load(SeqCst), 0);
}
