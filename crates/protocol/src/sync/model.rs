//! The seam under loom: checked atomics and cells, parking without a clock, and memory that
//! outlives its end long enough to catch whoever still uses it.
//!
//! What loom multiplexes onto one operating-system thread may use plain `std` state beside the
//! model; such state adds neither interleavings nor happens-before edges.

mod atomic;
pub mod hooks;

pub use atomic::{AtomicPtr, AtomicUsize, fence};
pub use loom::sync::{Arc, Mutex, mpsc};
pub use loom::{hint, thread, thread_local};
pub use std::sync::atomic::Ordering;

pub use loom::cell::UnsafeCell;

use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use super::Side;

/// This build runs in the model checker.
pub const SIDE: Side = Side::Model;

/// A sequentially consistent fence, right after a read-modify-write of the calling thread.
#[track_caller]
pub fn fence_after_rmw() {
    // ORDERING: SeqCst; here it costs nothing to be a fence of its own.
    fence(Ordering::SeqCst);
}

/// The size of a slab's chunk, in bytes, a power of two.
pub const CHUNK: usize = 512;

/// Tasks and queues come from the allocator: memory that is used again at once would hide who still
/// uses it. Slabs have models of their own.
pub const SLABS: bool = false;

/// How many tasks a worker keeps within reach.
pub const BUFFER: usize = 1;

loom::thread_local! {
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
    /// Which execution of a model this operating-system thread runs; no two are alike.
    static EXECUTION: Cell<u64> = const { Cell::new(0) };
    /// Orders the recycling of objects; made at the start, before any other thread is.
    static HANDOVER: Cell<Option<&'static loom::sync::atomic::AtomicUsize>> =
        const { Cell::new(None) };
    /// Memory that ended in this execution.
    static ENDED: RefCell<Vec<(NonNull<u8>, Layout)>> = const { RefCell::new(Vec::new()) };
}

/// Begins an execution: every model calls this first. What the last one left is dropped.
pub fn begin_execution() {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    // ORDERING: SeqCst; beside the model, which does not see it.
    EXECUTION.set(SERIAL.fetch_add(1, SeqCst));
    for (memory, layout) in ENDED.take() {
        // SAFETY: `deallocate` and `leak` took this memory from the global allocator with this
        // layout, and no thread of a past execution runs any more.
        unsafe { std::alloc::dealloc(memory.as_ptr(), layout) };
    }
    HANDOVER.set(Some(leak(loom::sync::atomic::AtomicUsize::new(0))));
    hooks::begin_execution();
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

/// An object that lives as long as the execution. It must own no other memory.
fn leak<T>(object: T) -> &'static T {
    let object: &'static mut T = Box::leak(Box::new(object));
    let memory = NonNull::from(&mut *object).cast();
    ENDED.with_borrow_mut(|ended| ended.push((memory, Layout::new::<T>())));
    object
}

/// Checks that every access to an object happens before its end, and that the end comes.
#[derive(Debug)]
pub struct Lifetime {
    used: UnsafeCell<()>,
    leaks: RefCell<Option<loom::alloc::Track<()>>>,
}

impl Default for Lifetime {
    fn default() -> Self {
        Self::begin()
    }
}

impl Lifetime {
    /// The object begins.
    pub fn begin() -> Self {
        Self { used: UnsafeCell::new(()), leaks: RefCell::new(Some(loom::alloc::Track::new(()))) }
    }

    /// The object is about to be used.
    #[track_caller]
    pub fn access(&self) {
        assert!(self.leaks.borrow().is_some(), "use after the end");
        self.used.with(|_| ());
    }

    /// The object is about to be freed; nobody may use it any more.
    #[track_caller]
    pub fn end(&self) {
        let tracked = self.leaks.take();
        assert!(tracked.is_some(), "ended twice");
        self.used.with_mut(|_| ());
    }
}

/// Objects that are recycled within an execution, and end with it. What its last owner did to an
/// object happens before its next one has it, as the lock of a normal build gives it; those who
/// only get new objects learn nothing of each other, though they would from a lock.
#[derive(Debug)]
pub struct Immortals<T: 'static>(std::sync::Mutex<Vec<(u64, &'static T)>>);

impl<T> Immortals<T> {
    /// No object yet.
    pub const fn new() -> Self {
        Self(std::sync::Mutex::new(Vec::new()))
    }

    /// Lends an object that nobody else holds, made by `make` if none is at rest.
    pub fn lend(&self, make: impl FnOnce() -> T) -> &'static T {
        let this_execution = EXECUTION.get();
        let mut resting = self.0.lock().expect("no panic under the lock");
        // What past executions left has ended with them.
        resting.retain(|(execution, _)| *execution == this_execution);
        let lent = resting.pop().map(|(_, object)| object);
        drop(resting);
        match lent {
            Some(lent) => {
                // ORDERING: Acquire; pairs with the Release in give_back, as the lock of a normal
                // build does; carries all uses of the object.
                handover().fetch_add(1, Ordering::Acquire);
                lent
            }
            None => leak(make()),
        }
    }

    /// Gives `object` back for another to borrow.
    pub fn give_back(&self, object: &'static T) {
        // ORDERING: Release; pairs with the Acquire in lend.
        handover().fetch_add(1, Ordering::Release);
        self.0.lock().expect("no panic under the lock").push((EXECUTION.get(), object));
    }
}

impl<T> Default for Immortals<T> {
    fn default() -> Self {
        Self::new()
    }
}

fn handover() -> &'static loom::sync::atomic::AtomicUsize {
    HANDOVER.get().expect("every model begins with begin_execution")
}

/// A thread's own parking place: loom's `Notify`, which explores a return without a token too.
#[derive(Debug)]
pub struct Parker {
    token: loom::sync::Notify,
    /// What a waker reads of the parker without synchronisation: it must have been published.
    contents: UnsafeCell<()>,
}

// SAFETY: the contents are only looked at after they were written; that this is so is what the
// model checks.
unsafe impl Sync for Parker {}

loom::thread_local! {
    static CURRENT: &'static Parker = leak(Parker::new());
}

impl Parker {
    fn new() -> Self {
        let parker = Self { token: loom::sync::Notify::new(), contents: UnsafeCell::new(()) };
        parker.contents.with_mut(|_| ());
        parker
    }

    /// The calling thread's parker.
    pub fn current() -> &'static Parker {
        CURRENT.with(|parker| *parker)
    }

    /// Waits for a token and takes it. May return without one.
    pub fn park(&self) {
        self.token.wait();
    }

    /// Returns at once, and the deadline has passed: a model has no clock, so a time-out may
    /// come at any moment, and the scheduler chooses which.
    pub fn park_until(&self, deadline: &mut Deadline) {
        if deadline.is_never() {
            return self.park();
        }
        *deadline = Deadline::Passed;
    }

    /// Leaves a token, and wakes the thread if it sleeps.
    #[track_caller]
    pub fn unpark(&self) {
        // A wake is a step too: a thread may be stopped between its push and its wake.
        hooks::step(hooks::Kind::Wake);
        self.contents.with(|_| ());
        self.token.notify();
    }
}

/// When a wait gives up. A deadline passes when the thread parks on it, wherever the scheduler
/// lets that be.
#[derive(Clone, Copy, Debug)]
pub enum Deadline {
    /// The wait never gives up.
    Never,
    /// The wait gives up when it parks.
    Ahead,
    /// The wait has given up.
    Passed,
}

impl Deadline {
    /// The wait never gives up.
    pub const NEVER: Self = Self::Never;

    /// The wait gives up when it parks.
    pub fn after(_: Duration) -> Self {
        Self::Ahead
    }

    /// The wait gives up when it parks.
    pub fn at(_: Instant) -> Self {
        Self::Ahead
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

/// A model checker has no use for a time awake: it explores the outcomes instead.
#[derive(Debug, Default)]
pub struct Tempo;

impl Tempo {
    /// Nothing is kept.
    pub const fn new() -> Self {
        Self
    }

    /// Nothing is kept.
    pub fn arrived(&mut self, _: usize) {}

    /// A wait that sleeps at once.
    pub fn wait(&mut self, _: Duration, _: Deadline, _: usize) -> Spin {
        Spin
    }

    /// Nothing is kept.
    pub fn overslept(&mut self, _: Duration) {}
}

/// A busy wait that never polls twice.
#[derive(Debug)]
pub struct Spin;

impl Spin {
    /// Never.
    pub fn again(&mut self) -> bool {
        false
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
