//! A double for crossbeam's deques: bounded, on the seam's atomics, and weak by design.
//!
//! ORDERING: an item's slot is published with Release and taken with Acquire, and that is all the
//! synchronisation there is; everything else is Relaxed. Whoever finds the deque *empty* learns
//! nothing from it. A double
//! with a lock would order a push before every later look, and hide exactly the races on the way
//! to sleep that the models are after.

use std::marker::PhantomData;
use std::ptr;

use super::CAPACITY;
use photofinish_protocol::sync::Ordering::{Acquire, Relaxed, Release};
use photofinish_protocol::sync::{Arc, AtomicPtr, AtomicUsize};

/// What became of a steal.
#[derive(Debug)]
pub(crate) enum Steal<T> {
    /// There was nothing.
    Empty,
    /// An item.
    Success(T),
    /// Another thread was faster.
    Retry,
}

/// Slots that are filled once, from the first on.
#[derive(Debug)]
struct Slots<T> {
    pushed: AtomicUsize,
    slots: [AtomicPtr<T>; CAPACITY],
}

impl<T> Slots<T> {
    fn new() -> Self {
        Self {
            pushed: AtomicUsize::new(0),
            slots: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
        }
    }

    fn push(&self, item: T) {
        let place = self.reserve();
        // A pusher stopped here has reserved its place and not filled it, as in the original.
        self.fill(place, item);
    }

    fn reserve(&self) -> usize {
        self.pushed.fetch_add(1, Relaxed)
    }

    fn fill(&self, place: usize, item: T) {
        let item = Box::into_raw(Box::new(item));
        let before = self.slots[place].swap(item, Release);
        assert!(before.is_null(), "a slot is filled once");
    }

    fn take_from(&self, order: impl Iterator<Item = usize>) -> Steal<T> {
        for place in order {
            if self.slots[place].load(Relaxed).is_null() {
                continue;
            }
            let item = self.slots[place].swap(ptr::null_mut(), Acquire);
            if item.is_null() {
                return Steal::Retry;
            }
            // SAFETY: the item was boxed by push, and whoever swapped it out owns it.
            return Steal::Success(*unsafe { Box::from_raw(item) });
        }
        Steal::Empty
    }

    fn steal(&self) -> Steal<T> {
        self.take_from(0..CAPACITY)
    }

    fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| slot.load(Relaxed).is_null())
    }

    fn len(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.load(Relaxed).is_null()).count()
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        while let Steal::Success(item) = self.steal() {
            drop(item);
        }
    }
}

/// The owner's end.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    slots: Arc<Slots<T>>,
    /// Used by one thread at a time, as the original.
    not_sync: PhantomData<std::cell::Cell<()>>,
}

impl<T> Worker<T> {
    pub(crate) fn new_lifo() -> Self {
        Self { slots: Arc::new(Slots::new()), not_sync: PhantomData }
    }

    pub(crate) fn stealer(&self) -> Stealer<T> {
        Stealer(Arc::clone(&self.slots))
    }

    pub(crate) fn push(&self, item: T) {
        self.slots.push(item);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn pop(&self) -> Option<T> {
        super::insist(|| self.slots.take_from((0..CAPACITY).rev()))
    }
}

/// A thief's end.
#[derive(Debug)]
pub(crate) struct Stealer<T>(Arc<Slots<T>>);

impl<T> Stealer<T> {
    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.steal()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
