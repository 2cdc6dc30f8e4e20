//! The seam under loom: checked atomics and cells, parking without a clock, and memory that
//! outlives its end long enough to catch whoever still uses it.

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
use std::time::{Duration, Instant};

use super::{Deadline, Side, checked, deallocate};

/// This build runs in the model checker.
pub const SIDE: Side = Side::Model;

/// The size of a slab's chunk, in bytes, a power of two.
pub const CHUNK: usize = 512;

std::thread_local! {
    /// Orders the recycling of objects; made at the start, before any other thread is.
    static HANDOVER: Cell<Option<&'static loom::sync::atomic::AtomicUsize>> =
        const { Cell::new(None) };
}

/// Begins an execution: every model calls this first. What the last one left is dropped.
pub fn begin_execution() {
    checked::next_execution();
    HANDOVER.set(Some(keep(loom::sync::atomic::AtomicUsize::new(0))));
    hooks::begin_execution();
}

/// An object that lives as long as the execution. It must own no other memory.
pub(super) fn keep<T>(object: T) -> &'static T {
    let object: &'static mut T = Box::leak(Box::new(object));
    let memory = NonNull::from(&mut *object).cast();
    // SAFETY: the box was allocated with this layout, and nobody uses it after the end of the execution.
    unsafe { deallocate(memory, Layout::new::<T>()) };
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

/// An object that was used before has been lent. What its last owner did to it happens before this,
/// as the lock of a normal build gives it; those who only get new objects learn nothing of each
/// other, though they would from a lock.
pub(super) fn taken_over() {
    // ORDERING: Acquire; pairs with the Release in passed_on, as the lock of a normal build does;
    // carries all uses of the object.
    handover().fetch_add(1, Ordering::Acquire);
}

/// An object is about to be given back.
pub(super) fn passed_on() {
    // ORDERING: Release; pairs with the Acquire in taken_over.
    handover().fetch_add(1, Ordering::Release);
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
    static CURRENT: &'static Parker = keep(Parker::new());
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

impl Deadline {
    /// The wait gives up when it parks.
    pub fn after(_: Duration) -> Self {
        Self::Ahead
    }

    /// The wait gives up when it parks.
    pub fn at(_: Instant) -> Self {
        Self::Ahead
    }
}

/// A busy wait that never polls twice: a model explores the outcomes instead.
#[derive(Debug)]
pub struct Spin;

impl Spin {
    pub(super) fn up_to(_: Duration) -> Self {
        Self
    }

    /// Never.
    pub fn again(&mut self) -> bool {
        false
    }
}
