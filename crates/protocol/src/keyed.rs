//! Results in the order they cross the line, each with the key it went in with.

use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use crate::as_completed::{AsCompleted, TaskHandle, as_completed};
use crate::error::TimedOut;
use crate::sync::Deadline;
use crate::term::Term;

/// As [`as_completed`](crate::as_completed), and gives each task's key back with it: a URL, a row,
/// whatever tells the caller which task this was. The key is moved in and out, never compared. A shared
/// handle that is given twice comes once, with its first key.
///
/// # Blocking
///
/// As [`AsCompleted`](crate::AsCompleted).
///
/// ```
/// use photofinish_protocol::{as_completed_keyed, completer};
/// use std::collections::BTreeMap;
///
/// let (slow, a) = completer();
/// let (fast, b) = completer();
/// let results = as_completed_keyed(BTreeMap::from([("slow", a), ("fast", b)]));
/// fast.complete(1).unwrap();
/// slow.complete(2).unwrap();
/// let order: Vec<_> = results.map(|(key, done)| (key, done.outcome.unwrap())).collect();
/// assert_eq!(order, [("fast", 1), ("slow", 2)]);
/// ```
pub fn as_completed_keyed<K, H: TaskHandle>(
    handles: impl IntoIterator<Item = (K, H)>,
) -> AsCompletedKeyed<K, H> {
    let handles = handles.into_iter();
    let mut keys = Vec::with_capacity(handles.size_hint().0);
    let results = as_completed(handles.map(|(key, handle)| {
        keys.push(Some(key));
        handle
    }));
    AsCompletedKeyed { results, keys }
}

/// The iterator of [`as_completed_keyed`].
///
/// ```
/// use photofinish_protocol::{AsCompletedKeyed, JoinHandle, as_completed_keyed, completer};
///
/// fn names(results: AsCompletedKeyed<&str, JoinHandle<u8>>) -> Vec<&str> {
///     results.map(|(name, _)| name).collect()
/// }
///
/// let ((one, a), (other, b)) = (completer(), completer());
/// let results = as_completed_keyed([("one", a), ("other", b)]);
/// other.complete(1).unwrap();
/// one.complete(2).unwrap();
/// assert_eq!(names(results), ["other", "one"]);
/// ```
#[must_use = "iterators are lazy, and dropping this one loses the results"]
pub struct AsCompletedKeyed<K, H: TaskHandle> {
    results: AsCompleted<H>,
    /// By the tasks' indices.
    keys: Vec<Option<K>>,
}

impl<K, H: TaskHandle> AsCompletedKeyed<K, H> {
    /// Gives up waiting `timeout` after this call.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    /// use std::time::Duration;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut results = as_completed_keyed([('a', handle)]).timeout(Duration::from_millis(1));
    /// assert!(results.next().unwrap().is_err());
    /// assert!(results.next().is_none());
    /// let late = results.into_inner().into_unfinished();
    /// assert_eq!(late[0].0, 'a');
    /// ```
    pub fn timeout(self, timeout: Duration) -> AsCompletedKeyedTimeout<K, H> {
        AsCompletedKeyedTimeout { results: self, term: Term::until(Deadline::after(timeout)) }
    }

    /// Gives up waiting at `deadline`.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    /// use std::time::Instant;
    ///
    /// let (completer, handle) = completer();
    /// completer.complete(1).unwrap();
    /// let mut results = as_completed_keyed([('a', handle)]).deadline(Instant::now());
    /// assert_eq!(results.next().unwrap().unwrap().0, 'a');
    /// ```
    pub fn deadline(self, deadline: Instant) -> AsCompletedKeyedTimeout<K, H> {
        AsCompletedKeyedTimeout { results: self, term: Term::until(Deadline::at(deadline)) }
    }

    /// Yields the next task if one is ready, and `None` otherwise. Does not wait.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert!(as_completed_keyed([('a', handle)]).try_next().is_none());
    /// ```
    pub fn try_next(&mut self) -> Option<(K, H::Finished)> {
        let finished = self.results.try_next()?;
        Some(self.with_key(finished))
    }

    /// How many tasks have not been yielded yet.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert_eq!(as_completed_keyed([('a', handle)]).remaining(), 1);
    /// ```
    pub fn remaining(&self) -> usize {
        self.results.remaining()
    }

    /// Gives back keys and handles of all tasks that have not been yielded, in input order. Those
    /// that have finished meanwhile are among them.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    ///
    /// let (completer, handle) = completer();
    /// let rest = as_completed_keyed([('a', handle)]).into_unfinished();
    /// completer.complete(1).unwrap();
    /// for (key, handle) in rest {
    ///     assert_eq!((key, handle.join().unwrap()), ('a', 1));
    /// }
    /// ```
    pub fn into_unfinished(self) -> Vec<(K, H)> {
        let Self { results, mut keys } = self;
        let rest = results.into_indexed().into_iter();
        rest.map(|(index, handle)| (take(&mut keys, index), handle)).collect()
    }

    /// Cancels all tasks that have not been yielded and have not begun, and tells how many that
    /// were. They are yielded like all others.
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, as_completed_keyed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut results = as_completed_keyed([('a', handle)]);
    /// assert_eq!(results.cancel_unfinished(), 1);
    /// let (key, finished) = results.next().unwrap();
    /// assert!(matches!((key, finished.outcome), ('a', Err(JoinError::Cancelled))));
    /// ```
    pub fn cancel_unfinished(&mut self) -> usize {
        self.results.cancel_unfinished()
    }

    fn with_key(&mut self, finished: H::Finished) -> (K, H::Finished) {
        (take(&mut self.keys, H::index(&finished)), finished)
    }

    fn next_until(&mut self, deadline: Deadline) -> Result<Option<(K, H::Finished)>, TimedOut> {
        let finished = self.results.next_before(deadline)?;
        Ok(finished.map(|finished| self.with_key(finished)))
    }
}

fn take<K>(keys: &mut [Option<K>], index: usize) -> K {
    keys[index].take().expect("each task is handed out once")
}

impl<K, H: TaskHandle> Iterator for AsCompletedKeyed<K, H> {
    type Item = (K, H::Finished);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(Deadline::NEVER)
            .unwrap_or_else(|_| unreachable!("the wait has no deadline"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

impl<K, H: TaskHandle> ExactSizeIterator for AsCompletedKeyed<K, H> {}
impl<K, H: TaskHandle> FusedIterator for AsCompletedKeyed<K, H> {}

impl<K, H: TaskHandle> fmt::Debug for AsCompletedKeyed<K, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsCompletedKeyed").field(&self.results).finish()
    }
}

/// An [`AsCompletedKeyed`] that gives up at a deadline, as
/// [`AsCompletedTimeout`](crate::AsCompletedTimeout) does.
///
/// ```
/// use photofinish_protocol::{as_completed_keyed, completer};
/// use std::time::Duration;
///
/// let ((done, a), (_not_done, b)) = (completer(), completer());
/// done.complete(1).unwrap();
/// let mut results = as_completed_keyed([('a', a), ('b', b)]).timeout(Duration::ZERO);
/// assert_eq!(results.next().unwrap().unwrap().0, 'a');
/// assert_eq!(results.next().unwrap().unwrap_err().to_string(), "1 (of 2) tasks unfinished");
/// assert!(results.next().is_none());
/// ```
#[must_use = "iterators are lazy, and dropping this one loses the results"]
pub struct AsCompletedKeyedTimeout<K, H: TaskHandle> {
    results: AsCompletedKeyed<K, H>,
    term: Term,
}

impl<K, H: TaskHandle> AsCompletedKeyedTimeout<K, H> {
    /// The iterator without the deadline, at the place where this one is.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    /// use std::time::Duration;
    ///
    /// let (completer, handle) = completer();
    /// let mut results = as_completed_keyed([('a', handle)]).timeout(Duration::ZERO);
    /// assert!(results.next().unwrap().is_err());
    /// completer.complete(1).unwrap();
    /// assert_eq!(results.into_inner().next().unwrap().0, 'a');
    /// ```
    pub fn into_inner(self) -> AsCompletedKeyed<K, H> {
        self.results
    }
}

impl<K, H: TaskHandle> Iterator for AsCompletedKeyedTimeout<K, H> {
    type Item = Result<(K, H::Finished), TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        self.term.next(|deadline| self.results.next_until(deadline))
    }
}

impl<K, H: TaskHandle> FusedIterator for AsCompletedKeyedTimeout<K, H> {}

impl<K, H: TaskHandle> fmt::Debug for AsCompletedKeyedTimeout<K, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedKeyedTimeout")
            .field("results", &self.results)
            .field("deadline", self.term.deadline())
            .finish()
    }
}
