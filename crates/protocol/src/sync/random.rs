//! The seam under shuttle: a scheduler that draws interleavings at random, parking that returns
//! for no reason, deadlines that pass at any moment, and memory that outlives its end long enough
//! to catch whoever still uses it.
//!
//! shuttle runs every atomic operation as if it were sequentially consistent, so this side says
//! nothing about orderings; that is the model checker's part. It is for many threads, and for the
//! wakes that come without a cause.
//!
//! What shuttle multiplexes onto one operating-system thread may use plain `std` state beside the
//! schedule; such state adds no scheduling points.

mod parker;

pub use parker::Parker;
pub use shuttle::sync::atomic::{AtomicPtr, AtomicUsize, fence};
pub use shuttle::sync::{Arc, Mutex, mpsc};
pub use shuttle::{hint, thread, thread_local};
pub use std::sync::atomic::Ordering;

use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use shuttle::rand::{RngCore, thread_rng};

use super::Side;

/// This build runs under a scheduler that draws at random.
pub const SIDE: Side = Side::Random;

/// A sequentially consistent fence, right after a read-modify-write of the calling thread.
#[track_caller]
pub fn fence_after_rmw() {
    // ORDERING: SeqCst; here everything is.
    fence(Ordering::SeqCst);
}

/// The size of a slab's chunk, in bytes, a power of two.
pub const CHUNK: usize = 256;

/// Tasks and queues come from the allocator: memory that is used again at once would hide who still
/// uses it. Slabs have models of their own.
pub const SLABS: bool = false;

/// How many tasks a worker keeps within reach.
pub const BUFFER: usize = 1;

shuttle::thread_local! {
    static RUNNING: Cell<*mut ()> = Cell::new(std::ptr::null_mut());
}

/// What runs on this thread: what it was told last.
pub fn running() -> *mut () {
    RUNNING.with(Cell::get)
}

/// Tells what runs on this thread.
pub fn set_running(what: *mut ()) {
    RUNNING.with(|running| running.set(what));
}

std::thread_local! {
    /// Which execution this operating-system thread runs; no two are alike.
    static EXECUTION: Cell<u64> = const { Cell::new(0) };
    /// Memory that ended in this execution.
    static ENDED: RefCell<Vec<(NonNull<u8>, Layout)>> = const { RefCell::new(Vec::new()) };
    /// What drops the objects that live as long as this execution.
    static KEPT: RefCell<Vec<Box<dyn FnOnce()>>> = const { RefCell::new(Vec::new()) };
    /// How many objects of this execution have begun and not ended.
    static LIVE: Cell<usize> = const { Cell::new(0) };
    /// What a [`Lifetime`] found. Its panic may have been contained as if it were a task's.
    static FAULT: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Begins an execution: each calls this first, and whoever runs them calls it once more after the
/// last. What the last execution left is dropped.
///
/// # Panics
///
/// If the last execution used an object after its end, ended one twice, or leaked one.
pub fn begin_execution() {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    // ORDERING: SeqCst; beside the schedule, which does not see it.
    EXECUTION.set(SERIAL.fetch_add(1, SeqCst));
    for (memory, layout) in ENDED.take() {
        // SAFETY: `deallocate` took this memory from the global allocator with this layout, and
        // no thread of a past execution runs any more.
        unsafe { std::alloc::dealloc(memory.as_ptr(), layout) };
    }
    KEPT.take().into_iter().for_each(|drop_it| drop_it());
    assert_eq!(FAULT.take(), None, "in the last execution");
    assert_eq!(LIVE.replace(0), 0, "objects of the last execution leaked");
}

/// Whether something that happens once in `so_many` times happens now; the schedule's seed says.
fn once_in(so_many: u64) -> bool {
    thread_rng().next_u64().is_multiple_of(so_many)
}

/// Gives memory back, at the start of the next execution: until then a use after the end reads
/// something that [`Lifetime`] reports, instead of somebody else's bytes.
///
/// # Safety
///
/// `memory` was allocated by the global allocator with `layout`, and nobody uses it any more.
pub unsafe fn deallocate(memory: NonNull<u8>, layout: Layout) {
    ENDED.with_borrow_mut(|ended| ended.push((memory, layout)));
}

/// An object that lives as long as the execution.
fn keep<T>(object: T) -> &'static T {
    let place = Box::into_raw(Box::new(object));
    // SAFETY: the object came out of a box, and nobody uses it after the end of the execution.
    let drop_it = move || drop(unsafe { Box::from_raw(place) });
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(drop_it)));
    // SAFETY: the object lives until the execution ends, and so do all references to it.
    unsafe { &*place }
}

/// `std::cell::UnsafeCell` with the closure-taking face that a model checker needs. Nothing is
/// checked here: no schedule switches threads inside an access.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Hands out a pointer for reading.
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Hands out a pointer for writing.
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// Checks that every access to an object comes before its end, and that the end comes once.
#[derive(Debug)]
pub struct Lifetime {
    has_ended: Cell<bool>,
}

impl Default for Lifetime {
    fn default() -> Self {
        Self::begin()
    }
}

impl Lifetime {
    /// The object begins.
    pub fn begin() -> Self {
        LIVE.set(LIVE.get() + 1);
        Self { has_ended: Cell::new(false) }
    }

    /// The object is about to be used.
    #[track_caller]
    pub fn access(&self) {
        self.assert_lives("use after the end");
    }

    /// The object is about to be freed; nobody may use it any more.
    #[track_caller]
    pub fn end(&self) {
        self.assert_lives("ended twice");
        self.has_ended.set(true);
        LIVE.set(LIVE.get() - 1);
    }

    #[track_caller]
    fn assert_lives(&self, fault: &'static str) {
        if self.has_ended.get() {
            FAULT.set(Some(fault));
            panic!("{fault}");
        }
    }
}

/// Objects that are recycled within an execution, and end with it.
///
/// One operating-system thread at a time runs executions that use it; another one meanwhile would
/// find fewer objects at rest.
#[derive(Debug)]
pub struct Immortals<T: 'static>(std::sync::Mutex<Vec<(u64, &'static T)>>);

impl<T> Immortals<T> {
    /// No object yet.
    pub const fn new() -> Self {
        Self(std::sync::Mutex::new(Vec::new()))
    }

    /// Lends an object that nobody else holds, made by `make` if none is at rest.
    pub fn lend(&self, make: impl FnOnce() -> T) -> &'static T {
        let mut resting = self.resting();
        // What rests since another execution is gone.
        resting.retain(|(execution, _)| *execution == EXECUTION.get());
        let lent = resting.pop();
        drop(resting);
        lent.map_or_else(|| keep(make()), |(_, object)| object)
    }

    /// Gives `object` back for another to borrow.
    pub fn give_back(&self, object: &'static T) {
        self.resting().push((EXECUTION.get(), object));
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<(u64, &'static T)>> {
        // No user code runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Immortals<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// When a wait gives up. A schedule has no clock, so a deadline passes at random: before the
/// wait, or while the thread is parked on it.
#[derive(Clone, Copy, Debug)]
pub enum Deadline {
    /// The wait never gives up.
    Never,
    /// The wait gives up some time when it is parked.
    Ahead,
    /// The wait has given up.
    Passed,
}

impl Deadline {
    /// The wait never gives up.
    pub const NEVER: Self = Self::Never;

    /// The wait gives up at random.
    pub fn after(_: Duration) -> Self {
        if once_in(4) { Self::Passed } else { Self::Ahead }
    }

    /// The wait gives up at random.
    pub fn at(_: Instant) -> Self {
        Self::after(Duration::ZERO)
    }

    /// Whether the wait never gives up.
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }

    /// Whether the moment has come.
    pub fn has_passed(&self) -> bool {
        matches!(self, Self::Passed)
    }
}

/// Stays awake for a few polls, as many as the schedule's seed says.
#[derive(Debug, Default)]
pub struct Tempo;

impl Tempo {
    /// Nothing is kept.
    pub const fn new() -> Self {
        Self
    }

    /// Nothing is kept.
    pub fn arrived(&mut self, _: usize) {}

    /// A wait that polls a few times; with a limit of zero, not at all.
    pub fn wait(&mut self, limit: Duration, _: Deadline, _: usize) -> Spin {
        Spin { ends: limit.is_zero() }
    }

    /// Nothing is kept.
    pub fn overslept(&mut self, _: Duration) {}
}

/// A busy wait of a few polls.
#[derive(Debug)]
pub struct Spin {
    ends: bool,
}

impl Spin {
    /// Whether to poll once more, after others had a turn.
    pub fn again(&mut self) -> bool {
        self.ends = self.ends || once_in(2);
        if !self.ends {
            hint::spin_loop();
        }
        !self.ends
    }
}

/// A pause changes nothing that a model explores.
#[derive(Debug, Default)]
pub struct Gathering;

impl Gathering {
    /// Nothing is kept.
    pub const fn new() -> Self {
        Self
    }

    /// Goes on at once.
    pub fn pause(&self) {}

    /// Nothing is kept.
    pub fn found(&self, _: usize) {}
}

/// No time passes.
#[derive(Debug)]
pub struct Stopwatch;

impl Stopwatch {
    /// From now on.
    pub fn start() -> Self {
        Self
    }

    /// Nothing.
    pub fn lap(&mut self) -> usize {
        0
    }
}
