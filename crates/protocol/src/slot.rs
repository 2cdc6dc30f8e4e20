//! A slot of a block: where an item lies, from its input to its outcome.

use std::fmt;
use std::mem;
use std::ptr::NonNull;

use crate::consumer::Delivery;
use crate::error::JoinError;
use crate::panic::{Panic, contain};
use crate::queue::Node;
use crate::sync::UnsafeCell;

/// What lies in a slot.
pub(crate) enum Stage<I, R> {
    /// Nothing: the item is in somebody's hands, or there is none.
    Empty,
    /// The item has not been begun.
    Input(I),
    /// What it came to.
    Returned(R),
    /// What it came to.
    Panicked(Panic),
    /// It was not begun, and will not be, because nobody wants it any more.
    Cancelled,
    /// It was not begun, and will not be, because nobody is left to do it.
    Abandoned,
}

impl<I, R> Stage<I, R> {
    /// Takes out the outcome of an item that has been delivered.
    #[inline(always)]
    fn take_outcome(&mut self) -> Result<R, JoinError> {
        if let Self::Returned(_) = self
            && let Self::Returned(value) = mem::replace(self, Self::Empty)
        {
            return Ok(value);
        }
        Err(self.take_failure().into())
    }

    #[cold]
    fn take_failure(&mut self) -> Failure {
        match mem::replace(self, Self::Empty) {
            Self::Panicked(panic) => Failure::Panicked(panic),
            Self::Cancelled => Failure::Cancelled,
            Self::Abandoned => Failure::Abandoned,
            Self::Returned(_) => unreachable!("the caller takes the value"),
            Self::Empty | Self::Input(_) => unreachable!("what is delivered has an outcome"),
        }
    }
}

/// Why an item has no value; small enough to go from call to call in registers.
enum Failure {
    Panicked(Panic),
    Cancelled,
    Abandoned,
}

impl From<Failure> for JoinError {
    #[inline(always)]
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked(panic) => Self::Panicked(panic),
            Failure::Cancelled => Self::Cancelled,
            Failure::Abandoned => Self::Abandoned,
        }
    }
}

/// A place for one item at a time.
///
/// It is the consumer's, which puts an input in, from the publication on whoever's claims it, and
/// with the delivery the consumer's again.
#[repr(C)]
pub(crate) struct Slot<I, R> {
    /// First, so that its address is the slot's.
    node: Node,
    contents: UnsafeCell<Contents<I, R>>,
}

struct Contents<I, R> {
    index: usize,
    stage: Stage<I, R>,
}

/// A live slot. It owns nothing by itself; whose the slot is, follows from the claims.
pub(crate) struct SlotRef<I, R>(NonNull<Slot<I, R>>);

impl<I, R> Clone for SlotRef<I, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, R> Copy for SlotRef<I, R> {}

impl<I, R> Slot<I, R> {
    pub(crate) fn new() -> Self {
        let contents = Contents { index: 0, stage: Stage::Empty };
        Self { node: Node::new(), contents: UnsafeCell::new(contents) }
    }
}

impl<I, R> SlotRef<I, R> {
    pub(crate) fn of(slot: &Slot<I, R>) -> Self {
        Self(NonNull::from(slot))
    }

    /// # Safety
    ///
    /// The address is that of a live slot.
    pub(crate) unsafe fn at(address: *mut Slot<I, R>) -> Self {
        // SAFETY: the caller's promise; no slot lies at zero.
        Self(unsafe { NonNull::new_unchecked(address) })
    }

    pub(crate) fn address(self) -> *mut Slot<I, R> {
        self.0.as_ptr()
    }

    /// The link by which the slot is pushed.
    pub(crate) fn node(self) -> NonNull<Node> {
        self.0.cast()
    }

    /// # Safety
    ///
    /// The slot is live and the caller's.
    #[inline]
    unsafe fn contents<T>(self, with: impl FnOnce(&mut Contents<I, R>) -> T) -> T {
        // SAFETY: the caller's promise.
        let slot = unsafe { self.0.as_ref() };
        // SAFETY: nobody else touches the contents of the caller's slot.
        slot.contents.with_mut(|contents| with(unsafe { &mut *contents }))
    }

    /// Puts an item in.
    ///
    /// # Safety
    ///
    /// The slot is live, the caller's, and empty.
    #[inline]
    pub(crate) unsafe fn fill(self, index: usize, input: I) {
        let fill = |contents: &mut Contents<I, R>| {
            contents.index = index;
            // What was there is empty: nothing is dropped.
            mem::forget(mem::replace(&mut contents.stage, Stage::Input(input)));
        };
        // SAFETY: the caller's promise.
        unsafe { self.contents(fill) };
    }

    /// Takes the input of an item out.
    ///
    /// # Safety
    ///
    /// The slot is live, the caller's, and holds an input.
    #[inline]
    pub(crate) unsafe fn begin(self) -> I {
        // SAFETY: the caller's promise.
        let stage =
            unsafe { self.contents(|contents| mem::replace(&mut contents.stage, Stage::Empty)) };
        match stage {
            Stage::Input(input) => input,
            _ => unreachable!("what has been published and not claimed has an input"),
        }
    }

    /// Puts in what the item came to.
    ///
    /// # Safety
    ///
    /// The slot is live, the caller's, and empty.
    #[inline]
    pub(crate) unsafe fn end(self, stage: Stage<I, R>) {
        // What was there is empty: nothing is dropped.
        let end = |contents: &mut Contents<I, R>| {
            mem::forget(mem::replace(&mut contents.stage, stage));
        };
        // SAFETY: the caller's promise.
        unsafe { self.contents(end) };
    }

    /// Which item it is.
    ///
    /// # Safety
    ///
    /// The slot is live, the caller's, and an item has been put in.
    #[inline]
    pub(crate) unsafe fn index(self) -> usize {
        // SAFETY: the caller's promise.
        unsafe { self.contents(|contents| contents.index) }
    }

    /// Takes out what the item came to.
    ///
    /// # Safety
    ///
    /// The caller has received the slot.
    #[inline(always)]
    pub(crate) unsafe fn receive(self) -> Result<R, JoinError> {
        // SAFETY: a received slot is live and its receiver's.
        unsafe { self.contents(|contents| contents.stage.take_outcome()) }
    }
}

impl<I, R> Delivery for SlotRef<I, R> {
    unsafe fn of_node(node: NonNull<Node>) -> Self {
        // By the caller's promise it is a slot's node, and that is where a slot begins.
        Self(node.cast())
    }

    unsafe fn discard(self) {
        // SAFETY: the caller's promise.
        let outcome = unsafe { self.receive() };
        contain(|| drop(outcome));
    }
}

impl<I, R> fmt::Debug for SlotRef<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SlotRef").field(&self.0).finish()
    }
}
