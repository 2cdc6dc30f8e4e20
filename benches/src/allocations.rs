//! How often, and how much, a program allocates.

use std::alloc::{GlobalAlloc, Layout};
use std::ops::Sub;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::allocator::Serving;

/// The program's [allocator](crate::allocator), which counts while it is told to. A bench installs it:
///
/// ```
/// use photofinish_bench::allocations::{Counter, Counting};
///
/// #[global_allocator]
/// static ALLOCATOR: Counter = Counter;
///
/// let counting = Counting::begin();
/// drop(vec![0_u8; 1000]);
/// let counted = counting.end().expect("the allocator is installed");
/// assert!(counted.calls >= 1 && counted.bytes >= 1000);
/// ```
///
/// While it does not count it costs one load of a line that nobody writes. Timed runs do not
/// count: a counter that all threads write would slow most who allocate most.
#[derive(Clone, Copy, Debug)]
pub struct Counter;

// ORDERING: Relaxed, all three; numbers, and nothing that goes with them.
static COUNTS: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// What was allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    /// How often.
    pub calls: u64,
    /// How much, in bytes, whether or not it was freed again.
    pub bytes: u64,
}

/// The same, on the average of some tasks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerTask {
    /// How often.
    pub calls: f64,
    /// How much, in bytes.
    pub bytes: f64,
}

/// A count in progress; of all threads.
#[derive(Debug)]
pub struct Counting {
    before: Allocated,
}

impl Counting {
    /// Counts from now on.
    pub fn begin() -> Self {
        COUNTS.store(true, Ordering::Relaxed);
        Self { before: Allocated::so_far() }
    }

    /// What was allocated since the beginning; `None` if the allocator is not installed.
    pub fn end(self) -> Option<Allocated> {
        // An allocation of our own tells whether anybody counts.
        let installed = Allocated::so_far();
        drop(std::hint::black_box(Box::new(0_u8)));
        let installed = Allocated::so_far() != installed;
        COUNTS.store(false, Ordering::Relaxed);
        let counted = Allocated::so_far() - self.before;
        installed.then(|| Allocated { calls: counted.calls - 1, bytes: counted.bytes - 1 })
    }
}

impl Allocated {
    /// The average over `tasks`.
    pub fn per_task(self, tasks: u64) -> PerTask {
        let tasks = tasks.max(1) as f64;
        PerTask { calls: self.calls as f64 / tasks, bytes: self.bytes as f64 / tasks }
    }

    fn so_far() -> Self {
        Self { calls: CALLS.load(Ordering::Relaxed), bytes: BYTES.load(Ordering::Relaxed) }
    }

    fn count(bytes: usize) {
        if COUNTS.load(Ordering::Relaxed) {
            CALLS.fetch_add(1, Ordering::Relaxed);
            BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }
}

impl Sub for Allocated {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { calls: self.calls - earlier.calls, bytes: self.bytes - earlier.bytes }
    }
}

// SAFETY: every method hands its arguments to the program's allocator and returns what that
// returns; counting touches neither the memory nor the allocator.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Allocated::count(layout.size());
        // SAFETY: the caller's layout is valid for `alloc`, which is what it called.
        unsafe { Serving.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Allocated::count(layout.size());
        // SAFETY: the caller's layout is valid for `alloc_zeroed`, which is what it called.
        unsafe { Serving.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Allocated::count(size);
        // SAFETY: the caller's block came from this allocator, which is the program's.
        unsafe { Serving.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's block came from this allocator, which is the program's.
        unsafe { Serving.dealloc(block, layout) }
    }
}
