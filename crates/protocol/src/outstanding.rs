//! Tasks that one consumer waits for, in the order they finish: what `AsCompleted` and
//! `CompletionSet` have in common.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::consumer::{Consumer, NotReady};
use crate::error::{JoinError, TimedOut};
use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::roster::Roster;
use crate::runnable::Runnable;
use crate::state::{Attach, Detach};
use crate::sync::Deadline;
use crate::task::Task;

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
    early: VecDeque<(Task, usize)>,
    total: usize,
    value: PhantomData<T>,
}

// SAFETY: the values change threads with it.
unsafe impl<T: Send> Send for Outstanding<T> {}
// SAFETY: nothing can be done with a shared one but count.
unsafe impl<T: Send> Sync for Outstanding<T> {}

impl<T> Outstanding<T> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            consumer: Consumer::new(),
            roster: Roster::with_capacity(capacity),
            early: VecDeque::new(),
            total: 0,
            value: PhantomData,
        }
    }

    pub(crate) fn set_spin(&mut self, spin: Duration) {
        self.consumer.set_spin(spin);
    }

    /// Waits for one more task.
    pub(crate) fn add(&mut self, handle: JoinHandle<T>) {
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
    }

    /// Makes a task that is promised here from birth.
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
        let id = unsafe { task.id() };
        // SAFETY: a new task comes with the runner's share, and the bounds above hold.
        (unsafe { Runnable::new(task) }, id)
    }

    /// How many tasks have not been handed out yet.
    pub(crate) fn remaining(&self) -> usize {
        self.early.len() + self.roster.len()
    }

    /// How many tasks have come here.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Hands out the next task if one is ready.
    pub(crate) fn try_next(&mut self) -> Option<Finished<T>> {
        if let Some(finished) = self.next_early() {
            return Some(finished);
        }
        while let Some(task) = self.consumer.poll() {
            if let Some(finished) = self.receive(task) {
                return Some(finished);
            }
        }
        None
    }

    /// Hands out the next task, waiting for it until `deadline`; `None` if there are no more.
    pub(crate) fn next(&mut self, deadline: Deadline) -> Result<Option<Finished<T>>, TimedOut> {
        if let Some(finished) = self.next_early() {
            return Ok(Some(finished));
        }
        while self.roster.len() > 0 {
            match self.consumer.wait(deadline) {
                Ok(task) => {
                    if let Some(finished) = self.receive(task) {
                        return Ok(Some(finished));
                    }
                }
                Err(NotReady::TimedOut) => {
                    return Err(TimedOut::new(self.remaining(), self.total));
                }
                Err(NotReady::TooDeep(limit)) => {
                    return Ok(Some(self.refuse(JoinError::TooDeep(limit))));
                }
            }
        }
        Ok(None)
    }

    /// Hands out all that is ready, waiting for the first; nothing if there are no more.
    pub(crate) fn next_batch(&mut self) -> Vec<Finished<T>> {
        let first = self.next(Deadline::NEVER).unwrap_or_else(|_| unreachable!("no deadline"));
        let mut batch = Vec::from_iter(first);
        batch.extend(std::iter::from_fn(|| self.try_next()));
        batch
    }

    /// Hands out the next task if one is ready; if not, the task of `context` is woken when one
    /// is. `None` if there are no more.
    pub(crate) fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Finished<T>>> {
        if let Some(finished) = self.next_early() {
            return Poll::Ready(Some(finished));
        }
        while self.roster.len() > 0 {
            let task = ready!(self.consumer.poll_next(context));
            if let Some(finished) = self.receive(task) {
                return Poll::Ready(Some(finished));
            }
        }
        self.stop_polling();
        Poll::Ready(None)
    }

    /// Nobody polls any more.
    pub(crate) fn stop_polling(&mut self) {
        self.consumer.stop_polling();
    }

    /// Gives back the handles of all tasks not handed out yet, in the order they came.
    pub(crate) fn into_handles(mut self) -> Vec<JoinHandle<T>> {
        let mut tasks: Vec<(usize, Task)> =
            self.early.drain(..).map(|(task, index)| (index, task)).collect();
        while let Some(task) = self.consumer.poll() {
            // SAFETY: the task has been received.
            if unsafe { task.state() }.is_split() {
                // SAFETY: as above; its handle went out before.
                unsafe { task.discard() };
                continue;
            }
            // SAFETY: the task has been received.
            let index = unsafe { task.tag() };
            self.roster.remove(index);
            // SAFETY: as above, and the handle's share is ours.
            unsafe { task.reclaim() };
            tasks.push((index, task));
        }
        for (index, task) in self.roster.drain() {
            // SAFETY: the task is attached, and everything received is off the roster.
            match unsafe { task.detach() } {
                Detach::Withdrawn => self.consumer.excuse_one(),
                // Its delivery is discarded when the queue closes; the handle may take the
                // outcome at once.
                Detach::Delivering => {}
            }
            tasks.push((index, task));
        }
        tasks.sort_unstable_by_key(|(index, _)| *index);
        // SAFETY: the handles' shares are ours, and their tasks withdrawn, reclaimed or split.
        tasks.into_iter().map(|(_, task)| unsafe { JoinHandle::new(task) }).collect()
    }

    fn next_early(&mut self) -> Option<Finished<T>> {
        let (task, index) = self.early.pop_front()?;
        // SAFETY: the handle's share is ours.
        let id = unsafe { task.id() };
        // SAFETY: as above, and the task had finished before it came here.
        Some(Finished { id, index, outcome: unsafe { task.finish() } })
    }

    /// `None` if the task was handed out before, and this is the rest of its delivery.
    fn receive(&mut self, task: Task) -> Option<Finished<T>> {
        // SAFETY: the task has been received.
        if unsafe { task.state() }.is_split() {
            // SAFETY: as above.
            unsafe { task.discard() };
            return None;
        }
        // SAFETY: the task has been received.
        let index = unsafe { task.tag() };
        self.roster.remove(index);
        // SAFETY: as above.
        let id = unsafe { task.id() };
        // SAFETY: as above, and the handle's share came with it.
        Some(Finished { id, index, outcome: unsafe { task.receive() } })
    }

    /// Gives up on one task, as `reason` says, unless it finishes just now.
    #[cold]
    fn refuse(&mut self, reason: JoinError) -> Finished<T> {
        let (index, task) = self.roster.take_oldest().expect("something is outstanding");
        // SAFETY: the handle's share is ours.
        let id = unsafe { task.id() };
        // SAFETY: the task is attached and has not been received.
        let outcome = match unsafe { task.detach() } {
            Detach::Withdrawn => {
                self.consumer.excuse_one();
                // SAFETY: the handle's share is ours, and the task not attached any more.
                unsafe { task.leave() };
                Err(reason)
            }
            // SAFETY: the task has finished.
            Detach::Delivering => unsafe { task.finish() },
        };
        Finished { id, index, outcome }
    }
}

impl<T> Drop for Outstanding<T> {
    fn drop(&mut self) {
        for (task, _) in self.early.drain(..) {
            // SAFETY: the handle's share is ours, and the task not attached.
            unsafe { task.leave() };
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
