//! Panics, caught and carried.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What a panic left behind: its message, and its payload.
///
/// ```
/// use photofinish_protocol::{JoinError, completer};
///
/// let (completer, handle) = completer::<u8>();
/// completer.panic(Box::new("the disk is full"));
/// match handle.join() {
///     Err(JoinError::Panicked(panic)) => assert_eq!(panic.message(), "the disk is full"),
///     other => panic!("expected a panic, got {other:?}"),
/// }
/// ```
pub struct Panic(Box<Caught>);

struct Caught {
    /// Who wants to know whether somebody sees the panic.
    watch: Option<Watch>,
    message: String,
    /// Behind a lock only to be `Sync`: the payload is reached by value, never through `&self`.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    /// Wraps the payload of a caught panic.
    ///
    /// ```
    /// use photofinish_protocol::Panic;
    ///
    /// let payload = std::panic::catch_unwind(|| panic!("no luck")).unwrap_err();
    /// assert_eq!(Panic::new(payload).message(), "no luck");
    /// ```
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let (payload, watch) = match payload.downcast::<Watched>() {
            Ok(watched) => (watched.payload, Some(watched.watch)),
            Err(payload) => (payload, None),
        };
        let message = if let Some(text) = payload.downcast_ref::<&'static str>() {
            (*text).to_owned()
        } else if let Some(text) = payload.downcast_ref::<String>() {
            text.clone()
        } else {
            "a panic whose payload is not a string".to_owned()
        };
        Self(Box::new(Caught { watch, message, payload: Mutex::new(payload) }))
    }

    /// The panic is given to somebody who waited for the task.
    pub(crate) fn seen(&mut self) {
        if let Some(watch) = self.0.watch.take() {
            // ORDERING: Relaxed, as `Watch` says.
            watch.0.fetch_sub(1, Relaxed);
        }
    }

    /// The panic's message, copied when the panic was caught.
    ///
    /// ```
    /// use photofinish_protocol::Panic;
    ///
    /// let payload = std::panic::catch_unwind(|| panic!("{} is no prime", 7 * 13)).unwrap_err();
    /// assert_eq!(Panic::new(payload).message(), "91 is no prime");
    /// ```
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The panic's payload.
    ///
    /// ```
    /// use photofinish_protocol::Panic;
    ///
    /// let panic = Panic::new(Box::new(7_u8));
    /// assert_eq!(*panic.into_payload().downcast::<u8>().unwrap(), 7);
    /// ```
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on panicking on this thread, with the same payload, and without the panic hook.
    ///
    /// ```should_panic
    /// use photofinish_protocol::Panic;
    ///
    /// Panic::new(Box::new("once more")).resume();
    /// ```
    pub fn resume(self) -> ! {
        resume_unwind(self.into_payload())
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.0.message).finish()
    }
}

/// Counts panics that nobody has seen yet. Clones are the same count.
///
/// ORDERING: Relaxed everywhere; a number, and nothing that goes with it. Plain std, not the seam.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<AtomicUsize>);

/// A payload on its way into a [`Panic`].
struct Watched {
    payload: Box<dyn Any + Send>,
    watch: Watch,
}

impl Watch {
    /// Nothing to be seen.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Counts a panic, until the [`Panic`] that is made of what this returns is seen.
    pub(crate) fn over(&self, payload: Box<dyn Any + Send>) -> Box<dyn Any + Send> {
        // ORDERING: Relaxed, as `Watch` says.
        self.0.fetch_add(1, Relaxed);
        Box::new(Watched { payload, watch: self.clone() })
    }

    /// How many panics nobody has seen.
    pub(crate) fn unseen(&self) -> usize {
        // ORDERING: Relaxed, as `Watch` says.
        self.0.load(Relaxed)
    }
}

/// Calls `f` and carries its panic.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_unwind(AssertUnwindSafe(f)).map_err(Panic::new)
}

/// Calls `f`, which runs a user's `Drop`, and lets no panic out: the panic hook has reported
/// it, and whoever called the library must not be torn from its own work by it.
pub fn contain(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // The payload's own Drop may panic, and so may what that throws: give up on the third.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
    }
}
