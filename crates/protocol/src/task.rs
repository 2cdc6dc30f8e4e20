//! What the holders of a task's shares do with it: each method is one transition of the state
//! word and what is owed after it.
//!
//! Every method is `unsafe` for the same reason: a [`Task`] is a bare reference, and its caller
//! promises to hold the share that the method is about. The types above this module turn the
//! shares into values that cannot be used twice.

pub(crate) mod current;

use std::ptr::NonNull;

use crate::cell::{self, Header, TaskRef};
use crate::destination::{Continuation, Destination};
use crate::error::JoinError;
use crate::id::TaskId;
use crate::queue::{Node, Pushed, Queue};
use crate::state::{Attach, Cancel, Claim, Detach, Leave, Owed, Phase, Snapshot, Verdict};
use crate::trace::{self, Trace};

/// A task, of which the holder has some share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Task(TaskRef);

impl Task {
    /// A task that nobody has begun. Its caller holds the runner's and the handle's share, and
    /// the queue it is promised to, if any, the delivery.
    pub(crate) fn new<F, T>(closure: F, promised_to: Option<(NonNull<Queue>, usize)>) -> Self
    where
        F: FnOnce() -> T,
    {
        Self(cell::new(closure, promised_to))
    }

    /// The task that `node`, taken from a queue, belongs to.
    ///
    /// # Safety
    ///
    /// The node is that of a live task: taken from a queue or a list, or delivered.
    #[inline]
    pub(crate) unsafe fn of_node(node: NonNull<Node>) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { Header::of_node(node) })
    }

    /// The link by which the task hangs in a list.
    pub(crate) fn node(self) -> NonNull<Node> {
        Header::node(self.0)
    }

    #[inline]
    unsafe fn header<'a>(self) -> &'a Header {
        // SAFETY: every caller holds a share, which keeps the task alive.
        unsafe { Header::of(self.0) }
    }

    /// # Safety
    ///
    /// The caller holds a share.
    #[inline]
    pub(crate) unsafe fn id(self) -> TaskId {
        // SAFETY: the caller's share keeps the task alive.
        unsafe { Header::id(self.0) }
    }

    /// # Safety
    ///
    /// The caller holds a share.
    #[inline]
    pub(crate) unsafe fn state(self) -> Snapshot {
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().observe()
    }

    /// The state, for a holder that looks for what it has done itself.
    ///
    /// # Safety
    ///
    /// The caller holds a share.
    #[inline]
    pub(crate) unsafe fn glance(self) -> Snapshot {
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().peek()
    }

    /// Whether the task has been asked to stop.
    ///
    /// # Safety
    ///
    /// The caller holds a share.
    pub(crate) unsafe fn is_requested(self) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().is_requested()
    }

    /// The task has been submitted by a user of the library, and not by the library itself.
    ///
    /// # Safety
    ///
    /// The caller holds a share.
    #[inline]
    pub(crate) unsafe fn submitted(self) {
        if trace::ON {
            // SAFETY: the caller's promise.
            let id = unsafe { self.id() };
            // SAFETY: as above.
            unsafe { self.header() }.trace().submitted(id);
        }
    }

    /// What to tell of the task.
    ///
    /// # Safety
    ///
    /// The caller holds a share.
    #[inline]
    unsafe fn trace(self) -> Trace {
        if !trace::ON {
            return Trace::NONE;
        }
        // SAFETY: the caller's promise.
        unsafe { self.header() }.trace().trace()
    }

    // ---- the runner's share -----------------------------------------------------------------

    /// Runs the task, unless it was cancelled, and gives the runner's share up. Never unwinds.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's share and has not claimed the task.
    #[inline]
    pub(crate) unsafe fn run(self) {
        // SAFETY: the caller's promise.
        if unsafe { self.claim() } {
            // SAFETY: the runner's share is the caller's.
            let trace = unsafe { self.trace() };
            let verdict = {
                let _inside = trace.enter();
                // SAFETY: the task has just been claimed.
                current::during(self, || unsafe { Header::run(self.0) })
            };
            // SAFETY: the outcome has been put in.
            unsafe { self.complete(verdict) };
        }
    }

    /// Begins the task. If it was cancelled the runner's share is given up, and `false`
    /// returned.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's share and has not claimed the task.
    #[inline]
    pub(crate) unsafe fn claim(self) -> bool {
        // SAFETY: the caller's promise.
        let word = unsafe { self.header() }.word();
        match word.claim() {
            Claim::Run => true,
            Claim::Leave => {
                let owed = word.release_runner();
                // SAFETY: this is what is owed.
                unsafe { self.settle_up(owed) };
                false
            }
        }
    }

    /// Publishes what has been put into the storage, delivers the task if it is promised to
    /// somebody, and gives the runner's share up.
    ///
    /// # Safety
    ///
    /// The caller has claimed the task, and `verdict` says what the storage holds.
    #[inline]
    unsafe fn complete(self, verdict: Verdict) {
        // SAFETY: the caller has claimed the task, and completes it below.
        unsafe { self.trace() }.completed(verdict);
        // SAFETY: the caller's promise.
        let owed = unsafe { self.header() }.word().complete(verdict);
        // SAFETY: this is what is owed.
        unsafe { self.settle_up(owed) };
    }

    /// Completes a claimed task with a value or an error from outside.
    ///
    /// # Safety
    ///
    /// The caller has claimed the task and emptied its storage; `T` is the task's type.
    pub(crate) unsafe fn complete_with<T>(self, outcome: Result<T, JoinError>) {
        let verdict = match outcome {
            Ok(value) => {
                // SAFETY: the caller's promise.
                unsafe { Header::put(self.0, value) };
                Verdict::Returned
            }
            Err(error) => {
                // SAFETY: the caller's promise.
                unsafe { Header::put_error(self.0, error) };
                Verdict::Failed
            }
        };
        // SAFETY: the outcome has been put in.
        unsafe { self.complete(verdict) };
    }

    /// Drops the closure of a claimed task unrun.
    ///
    /// # Safety
    ///
    /// The caller has claimed the task, and the storage holds the closure.
    pub(crate) unsafe fn drop_closure(self) {
        // SAFETY: the caller's promise.
        unsafe { Header::drop_closure(self.0) };
    }

    /// Cancels a claimed task whose closure has been dropped.
    ///
    /// # Safety
    ///
    /// The caller has claimed the task and emptied its storage.
    pub(crate) unsafe fn revoke(self) {
        // SAFETY: the storage is empty, as the verdict says.
        unsafe { self.complete(Verdict::Revoked) };
    }

    /// The task that was put behind this one in a line.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's share.
    #[inline]
    pub(crate) unsafe fn behind(self) -> Option<Task> {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        // SAFETY: as above.
        unsafe { header.behind() }.map(Self)
    }

    /// Puts `task` behind this one in a line.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's share.
    #[inline]
    pub(crate) unsafe fn put_behind(self, task: Option<Task>) {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        // SAFETY: as above.
        unsafe { header.put_behind(task.map(|task| task.0)) };
    }

    /// The task as a word of memory, and back.
    #[inline]
    pub(crate) fn into_raw(self) -> *mut Header {
        self.0.as_ptr()
    }

    /// The task that [`into_raw`](Self::into_raw) was made of; none of a null pointer.
    #[inline]
    pub(crate) fn from_raw(task: *mut Header) -> Option<Self> {
        NonNull::new(task).map(Self)
    }

    // ---- any share --------------------------------------------------------------------------

    /// Cancels the task if nobody has begun it: its closure is dropped and it is delivered
    /// before this returns.
    ///
    /// # Safety
    ///
    /// The caller holds a share, and keeps it until this has returned.
    pub(crate) unsafe fn cancel(self) -> Cancel {
        // SAFETY: the caller's promise.
        let cancel = unsafe { self.header() }.word().cancel();
        if let Cancel::Won(owed) = cancel {
            // SAFETY: the task is cancelled, so the storage is the canceller's and holds the
            // closure still. A panic in its Drop is contained: the delivery comes after it.
            unsafe { self.drop_closure() };
            // SAFETY: the caller keeps its share.
            unsafe { self.trace() }.completed(Verdict::Revoked);
            // SAFETY: this is what is owed.
            unsafe { self.settle_up(owed) };
        }
        cancel
    }

    /// One more canceller's share.
    ///
    /// # Safety
    ///
    /// The caller holds a share.
    pub(crate) unsafe fn add_canceller(self) {
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().add_canceller();
    }

    /// Gives a canceller's share up.
    ///
    /// # Safety
    ///
    /// The caller holds a canceller's share, and uses the task no more.
    pub(crate) unsafe fn release_canceller(self) {
        // SAFETY: the caller's promise.
        let owed = unsafe { self.header() }.word().release_canceller();
        // SAFETY: this is what is owed.
        unsafe { self.settle_up(owed) };
    }

    // ---- the handle's share -----------------------------------------------------------------

    /// Promises the task to `queue`, whose consumer will know it as `tag`, unless it has
    /// finished.
    ///
    /// # Safety
    ///
    /// The caller holds the handle's share and the task is not attached to another queue. If
    /// this returns [`Attach::Promised`], the queue's consumer counts the task as outstanding.
    #[inline]
    pub(crate) unsafe fn attach(self, queue: NonNull<Queue>, tag: usize) -> Attach {
        // SAFETY: the caller's promise.
        unsafe { self.promise(Destination::Queue(queue), tag) }
    }

    /// Promises the task to `continuation`, unless it has finished.
    ///
    /// # Safety
    ///
    /// As [`attach`](Self::attach). If this returns [`Attach::Promised`], the handle's share and
    /// the block are the continuation's.
    pub(crate) unsafe fn go_on_with(self, continuation: NonNull<Continuation>) -> Attach {
        // SAFETY: the caller's promise.
        unsafe { self.promise(Destination::Continuation(continuation), 0) }
    }

    /// # Safety
    ///
    /// As [`attach`](Self::attach) or [`go_on_with`](Self::go_on_with).
    #[inline]
    unsafe fn promise(self, destination: Destination, tag: usize) -> Attach {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        // A task whose delivery is still under way (a detach came too late for it) is finished:
        // its destination is somebody else's and must not be written.
        let seen = header.word().observe();
        if seen.is_finished() {
            return Attach::Finished;
        }
        // SAFETY: the task has not finished and is not attached.
        unsafe { header.set_destination(destination, tag) };
        header.word().attach(seen)
    }

    /// Withdraws the promise, or learns that the delivery is under way.
    ///
    /// # Safety
    ///
    /// The caller holds the handle's share of an attached task it has not received.
    pub(crate) unsafe fn detach(self) -> Detach {
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().detach()
    }

    /// The queue to which the task is promised.
    ///
    /// # Safety
    ///
    /// The caller holds the handle's share of a task that is attached to a queue.
    pub(crate) unsafe fn queue(self) -> NonNull<Queue> {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        // SAFETY: only the handle writes the destination, and the handle is the caller's.
        match unsafe { header.destination() } {
            Destination::Queue(queue) => queue,
            Destination::Continuation(_) => unreachable!("its handle is the continuation's"),
        }
    }

    /// Takes the outcome and keeps the handle's share.
    ///
    /// # Safety
    ///
    /// The caller holds the handle's share of a finished task that is not attached, or whose
    /// handle lives outside the queue; nobody has taken the outcome, and `T` is the task's type.
    pub(crate) unsafe fn take<T>(self) -> Result<T, JoinError> {
        // SAFETY: the task has finished and the outcome is the handle's.
        let outcome = unsafe { self.outcome() };
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().take();
        outcome
    }

    /// Takes the outcome and gives up what the caller holds: the handle's share, and the delivery
    /// if he has received the task.
    ///
    /// # Safety
    ///
    /// The caller holds the handle's share of a finished task that is not attached, whose handle
    /// lives outside the queue, or that the caller has received; nobody has taken the outcome, and
    /// `T` is the task's type.
    #[inline]
    pub(crate) unsafe fn finish<T>(self) -> Result<T, JoinError> {
        // SAFETY: the caller's promise.
        unsafe { self.finish_in_place() }
    }

    /// As [`finish`](Self::finish), compiled into its caller, who puts the outcome where it stays.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    pub(crate) unsafe fn finish_in_place<T>(self) -> Result<T, JoinError> {
        // SAFETY: the caller's promise.
        let state = unsafe { self.state() };
        if state.phase() == Phase::Returned {
            // SAFETY: the task returned, and the value is taken once.
            let value = unsafe { Header::take(self.0) };
            // SAFETY: the outcome has been taken.
            unsafe { self.release(state) };
            Ok(value)
        } else {
            // SAFETY: the caller's promise.
            Err(Self::into_error(unsafe { self.finish_without_value(state) }))
        }
    }

    /// Gives a boxed error, which goes by one register from call to call; none if the task was
    /// cancelled.
    ///
    /// # Safety
    ///
    /// As [`finish`](Self::finish), for a task that did not return, as `state` says.
    #[cold]
    unsafe fn finish_without_value(self, state: Snapshot) -> Option<Box<JoinError>> {
        // SAFETY: the caller's promise.
        let error = unsafe { self.error(state) };
        // SAFETY: the outcome has been taken.
        unsafe { self.release(state) };
        error
    }

    fn into_error(error: Option<Box<JoinError>>) -> JoinError {
        error.map_or(JoinError::Cancelled, |error| *error)
    }

    /// Gives the handle's share up; the outcome, if there is one already, is dropped.
    ///
    /// # Safety
    ///
    /// The caller holds the handle's share, and the task is not attached or its handle lives
    /// outside the queue.
    pub(crate) unsafe fn leave(self) {
        // SAFETY: the caller's promise.
        let word = unsafe { self.header() }.word();
        match word.leave() {
            Leave::Left => {}
            Leave::Finished => {
                let state = word.observe();
                if !state.is_taken() {
                    // SAFETY: the task has finished and the outcome is the handle's.
                    unsafe { Header::drop_outcome(self.0, state) };
                }
                // SAFETY: the outcome has been taken or dropped.
                unsafe { self.release(state) };
            }
        }
    }

    /// Gives the handle's share up, and the outcome to the caller if there is one already.
    ///
    /// # Safety
    ///
    /// As [`leave`](Self::leave); besides, nobody has taken the outcome, and `T` is the task's
    /// type.
    pub(crate) unsafe fn resign<T>(self) -> Option<Result<T, JoinError>> {
        // SAFETY: the caller's promise.
        match unsafe { self.header() }.word().leave() {
            Leave::Left => None,
            // SAFETY: the task has finished, and the handle's share is the caller's.
            Leave::Finished => Some(unsafe { self.finish() }),
        }
    }

    /// Gives up what the caller holds of a finished task: the handle's share, and the delivery if
    /// he has received the task.
    ///
    /// # Safety
    ///
    /// As [`finish`](Self::finish), and the outcome has been taken or dropped; `state` has been
    /// observed since the task finished.
    #[inline(always)]
    unsafe fn release(self, state: Snapshot) {
        if state.is_alone() && !state.is_split() {
            // The common case: no read-modify-write at all.
            // SAFETY: runner and cancellers have left, no delivery is under way, and the storage is
            // empty.
            unsafe { Header::bury(self.0) };
        } else {
            // SAFETY: the caller's promise.
            unsafe { self.release_beside_others(state) };
        }
    }

    /// # Safety
    ///
    /// As [`release`](Self::release).
    #[cold]
    unsafe fn release_beside_others(self, state: Snapshot) {
        // SAFETY: the caller's promise.
        let word = unsafe { self.header() }.word();
        let delivery_is_ours = state.is_attached() && !state.is_split();
        let owed = if delivery_is_ours { word.receive() } else { word.release_handle() };
        // SAFETY: this is what is owed.
        unsafe { self.settle_up(owed) };
    }

    // ---- the consumer's: a received delivery, with or without the handle's share -------------

    /// What the consumer calls the task.
    ///
    /// # Safety
    ///
    /// The caller has received the task.
    #[inline]
    pub(crate) unsafe fn tag(self) -> usize {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        // SAFETY: the caller's promise.
        unsafe { header.tag() }
    }

    /// Drops the outcome of a received task, if the handle is the caller's too, and gives up
    /// what the caller holds of it.
    ///
    /// # Safety
    ///
    /// The caller has received the task, or its push found the queue closed; unless the handle
    /// lives outside the queue, the caller holds its share.
    pub(crate) unsafe fn discard(self) {
        // SAFETY: the caller's promise.
        let word = unsafe { self.header() }.word();
        let state = word.observe();
        if state.is_split() {
            let owed = word.settle();
            // SAFETY: this is what is owed.
            return unsafe { self.settle_up(owed) };
        }
        // SAFETY: a delivered task has finished, and the outcome is the handle's.
        unsafe { Header::drop_outcome(self.0, state) };
        // SAFETY: the outcome has been dropped.
        unsafe { self.release(state) };
    }

    /// Makes a plain handle's share of a received task.
    ///
    /// # Safety
    ///
    /// The caller has received the task and holds the handle's share.
    pub(crate) unsafe fn reclaim(self) {
        // SAFETY: the caller's promise.
        unsafe { self.header() }.word().reclaim();
    }

    // ---- inside -----------------------------------------------------------------------------

    /// # Safety
    ///
    /// The task has finished, the outcome is the caller's and `T` the task's type.
    #[inline]
    unsafe fn outcome<T>(self) -> Result<T, JoinError> {
        // SAFETY: the caller holds a share.
        let state = unsafe { self.header() }.word().peek();
        match state.phase() {
            // SAFETY: the task returned, and the value is taken once.
            Phase::Returned => Ok(unsafe { Header::take(self.0) }),
            // SAFETY: the caller's promise.
            _ => Err(Self::into_error(unsafe { self.error(state) })),
        }
    }

    /// Why there is no value: the error, or none if the task was cancelled.
    ///
    /// # Safety
    ///
    /// The task has finished, as `state` says, without a value, and the outcome is the caller's.
    #[cold]
    unsafe fn error(self, state: Snapshot) -> Option<Box<JoinError>> {
        match state.phase() {
            Phase::Failed => {
                // SAFETY: the task failed, and the error is taken once.
                let mut error = unsafe { Header::take_error(self.0) };
                error.seen();
                Some(error)
            }
            Phase::Cancelled => None,
            Phase::Returned => unreachable!("the caller takes the value"),
            Phase::Pending | Phase::Running => unreachable!("only a finished task is taken"),
        }
    }

    /// Does what a transition has left to do.
    ///
    /// # Safety
    ///
    /// A transition that the caller made on this task returned `owed`, and the caller has no
    /// further use for the task.
    #[inline]
    unsafe fn settle_up(self, owed: Owed) {
        match owed {
            // SAFETY: a delivery is owed.
            Owed::Deliver => unsafe { self.deliver() },
            // SAFETY: the last share is gone.
            Owed::Free => unsafe { Header::free(self.0) },
            Owed::Nothing => {}
        }
    }

    /// Hands the task to its destination; if a consumer has left, settles in its place.
    ///
    /// # Safety
    ///
    /// The caller is owed to deliver the task.
    #[inline]
    unsafe fn deliver(self) {
        // SAFETY: the delivery keeps the task alive.
        unsafe { self.trace() }.delivered();
        // SAFETY: the delivery keeps the task alive.
        let header = unsafe { self.header() };
        // SAFETY: the delivery is the caller's, so nobody writes the destination. It is read
        // after the transition, never before: before, it races with attach.
        let queue = match unsafe { header.destination() } {
            Destination::Queue(queue) => queue,
            Destination::Continuation(continuation) => {
                // SAFETY: the delivery is the caller's, and the continuation has been promised it.
                return unsafe { Continuation::deliver(continuation, self.node()) };
            }
        };
        // SAFETY: the delivery is the caller's, and the queue has been promised it.
        match unsafe { Queue::push(queue, self.node()) } {
            Pushed::Delivered => {}
            Pushed::Closed => {
                // SAFETY: the push found the queue closed; the closer left the handle's share.
                unsafe { self.discard() };
                // SAFETY: the delivery has just been settled.
                unsafe { Queue::settle_one(queue) };
            }
        }
    }
}
