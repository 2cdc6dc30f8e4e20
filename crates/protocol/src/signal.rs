//! Whom to wake when something is delivered.

use std::ptr;
use std::task::Waker;

use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{AtomicPtr, Immortals, Parker};
use crate::waker_slot::WakerSlot;

/// A completion queue's bell. A queue has one for its whole life; when the queue ends, the
/// signal is recycled, but never freed, and neither is the parker or the slot it points to.
///
/// That is what a pusher needs: after its push it owns nothing, and the consumer may have taken
/// everything and freed the queue. It may still ring, because it has read the signal's address
/// before the push; the worst that can happen is that it wakes a thread or a task which did not
/// expect it.
#[derive(Debug)]
pub(crate) struct Signal {
    /// A parker, a slot (with [`SLOT`]), or nobody. Only the consumer writes it.
    waiter: AtomicPtr<()>,
}

/// Tells the address of a slot from that of a parker.
const SLOT: usize = 1;
const _: () = assert!(align_of::<Parker>() > SLOT && align_of::<WakerSlot>() > SLOT);

/// Whom a signal points at.
enum Waiter {
    Nobody,
    Thread(&'static Parker),
    Task(&'static WakerSlot),
}

impl Waiter {
    fn address(self) -> *mut () {
        match self {
            Self::Nobody => ptr::null_mut(),
            Self::Thread(parker) => ptr::from_ref(parker).cast_mut().cast(),
            Self::Task(slot) => {
                ptr::from_ref(slot).cast_mut().cast::<()>().map_addr(|address| address | SLOT)
            }
        }
    }

    /// # Safety
    ///
    /// `address` gave the address, and what the waiter is made of has been published to this
    /// thread.
    unsafe fn at(address: *mut ()) -> Self {
        if address.is_null() {
            return Self::Nobody;
        }
        if address.addr() & SLOT == 0 {
            // SAFETY: the address is that of a parker, and parkers are immortal.
            return Self::Thread(unsafe { &*address.cast::<Parker>() });
        }
        let slot = address.map_addr(|address| address & !SLOT).cast::<WakerSlot>();
        // SAFETY: the address is that of a slot, and slots are immortal.
        Self::Task(unsafe { &*slot })
    }
}

static RESTING: Immortals<Signal> = Immortals::new();

impl Signal {
    /// A signal for a new queue.
    pub(crate) fn lend() -> &'static Signal {
        RESTING.lend(|| Signal { waiter: AtomicPtr::new(ptr::null_mut()) })
    }

    /// The queue that held the signal has ended, and its consumer has let its waker go.
    pub(crate) fn give_back(&'static self) {
        RESTING.give_back(self);
    }

    /// From now on this thread is the one to wake. The consumer calls it before it announces
    /// itself on its queue; the signal does not point at a task.
    pub(crate) fn point_at_thread(&self, parker: &'static Parker) {
        self.point_at(Waiter::Thread(parker));
    }

    /// From now on the task of `waker` is the one to wake. The consumer calls it before it
    /// announces itself on its queue.
    ///
    /// If the signal points at that task already, nothing happens. Otherwise the waker is cloned
    /// first, so that a panic in that changes nothing.
    pub(crate) fn point_at_task(&self, waker: &Waker) {
        let former = self.task();
        if former.is_some_and(|slot| slot.will_wake(waker)) {
            return;
        }
        self.point_at(Waiter::Task(WakerSlot::holding(waker.clone())));
        former.into_iter().for_each(WakerSlot::leave);
    }

    /// Lets the waker go, if the signal points at a task. The consumer calls it when no task
    /// waits any more.
    pub(crate) fn forget_task(&self) {
        if let Some(slot) = self.task() {
            self.point_at(Waiter::Nobody);
            slot.leave();
        }
    }

    fn point_at(&self, waiter: Waiter) {
        // ORDERING (edge waiter): Release; pairs with the Acquire in ring; carries the parker or
        // the slot.
        self.waiter.store(waiter.address(), Release);
    }

    /// The task that the consumer, who calls this, has pointed the signal at.
    fn task(&self) -> Option<&'static WakerSlot> {
        // ORDERING: Relaxed; the consumer itself wrote it.
        let address = self.waiter.load(Relaxed);
        // SAFETY: as above.
        match unsafe { Waiter::at(address) } {
            Waiter::Task(slot) => Some(slot),
            Waiter::Thread(_) | Waiter::Nobody => None,
        }
    }

    /// Wakes whom the signal points at.
    #[cold]
    pub(crate) fn ring(&self) {
        // ORDERING (edge waiter): Acquire; pairs with the Release in point_at; carries the parker
        // or the slot. It is read after the push, never before: read before, it could name a
        // waiter that the consumer has left since, and nobody would wake the one it waits with
        // now.
        let address = self.waiter.load(Acquire);
        // SAFETY: the consumer wrote the address; the edge above carries what lies there.
        match unsafe { Waiter::at(address) } {
            Waiter::Thread(parker) => parker.unpark(),
            Waiter::Task(slot) => slot.wake(),
            // The consumer has gone, or does not wait any more.
            Waiter::Nobody => {}
        }
    }
}
