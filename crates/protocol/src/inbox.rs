//! Tasks that come from outside a pool, in the order of their submission.
//!
//! ```text
//!   newest:  task -> task -> task            each knows the one that came before
//!   rest:    task -> task -> task            each knows the one that came after; or HELD
//! ```
//!
//! Submitters push onto `newest`, a stack as the completion queue is (R. K. Treiber, *Systems
//! Programming: Coping with Parallelism*, 1986). A worker that wants tasks holds `rest`, turns the
//! stack around if there is no rest, cuts off a few, and puts the others back. So a task costs its
//! submitter one compare-exchange, and however many there are, a worker takes a few and leaves the
//! others to be taken by somebody else.
//!
//! Pushing is lock-free. Taking is not: while one holds the rest, be it preempted, others find
//! nothing. They need not wait for it, because it looks again when it has put the rest back
//! ([`Inbox::take`]). The delivery of a task whose body has returned is not concerned.

use std::iter::FusedIterator;
use std::mem::{self, ManuallyDrop};
use std::ptr;

use crossbeam_utils::CachePadded;

use crate::cell::Header;
use crate::prefetch;
use crate::runnable::Runnable;
use crate::sync::AtomicPtr;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::task::Task;

/// Many threads push, and one at a time takes.
///
/// ```
/// use photofinish_protocol::inbox::Inbox;
/// use photofinish_protocol::task;
///
/// let inbox = Inbox::new();
/// let (runnable, handle) = task(|| 7);
/// inbox.push(runnable);
/// for runnable in inbox.take(1) {
///     runnable.run();
/// }
/// assert_eq!(handle.join().unwrap(), 7);
/// assert!(inbox.is_empty());
/// ```
#[derive(Debug)]
pub struct Inbox {
    newest: CachePadded<AtomicPtr<Header>>,
    rest: CachePadded<AtomicPtr<Header>>,
}

/// Somebody holds the rest. No task has this address.
const HELD: *mut Header = ptr::without_provenance_mut(1);

impl Inbox {
    /// An empty inbox.
    pub fn new() -> Self {
        Self {
            newest: CachePadded::new(AtomicPtr::new(ptr::null_mut())),
            rest: CachePadded::new(AtomicPtr::new(ptr::null_mut())),
        }
    }

    /// Puts a task in. Lock-free: one compare-exchange, repeated only when somebody else pushed,
    /// or took, in between.
    #[inline]
    pub fn push(&self, runnable: Runnable) {
        let task = runnable.into_task();
        self.push_line(task, task);
    }

    /// Puts tasks in, in their order, by one compare-exchange as well.
    pub fn push_batch(&self, batch: Batch) {
        if let Some(oldest) = batch.into_line() {
            // SAFETY: the runner's shares were the batch's.
            let (newest, _) = unsafe { turned_around(oldest) };
            self.push_line(newest, oldest);
        }
    }

    /// Pushes a line, newest first, whose runner's shares are the caller's.
    #[inline]
    fn push_line(&self, newest: Task, oldest: Task) {
        // ORDERING: Relaxed; a guess, which the compare-exchange checks. Nothing is read through it.
        let mut before = self.newest.load(Relaxed);
        loop {
            // SAFETY: the runner's share is the pusher's until the push.
            unsafe { oldest.put_behind(Task::from_raw(before)) };
            // ORDERING (edge injection): Release; pairs with the Acquire in take; carries the
            // tasks.
            match self.newest.compare_exchange(before, newest.into_raw(), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => before = now,
            }
        }
    }

    /// Takes the `most` oldest tasks, or as many as there are: none while another thread takes.
    ///
    /// A thread that takes looks once more, after this has returned, whether there are tasks, and
    /// goes on until there are none, or sees to it that somebody does: others may have come
    /// meanwhile and gone, relying on it. It sees the tasks that they knew of.
    ///
    /// Wait-free but for the turning around: one step for each task that came since the inbox was
    /// turned around last, and for each that is taken.
    pub fn take(&self, most: usize) -> Batch {
        // ORDERING (edge rest): AcqRel; Acquire pairs with the Release below; carries the order
        // of the tasks. Release pairs with the Acquire below; carries, for the one who holds the
        // rest, what others knew that found it held.
        let rest = self.rest.swap(HELD, AcqRel);
        if rest == HELD {
            return Batch::EMPTY;
        }
        let (batch, rest) = match Task::from_raw(rest) {
            // SAFETY: the rest was put back in this order, with the runner's shares.
            Some(oldest) => unsafe { Batch::cut_off(oldest, most) },
            None => {
                // ORDERING (edge injection): Acquire; pairs with the Release in push; carries the
                // tasks.
                let newest = self.newest.swap(ptr::null_mut(), Acquire);
                // SAFETY: the runner's shares of all tasks of the stack have been taken.
                unsafe { Batch::of_stack(Task::from_raw(newest)) }.split(most)
            }
        };
        // ORDERING (edge rest): AcqRel; as above.
        self.rest.swap(rest.map_or(ptr::null_mut(), Task::into_raw), AcqRel);
        batch
    }

    /// How many tasks there are; none while another thread takes.
    ///
    /// Whoever counts holds the rest meanwhile, and looks once more afterwards, behind a sequentially
    /// consistent fence, whether there are tasks that others have left to it.
    pub fn count(&self) -> usize {
        // ORDERING (edge rest): Acquire; pairs with the Release of whoever put the rest back.
        let rest = self.rest.swap(HELD, Acquire);
        if rest == HELD {
            return 0;
        }
        // ORDERING (edge injection): Acquire; as in take. Only who holds the rest takes the tasks
        // that are found here.
        let newest = self.newest.load(Acquire);
        // SAFETY: nobody takes the runner's shares of these tasks meanwhile.
        let count = [rest, newest].map(|line| unsafe { length(Task::from_raw(line)) });
        // ORDERING (edge rest): Release; pairs with the Acquire in take; what was read of the
        // tasks, before others put something else behind them.
        self.rest.swap(rest, Release);
        count.iter().sum()
    }

    /// Whether there seems to be no task, nor anybody who takes.
    #[inline]
    pub fn is_silent(&self) -> bool {
        // ORDERING: Relaxed; a look.
        self.rest.load(Relaxed).is_null() && self.newest.load(Relaxed).is_null()
    }

    /// Whether there is nothing to take: no task, or another thread that takes, which looks again
    /// afterwards.
    #[inline]
    pub fn is_empty(&self) -> bool {
        // ORDERING: Relaxed; a look.
        let rest = self.rest.load(Relaxed);
        rest == HELD || rest.is_null() && self.newest.load(Relaxed).is_null()
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Inbox {
    /// Ends what is left as [`JoinError::Abandoned`](crate::JoinError::Abandoned).
    fn drop(&mut self) {
        while self.take(usize::MAX).len() > 0 {}
    }
}

/// How many tasks stand in a line.
///
/// # Safety
///
/// The runner's shares of all tasks in the line stay where they are meanwhile.
unsafe fn length(mut line: Option<Task>) -> usize {
    let mut length = 0;
    while let Some(task) = line {
        // SAFETY: the caller's promise; the share keeps the task alive, and nobody writes the link.
        line = unsafe { task.behind() };
        length += 1;
    }
    length
}

/// Turns a line around in place, and gives its other end, which is the first now, and its length.
///
/// # Safety
///
/// The caller holds the runner's shares of all tasks in the line.
unsafe fn turned_around(first: Task) -> (Task, usize) {
    let mut turned = None;
    let mut line = first;
    let mut length = 0;
    loop {
        length += 1;
        // SAFETY: the caller's promise.
        let next = unsafe { line.behind() };
        // SAFETY: as above.
        unsafe { line.put_behind(turned) };
        prefetch::ahead(
            turned.map_or(ptr::null(), |task| task.into_raw().cast_const()),
            line.into_raw(),
        );
        match next {
            Some(next) => turned = Some(mem::replace(&mut line, next)),
            None => return (line, length),
        }
    }
}

/// Tasks in the order in which they are to be run. Those that are not taken out end as
/// [`JoinError::Abandoned`](crate::JoinError::Abandoned) when the batch is dropped.
///
/// ```
/// use photofinish_protocol::inbox::{Batch, Inbox};
/// use photofinish_protocol::task;
///
/// let (runnables, handles): (Batch, Vec<_>) = (0..3).map(|number| task(move || number)).unzip();
/// let inbox = Inbox::new();
/// inbox.push_batch(runnables);
/// let first = inbox.take(1).next().unwrap();
/// first.run();
/// let finished: Vec<_> = handles.iter().map(|handle| handle.is_finished()).collect();
/// assert_eq!(finished, [true, false, false]);
/// ```
#[derive(Debug)]
pub struct Batch {
    /// The oldest and the newest. All between are put behind each other, and nobody stands behind
    /// the newest; the batch holds their runner's shares.
    ends: Option<(Task, Task)>,
    len: usize,
}

impl Batch {
    /// No task.
    pub const EMPTY: Self = Self { ends: None, len: 0 };

    /// The tasks of a stack, turned around in place.
    ///
    /// # Safety
    ///
    /// The caller gives the batch the runner's shares of all tasks in the stack.
    unsafe fn of_stack(newest: Option<Task>) -> Self {
        let Some(newest) = newest else { return Self::EMPTY };
        // SAFETY: the caller's promise.
        let (oldest, len) = unsafe { turned_around(newest) };
        Self { ends: Some((oldest, newest)), len }
    }

    /// The `most` oldest tasks, and the line of those that follow them.
    fn split(self, most: usize) -> (Self, Option<Task>) {
        if self.len <= most {
            return (self, None);
        }
        let oldest = self.into_line().expect("some tasks are more than none");
        // SAFETY: the runner's shares were the batch's.
        unsafe { Self::cut_off(oldest, most) }
    }

    /// The line of the tasks, from the oldest to the newest. The runner's shares are the caller's.
    pub(crate) fn into_line(self) -> Option<Task> {
        ManuallyDrop::new(self).ends.map(|(oldest, _)| oldest)
    }

    /// The `most` first tasks of a line, and the line of those that follow them.
    ///
    /// # Safety
    ///
    /// The caller holds the runner's shares of all tasks in the line; those of the batch go there.
    unsafe fn cut_off(oldest: Task, most: usize) -> (Self, Option<Task>) {
        if most == 0 {
            return (Self::EMPTY, Some(oldest));
        }
        let mut newest = oldest;
        for len in 1..most {
            // SAFETY: the caller's promise.
            match unsafe { newest.behind() } {
                Some(next) => newest = next,
                None => return (Self { ends: Some((oldest, newest)), len }, None),
            }
        }
        // SAFETY: as above.
        let rest = unsafe { newest.behind() };
        // SAFETY: as above.
        unsafe { newest.put_behind(None) };
        (Self { ends: Some((oldest, newest)), len: most }, rest)
    }

    /// Puts a task behind all others.
    pub fn push(&mut self, runnable: Runnable) {
        let task = runnable.into_task();
        // SAFETY: the runner's share is the batch's now.
        unsafe { task.put_behind(None) };
        if let Some((_, newest)) = self.ends {
            // SAFETY: the batch holds the runner's shares.
            unsafe { newest.put_behind(Some(task)) };
        }
        let oldest = self.ends.map_or(task, |(oldest, _)| oldest);
        self.ends = Some((oldest, task));
        self.len += 1;
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Extend<Runnable> for Batch {
    fn extend<I: IntoIterator<Item = Runnable>>(&mut self, runnables: I) {
        runnables.into_iter().for_each(|runnable| self.push(runnable));
    }
}

impl FromIterator<Runnable> for Batch {
    fn from_iter<I: IntoIterator<Item = Runnable>>(runnables: I) -> Self {
        let mut batch = Self::EMPTY;
        batch.extend(runnables);
        batch
    }
}

impl Iterator for Batch {
    type Item = Runnable;

    #[inline]
    fn next(&mut self) -> Option<Runnable> {
        let (oldest, newest) = self.ends?;
        // SAFETY: the batch holds the runner's shares.
        let next = unsafe { oldest.behind() };
        self.ends = next.map(|next| (next, newest));
        self.len -= 1;
        // SAFETY: the runner's share leaves the batch here, unclaimed; that closure and value
        // may change threads was asked when the `Runnable` was made.
        Some(unsafe { Runnable::new(oldest) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl ExactSizeIterator for Batch {}

impl FusedIterator for Batch {}

impl Drop for Batch {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}
