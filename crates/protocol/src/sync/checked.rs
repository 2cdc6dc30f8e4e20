//! What both checkers' sides have in common: a program runs many times over, and what ends in one of
//! its executions is kept until all of that is over, to catch whoever still uses it.
//!
//! What a checker multiplexes onto one operating-system thread may use plain `std` state beside the
//! schedule; such state adds neither interleavings nor happens-before edges.

use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{self, SeqCst};
use std::time::Duration;

use super::{Spin, fence, keep, passed_on, taken_over};

/// A sequentially consistent fence, right after a read-modify-write of the calling thread.
#[track_caller]
pub fn fence_after_rmw() {
    // ORDERING: SeqCst; here it costs nothing to be a fence of its own.
    fence(Ordering::SeqCst);
}

/// Tasks and queues come from the allocator: memory that is used again at once would hide who still
/// uses it. Slabs have models of their own.
pub const SLABS: bool = false;

/// Workers are going to be started. Nobody polls for long here, so nobody is in their way.
pub fn prepare_crowd() {}

/// The calling thread is a worker, and awake from now on.
pub fn join_crowd() {}

/// The calling thread sleeps, or is a worker no more.
pub fn leave_crowd() {}

/// How many tasks a worker keeps within reach.
pub const BUFFER: usize = 1;

super::thread_local! {
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
}

/// The next execution begins: what ended in the last one is freed.
pub(super) fn next_execution() {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    // ORDERING: SeqCst; beside the schedule, which does not see it.
    EXECUTION.set(SERIAL.fetch_add(1, SeqCst));
    for (memory, layout) in ENDED.take() {
        // SAFETY: whoever called `deallocate` had taken this memory from the global allocator with
        // this layout, and no thread of a past execution runs any more.
        unsafe { std::alloc::dealloc(memory.as_ptr(), layout) };
    }
}

/// Gives memory back, at the start of the next execution: until then a use after the end reads
/// something that [`Lifetime`](super::Lifetime) reports, instead of somebody else's bytes.
///
/// # Safety
///
/// `memory` was allocated by the global allocator with `layout`, and nobody uses it when this
/// execution is over.
pub unsafe fn deallocate(memory: NonNull<u8>, layout: Layout) {
    ENDED.with_borrow_mut(|ended| ended.push((memory, layout)));
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
        // What past executions left has ended with them.
        resting.retain(|(execution, _)| *execution == EXECUTION.get());
        let lent = resting.pop();
        drop(resting);
        match lent {
            Some((_, object)) => {
                taken_over();
                object
            }
            None => keep(make()),
        }
    }

    /// Gives `object` back for another to borrow.
    pub fn give_back(&self, object: &'static T) {
        passed_on();
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

/// When a wait gives up. There is no clock: a deadline passes when the side that checks lets it.
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

    /// Whether the wait never gives up.
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }

    /// Whether the moment has come.
    pub fn has_passed(&self) -> bool {
        matches!(self, Self::Passed)
    }
}

/// Nothing is kept between waits: how long one stays awake is the side's to say.
#[derive(Debug, Default)]
pub struct Tempo;

impl Tempo {
    /// Nothing is kept.
    pub const fn new() -> Self {
        Self
    }

    /// Nothing is kept.
    pub fn arrived(&mut self, _: usize) {}

    /// A wait; with a limit of zero, it does not stay awake.
    pub fn wait(&mut self, limit: Duration, _: Deadline, _: usize) -> Spin {
        Spin::up_to(limit)
    }

    /// Nothing is kept.
    pub fn overslept(&mut self, _: Duration) {}
}

/// A pause changes nothing that is checked.
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
