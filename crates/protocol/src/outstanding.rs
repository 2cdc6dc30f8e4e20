//! Tasks that one consumer waits for, in the order they finish: what `AsCompleted` and
//! `CompletionSet` have in common.

mod parcels;
mod taken_back;

use std::collections::VecDeque;
use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::canceller::Cancelled;
use crate::consumer::{Consumer, NotReady};
use crate::error::{JoinError, TimedOut, TooDeep};
use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::roster::Roster;
use crate::runnable::Runnable;
use crate::state::{Attach, Detach};
use crate::sync::Deadline;
use crate::task::Task;

use self::parcels::{LINK, PARCELS_AT_ONCE};

/// A task that has finished, and how.
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
///
/// let (completer, handle) = completer();
/// let id = handle.id();
/// completer.complete('x').unwrap();
/// let finished = as_completed([handle]).next().unwrap();
/// assert_eq!((finished.id, finished.index), (id, 0));
/// assert_eq!(finished.outcome.unwrap(), 'x');
/// ```
#[derive(Debug)]
pub struct Finished<T> {
    /// The task's identity.
    pub id: TaskId,
    /// The task's place in the input: how many tasks went into the iterator or set before it.
    pub index: usize,
    /// What it returned, or why it did not.
    pub outcome: Result<T, JoinError>,
}

pub(crate) struct Outstanding<T> {
    consumer: Consumer,
    roster: Roster,
    /// Handles of tasks that had finished before they came here, with their indices.
    early: VecDeque<Ready>,
    total: usize,
    /// How many adders may still add something, as far as is known here.
    adders: usize,
    /// Links that had been completed before they could be promised.
    parcels: VecDeque<Task>,
    value: PhantomData<T>,
}

/// A task that can be handed out, and its index: it has finished, is off the roster, and its handle's
/// share is ours. If it is attached and not split, it has been received.
type Ready = (Task, usize);

/// Why a wait ended without a task that can be handed out.
enum NoneReady {
    NoMore,
    TimedOut(TimedOut),
    Refused(Refused),
}

/// A task on which a worker has given up, because its stack is nearly used up.
struct Refused {
    id: TaskId,
    index: usize,
    limit: TooDeep,
}

impl<T> From<Refused> for Finished<T> {
    fn from(Refused { id, index, limit }: Refused) -> Self {
        Self { id, index, outcome: Err(JoinError::TooDeep(limit)) }
    }
}

// SAFETY: the values change threads with it.
unsafe impl<T: Send> Send for Outstanding<T> {}
// SAFETY: nothing can be done with a shared one but count.
unsafe impl<T: Send> Sync for Outstanding<T> {}

// A panic of what is called from here finds it whole.
impl<T> std::panic::UnwindSafe for Outstanding<T> {}
impl<T> std::panic::RefUnwindSafe for Outstanding<T> {}

impl<T> Outstanding<T> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            consumer: Consumer::new(),
            roster: Roster::with_capacity(capacity),
            early: VecDeque::new(),
            total: 0,
            adders: 0,
            parcels: VecDeque::new(),
            value: PhantomData,
        }
    }

    pub(crate) fn set_spin(&mut self, spin: Duration) {
        self.consumer.set_spin(spin);
    }

    /// Waits for one more task, and tells its index.
    #[inline(always)]
    pub(crate) fn add(&mut self, handle: JoinHandle<T>) -> usize {
        let index = self.total;
        self.total += 1;
        let task = handle.into_task();
        // SAFETY: the handle's share is ours now, and a handle's task is not attached. The
        // consumer counts it below.
        match unsafe { task.attach(self.consumer.queue(), index) } {
            Attach::Finished => self.early.push_back((task, index)),
            Attach::Promised => {
                self.consumer.expect_one();
                self.roster.insert(index, task);
            }
        }
        index
    }

    /// Makes a task that is promised here from birth.
    #[inline]
    pub(crate) fn bind<F>(&mut self, closure: F) -> (Runnable, TaskId)
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let index = self.total;
        self.total += 1;
        let task = Task::new(closure, Some((self.consumer.queue(), index)));
        self.consumer.expect_one();
        self.roster.insert(index, task);
        // SAFETY: a new task's shares are ours.
        unsafe { task.submitted() };
        // SAFETY: as above.
        let id = unsafe { task.id() };
        // SAFETY: a new task comes with the runner's share, and the bounds above hold.
        (unsafe { Runnable::new(task) }, id)
    }

    /// How many tasks have not been handed out yet.
    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        self.early.len() + self.roster.len()
    }

    /// How many tasks have come here.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Whether there is nothing to hand out, and nobody who could add anything.
    pub(crate) fn is_over(&self) -> bool {
        self.remaining() == 0 && self.adders == 0
    }

    /// Hands out the next task if one is ready.
    #[inline(always)]
    pub(crate) fn try_next(&mut self) -> Option<Finished<T>> {
        let ready = match self.at_once() {
            Some(ready) => ready,
            None => self.look_closer()?,
        };
        Some(Self::hand_out(ready))
    }

    /// Hands out the next task, waiting for it; `None` if there are no more.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<Finished<T>> {
        let ready = match self.at_once() {
            Some(ready) => ready,
            None => match self.wait(Deadline::NEVER) {
                Ok(ready) => ready,
                Err(NoneReady::NoMore) => return None,
                Err(NoneReady::Refused(refused)) => return Some(refused.into()),
                Err(NoneReady::TimedOut(_)) => unreachable!("the wait has no deadline"),
            },
        };
        Some(Self::hand_out(ready))
    }

    /// As [`next`](Self::next), waiting until `deadline`.
    #[inline(always)]
    pub(crate) fn next_before(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Finished<T>>, TimedOut> {
        let ready = match self.at_once() {
            Some(ready) => ready,
            None => match self.wait(deadline) {
                Ok(ready) => ready,
                Err(NoneReady::NoMore) => return Ok(None),
                Err(NoneReady::Refused(refused)) => return Ok(Some(refused.into())),
                Err(NoneReady::TimedOut(timed_out)) => return Err(timed_out),
            },
        };
        Ok(Some(Self::hand_out(ready)))
    }

    /// The next task if one look is enough to find it; `None` says nothing.
    #[inline(always)]
    fn at_once(&mut self) -> Option<Ready> {
        match self.early.pop_front() {
            Some(early) => Some(early),
            None => {
                let task = self.consumer.poll()?;
                self.admit(task)
            }
        }
    }

    /// The next task if one is ready.
    #[inline(never)]
    fn look_closer(&mut self) -> Option<Ready> {
        let mut parcels = 0..PARCELS_AT_ONCE;
        loop {
            if let Some(early) = self.early.pop_front() {
                return Some(early);
            }
            if let Some(task) = self.consumer.poll() {
                if let Some(ready) = self.admit(task) {
                    return Some(ready);
                }
            } else if parcels.next().is_none() || !self.open_parcel() {
                return None;
            }
        }
    }

    /// Waits until `deadline` for the next task.
    #[inline(never)]
    fn wait(&mut self, deadline: Deadline) -> Result<Ready, NoneReady> {
        loop {
            if let Some(early) = self.early.pop_front() {
                return Ok(early);
            }
            if self.roster.len() == 0 && self.adders == 0 {
                return Err(NoneReady::NoMore);
            }
            if !self.parcels.is_empty() {
                match self.look_closer() {
                    Some(ready) => return Ok(ready),
                    None if deadline.has_passed() => {
                        return Err(NoneReady::TimedOut(self.timed_out()));
                    }
                    None => continue,
                }
            }
            let task = match self.consumer.wait(deadline) {
                Ok(task) => task,
                Err(NotReady::TimedOut) => return Err(NoneReady::TimedOut(self.timed_out())),
                Err(NotReady::TooDeep(limit)) => match self.refuse(limit) {
                    Some(Ok(finished)) => return Ok(finished),
                    Some(Err(refused)) => return Err(NoneReady::Refused(refused)),
                    // There is no task to refuse, only adders.
                    None => self.consumer.wait_without_helping(),
                },
            };
            if let Some(ready) = self.admit(task) {
                return Ok(ready);
            }
        }
    }

    fn timed_out(&self) -> TimedOut {
        TimedOut::new(self.remaining(), self.total)
    }

    /// Hands out all that is ready, waiting for the first, and tells how many; none if there are
    /// no more.
    pub(crate) fn next_batch(&mut self, batch: &mut Vec<Finished<T>>) -> usize {
        let before = batch.len();
        batch.extend(self.next());
        batch.extend(iter::from_fn(|| self.try_next()));
        batch.len() - before
    }

    /// Hands out the next task if one is ready; if not, the task of `context` is woken when one
    /// is. `None` if there are no more.
    pub(crate) fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Finished<T>>> {
        loop {
            if let Some(early) = self.early.pop_front() {
                return Poll::Ready(Some(Self::hand_out(early)));
            }
            if self.is_over() {
                self.stop_polling();
                return Poll::Ready(None);
            }
            if !self.parcels.is_empty() {
                if let Some(ready) = self.look_closer() {
                    return Poll::Ready(Some(Self::hand_out(ready)));
                }
                if !self.parcels.is_empty() {
                    // Others of the executor's tasks go first.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                continue;
            }
            let task = ready!(self.consumer.poll_next(context));
            if let Some(ready) = self.admit(task) {
                return Poll::Ready(Some(Self::hand_out(ready)));
            }
        }
    }

    /// Nobody polls any more.
    pub(crate) fn stop_polling(&mut self) {
        self.consumer.stop_polling();
    }

    /// All tasks that have not been handed out, oldest first but for those that had finished
    /// before they came.
    fn tasks(&self) -> impl Iterator<Item = Task> {
        self.early.iter().map(|(task, _)| *task).chain(self.roster.iter())
    }

    /// Whether the task of this index had not finished when it came, and has not been handed out.
    pub(crate) fn awaits(&self, index: usize) -> bool {
        self.roster.contains(index)
    }

    /// Whether the task is here and has not been handed out.
    pub(crate) fn contains(&self, id: TaskId) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: TaskId) -> Option<Task> {
        // SAFETY: the handles' shares are ours.
        self.tasks().find(|task| unsafe { task.id() } == id)
    }

    /// Cancels a task, which stays here, if it is here and has not begun.
    pub(crate) fn cancel(&mut self, id: TaskId) -> Option<Cancelled> {
        // SAFETY: the handle's share is ours until this has returned.
        self.find(id).map(|task| unsafe { task.cancel() }.into())
    }

    /// Cancels all that has not begun, and tells how many those were. They stay here.
    pub(crate) fn cancel_all(&mut self) -> usize {
        // SAFETY: the handles' shares are ours until this has returned.
        let cancels = self.tasks().map(|task| unsafe { task.cancel() });
        cancels.filter(|cancel| Cancelled::from(*cancel) == Cancelled::Now).count()
    }

    /// Strikes a received task off the roster. `None` if it was handed out before, and this is the
    /// rest of its delivery; or if it is an adder's link.
    #[inline(always)]
    fn admit(&mut self, task: Task) -> Option<Ready> {
        // SAFETY: the task has been received.
        if unsafe { task.state() }.is_split() {
            // SAFETY: as above.
            unsafe { task.discard() };
            return None;
        }
        // SAFETY: as above.
        let index = unsafe { task.tag() };
        if index == LINK {
            self.receive_link(task);
            return None;
        }
        self.roster.remove(index);
        Some((task, index))
    }

    /// The one place where a [`Finished`] is put together, compiled into whoever is given it: what is
    /// written word by word here and copied by larger pieces there waits, at each copy, for the
    /// stores before it. For the same reason all that is called on the way returns less than a
    /// [`Finished`].
    #[inline(always)]
    fn hand_out((task, index): Ready) -> Finished<T> {
        // SAFETY: the handle's share is ours.
        let id = unsafe { task.id() };
        // SAFETY: as above, and nobody has taken the outcome. Unless the task has been received, it is not
        // attached, or its handle lives outside the queue.
        Finished { id, index, outcome: unsafe { task.finish_in_place() } }
    }

    /// Withdraws the promise of a task that was taken off the roster, unless its delivery is under way.
    fn call_off(&mut self, task: Task) -> Detach {
        // SAFETY: the task is attached and has not been received, or it would be off the roster.
        let detach = unsafe { task.detach() };
        match detach {
            Detach::Withdrawn => self.consumer.excuse_one(),
            Detach::Delivering => {}
        }
        detach
    }

    /// Gives up on one task, because of `limit`, unless it finishes just now. `None` if no task is
    /// outstanding.
    #[cold]
    fn refuse(&mut self, limit: TooDeep) -> Option<Result<Ready, Refused>> {
        let (index, task) = self.roster.take_oldest()?;
        Some(match self.call_off(task) {
            Detach::Withdrawn => {
                // SAFETY: the handle's share is ours, and the task not attached any more.
                let id = unsafe { task.id() };
                // SAFETY: as above.
                unsafe { task.leave() };
                Err(Refused { id, index, limit })
            }
            Detach::Delivering => Ok((task, index)),
        })
    }
}

impl<T> Drop for Outstanding<T> {
    fn drop(&mut self) {
        for (task, _) in self.early.drain(..) {
            // SAFETY: the handle's share is ours, and the task not attached.
            unsafe { task.leave() };
        }
        for link in self.parcels.drain(..) {
            // SAFETY: as above.
            unsafe { link.leave() };
        }
    }
}

impl<T> fmt::Debug for Outstanding<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outstanding")
            .field("remaining", &self.remaining())
            .field("total", &self.total)
            .finish()
    }
}
