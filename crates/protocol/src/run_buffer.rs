//! The few tasks that a worker is to run next, within reach of the others.
//!
//! ```text
//!   slots:  taken | taken | task | stolen | task | task         first: the third
//! ```
//!
//! Its owner fills an empty buffer and empties it from the front; thieves take from the front,
//! too. Whoever takes a task empties its slot by one step. There is no position that owner and
//! thieves have to agree on, so nobody who is stopped somewhere stands in anybody's way.

use std::array;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use crossbeam_utils::CachePadded;

use crate::cell::Header;
use crate::inbox::Batch;
use crate::runnable::Runnable;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{Arc, AtomicPtr, AtomicUsize};
use crate::task::Task;

/// What the owner and the thieves share.
#[derive(Debug)]
struct Slots<const CAPACITY: usize> {
    /// The first slot that may hold a task, or the end. Only the owner moves it: where thieves have
    /// been it is too low, and it is too high only while the buffer is filled.
    first: AtomicUsize,
    slots: [AtomicPtr<Header>; CAPACITY],
}

impl<const CAPACITY: usize> Slots<CAPACITY> {
    fn front(&self) -> &[AtomicPtr<Header>] {
        // ORDERING: Relaxed; it says where to look, and the slots say what is there.
        &self.slots[self.first.load(Relaxed)..]
    }

    fn is_empty(&self) -> bool {
        // ORDERING: Relaxed; a look.
        self.front().iter().all(|slot| slot.load(Relaxed).is_null())
    }
}

impl<const CAPACITY: usize> Drop for Slots<CAPACITY> {
    /// Ends what is left as [`JoinError::Abandoned`](crate::JoinError::Abandoned).
    fn drop(&mut self) {
        for slot in &self.slots {
            // ORDERING: Relaxed; the last one who shared this drops it, which the `Arc` orders.
            drop(taken(slot.load(Relaxed)));
        }
    }
}

/// What was taken out of a slot.
#[inline]
fn taken(content: *mut Header) -> Option<Runnable> {
    // SAFETY: a slot holds the runner's shares of unclaimed tasks, and this one has left it.
    Task::from_raw(content).map(|task| unsafe { Runnable::new(task) })
}

/// The owner's end of a buffer for so many tasks.
///
/// ```
/// use photofinish_protocol::inbox::Inbox;
/// use photofinish_protocol::run_buffer::RunBuffer;
/// use photofinish_protocol::task;
///
/// let inbox = Inbox::new();
/// let (runnable, handle) = task(|| 7);
/// inbox.push(runnable);
/// let buffer = RunBuffer::<8>::new();
/// buffer.fill(inbox.take(8));
/// buffer.pop().unwrap().run();
/// assert!(buffer.pop().is_none());
/// assert_eq!(handle.join().unwrap(), 7);
/// ```
#[derive(Debug)]
pub struct RunBuffer<const CAPACITY: usize> {
    shared: Arc<CachePadded<Slots<CAPACITY>>>,
    /// The owner stays on one thread.
    owner: PhantomData<Cell<()>>,
}

impl<const CAPACITY: usize> RunBuffer<CAPACITY> {
    /// An empty buffer.
    pub fn new() -> Self {
        let slots = array::from_fn(|_| AtomicPtr::new(ptr::null_mut()));
        let shared = Slots { first: AtomicUsize::new(CAPACITY), slots };
        Self { shared: Arc::new(CachePadded::new(shared)), owner: PhantomData }
    }

    /// The other end.
    pub fn thief(&self) -> Thief<CAPACITY> {
        Thief(Arc::clone(&self.shared))
    }

    /// Puts tasks in, in their order. Whoever has looked here before this returned, and found
    /// nothing, has to be told.
    ///
    /// # Panics
    ///
    /// If the owner has not emptied the buffer, or the batch is larger than its capacity.
    pub fn fill(&self, batch: Batch) {
        assert!(self.is_empty() && batch.len() <= CAPACITY, "the batch fits into an empty buffer");
        let first = CAPACITY - batch.len();
        let mut line = batch.into_line();
        for slot in &self.shared.slots[first..] {
            let task = line.expect("the line is as long as the batch");
            // SAFETY: the runner's share was the batch's.
            line = unsafe { task.behind() };
            // ORDERING (edge buffer): Release; pairs with the Acquire in steal; carries the task.
            slot.store(task.into_raw(), Release);
        }
        // ORDERING: Relaxed; as in front.
        self.shared.first.store(first, Relaxed);
    }

    /// Takes the oldest task. Wait-free: one swap, and one more for each task that a thief took.
    #[inline]
    pub fn pop(&self) -> Option<Runnable> {
        loop {
            let first = self.first();
            let slot = self.shared.slots.get(first)?;
            // ORDERING: Relaxed; as in front.
            self.shared.first.store(first + 1, Relaxed);
            // ORDERING: Relaxed; what the slot holds was put there by this thread.
            let task = taken(slot.swap(ptr::null_mut(), Relaxed));
            if task.is_some() {
                return task;
            }
        }
    }

    /// Whether the owner has emptied the buffer.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first() == CAPACITY
    }

    #[inline]
    fn first(&self) -> usize {
        // ORDERING: Relaxed; the owner's own.
        self.shared.first.load(Relaxed)
    }
}

impl<const CAPACITY: usize> Default for RunBuffer<CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}

/// The others' end of a [`RunBuffer`].
///
/// ```
/// use photofinish_protocol::inbox::Inbox;
/// use photofinish_protocol::run_buffer::RunBuffer;
/// use photofinish_protocol::task;
///
/// let inbox = Inbox::new();
/// for number in 0..4 {
///     inbox.push(task(move || number).0);
/// }
/// let buffer = RunBuffer::<8>::new();
/// buffer.fill(inbox.take(8));
/// let thief = buffer.thief();
/// assert_eq!(thief.steal(8).len(), 2);
/// assert_eq!(thief.steal(1).len(), 1);
/// assert!(!thief.is_empty());
/// ```
#[derive(Debug)]
pub struct Thief<const CAPACITY: usize>(Arc<CachePadded<Slots<CAPACITY>>>);

impl<const CAPACITY: usize> Thief<CAPACITY> {
    /// Takes the older half of the tasks, or the `most` oldest of them. Wait-free.
    pub fn steal(&self, most: usize) -> Batch {
        let most = most.min(self.len().div_ceil(2));
        let mut batch = Batch::EMPTY;
        let mut slots = self.0.front().iter();
        while batch.len() < most
            && let Some(slot) = slots.next()
        {
            // ORDERING: Relaxed; a look. A slot that has been emptied is left alone.
            let task = slot.load(Relaxed);
            if !task.is_null() {
                // ORDERING (edge buffer): Acquire; pairs with the Release in fill; carries the
                // task. Whatever the slot holds now is to be run, also if it is another task that
                // has come to the same place in memory.
                let ours = slot.compare_exchange(task, ptr::null_mut(), Acquire, Relaxed);
                batch.extend(ours.ok().and_then(taken));
            }
        }
        batch
    }

    /// How many tasks there seem to be.
    pub fn len(&self) -> usize {
        // ORDERING: Relaxed; a look.
        self.0.front().iter().filter(|slot| !slot.load(Relaxed).is_null()).count()
    }

    /// Whether there seems to be no task.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
