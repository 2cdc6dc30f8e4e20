//! Who searches, who sleeps, and who wakes whom.
//!
//! A worker that has run out of work *searches* for a while, then goes to *sleep*. A submitter
//! wakes a sleeper only when nobody searches, and a searcher that finds something, and was the
//! last to search, wakes the next if there is more. So work wakes workers one after the other,
//! as many as it keeps busy, and a submitter whose workers are awake makes no system call.
//!
//! # What is counted, and when
//!
//! | step | who takes it | census | the worker's bit |
//! |---|---|---|---|
//! | [`begin_search`](Idle::begin_search) | a worker that has run out of work | one more searches | |
//! | [`stop_search`](Idle::stop_search) | a searcher that has found something | one less | |
//! | [`lie_down`](Idle::lie_down) | a searcher that has found nothing | one less; one more in bed | set |
//! | [`wake_one`](Idle::wake_one) | whoever wakes | one more, for the sleeper that it chooses | cleared |
//! | [`get_up`](Idle::get_up) | the sleeper | one less in bed | cleared, unless it was chosen |
//!
//! The waker counts the search of the one it wakes, and before that one runs: whoever looks in
//! between is silent, rightly. A sleeper that gets up by itself begins a search of its own. As long
//! as a worker's bit is set it is counted, as a searcher or in bed; so whoever has to know only
//! whether there is a sleeper looks at one word.
//!
//! # Why no work is left lying with everybody asleep
//!
//! Each side writes, fences, and then looks at what the other side writes:
//!
//! | who | writes | fence | looks at |
//! |---|---|---|---|
//! | submitter | its task into a queue | `published` | searching, in bed |
//! | sleeper | it is in bed, and searches no more | `asleep` | the queues |
//! | last searcher | it searches no more | `search over` | the queues |
//! | waker that found nobody | it searches no more | `search over` | sleepers |
//! | worker that has moved a batch from queue to queue | the tasks into its queue | `published` | searching, in bed |
//!
//! The fences are sequentially consistent, so of any two sides at least one sees what the other
//! wrote (the store-buffering pattern of E. W. Dekker's mutual exclusion). A submitter that is
//! silent saw a searcher or nobody in bed. If it saw a searcher, that one either finds the task, or
//! stops searching after the task was published, and looks at the queues then. If it saw nobody
//! in bed, each worker is awake, or goes to sleep later and looks at the queues then. A worker
//! that lies down and finds work searches again: others may have been silent because of it, with
//! more than the one task it takes.
//!
//! Nothing else is ordered here: tasks are handed over by the queues, and whoever wakes without
//! seeing the task yet lies down again, behind a fence after which it does.
//!
//! docs/idle.md has the proof, step by step.
//!
//! # What this may wait for
//!
//! A woken worker counts as searching from the moment it is chosen. If it, or the waker that
//! chose it, is stopped for long, others stay silent meanwhile: new tasks wait until a busy
//! worker finishes its own. The delivery of tasks whose body has returned is not concerned.

use std::ptr;

use crossbeam_utils::CachePadded;
use photofinish_protocol::sync::Ordering::{Acquire, Relaxed, Release, SeqCst};
use photofinish_protocol::sync::{AtomicPtr, AtomicUsize, Parker, fence, fence_after_rmw};

/// How many search (low half), and how many workers are in bed (high half): those that sleep, and
/// those that are just lying down or getting up.
#[derive(Clone, Copy)]
struct Census(usize);

const SEARCHING: usize = 1;
const IN_BED: usize = 1 << (usize::BITS / 2);

impl Census {
    fn searching(self) -> usize {
        self.0 % IN_BED
    }
}

/// Whether a sleeping worker is between tasks, or inside one that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bed {
    /// The worker has nothing begun.
    Own,
    /// The worker waits inside a task.
    Nested,
}

/// How a worker got up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Risen {
    /// It was chosen by a waker, and searches now.
    Chosen,
    /// It got up by itself.
    ByItself,
}

/// The idle protocol's shared state.
#[derive(Debug)]
pub(crate) struct Idle {
    /// How many search, and how many are in bed. Every step of every worker changes it.
    ///
    /// ORDERING: Relaxed everywhere; a count, with which nothing is handed over. The fences order
    /// it against the queues and the bits.
    census: CachePadded<AtomicUsize>,
    /// How many workers are in bed with nothing begun.
    ///
    /// ORDERING: Relaxed; a number, that only the last one to come to bed acts upon.
    resting: AtomicUsize,
    /// A bit for each worker that sleeps. Whoever clears it has chosen the worker.
    ///
    /// ORDERING: Relaxed but for the edge *bed*, from the one who sets the bit to the waker that
    /// clears it. The fences order it against the queues.
    asleep: Box<[CachePadded<AtomicUsize>]>,
    /// Where each worker sleeps.
    ///
    /// ORDERING: Relaxed; its bit publishes it.
    beds: Box<[AtomicPtr<Parker>]>,
}

impl Idle {
    /// Nobody sleeps.
    pub(crate) fn new(workers: usize) -> Self {
        let groups = workers.div_ceil(usize::BITS as usize);
        Self {
            census: CachePadded::new(AtomicUsize::new(0)),
            resting: AtomicUsize::new(0),
            asleep: (0..groups).map(|_| CachePadded::new(AtomicUsize::new(0))).collect(),
            beds: (0..workers).map(|_| AtomicPtr::new(ptr::null_mut())).collect(),
        }
    }

    fn place(&self, worker: usize) -> (&AtomicUsize, usize) {
        let bits = usize::BITS as usize;
        (&self.asleep[worker / bits], 1 << (worker % bits))
    }

    fn somebody_sleeps(&self) -> bool {
        // ORDERING: Relaxed; a look, behind a fence of the caller's.
        self.asleep.iter().any(|group| group.load(Relaxed) != 0)
    }

    /// Work has been published: wakes a worker, unless somebody searches or nobody sleeps.
    ///
    /// Costs a fence and a load when there is nobody to wake.
    #[inline]
    pub(crate) fn work_published(&self) {
        // ORDERING (fence published): SeqCst; pairs with the fences asleep and search over.
        fence(SeqCst);
        if !self.everybody_works() {
            self.wake_one();
        }
    }

    /// The same, for work that the calling thread has just published by a read-modify-write.
    #[inline]
    pub(crate) fn work_pushed(&self) {
        // ORDERING (fence published): SeqCst; as above.
        fence_after_rmw();
        if !self.everybody_works() {
            self.wake_one();
        }
    }

    /// The same, for work that was out of sight for a while: wakes only if `is_left` finds any.
    #[inline]
    pub(crate) fn work_moved(&self, is_left: impl FnOnce() -> bool) {
        // ORDERING (fence published): SeqCst; as above.
        fence(SeqCst);
        if !self.everybody_works() && self.searching() == 0 && is_left() {
            self.wake_one();
        }
    }

    /// Whether nobody searches, and nobody is in bed.
    #[inline]
    fn everybody_works(&self) -> bool {
        // ORDERING: Relaxed; a look, behind a fence of the caller's.
        self.census.load(Relaxed) == 0
    }

    /// Wakes a worker, unless somebody searches or nobody sleeps.
    #[cold]
    pub(crate) fn wake_one(&self) {
        loop {
            // The chosen one will search. That is counted before it is chosen, so that of two
            // wakers at once only one goes on.
            // ORDERING: Relaxed, as the census says.
            let mut census = self.census.load(Relaxed);
            loop {
                if Census(census).searching() > 0 {
                    return;
                }
                match self.census.compare_exchange(census, census + SEARCHING, Relaxed, Relaxed) {
                    Ok(_) => break,
                    Err(now) => census = now,
                }
            }
            if self.choose_one() {
                return;
            }
            // Nobody slept. Meanwhile others may have relied on this search: look again.
            self.end_search();
            if !self.somebody_sleeps() {
                return;
            }
        }
    }

    /// Wakes a sleeper, for whom a search has been counted.
    fn choose_one(&self) -> bool {
        for (group, beds) in self.asleep.iter().zip(self.beds.chunks(usize::BITS as usize)) {
            // ORDERING: Relaxed; a guess, which the fetch-and-and checks.
            let mut asleep = group.load(Relaxed);
            while asleep != 0 {
                let bit = asleep & asleep.wrapping_neg();
                // ORDERING (edge bed): Acquire; pairs with the Release in lie_down; carries the
                // bed.
                let before = group.fetch_and(!bit, Acquire);
                if before & bit != 0 {
                    Self::wake(&beds[bit.trailing_zeros() as usize]);
                    return true;
                }
                asleep = before;
            }
        }
        false
    }

    /// Wakes everybody who sleeps.
    pub(crate) fn wake_all(&self) {
        loop {
            self.begin_search();
            if !self.choose_one() {
                self.end_search();
                return;
            }
        }
    }

    fn wake(bed: &AtomicPtr<Parker>) {
        // ORDERING: Relaxed; the caller has acquired the bit, by the edge bed.
        let parker = bed.load(Relaxed);
        // SAFETY: the caller has just cleared the worker's bit, which the worker set after it
        // had stored its parker here; parkers are immortal.
        let parker = unsafe { &*parker };
        parker.unpark();
    }

    /// A worker begins to search.
    pub(crate) fn begin_search(&self) {
        // ORDERING: Relaxed, as the census says; a search that begins silences others, and owes a
        // look only when it ends.
        self.census.fetch_add(SEARCHING, Relaxed);
    }

    /// A worker searches no more. `true` if it was the last: it has to look at the queues once
    /// more, and to wake another worker if there is work.
    #[must_use = "the last searcher looks at the queues once more"]
    pub(crate) fn stop_search(&self) -> bool {
        self.end_search() == 1
    }

    /// Returns how many had searched.
    fn end_search(&self) -> usize {
        // ORDERING: Relaxed; the fence below comes between this and the look that it owes.
        let before = Census(self.census.fetch_sub(SEARCHING, Relaxed));
        // ORDERING (fence search over): SeqCst; pairs with the fences published and asleep.
        fence(SeqCst);
        before.searching()
    }

    /// A searching worker lies down. It has to look at the queues before it sleeps.
    pub(crate) fn lie_down(&self, worker: usize, bed: Bed, parker: &'static Parker) {
        let (group, bit) = self.place(worker);
        // ORDERING: Relaxed; the bit publishes it.
        self.beds[worker].store(ptr::from_ref(parker).cast_mut(), Relaxed);
        // ORDERING (edge bed): Release; pairs with the Acquire in choose_one; carries the bed.
        group.fetch_or(bit, Release);
        if bed == Bed::Own {
            // ORDERING: Relaxed; whoever comes to bed last sees all, by this step of its own.
            self.resting.fetch_add(1, Relaxed);
        }
        // ORDERING: Relaxed; the fence below comes between this and the look that it owes.
        self.census.fetch_add(IN_BED - SEARCHING, Relaxed);
        // ORDERING (fence asleep): SeqCst; pairs with the fences published and search over.
        fence(SeqCst);
    }

    /// Whether nobody has chosen the worker yet.
    pub(crate) fn sleeps(&self, worker: usize) -> bool {
        let (group, bit) = self.place(worker);
        // ORDERING: Relaxed; a waker that clears the bit later than this look unparks the worker.
        group.load(Relaxed) & bit != 0
    }

    /// The worker gets up.
    pub(crate) fn get_up(&self, worker: usize, bed: Bed) -> Risen {
        let (group, bit) = self.place(worker);
        // ORDERING: Relaxed; the bed is the worker's own, and tasks are handed over by the queues.
        let chosen = group.fetch_and(!bit, Relaxed) & bit == 0;
        if bed == Bed::Own {
            // ORDERING: Relaxed; a number.
            self.resting.fetch_sub(1, Relaxed);
        }
        // After the bit: a worker whose bit is set is counted.
        // ORDERING: Relaxed, as the census says.
        self.census.fetch_sub(IN_BED, Relaxed);
        if chosen { Risen::Chosen } else { Risen::ByItself }
    }

    /// How many workers search, or have been chosen to.
    pub(crate) fn searching(&self) -> usize {
        // ORDERING: Relaxed; a number.
        Census(self.census.load(Relaxed)).searching()
    }

    /// How many workers sleep.
    pub(crate) fn sleeping(&self) -> usize {
        // ORDERING: Relaxed; a number.
        self.asleep.iter().map(|group| group.load(Relaxed).count_ones() as usize).sum()
    }

    /// How many workers rest with nothing begun.
    pub(crate) fn resting(&self) -> usize {
        // ORDERING: Relaxed; a number. The last worker to lie down sees that all rest, for its own step
        // on this word came after theirs.
        self.resting.load(Relaxed)
    }
}
