//! A double for crossbeam's deques: bounded, on the seam's atomics, and weak by design.
//!
//! An item's slot is published with Release and taken with Acquire, and that is all the
//! synchronisation there is: whoever finds the deque *empty* learns nothing from it. A double
//! with a lock would order a push before every later look, and hide exactly the races on the way
//! to sleep that the models are after.
//!
//! A thief passes over a place that is reserved and not filled yet, which the original does not
//! always do. Where a model asks for it, the injector *stalls* as the original does: thieves claim
//! places in order, and wait for those that claimed one which is not filled.

use std::iter;
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr;

use super::{CAPACITY, doubles_stall};
use photofinish_protocol::sync::Ordering::{Acquire, Relaxed, Release};
use photofinish_protocol::sync::{Arc, AtomicPtr, AtomicUsize, hint};

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

    /// Takes half of what it sees, and two items at the most: one for the caller and one for its
    /// queue. In between, the second is in neither queue, as with the original.
    fn steal_batch_and_pop(&self, destination: &Worker<T>) -> Steal<T> {
        let seen = self.len();
        let first = self.steal();
        if seen > 2
            && matches!(first, Steal::Success(_))
            && let Steal::Success(second) = self.steal()
        {
            destination.push(second);
        }
        first
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
    newest_first: bool,
    /// Used by one thread at a time, as the original.
    not_sync: PhantomData<std::cell::Cell<()>>,
}

impl<T> Worker<T> {
    pub(crate) fn new_fifo() -> Self {
        Self { slots: Arc::new(Slots::new()), newest_first: false, not_sync: PhantomData }
    }

    pub(crate) fn new_lifo() -> Self {
        Self { slots: Arc::new(Slots::new()), newest_first: true, not_sync: PhantomData }
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
        super::insist(|| {
            if self.newest_first {
                self.slots.take_from((0..CAPACITY).rev())
            } else {
                self.slots.steal()
            }
        })
    }
}

/// A thief's end.
#[derive(Debug)]
pub(crate) struct Stealer<T>(Arc<Slots<T>>);

impl<T> Stealer<T> {
    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.steal()
    }

    pub(crate) fn steal_batch_and_pop(&self, destination: &Worker<T>) -> Steal<T> {
        self.0.steal_batch_and_pop(destination)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The queue for submissions from outside.
#[derive(Debug)]
pub(crate) struct Injector<T> {
    slots: Slots<T>,
    /// If this one stalls: how many places thieves have claimed, from the first on.
    claimed: Option<AtomicUsize>,
}

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        let claimed = doubles_stall().then(|| AtomicUsize::new(0));
        Self { slots: Slots::new(), claimed }
    }

    pub(crate) fn push(&self, item: T) {
        self.slots.push(item);
    }

    pub(crate) fn steal(&self) -> Steal<T> {
        let Some(claimed) = &self.claimed else { return self.slots.steal() };
        match self.claim(claimed, |_| 1) {
            Steal::Success(places) => Steal::Success(self.wait_for(places.start)),
            Steal::Empty => Steal::Empty,
            Steal::Retry => Steal::Retry,
        }
    }

    pub(crate) fn steal_batch_and_pop(&self, destination: &Worker<T>) -> Steal<T> {
        let Some(claimed) = &self.claimed else {
            return self.slots.steal_batch_and_pop(destination);
        };
        match self.claim(claimed, |waiting| waiting.div_ceil(2)) {
            Steal::Success(mut places) => {
                let first = places.next().map(|place| self.wait_for(place));
                // One by one, where the original makes all of them visible at once.
                places.for_each(|place| destination.push(self.wait_for(place)));
                first.map_or(Steal::Empty, Steal::Success)
            }
            Steal::Empty => Steal::Empty,
            Steal::Retry => Steal::Retry,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match &self.claimed {
            Some(claimed) => self.waiting(claimed.load(Relaxed)) == 0,
            None => self.slots.is_empty(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.claimed {
            Some(claimed) => self.waiting(claimed.load(Relaxed)),
            None => self.slots.len(),
        }
    }

    /// How many places have been reserved and not claimed, filled or not.
    fn waiting(&self, claimed: usize) -> usize {
        self.slots.pushed.load(Relaxed).saturating_sub(claimed)
    }

    /// Claims the next places, as many as `share` says of those that wait.
    fn claim(&self, claimed: &AtomicUsize, share: fn(usize) -> usize) -> Steal<Range<usize>> {
        let first = claimed.load(Relaxed);
        let waiting = self.waiting(first);
        if waiting == 0 {
            return Steal::Empty;
        }
        let places = first..first + share(waiting);
        match claimed.compare_exchange(first, places.end, Relaxed, Relaxed) {
            Ok(_) => Steal::Success(places),
            Err(_) => Steal::Retry,
        }
    }

    /// Takes what is in a claimed place, and waits for the pusher if there is nothing yet.
    fn wait_for(&self, place: usize) -> T {
        loop {
            if let Steal::Success(item) = self.slots.take_from(iter::once(place)) {
                return item;
            }
            hint::spin_loop();
        }
    }
}
