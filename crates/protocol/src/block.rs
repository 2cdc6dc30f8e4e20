//! A block: a few items at a time that a function is applied to by whoever has time for it, all in
//! one piece of memory.
//!
//! ```text
//!   slots:  an item each, with the link by which it is delivered
//!   ring:   which slot holds the n-th item that was published
//!   words:  how many items are published, how many are claimed (see `claims`)
//! ```
//!
//! The consumer fills slots and publishes them; holders of tickets claim a few at a time, and
//! deliver each as soon as it is done, before they begin the next; the consumer fills again what it
//! has received. So an item costs no allocation and no task of its own.
//!
//! A [`Ticket`] is a task like others in its pool's queue. The first one is made when something is
//! published and nobody looks; each holder that leaves more behind than is soon done makes another.
//! After a while a holder gives up its place, and its ticket queues again behind other tasks.
//!
//! Slot number n of the ring may be written again only when n is claimed. That follows from what
//! the consumer counts: of as many items as there are slots, published and not received, the
//! claimed ones come first.

use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicUsize as Number;
use std::time::Duration;

use crate::claims::{Claims, MOST_ITEMS, MOST_TICKETS, View};
use crate::consumer::Delivery;
use crate::panic::{catch, contain};
use crate::queue::{Pushed, Queue};
use crate::runnable::{Spawn, errand};
use crate::slot::{Slot, SlotRef, Stage};
use crate::sync::Ordering::Relaxed;
use crate::sync::{Arc, AtomicPtr, AtomicUsize, Deadline, Stopwatch, Tempo};

/// How many items are claimed at once at most.
const CHUNK: usize = 16;
/// What is claimed at once should be done in so many nanoseconds.
const CHUNK_NANOS: usize = 2_000;
/// If what is left behind takes longer than that, it is worth waking another worker for.
const WORTH_A_WAKE_NANOS: usize = 20_000;
/// For how many nanoseconds a ticket is held before it queues again.
const TURN_NANOS: usize = 32_000;
/// How long a holder looks for more before it leaves.
const LINGER: Duration = Duration::from_micros(5);

/// What the consumer and the holders of tickets share.
pub(crate) struct Block<I, F, R, S> {
    slots: Box<[Slot<I, R>]>,
    /// A power of two of places.
    ring: Box<[AtomicPtr<Slot<I, R>>]>,
    claims: Claims,
    /// Not zero when the consumer has left: what has not been begun need not be. A hint.
    left: AtomicUsize,
    /// What an item has taken lately, in nanoseconds; all ones until that is known.
    pace: Number,
    queue: NonNull<Queue>,
    most_tickets: usize,
    /// Until the block is dropped.
    function: Option<F>,
    spawner: S,
    /// The consumer is a task of the pool.
    nested: bool,
}

// SAFETY: inputs and outcomes change threads with their slots, of which each is one thread's at a
// time; the function and the spawner are shared.
unsafe impl<I: Send, F: Sync + Send, R: Send, S: Sync + Send> Sync for Block<I, F, R, S> {}
// SAFETY: as above.
unsafe impl<I: Send, F: Sync + Send, R: Send, S: Sync + Send> Send for Block<I, F, R, S> {}

impl<I, F, R, S> Block<I, F, R, S> {
    /// # Panics
    ///
    /// If more slots are asked for than can be counted.
    pub(crate) fn new(
        slots: usize,
        workers: usize,
        queue: NonNull<Queue>,
        function: F,
        spawner: S,
    ) -> Self
    where
        S: Spawn,
    {
        assert!(slots <= MOST_ITEMS, "a buffer of {slots} items is too large");
        let slots: Box<[Slot<I, R>]> = (0..slots).map(|_| Slot::new()).collect();
        let places = slots.len().next_power_of_two();
        let nowhere = std::iter::repeat(ptr::null_mut());
        let addresses = slots.iter().map(|slot| SlotRef::of(slot).address()).chain(nowhere);
        Self {
            ring: addresses.take(places).map(AtomicPtr::new).collect(),
            slots,
            claims: Claims::new(),
            left: AtomicUsize::new(0),
            pace: Number::new(usize::MAX),
            queue,
            most_tickets: workers.min(MOST_TICKETS / 2),
            function: Some(function),
            nested: spawner.is_inside(),
            spawner,
        }
    }

    fn place(&self, number: usize) -> &AtomicPtr<Slot<I, R>> {
        &self.ring[number & (self.ring.len() - 1)]
    }

    /// The slot of item `number`, if that is published and not claimed, or the consumer's.
    pub(crate) fn slot(&self, number: usize) -> SlotRef<I, R> {
        // ORDERING: Relaxed; the claims order it.
        let address = self.place(number).load(Relaxed);
        // SAFETY: only addresses of slots are in the ring where the consumer has been, and the
        // slots live as long as the block.
        unsafe { SlotRef::at(address) }
    }

    /// Item `number` will lie in this slot. Only the consumer says so, for numbers beyond those it
    /// has published.
    pub(crate) fn assign(&self, number: usize, slot: SlotRef<I, R>) {
        // ORDERING: Relaxed; the publication carries it.
        self.place(number).store(slot.address(), Relaxed);
    }

    /// Claims the next item for the consumer itself, if there is one that nobody has begun.
    pub(crate) fn take_back(&self) -> Option<SlotRef<I, R>> {
        loop {
            let view = self.claims.look();
            if view.unclaimed() == 0 {
                return None;
            }
            let slot = self.slot(view.next());
            if self.claims.claim(view, 1) {
                return Some(slot);
            }
        }
    }

    /// The consumer leaves, having published so many items: those that nobody has claimed are its
    /// own again, from the number that is returned.
    pub(crate) fn leave(&self, published: usize) -> usize {
        // ORDERING: Relaxed; a hint.
        self.left.fetch_or(1, Relaxed);
        self.claims.claim_all(published)
    }

    /// What an item takes, as far as is known.
    fn pace(&self) -> usize {
        // ORDERING: Relaxed; a number, and nothing that goes with it. Plain std, not the seam.
        self.pace.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Many items have taken so many nanoseconds.
    fn took(&self, many: usize, nanos: usize) {
        let now = nanos / many;
        let pace = self.pace();
        self.set_pace(if pace == usize::MAX { now } else { pace.midpoint(now) });
    }

    fn set_pace(&self, nanos: usize) {
        // ORDERING: Relaxed; as in pace. Of two at once, one is forgotten.
        self.pace.store(nanos, std::sync::atomic::Ordering::Relaxed);
    }

    /// How many items to claim at once: no more than a share of what there is, and no more than
    /// are soon done, so that nobody holds what another one could do.
    fn chunk(&self, view: View) -> usize {
        let unclaimed = view.unclaimed();
        let share = match self.most_tickets {
            1 => unclaimed,
            several => unclaimed / (2 * several),
        };
        let soon = CHUNK_NANOS / self.pace().max(1);
        share.min(soon).clamp(1, CHUNK)
    }

    /// Stays for a while with nothing to do. Whether there is something after all.
    fn more_comes_soon(&self, tempo: &mut Tempo) -> bool {
        // ORDERING: Relaxed; a hint. A consumer that is a task may be the one that waits below.
        if self.nested || self.left.load(Relaxed) != 0 {
            return false;
        }
        let mut spin = tempo.wait(LINGER, Deadline::NEVER, self.slots.len());
        while spin.again() {
            if self.claims.look().unclaimed() > 0 {
                return true;
            }
        }
        false
    }

    /// Whether what `view` leaves over, after `many` were claimed, is worth another worker.
    fn calls_for_another(&self, view: View, many: usize) -> bool {
        let left_over = view.unclaimed() - many;
        let nanos = left_over.saturating_mul(self.pace());
        nanos / view.tickets() > WORTH_A_WAKE_NANOS
    }
}

impl<I, F, R, S> Block<I, F, R, S>
where
    I: Send + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    /// The consumer has filled the slots of so many more items.
    pub(crate) fn publish(this: &Arc<Self>, many: usize) {
        if this.claims.publish(many) {
            Self::enlist(this, this.most_tickets);
        }
    }

    /// Calls for another worker, if there are items that nobody has begun: the ones who have
    /// tickets seem to be busy. What was known of the pace is forgotten, so that others are called,
    /// too.
    pub(crate) fn rally(this: &Arc<Self>) {
        if this.claims.look().unclaimed() > 0 {
            this.set_pace(usize::MAX);
            // A holder that was stopped between counting a ticket and queueing it holds two of them:
            // with no more than there are workers, nobody might be left.
            Self::enlist(this, 2 * this.most_tickets);
        }
    }

    fn enlist(this: &Arc<Self>, most: usize) {
        if this.claims.enlist(most) {
            Self::send(this);
        }
    }

    /// Queues a ticket, which has been counted.
    fn send(this: &Arc<Self>) {
        let ticket = Ticket(Some(Arc::clone(this)));
        let (runnable, handle) = errand(move || ticket.hold());
        drop(handle);
        match this.nested {
            true => this.spawner.spawn(runnable),
            false => this.spawner.spawn_outside(runnable),
        }
    }

    /// Claims a few of the items that `view` shows, and does them; tells how many.
    fn do_some(this: &Arc<Self>, view: View) -> Option<usize> {
        let many = this.chunk(view);
        // Read before they are claimed: afterwards their places may be written again.
        let slots: [Option<SlotRef<I, R>>; CHUNK] =
            std::array::from_fn(|n| (n < many).then(|| this.slot(view.next().wrapping_add(n))));
        if !this.claims.claim(view, many) {
            return None;
        }
        if this.calls_for_another(view, many) {
            Self::enlist(this, this.most_tickets);
        }
        for slot in slots.into_iter().map_while(|slot| slot) {
            // SAFETY: the slot has just been claimed.
            unsafe { this.work(slot) };
        }
        Some(many)
    }

    /// Does an item, and delivers it.
    ///
    /// # Safety
    ///
    /// The caller has claimed the item in this slot.
    unsafe fn work(&self, slot: SlotRef<I, R>) {
        // SAFETY: a claimed slot is the claimer's, and holds an input.
        let input = unsafe { slot.begin() };
        // ORDERING: Relaxed; a hint.
        let stage = if self.left.load(Relaxed) == 0 {
            let function = self.function.as_ref().expect("the block is alive");
            catch(|| function(input)).map_or_else(Stage::Panicked, Stage::Returned)
        } else {
            contain(|| drop(input));
            Stage::Cancelled
        };
        // SAFETY: the slot is the claimer's, and empty since its input was taken out.
        unsafe { self.deliver(slot, stage) };
    }

    /// Ends an item that nobody will do.
    ///
    /// # Safety
    ///
    /// The caller has claimed the item in this slot.
    unsafe fn abandon(&self, slot: SlotRef<I, R>) {
        // SAFETY: a claimed slot is the claimer's, and holds an input.
        let input = unsafe { slot.begin() };
        contain(|| drop(input));
        // SAFETY: the slot is the claimer's, and empty since its input was taken out.
        unsafe { self.deliver(slot, Stage::Abandoned) };
    }

    /// # Safety
    ///
    /// The caller has claimed the item in this slot, and emptied it.
    unsafe fn deliver(&self, slot: SlotRef<I, R>, stage: Stage<I, R>) {
        // SAFETY: the caller's promise.
        unsafe { slot.end(stage) };
        // SAFETY: the queue has been promised each item that is published, and a claimed one is
        // its claimer's to deliver.
        match unsafe { Queue::push(self.queue, slot.node()) } {
            Pushed::Delivered => {}
            Pushed::Closed => {
                // SAFETY: the consumer has left, so the slot is still the pusher's.
                unsafe { slot.discard() };
                // SAFETY: the delivery has just been settled.
                unsafe { Queue::settle_one(self.queue) };
            }
        }
    }
}

impl<I, F, R, S> Drop for Block<I, F, R, S> {
    fn drop(&mut self) {
        let function = self.function.take();
        contain(|| drop(function));
    }
}

/// The right, and the duty, to look for items. Dropped unused, it abandons them: nobody will be
/// left to do them.
struct Ticket<I, F, R, S>(Option<Arc<Block<I, F, R, S>>>)
where
    I: Send + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static;

impl<I, F, R, S> Ticket<I, F, R, S>
where
    I: Send + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    /// Does items until there are no more, or its turn is over. Never unwinds.
    fn hold(mut self) {
        let Some(block) = self.0.take() else { return };
        let mut tempo = Tempo::new();
        let mut watch = Stopwatch::start();
        let (mut turn, mut since) = (0, 0);
        loop {
            let view = block.claims.look();
            if view.unclaimed() == 0 {
                if block.more_comes_soon(&mut tempo) {
                    (turn, since) = (turn + watch.lap(), 0);
                } else if block.claims.leave(view) {
                    return drop(block);
                }
                continue;
            }
            if turn > TURN_NANOS {
                Block::send(&block);
                return drop(block);
            }
            let Some(many) = Block::do_some(&block, view) else { continue };
            tempo.arrived(many);
            since += many;
            // Reading the clock costs as much as doing a few of the shortest items.
            if many < CHUNK || since >= 4 * CHUNK {
                let nanos = watch.lap();
                block.took(since, nanos);
                (turn, since) = (turn + nanos, 0);
            }
        }
    }
}

impl<I, F, R, S> Drop for Ticket<I, F, R, S>
where
    I: Send + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    fn drop(&mut self) {
        let Some(block) = self.0.take() else { return };
        loop {
            while let Some(slot) = block.take_back() {
                // SAFETY: the slot has just been claimed.
                unsafe { block.abandon(slot) };
            }
            let view = block.claims.look();
            if view.unclaimed() == 0 && block.claims.leave(view) {
                return drop(block);
            }
        }
    }
}
