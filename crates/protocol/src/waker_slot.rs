//! Where the waker of an async task lies while many may wake it at once.
//!
//! ```text
//!   word:   how many hold a share | FULL
//! ```
//!
//! The consumer that left the waker holds a share of the slot, and so does each pusher for as long
//! as it wakes. They wake by reference, side by side: a pusher that stops in the middle of its wake
//! keeps the waker alive and silences nobody. A slot that the first pusher empties would have that
//! hole: until that one goes on, nobody else has anything to wake.
//!
//! Whoever leaves last takes the waker out. Slots are recycled and never freed, so a pusher may
//! come late: it finds the slot empty, or wakes a task that did not expect it.

use std::task::Waker;

use crate::panic::contain;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{AtomicUsize, Immortals, UnsafeCell};

/// A slot, empty or with a waker in it.
#[derive(Debug)]
pub(crate) struct WakerSlot {
    word: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: the waker, which is `Send` and `Sync`, is written by the one who fills or empties the
// slot, and read by holders of a share while the slot is full.
unsafe impl Sync for WakerSlot {}

/// A waker is in the slot.
const FULL: usize = 1;
/// One share.
const SHARE: usize = 2;

static RESTING: Immortals<WakerSlot> = Immortals::new();

impl WakerSlot {
    /// A slot with `waker` in it. The caller has a share, and [leaves](Self::leave) in the end.
    pub(crate) fn holding(waker: Waker) -> &'static Self {
        let empty = || Self { word: AtomicUsize::new(0), waker: UnsafeCell::new(None) };
        let slot = RESTING.lend(empty);
        // SAFETY: the slot was lent to nobody else, and while it is not full others pass by.
        slot.waker.with_mut(|place| unsafe { place.write(Some(waker)) });
        // ORDERING (edge waker): Release; pairs with the Acquire in wake; carries the waker.
        slot.word.fetch_add(SHARE | FULL, Release);
        slot
    }

    /// Whether `waker` wakes the same task as the one in the slot, of which the caller holds a
    /// share.
    pub(crate) fn will_wake(&self, waker: &Waker) -> bool {
        self.waker.with(|held| {
            // SAFETY: the caller's share keeps the waker in the slot, and nobody writes it.
            let held = unsafe { &*held };
            held.as_ref().is_some_and(|held| held.will_wake(waker))
        })
    }

    /// Wakes the task whose waker is in the slot, if there is one. A panic of the waker is
    /// contained: the task that completes has nothing to do with it.
    pub(crate) fn wake(&'static self) {
        // ORDERING (edge waker): Acquire; pairs with the Release in holding; carries the waker.
        // The signal's own edge does not carry it to a pusher that comes late and finds a waker
        // of the slot's next life.
        let found = self.word.fetch_add(SHARE, Acquire);
        if found & FULL != 0 {
            self.waker.with(|held| {
                // SAFETY: the slot was full in the step that took the share, and the share keeps
                // it so.
                let held = unsafe { &*held };
                contain(|| held.iter().for_each(Waker::wake_by_ref));
            });
        }
        self.leave();
    }

    /// Gives a share up. The last to leave empties the slot; a panic in the waker's `Drop` is
    /// contained.
    pub(crate) fn leave(&'static self) {
        // ORDERING (edge last visit): Release; pairs with the Acquire below, on whichever thread;
        // carries all uses of the waker.
        let left = self.word.fetch_sub(SHARE, Release);
        if left != SHARE | FULL {
            return;
        }
        // A late pusher may have come in meanwhile. Then it is the last, or another one is.
        // ORDERING (edge last visit): Acquire; pairs with the Release above.
        if self.word.compare_exchange(FULL, 0, Acquire, Relaxed).is_ok() {
            // SAFETY: the slot is full no more, so whoever comes now passes by; all who had a
            // share have left.
            let waker = self.waker.with_mut(|place| unsafe { place.replace(None) });
            RESTING.give_back(self);
            contain(|| drop(waker));
        }
    }
}
