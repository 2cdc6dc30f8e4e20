//! How many tasks may be queued in a bounded pool, and who waits for room.
//!
//! The tasks that are queued and the submitters that wait are counted in one word, so that neither
//! can change unseen by whoever decides about the other. Whoever takes a task out of the queue
//! makes room, and gives it to the submitter that has waited longest: one that comes later does
//! not slip in before it. The tickets of those that wait lie under a lock, which nobody takes while
//! nobody waits.

use std::collections::VecDeque;
use std::sync::PoisonError;

use crossbeam_utils::CachePadded;
use photofinish_protocol::sync::Ordering::Relaxed;
use photofinish_protocol::sync::{AtomicUsize, Mutex};
use photofinish_protocol::{Completer, completer};

/// How many tasks are queued (low half), and how many submitters wait (high half).
#[derive(Clone, Copy)]
struct Ledger(usize);

const QUEUED: usize = 1;
const WAITING: usize = 1 << (usize::BITS / 2);

/// The most tasks that a bound can allow.
pub(crate) const MOST: usize = WAITING / 2;

impl Ledger {
    fn queued(self) -> usize {
        self.0 % WAITING
    }

    fn waiting(self) -> usize {
        self.0 / WAITING
    }
}

/// The room in a bounded pool's queues.
#[derive(Debug)]
pub(crate) struct Room {
    capacity: usize,
    /// ORDERING: Relaxed everywhere. Both numbers are in this word, so each step sees those before
    /// it; tasks are handed over by the queues, and tickets by the lock.
    ledger: CachePadded<AtomicUsize>,
    /// The submitters that wait, as the ledger counts them; changed together under the lock.
    tickets: Mutex<VecDeque<Completer<()>>>,
}

impl Room {
    /// Room for `capacity` tasks.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            ledger: CachePadded::new(AtomicUsize::new(0)),
            tickets: Mutex::new(VecDeque::new()),
        }
    }

    /// Changes the ledger as `change` says, unless it says nothing; tells whether it did.
    fn update(&self, change: impl Fn(Ledger) -> Option<usize>) -> bool {
        // ORDERING: Relaxed, as the ledger says.
        let mut seen = self.ledger.load(Relaxed);
        while let Some(next) = change(Ledger(seen)) {
            match self.ledger.compare_exchange(seen, next, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// Takes room for a task, if there is any and nobody waits for it.
    pub(crate) fn try_enter(&self) -> bool {
        let capacity = self.capacity;
        let fits = |ledger: Ledger| ledger.waiting() == 0 && ledger.queued() < capacity;
        self.update(|ledger| fits(ledger).then_some(ledger.0 + QUEUED))
    }

    /// Takes room for a task, whether there is any or not.
    pub(crate) fn enter_anyway(&self) {
        // ORDERING: Relaxed, as the ledger says.
        self.ledger.fetch_add(QUEUED, Relaxed);
    }

    /// Takes room for a task, and waits for it, unless the room is `open` to everybody.
    pub(crate) fn enter(&self, is_open: impl Fn() -> bool) {
        if !self.try_enter() {
            self.wait(is_open);
        }
    }

    #[cold]
    fn wait(&self, is_open: impl Fn() -> bool) {
        let (ticket, admission) = completer();
        {
            let mut tickets = self.lock();
            // Under the lock, so that whoever opens the room finds this ticket, or is seen here.
            if is_open() {
                self.enter_anyway();
                return;
            }
            let full = |ledger: Ledger| ledger.waiting() > 0 || ledger.queued() >= self.capacity;
            while !self.update(|ledger| full(ledger).then_some(ledger.0 + WAITING)) {
                // Room has been made meanwhile.
                if self.try_enter() {
                    return;
                }
            }
            tickets.push_back(ticket);
        }
        let canceller = admission.canceller();
        // A worker of another pool runs that pool's tasks meanwhile. If it is too deep in waits for
        // that, it goes over the bound.
        if admission.join().is_err() && canceller.cancel().is_cancelled() {
            self.enter_anyway();
        }
    }

    /// A task has left the queue. The room is given to whoever has waited longest for it.
    #[inline]
    pub(crate) fn leave(&self) {
        // ORDERING: Relaxed, as the ledger says.
        let before = Ledger(self.ledger.fetch_sub(QUEUED, Relaxed));
        if before.waiting() > 0 {
            self.admit(|ledger| ledger.queued() < self.capacity);
        }
    }

    /// Lets everybody in who waits.
    pub(crate) fn open(&self) {
        self.admit(|_| true);
    }

    /// Gives room to those who wait, one after the other, as long as it `fits`.
    #[cold]
    fn admit(&self, fits: impl Fn(Ledger) -> bool) {
        let next = || {
            let mut tickets = self.lock();
            let admits = |ledger: Ledger| ledger.waiting() > 0 && fits(ledger);
            let admitted =
                self.update(|ledger| admits(ledger).then(|| ledger.0 + QUEUED - WAITING));
            admitted.then(|| tickets.pop_front().expect("the ledger counts the tickets"))
        };
        while let Some(ticket) = next() {
            // Not under the lock: this wakes a thread. If the submitter has given the wait up, the
            // room is for the next.
            if ticket.complete(()).is_err() {
                // ORDERING: Relaxed, as the ledger says.
                self.ledger.fetch_sub(QUEUED, Relaxed);
            }
        }
    }

    fn lock(&self) -> impl std::ops::DerefMut<Target = VecDeque<Completer<()>>> {
        // Nothing under the lock panics, but for a lack of memory; the tickets are whole even then.
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use photofinish_protocol::JoinHandle;

    use super::*;

    /// Room for one task, which is taken, and somebody who waits for it.
    fn awaited() -> (Room, JoinHandle<()>) {
        let room = Room::new(1);
        assert!(room.try_enter());
        let (ticket, admission) = completer();
        room.ledger.fetch_add(WAITING, Relaxed);
        room.lock().push_back(ticket);
        (room, admission)
    }

    #[test]
    fn whoever_comes_later_does_not_slip_in_before_those_that_wait() {
        let (room, _admission) = awaited();
        // Where somebody stops who has made room, and has not given it to anybody yet.
        room.ledger.fetch_sub(QUEUED, Relaxed);
        assert!(!room.try_enter());
        room.open();
        assert!(!room.try_enter(), "the one that waited has it");
    }

    #[test]
    fn room_for_somebody_who_has_given_up_is_the_next_ones() {
        let (room, admission) = awaited();
        assert!(admission.cancel().is_cancelled());
        room.leave();
        assert!(room.try_enter());
    }
}
