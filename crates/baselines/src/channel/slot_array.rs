//! An array of slots: a push takes the next one by a fetch-and-add, then fills it.

use std::ptr;
use std::time::Instant;

use photofinish_protocol::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use photofinish_protocol::sync::{AtomicPtr, AtomicUsize, Deadline, UnsafeCell};

use super::Channel;
use super::bell::Bell;

/// Slots in the order of their tickets. A pusher that stops between taking its ticket and filling
/// its slot hides all that come after it.
///
/// The array comes in segments. The consumer, which is also the one who submits, installs them
/// before they are needed and uses them again: a push allocates nothing and never finds the array
/// full.
#[derive(Debug)]
pub struct SlotArray<T: 'static> {
    shared: &'static Shared<T>,
    /// How many senders have been prepared.
    prepared: usize,
    /// The ticket that is received next.
    next: usize,
    /// Segments to be used again.
    spare: Vec<Box<[Slot<T>]>>,
}

#[derive(Debug)]
struct Shared<T> {
    tickets: AtomicUsize,
    /// The first slot of a ticket's segment, at the ticket divided by the slots of a segment; this
    /// array is used round and round.
    segments: Box<[AtomicPtr<Slot<T>>]>,
    slots_per_segment: usize,
    bell: Bell,
}

#[derive(Debug)]
struct Slot<T> {
    /// 1 while the slot is full.
    full: AtomicUsize,
    value: UnsafeCell<Option<T>>,
}

/// Where a result is to be pushed.
#[derive(Debug)]
pub struct Ticketed<T: 'static>(&'static Shared<T>);

// SAFETY: what is shared is atomics, a bell, and slots, each of which belongs to the pusher with
// its ticket until it is full and to the consumer then; values go from one thread to the other.
unsafe impl<T: Send> Send for Ticketed<T> {}

impl<T> Shared<T> {
    fn segment_at(&self, ticket: usize) -> &AtomicPtr<Slot<T>> {
        &self.segments[ticket / self.slots_per_segment % self.segments.len()]
    }

    /// The slot of a ticket.
    ///
    /// # Safety
    ///
    /// The ticket has been prepared and not been received.
    unsafe fn slot(&self, ticket: usize) -> &Slot<T> {
        // ORDERING: Acquire; pairs with the Release in sender; carries the segment.
        let segment = self.segment_at(ticket).load(Acquire);
        // SAFETY: by the caller's promise the ticket's segment is installed; it has so many slots.
        let slot = unsafe { segment.add(ticket % self.slots_per_segment) };
        // SAFETY: the segment is not taken out before all its tickets have been received.
        unsafe { &*slot }
    }
}

impl<T: Send + 'static> SlotArray<T> {
    /// Opens an array of so many segments of so many slots: results beyond that must not be
    /// outstanding.
    pub fn with_segments(segments: usize, slots_per_segment: usize) -> Self {
        let none = |_| AtomicPtr::new(ptr::null_mut());
        let shared = Shared {
            tickets: AtomicUsize::new(0),
            segments: (0..segments).map(none).collect(),
            slots_per_segment,
            bell: Bell::of_this_thread(),
        };
        let shared = Box::leak(Box::new(shared));
        Self { shared, prepared: 0, next: 0, spare: Vec::new() }
    }

    fn segment(&mut self) -> Box<[Slot<T>]> {
        let slot = |_| Slot { full: AtomicUsize::new(0), value: UnsafeCell::new(None) };
        let new = || (0..self.shared.slots_per_segment).map(slot).collect();
        self.spare.pop().unwrap_or_else(new)
    }
}

impl<T> SlotArray<T> {
    fn pop(&mut self) -> Option<T> {
        if self.next == self.prepared {
            return None;
        }
        // SAFETY: the ticket has been prepared and is received below.
        let slot = unsafe { self.shared.slot(self.next) };
        // ORDERING: Acquire; pairs with the Release in send; carries the value.
        if slot.full.load(Acquire) == 0 {
            return None;
        }
        // SAFETY: a full slot is the consumer's.
        let value = slot.value.with_mut(|value| unsafe { (*value).take() });
        // ORDERING: Relaxed; the segment is published anew before the slot is used again.
        slot.full.store(0, Relaxed);
        self.next += 1;
        if self.next.is_multiple_of(self.shared.slots_per_segment) {
            let place = self.shared.segment_at(self.next - 1);
            let emptied = place.swap(ptr::null_mut(), Relaxed);
            let segment = ptr::slice_from_raw_parts_mut(emptied, self.shared.slots_per_segment);
            // SAFETY: the segment came from a box, and all its slots have been filled and emptied.
            self.spare.push(unsafe { Box::from_raw(segment) });
        }
        value
    }

    fn wait(&mut self, deadline: Deadline) -> Option<T> {
        let shared = self.shared;
        shared.bell.wait(deadline, || self.pop())
    }
}

impl<T: Send + 'static> Channel<T> for SlotArray<T> {
    type Sender = Ticketed<T>;

    /// Four million results may be outstanding.
    fn open() -> Self {
        Self::with_segments(4_096, 1_024)
    }

    fn sender(&mut self) -> Ticketed<T> {
        let ticket = self.prepared;
        self.prepared += 1;
        if ticket.is_multiple_of(self.shared.slots_per_segment) {
            let segment = Box::into_raw(self.segment()).cast();
            // ORDERING: Release; pairs with the Acquire in slot; carries the empty slots.
            let before = self.shared.segment_at(ticket).swap(segment, Release);
            assert!(before.is_null(), "too many results are outstanding");
        }
        Ticketed(self.shared)
    }

    fn send(Ticketed(shared): Ticketed<T>, value: T) {
        // ORDERING: AcqRel; a ticket comes after as many others as its number says, and so after
        // the one whose preparation installed the segment.
        let ticket = shared.tickets.fetch_add(1, AcqRel);
        // SAFETY: there are no more tickets than senders prepared, and the consumer waits for
        // this one to be filled.
        let slot = unsafe { shared.slot(ticket) };
        // SAFETY: an empty slot is its ticket's.
        slot.value.with_mut(|slot| unsafe { *slot = Some(value) });
        // ORDERING: Release; pairs with the Acquire in pop; carries the value.
        slot.full.store(1, Release);
        shared.bell.ring();
    }

    fn receive(&mut self) -> T {
        self.wait(Deadline::NEVER).expect("a wait without a deadline ends with a result")
    }

    fn try_receive(&mut self) -> Option<T> {
        self.pop()
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        self.wait(Deadline::at(deadline))
    }
}

impl<T> Drop for SlotArray<T> {
    /// Drops what has come.
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
