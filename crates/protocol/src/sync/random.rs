//! The seam under shuttle: a scheduler that draws interleavings at random, parking that returns
//! for no reason, deadlines that pass at any moment, and memory that outlives its end long enough
//! to catch whoever still uses it.
//!
//! shuttle runs every atomic operation as if it were sequentially consistent, so this side says
//! nothing about orderings; that is the model checker's part. It is for many threads, and for the
//! wakes that come without a cause.

mod parker;

pub use parker::Parker;
pub use shuttle::sync::atomic::{AtomicPtr, AtomicUsize, fence};
pub use shuttle::sync::{Arc, Mutex, mpsc};
pub use shuttle::{hint, thread, thread_local};
pub use std::sync::atomic::Ordering;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use shuttle::rand::{RngCore, thread_rng};

use super::{Deadline, Side, checked};

/// This build runs under a scheduler that draws at random.
pub const SIDE: Side = Side::Random;

/// The size of a slab's chunk, in bytes, a power of two.
pub const CHUNK: usize = 256;

std::thread_local! {
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
    checked::next_execution();
    KEPT.take().into_iter().for_each(|drop_it| drop_it());
    assert_eq!(FAULT.take(), None, "in the last execution");
    assert_eq!(LIVE.replace(0), 0, "objects of the last execution leaked");
}

/// Whether something that happens once in `so_many` times happens now; the schedule's seed says.
fn once_in(so_many: u64) -> bool {
    thread_rng().next_u64().is_multiple_of(so_many)
}

/// An object that lives as long as the execution.
pub(super) fn keep<T>(object: T) -> &'static T {
    let place = Box::into_raw(Box::new(object));
    // SAFETY: the object came out of a box, and nobody uses it after the end of the execution.
    let drop_it = move || drop(unsafe { Box::from_raw(place) });
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(drop_it)));
    // SAFETY: the object lives until the execution ends, and so do all references to it.
    unsafe { &*place }
}

/// An object that was used before has been lent. Whatever was done to it, everybody sees.
pub(super) fn taken_over() {}

/// An object is about to be given back. Whatever was done to it, everybody sees.
pub(super) fn passed_on() {}

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

impl Deadline {
    /// The wait gives up at random.
    pub fn after(_: Duration) -> Self {
        if once_in(4) { Self::Passed } else { Self::Ahead }
    }

    /// The wait gives up at random.
    pub fn at(_: Instant) -> Self {
        Self::after(Duration::ZERO)
    }
}

/// A busy wait of a few polls, as many as the schedule's seed says.
#[derive(Debug)]
pub struct Spin {
    ends: bool,
}

impl Spin {
    pub(super) fn up_to(limit: Duration) -> Self {
        Self { ends: limit.is_zero() }
    }

    /// Whether to poll once more, after others had a turn.
    pub fn again(&mut self) -> bool {
        self.ends = self.ends || once_in(2);
        if !self.ends {
            hint::spin_loop();
        }
        !self.ends
    }
}
