//! A set in which each task has a deadline of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::outstanding::{Finished, Outstanding};
use crate::runnable::Spawn;
use crate::sync::Deadline;

/// Tasks in the order they finish or run out of time, whichever is first for each.
///
/// A task that runs out of time is given out as [`Overdue`], with its handle: it goes on, and
/// whoever gets it decides what becomes of it. What has finished goes before what is overdue, and
/// a task that has finished is never overdue, however late it is asked for.
///
/// # Blocking
///
/// A wait ends at the earliest deadline, so on a worker of a pool it runs no other tasks meanwhile
/// as long as a task with a deadline is in the set.
///
/// ```
/// use photofinish_protocol::{DeadlineSet, completer};
/// use std::time::Duration;
///
/// let mut set = DeadlineSet::new();
/// let (done, patient) = completer();
/// let (_never, hasty) = completer();
/// set.add_within(patient, Duration::from_secs(60));
/// set.add_within(hasty, Duration::from_millis(1));
/// done.complete(1).unwrap();
/// assert_eq!(set.next_finished().unwrap().unwrap().index, 0);
/// let overdue = set.next_finished().unwrap().unwrap_err();
/// assert_eq!(overdue.index, 1);
/// assert!(overdue.handle.cancel().is_cancelled());
/// assert!(set.next_finished().is_none());
/// ```
#[must_use = "dropping a set loses the results"]
pub struct DeadlineSet<T> {
    tasks: Outstanding<T>,
    /// Deadlines with the tasks' indices, the earliest on top. Tasks that are gone may be among
    /// them.
    due: BinaryHeap<Reverse<(Instant, usize)>>,
}

/// A task whose time was up before it had finished. It goes on.
///
/// ```
/// use photofinish_protocol::{DeadlineSet, Overdue, completer};
/// use std::time::Duration;
///
/// let (completer, handle) = completer();
/// let mut set = DeadlineSet::new();
/// set.add_within(handle, Duration::ZERO);
/// let Overdue { id, handle, .. } = set.next_finished().unwrap().unwrap_err();
/// assert_eq!(id, handle.id());
/// completer.complete(1).unwrap();
/// assert_eq!(handle.join().unwrap(), 1);
/// ```
#[derive(Debug)]
#[must_use = "dropping it detaches the task"]
pub struct Overdue<T> {
    /// The task's identity.
    pub id: TaskId,
    /// How many tasks went into the set before it.
    pub index: usize,
    /// The way to its outcome, or to cancel it.
    pub handle: JoinHandle<T>,
}

impl<T> DeadlineSet<T> {
    /// The heap is cleared of those who are gone when so many times as many are in it.
    const STALE: usize = 2;
    /// A heap this small is not worth it.
    const SMALL: usize = 64;

    /// An empty set.
    ///
    /// ```
    /// use photofinish_protocol::DeadlineSet;
    ///
    /// assert!(DeadlineSet::<u8>::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self { tasks: Outstanding::with_capacity(0), due: BinaryHeap::new() }
    }

    /// Adds a task that is given out at `deadline`, if it has not finished by then.
    ///
    /// ```
    /// use photofinish_protocol::{DeadlineSet, completer};
    /// use std::time::Instant;
    ///
    /// let mut set = DeadlineSet::new();
    /// let (_completer, handle) = completer::<u8>();
    /// let id = set.add(handle, Instant::now());
    /// assert_eq!(set.next_finished().unwrap().unwrap_err().id, id);
    /// ```
    pub fn add(&mut self, handle: JoinHandle<T>, deadline: Instant) -> TaskId {
        let id = handle.id();
        let index = self.tasks.add(handle);
        self.note(index, deadline);
        id
    }

    /// As [`add`](Self::add), with a deadline `timeout` from now; none, if that is beyond what the
    /// clock can express.
    ///
    /// ```
    /// use photofinish_protocol::{DeadlineSet, completer};
    /// use std::time::Duration;
    ///
    /// let mut set = DeadlineSet::new();
    /// let (completer, handle) = completer();
    /// set.add_within(handle, Duration::MAX);
    /// completer.complete(1).unwrap();
    /// assert!(set.next_finished().unwrap().is_ok());
    /// ```
    pub fn add_within(&mut self, handle: JoinHandle<T>, timeout: Duration) -> TaskId {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.add(handle, deadline),
            None => {
                let id = handle.id();
                self.tasks.add(handle);
                id
            }
        }
    }

    /// Submits a task to `pool`, to be delivered here within `timeout`, which includes the time it
    /// waits for a worker.
    ///
    /// ```
    /// use photofinish_protocol::{DeadlineSet, Runnable, Spawn};
    /// use std::time::Duration;
    ///
    /// struct Threads;
    /// impl Spawn for Threads {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         std::thread::spawn(move || runnable.run());
    ///     }
    /// }
    ///
    /// let mut set = DeadlineSet::new();
    /// set.submit_within(&Threads, Duration::from_secs(60), || 9);
    /// assert_eq!(set.next_finished().unwrap().unwrap().outcome.unwrap(), 9);
    /// ```
    pub fn submit_within<F>(
        &mut self,
        pool: &(impl Spawn + ?Sized),
        timeout: Duration,
        closure: F,
    ) -> TaskId
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let deadline = Instant::now().checked_add(timeout);
        let index = self.tasks.total();
        let (runnable, id) = self.tasks.bind(closure);
        if let Some(deadline) = deadline {
            self.note(index, deadline);
        }
        pool.spawn(runnable);
        id
    }

    fn note(&mut self, index: usize, deadline: Instant) {
        if self.due.len() > Self::SMALL + Self::STALE * self.tasks.remaining() {
            self.due.retain(|Reverse((_, index))| self.tasks.awaits(*index));
        }
        self.due.push(Reverse((deadline, index)));
    }

    /// Gives the next task that finishes or whose time is up, waiting for it; `None` if the set is
    /// empty.
    ///
    /// ```
    /// use photofinish_protocol::DeadlineSet;
    ///
    /// assert!(DeadlineSet::<u8>::new().next_finished().is_none());
    /// ```
    pub fn next_finished(&mut self) -> Option<Result<Finished<T>, Overdue<T>>> {
        loop {
            let deadline = match self.earliest() {
                Some((deadline, _)) => Deadline::at(deadline),
                None => Deadline::NEVER,
            };
            if let Ok(finished) = self.tasks.next_before(deadline) {
                return finished.map(Ok);
            }
            let overdue = self.take_overdue();
            if overdue.is_some() {
                return overdue;
            }
        }
    }

    /// Gives the next task if one has finished, or else one whose time is up; `None` if there is
    /// neither. Does not wait.
    ///
    /// ```
    /// use photofinish_protocol::{DeadlineSet, completer};
    /// use std::time::{Duration, Instant};
    ///
    /// let mut set = DeadlineSet::new();
    /// let (_completer, handle) = completer::<u8>();
    /// set.add(handle, Instant::now() + Duration::from_secs(60));
    /// assert!(set.try_next().is_none());
    /// ```
    pub fn try_next(&mut self) -> Option<Result<Finished<T>, Overdue<T>>> {
        if let Some(finished) = self.tasks.try_next() {
            return Some(Ok(finished));
        }
        self.take_overdue()
    }

    /// The earliest deadline of a task that is still awaited, and its index.
    fn earliest(&mut self) -> Option<(Instant, usize)> {
        while let Some(Reverse((deadline, index))) = self.due.peek() {
            if self.tasks.awaits(*index) {
                return Some((*deadline, *index));
            }
            self.due.pop();
        }
        None
    }

    fn take_overdue(&mut self) -> Option<Result<Finished<T>, Overdue<T>>> {
        let (deadline, index) = self.earliest()?;
        if deadline > Instant::now() {
            return None;
        }
        let withdrawn = self.tasks.withdraw(index)?;
        Some(withdrawn.map_err(|handle| Overdue { id: handle.id(), index, handle }))
    }

    /// How many tasks are in the set.
    ///
    /// ```
    /// use photofinish_protocol::DeadlineSet;
    ///
    /// assert_eq!(DeadlineSet::<u8>::new().remaining(), 0);
    /// ```
    pub fn remaining(&self) -> usize {
        self.tasks.remaining()
    }

    /// Whether no task is in the set.
    ///
    /// ```
    /// use photofinish_protocol::DeadlineSet;
    ///
    /// assert!(DeadlineSet::<u8>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// Gives back the handles of all tasks in the set, in the order they came. Those that have
    /// finished meanwhile are among them.
    ///
    /// ```
    /// use photofinish_protocol::{DeadlineSet, completer};
    /// use std::time::Duration;
    ///
    /// let mut set = DeadlineSet::new();
    /// let (_completer, handle) = completer::<u8>();
    /// set.add_within(handle, Duration::from_secs(60));
    /// assert_eq!(set.into_unfinished().len(), 1);
    /// ```
    pub fn into_unfinished(self) -> Vec<JoinHandle<T>> {
        self.tasks.into_handles()
    }
}

impl<T> Extend<(JoinHandle<T>, Instant)> for DeadlineSet<T> {
    fn extend<I: IntoIterator<Item = (JoinHandle<T>, Instant)>>(&mut self, tasks: I) {
        for (handle, deadline) in tasks {
            self.add(handle, deadline);
        }
    }
}

impl<T> FromIterator<(JoinHandle<T>, Instant)> for DeadlineSet<T> {
    fn from_iter<I: IntoIterator<Item = (JoinHandle<T>, Instant)>>(tasks: I) -> Self {
        let mut set = Self::new();
        set.extend(tasks);
        set
    }
}

impl<T> Default for DeadlineSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for DeadlineSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeadlineSet").field(&self.tasks).finish()
    }
}
