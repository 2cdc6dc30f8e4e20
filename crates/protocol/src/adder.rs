//! Feeding a set from other threads.
//!
//! An adder knows no queue and no counter. It is the writing end of a task, its *link*, which is
//! promised to the set as all others are. Adding completes the link with a *parcel*: what is added,
//! and the handle of the next link. The set opens the parcel and waits for the next link in turn.
//! A clone is added as a link of its own; an adder that is dropped sends an empty parcel.
//!
//! So a set with an adder has something outstanding, and waits; adding is a completion and a
//! delivery, with the progress of these; and an adder that stops anywhere holds up its own link
//! and nothing else.

use std::cell::Cell;
use std::fmt;
use std::mem;

use crate::completer::{Completer, completer};
use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::runnable::{self, Spawn};

/// Adds tasks to a [`CompletionSet`] from wherever it is, while somebody waits for them there.
///
/// As long as the set has an adder, an empty set waits. Drop the last one to let it end; one that
/// lives on the waiting thread itself makes the wait endless.
///
/// What is added comes into the set when the set next looks, and counts from then on. If the set
/// has been dropped, the tasks go on and their results are dropped.
///
/// An adder is `Send`, not `Sync`: clone it for each thread. It is invariant in `T`, as a
/// [`Completer`](crate::Completer) is.
///
/// Progress: lock-free, one delivery more than a task that the set itself submits or adds.
///
/// ```
/// use photofinish_protocol::{CompletionSet, completer};
/// use std::thread;
///
/// let mut set = CompletionSet::new();
/// let adder = set.adder();
/// thread::spawn(move || {
///     for number in [1, 2, 3] {
///         let (completer, handle) = completer();
///         adder.add(handle);
///         completer.complete(number).unwrap();
///     }
/// });
/// let mut sum = 0;
/// while let Some(finished) = set.next_finished() {
///     sum += finished.outcome.unwrap();
/// }
/// assert_eq!(sum, 6);
/// ```
///
/// [`CompletionSet`]: crate::CompletionSet
#[must_use = "a set ends when its last adder is dropped"]
pub struct Adder<T> {
    /// Empty only within a call.
    link: Cell<Option<Completer<Parcel<T>>>>,
}

/// The handle of a link.
pub(crate) type Link<T> = JoinHandle<Parcel<T>>;

/// What an adder sends: something and the next link, or nothing and no more.
pub(crate) struct Parcel<T> {
    added: Option<Added<T>>,
    next: Option<Link<T>>,
}

pub(crate) enum Added<T> {
    Task(JoinHandle<T>),
    Adder(Link<T>),
}

impl<T: Send + 'static> Adder<T> {
    /// An adder, and the link by which its set will hear of it.
    pub(crate) fn new() -> (Self, Link<T>) {
        let (completer, link) = completer();
        (Self { link: Cell::new(Some(completer)) }, link)
    }

    /// Adds a task that has been submitted before, or is completed by hand.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let mut set = CompletionSet::new();
    /// let adder = set.adder();
    /// let (completer, handle) = completer();
    /// completer.complete('a').unwrap();
    /// adder.add(handle);
    /// assert_eq!(set.next_finished().unwrap().outcome.unwrap(), 'a');
    /// ```
    pub fn add(&self, handle: JoinHandle<T>) -> TaskId {
        let id = handle.id();
        self.send(Added::Task(handle));
        id
    }

    /// Submits a task to `pool`, to be delivered to the set.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut set = CompletionSet::new();
    /// let id = set.adder().submit(&RightNow, || 9);
    /// assert_eq!(set.next_finished().unwrap().id, id);
    /// assert!(set.next_finished().is_none());
    /// ```
    pub fn submit<F>(&self, pool: &(impl Spawn + ?Sized), closure: F) -> TaskId
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let (runnable, handle) = runnable::task(closure);
        let id = self.add(handle);
        pool.spawn(runnable);
        id
    }

    fn send(&self, added: Added<T>) {
        let (completer, next) = completer();
        let link = self.link.replace(Some(completer)).expect("an adder has a link");
        let parcel = Parcel { added: Some(added), next: Some(next) };
        let sent = link.complete(parcel);
        debug_assert!(sent.is_ok(), "nobody cancels a link");
    }
}

impl<T> Drop for Adder<T> {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            let sent = link.complete(Parcel { added: None, next: None });
            debug_assert!(sent.is_ok(), "nobody cancels a link");
        }
    }
}

// Nothing that can panic is called while the link is away.
impl<T> std::panic::UnwindSafe for Adder<T> {}
impl<T> std::panic::RefUnwindSafe for Adder<T> {}

impl<T: Send + 'static> Clone for Adder<T> {
    fn clone(&self) -> Self {
        let (adder, link) = Self::new();
        self.send(Added::Adder(link));
        adder
    }
}

impl<T> fmt::Debug for Adder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adder").finish_non_exhaustive()
    }
}

impl<T> Parcel<T> {
    /// What was added, and the link to wait for next; `None` if the adder has gone.
    pub(crate) fn open(mut self) -> Option<(Added<T>, Link<T>)> {
        self.added.take().zip(self.next.take())
    }

    /// Empties the parcel of its links; a task in it is detached.
    fn links(&mut self) -> impl Iterator<Item = Link<T>> {
        let adder = match self.added.take() {
            Some(Added::Adder(link)) => Some(link),
            Some(Added::Task(_)) | None => None,
        };
        adder.into_iter().chain(self.next.take())
    }
}

impl<T> Drop for Parcel<T> {
    /// A parcel that nobody opened holds the next one, if that was sent too, and so on: they are
    /// dropped one after the other, not one within the other.
    fn drop(&mut self) {
        let mut links: Vec<Link<T>> = self.links().collect();
        while let Some(link) = links.pop() {
            if let Some(Ok(mut parcel)) = link.resign() {
                links.extend(parcel.links());
                // Its links are gone: its own drop has nothing left to do.
                mem::drop(parcel);
            }
        }
    }
}
