//! A task's word: each transition of [`Snapshot`] by one atomic read-modify-write.
//!
//! The orderings name the edges of `docs/memory-model.md`:
//!
//! | edge | from | to | carries |
//! |---|---|---|---|
//! | destination | attach | complete, cancel | the destination and what the consumer did before |
//! | outcome | complete | attach, observe | the value or error in the storage |
//! | request | cancel of a running task | is_requested | what the canceller did before |
//! | last touch | every release of a share | the release that frees | all uses of the task |
//!
//! Whoever gives a share up does not know before whether it is the last. So each of these steps is
//! AcqRel: Release, for the one who frees the task after it; Acquire, if it is itself the one.

use crate::state::{
    ATTACHED, Attach, CANCELLER, CANCELLERS_LIMIT, CLAIMED, Cancel, Claim, Detach, HANDLE_GONE,
    Leave, Owed, RUNNER_GONE, SPLIT, Snapshot, TAKEN, Verdict,
};
use crate::sync::AtomicUsize;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// The first of the two words: the state of a task.
#[derive(Debug)]
pub(crate) struct StateWord(AtomicUsize);

impl StateWord {
    pub(crate) fn new(state: Snapshot) -> Self {
        Self(AtomicUsize::new(state.0))
    }

    /// The word as it is now, together with the outcome if the task has finished.
    #[inline]
    pub(crate) fn observe(&self) -> Snapshot {
        // ORDERING (edge outcome): Acquire; pairs with the Release in complete; carries the
        // outcome. (edge last touch): pairs with the Release of runner and cancellers, for a
        // reader that finds itself alone and frees.
        Snapshot(self.0.load(Acquire))
    }

    /// The word as it is now, for a look only: it publishes nothing.
    #[inline]
    pub(crate) fn peek(&self) -> Snapshot {
        // ORDERING: Relaxed; whoever looks touches no storage on account of it.
        Snapshot(self.0.load(Relaxed))
    }

    /// Whether the task has been asked to stop.
    pub(crate) fn is_requested(&self) -> bool {
        // ORDERING (edge request): Acquire; pairs with the Release in cancel; carries what the
        // canceller did before.
        Snapshot(self.0.load(Acquire)).is_requested()
    }

    /// The runner begins.
    #[inline]
    pub(crate) fn claim(&self) -> Claim {
        // ORDERING: Relaxed; whatever handed the runner's share over has published the closure,
        // and the one who cancelled first keeps the storage.
        Snapshot(self.0.fetch_add(CLAIMED, Relaxed)).claim().1
    }

    /// The runner publishes the outcome and leaves. Unless a delivery is owed, the task may be
    /// gone on return. Wait-free: one fetch-and-add.
    #[inline]
    pub(crate) fn complete(&self, verdict: Verdict) -> Owed {
        // ORDERING (edge outcome): Release; pairs with the Acquire of whoever finds the task
        // finished; carries the outcome.
        // ORDERING (edge destination): Acquire; pairs with the Release in attach; carries the
        // destination.
        // ORDERING (edge last touch): AcqRel; the runner's share is given up.
        let before = self.0.fetch_add(verdict as usize, AcqRel);
        Snapshot(before).complete(verdict).1
    }

    /// The runner leaves a task that was cancelled.
    pub(crate) fn release_runner(&self) -> Owed {
        // ORDERING (edge last touch): AcqRel; the runner's share is given up.
        Snapshot(self.0.fetch_add(RUNNER_GONE, AcqRel)).release_runner().1
    }

    /// The handle promises the task, last seen so, to the destination it has written since.
    /// Lock-free: repeats only when another transition of this task came in between.
    #[inline]
    pub(crate) fn attach(&self, mut seen: Snapshot) -> Attach {
        // ORDERING (edge destination): Release; pairs with the Acquire in complete and cancel;
        // carries the destination.
        // ORDERING (edge outcome): Acquire on failure; pairs with the Release in complete; carries
        // the outcome, which the handle takes at once.
        while !seen.is_finished() {
            let (next, attach) = seen.attach();
            match self.0.compare_exchange(seen.0, next.0, Release, Acquire) {
                Ok(_) => return attach,
                Err(now) => seen = Snapshot(now),
            }
        }
        Attach::Finished
    }

    /// A holder of a share cancels. Lock-free, as attach.
    pub(crate) fn cancel(&self) -> Cancel {
        // ORDERING (edge destination): Acquire; pairs with the Release in attach; carries the
        // destination. The closure came to the caller with its share.
        // ORDERING (edge request): Release; pairs with the Acquire in is_requested; carries what the
        // canceller did before it asked a running task to stop. Relaxed on failure; a task that has
        // finished is left alone.
        self.decide(AcqRel, Relaxed, Snapshot::cancel)
    }

    /// The handle withdraws the promise. Lock-free, as attach.
    pub(crate) fn detach(&self) -> Detach {
        let mut seen = self.peek();
        while !seen.is_finished() {
            let (next, detach) = seen.detach();
            // ORDERING: Relaxed; nothing is handed over, the handle keeps its share.
            match self.0.compare_exchange(seen.0, next.0, Relaxed, Relaxed) {
                Ok(_) => return detach,
                Err(now) => seen = Snapshot(now),
            }
        }
        // ORDERING: Relaxed; whoever takes the outcome observes the word.
        Snapshot(self.0.fetch_or(SPLIT, Relaxed)).detach().1
    }

    /// The handle leaves, if the task has not finished. Lock-free, as attach.
    pub(crate) fn leave(&self) -> Leave {
        // ORDERING (edge last touch): Release; pairs with the Acquire of the one who frees, which
        // is never this one: the runner's share is still there. Relaxed on failure; whoever takes
        // the outcome observes the word.
        self.decide(Release, Relaxed, Snapshot::leave)
    }

    /// The handle has taken the outcome of a finished task, and stays.
    pub(crate) fn take(&self) {
        // ORDERING: Relaxed; the handle keeps its share.
        let before = self.0.fetch_or(TAKEN, Relaxed);
        debug_assert!(Snapshot(before).take().is_taken());
    }

    /// The handle leaves a finished task whose outcome it has taken.
    pub(crate) fn release_handle(&self) -> Owed {
        // Nobody but the handle sets these two, and one that was awaited has set the second.
        let missing = (HANDLE_GONE | TAKEN) & !self.peek().0;
        // ORDERING (edge last touch): AcqRel; the handle's share is given up.
        Snapshot(self.0.fetch_add(missing, AcqRel)).release_handle().1
    }

    /// The consumer has received the task and taken its outcome: delivery and handle go.
    #[inline]
    pub(crate) fn receive(&self) -> Owed {
        // ORDERING (edge last touch): AcqRel; delivery and handle are given up.
        Snapshot(self.0.fetch_add((HANDLE_GONE | TAKEN) - ATTACHED, AcqRel)).receive().1
    }

    /// The delivery of a task whose handle lives outside the queue is over.
    pub(crate) fn settle(&self) -> Owed {
        // ORDERING (edge last touch): AcqRel; the delivery is given up.
        Snapshot(self.0.fetch_sub(ATTACHED | SPLIT, AcqRel)).settle().1
    }

    /// The consumer has received the task and gives its handle out again.
    pub(crate) fn reclaim(&self) {
        // ORDERING: Relaxed; the caller holds the handle's share before and after.
        let before = self.0.fetch_sub(ATTACHED, Relaxed);
        debug_assert!(!Snapshot(before).reclaim().is_attached());
    }

    /// One more canceller, made by a holder of a share.
    ///
    /// # Panics
    ///
    /// If there are so many that the count would spill over. Handles would have to be leaked
    /// for years to get there.
    pub(crate) fn add_canceller(&self) {
        // ORDERING: Relaxed; the caller's own share keeps the task alive.
        let before = self.0.fetch_add(CANCELLER, Relaxed);
        if Snapshot(before).add_canceller().0 > CANCELLERS_LIMIT {
            // Nobody can free the task meanwhile: the caller's own share is still there.
            self.0.fetch_sub(CANCELLER, Relaxed);
            panic!("too many cancellers of one task");
        }
    }

    /// One canceller less.
    pub(crate) fn release_canceller(&self) -> Owed {
        // ORDERING (edge last touch): AcqRel; a canceller's share is given up.
        Snapshot(self.0.fetch_sub(CANCELLER, AcqRel)).release_canceller().1
    }

    /// Applies a transition that may decide to leave the word as it is.
    #[inline]
    #[track_caller]
    fn decide<D>(
        &self,
        success: crate::sync::Ordering,
        failure: crate::sync::Ordering,
        transition: impl Fn(Snapshot) -> (Snapshot, D),
    ) -> D {
        // ORDERING: that of a failure; to leave the word alone is decided on what is read here.
        let mut seen = Snapshot(self.0.load(failure));
        loop {
            let (next, decision) = transition(seen);
            if next == seen {
                return decision;
            }
            match self.0.compare_exchange(seen.0, next.0, success, failure) {
                Ok(_) => return decision,
                Err(now) => seen = Snapshot(now),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_canceller_too_many_is_refused_and_not_counted() {
        let word = StateWord::new(Snapshot(CANCELLERS_LIMIT - CANCELLER));
        word.add_canceller();
        assert!(catch_unwind(AssertUnwindSafe(|| word.add_canceller())).is_err());
        assert_eq!(word.peek(), Snapshot(CANCELLERS_LIMIT));
    }
}
