//! Results in the order they cross the line, each with the key it went in with.

use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use crate::error::TimedOut;
use crate::handle::JoinHandle;
use crate::outstanding::{Finished, Outstanding};
use crate::sync::Deadline;

/// As [`as_completed`](crate::as_completed), and gives each task's key back with it: a URL, a row,
/// whatever tells the caller which task this was. The key is moved in and out, never compared.
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
pub fn as_completed_keyed<K, T>(
    handles: impl IntoIterator<Item = (K, JoinHandle<T>)>,
) -> AsCompletedKeyed<K, T> {
    let handles = handles.into_iter();
    let expected = handles.size_hint().0;
    let mut tasks = Outstanding::with_capacity(expected);
    let mut keys = Vec::with_capacity(expected);
    for (key, handle) in handles {
        tasks.add(handle);
        keys.push(Some(key));
    }
    AsCompletedKeyed { tasks, keys }
}

/// The iterator of [`as_completed_keyed`].
///
/// ```
/// use photofinish_protocol::{AsCompletedKeyed, as_completed_keyed, completer};
///
/// fn names(results: AsCompletedKeyed<&str, u8>) -> Vec<&str> {
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
pub struct AsCompletedKeyed<K, T> {
    tasks: Outstanding<T>,
    /// By the tasks' indices.
    keys: Vec<Option<K>>,
}

impl<K, T> AsCompletedKeyed<K, T> {
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
    pub fn timeout(self, timeout: Duration) -> AsCompletedKeyedTimeout<K, T> {
        AsCompletedKeyedTimeout { results: self, deadline: Deadline::after(timeout), over: false }
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
    pub fn deadline(self, deadline: Instant) -> AsCompletedKeyedTimeout<K, T> {
        AsCompletedKeyedTimeout { results: self, deadline: Deadline::at(deadline), over: false }
    }

    /// Yields the next task if one is ready, and `None` otherwise. Does not wait.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed_keyed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert!(as_completed_keyed([('a', handle)]).try_next().is_none());
    /// ```
    pub fn try_next(&mut self) -> Option<(K, Finished<T>)> {
        let finished = self.tasks.try_next()?;
        Some((self.take_key(finished.index), finished))
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
        self.tasks.remaining()
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
    pub fn into_unfinished(self) -> Vec<(K, JoinHandle<T>)> {
        let Self { tasks, mut keys } = self;
        let rest = tasks.into_indexed().into_iter();
        rest.map(|(index, handle)| (take(&mut keys, index), handle)).collect()
    }

    fn take_key(&mut self, index: usize) -> K {
        take(&mut self.keys, index)
    }

    fn next_until(&mut self, deadline: Deadline) -> Result<Option<(K, Finished<T>)>, TimedOut> {
        let finished = self.tasks.next(deadline)?;
        Ok(finished.map(|finished| (self.take_key(finished.index), finished)))
    }
}

fn take<K>(keys: &mut [Option<K>], index: usize) -> K {
    keys[index].take().expect("each task is handed out once")
}

impl<K, T> Iterator for AsCompletedKeyed<K, T> {
    type Item = (K, Finished<T>);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(Deadline::NEVER)
            .unwrap_or_else(|_| unreachable!("the wait has no deadline"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

impl<K, T> ExactSizeIterator for AsCompletedKeyed<K, T> {}
impl<K, T> FusedIterator for AsCompletedKeyed<K, T> {}

impl<K, T> fmt::Debug for AsCompletedKeyed<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsCompletedKeyed").field(&self.tasks).finish()
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
pub struct AsCompletedKeyedTimeout<K, T> {
    results: AsCompletedKeyed<K, T>,
    deadline: Deadline,
    over: bool,
}

impl<K, T> AsCompletedKeyedTimeout<K, T> {
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
    pub fn into_inner(self) -> AsCompletedKeyed<K, T> {
        self.results
    }
}

impl<K, T> Iterator for AsCompletedKeyedTimeout<K, T> {
    type Item = Result<(K, Finished<T>), TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.results.next_until(self.deadline);
        self.over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl<K, T> FusedIterator for AsCompletedKeyedTimeout<K, T> {}

impl<K, T> fmt::Debug for AsCompletedKeyedTimeout<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedKeyedTimeout")
            .field("results", &self.results)
            .field("deadline", &self.deadline)
            .finish()
    }
}
