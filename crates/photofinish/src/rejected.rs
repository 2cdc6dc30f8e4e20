//! Why a pool does not take a task.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A closure that a pool did not take, and why.
///
/// ```
/// use photofinish::{Pool, Rejected};
///
/// let pool = Pool::new()?;
/// let handle = pool.handle();
/// pool.shutdown();
/// let rejected = handle.try_submit(|| 6 * 7).unwrap_err();
/// assert_eq!(rejected.to_string(), "the pool has been shut down");
/// assert!(matches!(rejected, Rejected::ShutDown(_)));
/// let closure = rejected.into_inner();
/// assert_eq!(closure(), 42);
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[non_exhaustive]
pub enum Rejected<F> {
    /// As many tasks are queued as [`Builder::queue_capacity`](crate::Builder::queue_capacity)
    /// allows, or others wait for room already.
    Full(F),
    /// The pool has been shut down, and has ended.
    ShutDown(F),
    /// The pool has lost a worker, for the reason that all its unfinished tasks give as well.
    Broken(F, Arc<dyn Error + Send + Sync>),
}

impl<F> Rejected<F> {
    /// The closure.
    ///
    /// ```
    /// use photofinish::{Pool, Rejected};
    ///
    /// let pool = Pool::new()?;
    /// let task = pool.try_submit(|| 7).map_err(Rejected::into_inner);
    /// match task {
    ///     Ok(task) => assert_eq!(task.join().unwrap(), 7),
    ///     Err(closure) => assert_eq!(closure(), 7), // on this thread, then
    /// }
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn into_inner(self) -> F {
        match self {
            Self::Full(closure) | Self::ShutDown(closure) | Self::Broken(closure, _) => closure,
        }
    }
}

impl<F> fmt::Debug for Rejected<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::ShutDown(_) => f.write_str("ShutDown(..)"),
            Self::Broken(_, cause) => write!(f, "Broken(.., {cause:?})"),
        }
    }
}

impl<F> fmt::Display for Rejected<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the pool's queue is full"),
            Self::ShutDown(_) => f.write_str("the pool has been shut down"),
            Self::Broken(_, cause) => write!(f, "the pool broke: {cause}"),
        }
    }
}

impl<F> Error for Rejected<F> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Full(_) | Self::ShutDown(_) => None,
            Self::Broken(_, cause) => Some(&**cause),
        }
    }
}

/// A worker's thread has ended before its pool did: a defect of this library, since whatever a
/// task or a destructor does is contained.
///
/// It is the cause in [`JoinError::Broken`](crate::JoinError::Broken) and [`Rejected::Broken`].
///
/// ```
/// use photofinish::{JoinError, Pool, WorkerLost};
///
/// let pool = Pool::builder().workers(1).build()?;
/// # pool.submit(photofinish::lose_this_worker).join().unwrap();
/// // A worker is lost.
/// let Err(JoinError::Broken(cause)) = pool.submit(|| 1).join() else { panic!("it is broken") };
/// assert!(cause.downcast_ref::<WorkerLost>().is_some());
/// assert!(cause.to_string().starts_with("worker 0 was lost: "));
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerLost {
    worker: usize,
    message: String,
}

impl WorkerLost {
    pub(crate) fn new(worker: usize, message: &str) -> Self {
        Self { worker, message: message.to_owned() }
    }

    /// The index of the worker.
    ///
    /// ```
    /// use photofinish::{JoinError, Pool, WorkerLost};
    ///
    /// let pool = Pool::builder().workers(1).build()?;
    /// # pool.submit(photofinish::lose_this_worker).join().unwrap();
    /// // A worker is lost.
    /// let Err(JoinError::Broken(cause)) = pool.submit(|| 1).join() else { panic!("it is broken") };
    /// assert_eq!(cause.downcast_ref::<WorkerLost>().unwrap().worker(), 0);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// The message of the panic that ended it.
    ///
    /// ```
    /// use photofinish::{JoinError, Pool, WorkerLost};
    ///
    /// let pool = Pool::builder().workers(1).build()?;
    /// # pool.submit(photofinish::lose_this_worker).join().unwrap();
    /// // A worker is lost.
    /// let Err(JoinError::Broken(cause)) = pool.submit(|| 1).join() else { panic!("it is broken") };
    /// assert!(!cause.downcast_ref::<WorkerLost>().unwrap().message().is_empty());
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for WorkerLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} was lost: {}", self.worker, self.message)
    }
}

impl Error for WorkerLost {}
