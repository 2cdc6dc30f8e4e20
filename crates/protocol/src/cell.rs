//! A task in memory.
//!
//! ```text
//!   Cell<F, T>    word | table | link | destination | tag | behind || closure, later value or error
//!                 `-------------------- Header --------------------'`----------- storage ---------'
//! ```
//!
//! One allocation holds it all. The header is the same for every task, and the handles reach the
//! storage through the table, because a `JoinHandle<T>` knows the type of the value but not the
//! closure's.
//!
//! Who may touch what, by the state word:
//!
//! 1. **link**: whoever pushes the task, until its push; then the consumer. A task that nobody
//!    cancels and nobody has begun may hang by it in a list of its runner's.
//! 2. **destination** and **tag**: the handle while the task is not attached; then nobody writes
//!    them, the handle and whoever is owed to deliver the task read the destination, and its
//!    consumer the tag.
//! 3. **storage**: the runner from its claim on, or the canceller from its cancel on; once the
//!    task is finished, the handle's share (if the handle left before, whoever frees the task).
//! 4. **behind**: the runner's share, while the task waits in a line to be run.
//! 5. **table** never changes.

use std::mem::{ManuallyDrop, offset_of};
use std::ptr::NonNull;

use crate::destination::{Address, Destination};
use crate::error::JoinError;
use crate::id::TaskId;
use crate::panic::{catch, contain};
use crate::queue::{Node, Queue};
use crate::state::{Snapshot, Verdict};
use crate::storage::{self, Source};
use crate::sync::{Lifetime, UnsafeCell};
use crate::trace;
use crate::unseen;
use crate::word::StateWord;

/// What every task begins with.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Header {
    word: StateWord,
    table: &'static Table,
    /// The link comes with its place in the header known: see [`of_node`](Header::of_node).
    node: Node,
    destination: UnsafeCell<Option<Address>>,
    tag: UnsafeCell<usize>,
    behind: UnsafeCell<Option<TaskRef>>,
    /// Stands for the storage, whose type the header does not know, so that a model sees who
    /// uses it. Nothing in a normal build.
    contents: UnsafeCell<()>,
    lifetime: Lifetime,
    /// Nothing, unless the task is to be traced.
    trace: trace::Slot,
}

/// What can be done with a task whose types are not known.
#[derive(Debug)]
struct Table {
    /// From the task to its storage, in bytes.
    storage: usize,
    /// Takes the closure out of the storage, runs it, and puts the value or the error in.
    run: unsafe fn(NonNull<Header>) -> Verdict,
    /// Drops the closure in the storage.
    drop_closure: unsafe fn(NonNull<Header>),
    /// Drops the value in the storage.
    drop_value: unsafe fn(NonNull<Header>),
    /// Where the task's memory is from.
    source: Source,
    /// Gives the memory back.
    free: unsafe fn(NonNull<Header>),
}

#[repr(C)]
struct Cell<F, T> {
    header: Header,
    storage: std::cell::UnsafeCell<Storage<F, T>>,
}

/// One after the other.
#[repr(C)]
union Storage<F, T> {
    closure: ManuallyDrop<F>,
    value: ManuallyDrop<T>,
    /// In a box, so that what hardly ever happens makes no task larger.
    error: ManuallyDrop<Box<JoinError>>,
}

/// A live task and its header. It owns nothing by itself; the shares are in the word.
pub(crate) type TaskRef = NonNull<Header>;

/// Makes a task that nobody has begun.
pub(crate) fn new<F, T>(closure: F, promised_to: Option<(NonNull<Queue>, usize)>) -> TaskRef
where
    F: FnOnce() -> T,
{
    let (state, destination, tag) = match promised_to {
        None => (Snapshot::PENDING, None, 0),
        Some((queue, tag)) => (Snapshot::PROMISED, Some(Destination::Queue(queue).into()), tag),
    };
    let cell = Cell::<F, T> {
        header: Header {
            word: StateWord::new(state),
            table: const { &Cell::<F, T>::TABLE },
            node: Node::new(),
            destination: UnsafeCell::new(destination),
            tag: UnsafeCell::new(tag),
            behind: UnsafeCell::new(None),
            contents: UnsafeCell::new(()),
            lifetime: Lifetime::begin(),
            trace: trace::Slot::new(),
        },
        storage: std::cell::UnsafeCell::new(Storage { closure: ManuallyDrop::new(closure) }),
    };
    storage::allocate(cell).cast()
}

impl<F: FnOnce() -> T, T> Cell<F, T> {
    const TABLE: Table = Table {
        storage: offset_of!(Self, storage),
        run: Self::run,
        drop_closure: Self::drop_closure,
        drop_value: Self::drop_value,
        source: Source::of::<Self>(),
        free: Self::free,
    };

    /// # Safety
    ///
    /// As [`Header::run`].
    unsafe fn run(task: TaskRef) -> Verdict {
        // SAFETY: the caller has claimed the task, so the storage is its own and holds the
        // closure, which is moved out here and never again.
        let closure = unsafe { Header::take::<F>(task) };
        match catch(closure) {
            Ok(value) => {
                // SAFETY: the storage is empty now, and still the runner's.
                unsafe { Header::put(task, value) };
                Verdict::Returned
            }
            Err(panic) => {
                // SAFETY: as above.
                unsafe { Header::put_error(task, JoinError::Panicked(panic)) };
                Verdict::Failed
            }
        }
    }

    /// # Safety
    ///
    /// As [`Header::drop_closure`].
    unsafe fn drop_closure(task: TaskRef) {
        // SAFETY: the caller owns the storage, so the task is live.
        let closure = unsafe { Header::storage::<F>(task) };
        // SAFETY: the storage holds the closure, and it is not used again.
        contain(|| unsafe { closure.drop_in_place() });
    }

    /// # Safety
    ///
    /// As [`Header::drop_outcome`], for a task that returned.
    unsafe fn drop_value(task: TaskRef) {
        // SAFETY: the caller owns the storage, so the task is live.
        let value = unsafe { Header::storage::<T>(task) };
        // SAFETY: the storage holds the value, and it is not used again.
        contain(|| unsafe { value.drop_in_place() });
    }

    /// # Safety
    ///
    /// As [`Header::bury`].
    unsafe fn free(task: TaskRef) {
        // SAFETY: the task was allocated as this cell, and nobody uses it any more.
        unsafe { storage::free(task.cast::<Self>()) };
    }
}

impl Header {
    const NODE: usize = offset_of!(Header, node);

    /// The task that `node` hangs in a queue.
    ///
    /// # Safety
    ///
    /// The node is that of a live task.
    #[inline]
    pub(crate) unsafe fn of_node(node: NonNull<Node>) -> TaskRef {
        // SAFETY: every node is a header's, `NODE` bytes into it.
        unsafe { node.byte_sub(Self::NODE) }.cast()
    }

    /// The link by which the task is pushed.
    #[inline]
    pub(crate) fn node(task: TaskRef) -> NonNull<Node> {
        // SAFETY: the node lies inside the header.
        unsafe { task.byte_add(Self::NODE) }.cast()
    }

    /// # Safety
    ///
    /// The task is live for as long as the reference is used.
    #[inline]
    pub(crate) unsafe fn of<'a>(task: TaskRef) -> &'a Header {
        // SAFETY: the caller's promise. All that others write meanwhile is atomic or in cells.
        let header = unsafe { task.as_ref() };
        header.lifetime.access();
        header
    }

    #[inline]
    pub(crate) fn word(&self) -> &StateWord {
        &self.word
    }

    /// # Safety
    ///
    /// The task is live.
    #[inline]
    pub(crate) unsafe fn id(task: TaskRef) -> TaskId {
        // SAFETY: the caller's promise.
        let source = unsafe { Self::of(task) }.table.source;
        // SAFETY: the task was allocated as a cell of this table, from this source.
        TaskId::from_number(unsafe { storage::number(task.cast(), source) })
    }

    #[inline]
    pub(crate) fn trace(&self) -> &trace::Slot {
        &self.trace
    }

    /// The task that was put behind this one in a line.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's share.
    #[inline]
    pub(crate) unsafe fn behind(&self) -> Option<TaskRef> {
        // SAFETY: the caller's promise.
        self.behind.with(|behind| unsafe { behind.read() })
    }

    /// Puts `task` behind this one in a line.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's share.
    #[inline]
    pub(crate) unsafe fn put_behind(&self, task: Option<TaskRef>) {
        // SAFETY: the caller's promise.
        self.behind.with_mut(|behind| unsafe { behind.write(task) });
    }

    /// Where the task is to be delivered (rule 2).
    ///
    /// # Safety
    ///
    /// The task is attached, and the caller is owed to deliver it or holds its handle, so that
    /// nobody writes the destination.
    #[inline]
    pub(crate) unsafe fn destination(&self) -> Destination {
        // SAFETY: the caller's promise.
        let address = self.destination.with(|destination| unsafe { destination.read() });
        address.expect("the task is attached, so a destination is set").into()
    }

    /// Where the task is to be delivered, and what the consumer calls it (rule 2).
    ///
    /// # Safety
    ///
    /// The caller is the handle and the task is neither attached nor finished.
    #[inline]
    pub(crate) unsafe fn set_destination(&self, destination: Destination, tag: usize) {
        let address = Address::from(destination);
        // SAFETY: the caller's promise.
        self.destination.with_mut(|destination| unsafe { destination.write(Some(address)) });
        // SAFETY: the caller's promise.
        self.tag.with_mut(|place| unsafe { place.write(tag) });
    }

    /// What the consumer calls the task (rule 2).
    ///
    /// # Safety
    ///
    /// The caller is the consumer that has received the task.
    #[inline]
    pub(crate) unsafe fn tag(&self) -> usize {
        // SAFETY: the caller's promise.
        self.tag.with(|tag| unsafe { tag.read() })
    }

    /// The storage, which is the caller's, as a place for a `V`.
    ///
    /// # Safety
    ///
    /// The task is live.
    #[inline]
    unsafe fn storage<V>(task: TaskRef) -> NonNull<V> {
        // SAFETY: the caller's promise.
        let header = unsafe { Self::of(task) };
        header.contents.with_mut(|_| ());
        // SAFETY: the table's offset leads to the storage of this very cell.
        unsafe { task.byte_add(header.table.storage) }.cast()
    }

    /// Runs the closure and puts its outcome in (rule 3). Never unwinds.
    ///
    /// # Safety
    ///
    /// The caller has claimed the task to run it, and does so once.
    #[inline]
    pub(crate) unsafe fn run(task: TaskRef) -> Verdict {
        // SAFETY: the caller's claim keeps the task alive.
        let header = unsafe { Self::of(task) };
        // SAFETY: the caller's promise.
        unsafe { (header.table.run)(task) }
    }

    /// Drops the closure; a panic in that is contained (rule 3).
    ///
    /// # Safety
    ///
    /// The caller has claimed or cancelled the task, and does this once.
    pub(crate) unsafe fn drop_closure(task: TaskRef) {
        // SAFETY: the caller's share keeps the task alive.
        let header = unsafe { Self::of(task) };
        // SAFETY: the caller's promise.
        unsafe { (header.table.drop_closure)(task) };
    }

    /// Puts in the closure's or the completer's value (rule 3).
    ///
    /// # Safety
    ///
    /// The caller has claimed the task and emptied its storage, and `V` is the task's type of
    /// value.
    pub(crate) unsafe fn put<V>(task: TaskRef, value: V) {
        // SAFETY: the caller's claim keeps the task alive.
        let storage = unsafe { Self::storage::<V>(task) };
        // SAFETY: the storage is the caller's, empty, and laid out for a `V`.
        unsafe { storage.write(value) };
    }

    /// Puts in an error (rule 3).
    ///
    /// # Safety
    ///
    /// The caller has claimed the task and emptied its storage.
    #[cold]
    pub(crate) unsafe fn put_error(task: TaskRef, error: JoinError) {
        // SAFETY: the caller's claim keeps the task alive.
        let storage = unsafe { Self::storage::<Box<JoinError>>(task) };
        // SAFETY: the storage is the caller's, empty, and laid out for an error.
        unsafe { storage.write(Box::new(error)) };
    }

    /// Takes the closure or the value out (rule 3).
    ///
    /// # Safety
    ///
    /// The storage is the caller's and holds a `V` that nobody takes again.
    #[inline]
    pub(crate) unsafe fn take<V>(task: TaskRef) -> V {
        // SAFETY: the storage is the caller's, so the task is live.
        let storage = unsafe { Self::storage::<V>(task) };
        // SAFETY: the storage holds a `V`, and it is moved out once.
        unsafe { storage.read() }
    }

    /// Takes the error out (rule 3).
    ///
    /// # Safety
    ///
    /// The storage is the caller's and holds an error that nobody takes again.
    #[cold]
    pub(crate) unsafe fn take_error(task: TaskRef) -> Box<JoinError> {
        // SAFETY: the caller's promise.
        unsafe { Self::take(task) }
    }

    /// Drops the value or the error, whichever there is; a panic in that is contained (rule 3).
    ///
    /// # Safety
    ///
    /// The task is finished, `state` says how, the outcome is the caller's, and nobody uses it
    /// again.
    pub(crate) unsafe fn drop_outcome(task: TaskRef, state: Snapshot) {
        use crate::state::Phase::{Cancelled, Failed, Pending, Returned, Running};
        match state.phase() {
            Returned => {
                // SAFETY: the caller keeps the task alive.
                let header = unsafe { Self::of(task) };
                // SAFETY: the task returned, so the storage holds the value.
                unsafe { (header.table.drop_value)(task) };
            }
            Failed => {
                // SAFETY: the task failed, so the storage holds the error.
                let error = unsafe { Self::take_error(task) };
                // SAFETY: the caller keeps the task alive.
                unseen::tell(unsafe { Self::id(task) }, &error);
                contain(|| drop(error));
            }
            Cancelled => {}
            Pending | Running => unreachable!("only a finished task has an outcome"),
        }
    }

    /// Frees the task, and the outcome if nobody took it.
    ///
    /// # Safety
    ///
    /// The caller made the transition that gave up the last share.
    pub(crate) unsafe fn free(task: TaskRef) {
        // SAFETY: the caller is alone with the task.
        let header = unsafe { Self::of(task) };
        let state = header.word.peek();
        if state.holds_outcome() {
            // SAFETY: nobody has taken the outcome, and nobody is left who could.
            unsafe { Self::drop_outcome(task, state) };
        }
        // SAFETY: the caller's promise.
        unsafe { Self::bury(task) };
    }

    /// Frees a task whose storage holds nothing any more.
    ///
    /// # Safety
    ///
    /// The caller is alone with the task, and uses it no more.
    #[inline]
    pub(crate) unsafe fn bury(task: TaskRef) {
        // SAFETY: the caller is alone with the task.
        let header = unsafe { Self::of(task) };
        header.trace.end();
        header.lifetime.end();
        // SAFETY: the caller's promise.
        unsafe { (header.table.free)(task) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slab::Slab;

    #[test]
    #[cfg_attr(feature = "tracing", ignore = "a span takes room")]
    fn a_task_with_two_words_of_closure_lies_in_one_line() {
        assert!(size_of::<Cell<[usize; 2], usize>>() <= Slab::SMALLEST);
    }
}
