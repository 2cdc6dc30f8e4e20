//! Who works on what: the two words of a block.
//!
//! ```text
//!   published:  how many items have been published | how many tickets there are
//!   claimed:    how many of them have been claimed
//! ```
//!
//! The consumer publishes items, whoever holds a ticket claims them, in the order in which they
//! were published and several at once. A holder that finds nothing leaves, by a compare-exchange
//! of the word in which the consumer publishes. So there is no moment at which an item is published
//! and nobody looks for it: either the holder sees the item, or the consumer sees that nobody is
//! left, and makes a new ticket. One word, no fence.
//!
//! All counts wrap around.

use crate::sync::AtomicUsize;
use crate::sync::Ordering::{Acquire, Relaxed, Release};

/// One item, as the words count it; below are the tickets.
const ITEM: usize = 1 << (usize::BITS / 4);
/// The most tickets that a block can have at a time.
pub(crate) const MOST_TICKETS: usize = ITEM - 1;
/// The most items that may be published and not claimed.
pub(crate) const MOST_ITEMS: usize = (usize::MAX / ITEM) / 2;

/// A word on lines of its own, apart from what others write.
#[derive(Debug)]
#[repr(align(128))]
struct Apart(AtomicUsize);

/// What there is to claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    claimed: usize,
    published: usize,
}

impl View {
    /// How many items there are that nobody has claimed.
    #[inline]
    pub(crate) fn unclaimed(self) -> usize {
        (self.published / ITEM).wrapping_sub(self.claimed) % (usize::MAX / ITEM + 1)
    }

    /// Which item, counted from the first that was ever published, is the next.
    #[inline]
    pub(crate) fn next(self) -> usize {
        self.claimed
    }

    /// How many tickets there are.
    #[inline]
    pub(crate) fn tickets(self) -> usize {
        self.published % ITEM
    }
}

/// The two words.
#[derive(Debug)]
pub(crate) struct Claims {
    published: Apart,
    claimed: Apart,
}

impl Claims {
    /// Nothing has been published, and nobody holds a ticket.
    pub(crate) fn new() -> Self {
        Self { published: Apart(AtomicUsize::new(0)), claimed: Apart(AtomicUsize::new(0)) }
    }

    /// `many` more items may be claimed. `true` if nobody holds a ticket: then nobody looks, and
    /// the caller has to [`enlist`](Self::enlist) somebody. Only the consumer calls this.
    #[must_use = "if nobody looks, the items are not done"]
    #[inline]
    pub(crate) fn publish(&self, many: usize) -> bool {
        // ORDERING (edge publication): Release; pairs with the Acquire in look; carries the items.
        let before = self.published.0.fetch_add(many.wrapping_mul(ITEM), Release);
        before.is_multiple_of(ITEM)
    }

    /// Counts one more ticket, which the caller makes, unless there are `most` already.
    #[must_use = "what is counted has to be made"]
    pub(crate) fn enlist(&self, most: usize) -> bool {
        // ORDERING: Relaxed; a count. Those who read it touch nothing on account of it.
        let mut published = self.published.0.load(Relaxed);
        while published % ITEM < most {
            match self.published.0.compare_exchange(published, published + 1, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) => published = now,
            }
        }
        false
    }

    /// What there is to claim.
    #[inline]
    pub(crate) fn look(&self) -> View {
        // ORDERING (edge claim): Acquire; pairs with the Release in claim and claim_all; carries
        // the publication of what was claimed: what is read next is no older than that.
        let claimed = self.claimed.0.load(Acquire);
        // ORDERING (edge publication): Acquire; pairs with the Release in publish; carries the
        // items.
        let published = self.published.0.load(Acquire);
        View { claimed, published }
    }

    /// Claims the next `many` items of `view`, unless somebody else was faster.
    #[must_use]
    #[inline]
    pub(crate) fn claim(&self, view: View, many: usize) -> bool {
        let after = view.claimed.wrapping_add(many);
        // ORDERING (edge claim): Release; pairs with the Acquire in look; carries the publication
        // of the items, and what the caller has read where the next ones will be written.
        self.claimed.0.compare_exchange(view.claimed, after, Release, Relaxed).is_ok()
    }

    /// Claims whatever nobody has claimed yet, and tells where that begins. Only the consumer calls
    /// this, who has published as many items as it says.
    pub(crate) fn claim_all(&self, published: usize) -> usize {
        // ORDERING (edge claim): Release; pairs with the Acquire in look; carries the publication
        // of the items.
        self.claimed.0.swap(published, Release)
    }

    /// Gives up a ticket, unless something has been published since `view`, which had nothing to
    /// claim. `false` if so: then its holder looks again.
    #[must_use = "if something has been published, somebody has to look"]
    pub(crate) fn leave(&self, view: View) -> bool {
        // ORDERING: Relaxed; a count. The items are handed over by look.
        self.published
            .0
            .compare_exchange(view.published, view.published - 1, Relaxed, Relaxed)
            .is_ok()
    }
}
