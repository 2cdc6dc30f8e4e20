//! The seam in a normal build: `std`, and the operating system's parking.

mod crowd;
mod parker;
mod tempo;

pub use crowd::{join_crowd, leave_crowd, prepare_crowd};
pub use parker::Parker;
pub use std::hint;
pub use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};
pub use std::sync::{Arc, Mutex, mpsc};
pub use std::thread;

pub use crate::thread_local_of_constants as thread_local;
pub use tempo::{Gathering, Spin, Stopwatch, Tempo};

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::compiler_fence;
use std::time::{Duration, Instant};

use super::Side;

/// This build runs on the machine.
pub const SIDE: Side = Side::Native;

/// A sequentially consistent fence, right after a read-modify-write of the calling thread.
#[inline(always)]
pub fn fence_after_rmw() {
    // ORDERING: SeqCst. On x86-64 a locked instruction is such a fence already (no load passes it, and
    // no store stays behind), so only the compiler has to be told.
    if cfg!(target_arch = "x86_64") {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The size of a slab's chunk, in bytes, a power of two.
pub const CHUNK: usize = 16 << 10;

/// How many tasks a worker keeps within reach.
pub const BUFFER: usize = 32;

/// Whether tasks and queues come from slabs.
pub const SLABS: bool = true;

/// `std::thread_local!` for values that are constant at first, which a model checker's macro cannot
/// be told: then a look is not preceded by a check whether the value is there.
#[doc(hidden)]
#[macro_export]
macro_rules! thread_local_of_constants {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        std::thread_local! { $($(#[$attribute])* static $name: $type = const { $value };)+ }
    };
}

std::thread_local! {
    static RUNNING: Cell<*mut ()> = const { Cell::new(ptr::null_mut()) };
}

/// What runs on this thread: what it was told last.
#[inline]
pub fn running() -> *mut () {
    RUNNING.get()
}

/// Tells what runs on this thread.
#[inline]
pub fn set_running(what: *mut ()) {
    RUNNING.set(what);
}

/// Marks the life of an object whose memory is freed by hand. Nothing in a normal build; a
/// model checks with it that every access happens before the end, and that the end comes.
#[derive(Debug, Default)]
pub struct Lifetime;

impl Lifetime {
    /// The object begins.
    pub const fn begin() -> Self {
        Self
    }

    /// The object is about to be used.
    #[inline(always)]
    pub fn access(&self) {}

    /// The object is about to be freed; nobody may use it any more.
    #[inline(always)]
    pub fn end(&self) {}
}

/// Gives memory back to the allocator.
///
/// # Safety
///
/// `memory` was allocated by the global allocator with `layout`, and nobody uses it any more.
#[inline(always)]
pub unsafe fn deallocate(memory: NonNull<u8>, layout: Layout) {
    // SAFETY: the caller's promise is that of `dealloc`.
    unsafe { std::alloc::dealloc(memory.as_ptr(), layout) }
}

/// Objects that are recycled but never freed: a stale reference to one is always valid.
///
/// Lending and giving back take a lock, held for a push or a pop of a vector.
#[derive(Debug)]
pub struct Immortals<T: 'static>(std::sync::Mutex<Vec<&'static T>>);

impl<T> Immortals<T> {
    /// No object yet.
    pub const fn new() -> Self {
        Self(std::sync::Mutex::new(Vec::new()))
    }

    /// Lends an object that nobody else holds, made by `make` if none is at rest.
    pub fn lend(&self, make: impl FnOnce() -> T) -> &'static T {
        let resting = self.resting().pop();
        resting.unwrap_or_else(|| Box::leak(Box::new(make())))
    }

    /// Gives `object` back for another to borrow.
    pub fn give_back(&self, object: &'static T) {
        self.resting().push(object);
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<&'static T>> {
        // No user code runs under the lock, so it is poisoned only if a push of the vector
        // panicked for lack of memory; the vector is whole even then.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<T> Default for Immortals<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// When a wait gives up: at a moment of the monotonic clock, or never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The wait never gives up.
    pub const NEVER: Self = Self(None);

    /// The wait gives up `timeout` from now; never, if that moment is beyond what the clock
    /// can express.
    pub fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// The wait gives up at `moment`.
    pub fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// Whether the wait never gives up.
    pub fn is_never(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the moment has come.
    pub fn has_passed(&self) -> bool {
        self.0.is_some_and(|moment| Instant::now() >= moment)
    }

    /// The time that is left; `None` if it never ends.
    fn remaining(&self) -> Option<Duration> {
        self.0.map(|moment| moment.saturating_duration_since(Instant::now()))
    }
}
