//! Errors that nobody looked at.

use std::fmt;
use std::sync::OnceLock;

use crate::error::JoinError;
use crate::id::TaskId;
use crate::panic::contain;

type Hook = Box<dyn Fn(TaskId, &JoinError) + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();

/// The hook for [unseen errors](on_unseen_error) was set before.
///
/// ```
/// use photofinish_protocol::{AlreadySet, on_unseen_error};
///
/// on_unseen_error(|id, error| eprintln!("task {id}: {error}")).unwrap();
/// let refused: AlreadySet = on_unseen_error(|_, _| ()).unwrap_err();
/// assert_eq!(refused.to_string(), "the hook for unseen errors has been set before");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadySet(());

impl fmt::Display for AlreadySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the hook for unseen errors has been set before")
    }
}

impl std::error::Error for AlreadySet {}

/// Calls `hook` with each task's error that is dropped because nobody asks for it: the task
/// panicked or was abandoned, and its handle, iterator or set has been dropped or is. A task that
/// was cancelled has no error.
///
/// It is set once for the process, by the program and not by a library, as the panic hook is. It
/// runs where the error is dropped: on the worker, or on the thread that drops the handle. It runs
/// under no lock, and its own panics are contained. As long as none is set, errors are dropped in
/// silence, apart from what the panic hook prints. Tasks that return pay nothing.
///
/// # Errors
///
/// [`AlreadySet`] if it has been set before.
///
/// ```
/// use photofinish_protocol::{on_unseen_error, task};
/// use std::sync::mpsc;
///
/// let (tell, told) = mpsc::channel();
/// let tell = std::sync::Mutex::new(tell);
/// on_unseen_error(move |id, error| {
///     tell.lock().unwrap().send((id, error.to_string())).unwrap();
/// })
/// .unwrap();
///
/// let (runnable, handle) = task(|| panic!("unheard"));
/// let id = handle.id();
/// drop::<photofinish_protocol::JoinHandle<()>>(handle);
/// runnable.run();
/// assert_eq!(told.recv().unwrap(), (id, "the task panicked: unheard".to_owned()));
/// assert!(on_unseen_error(|_, _| ()).is_err());
/// ```
pub fn on_unseen_error(
    hook: impl Fn(TaskId, &JoinError) + Send + Sync + 'static,
) -> Result<(), AlreadySet> {
    HOOK.set(Box::new(hook)).map_err(|_| AlreadySet(()))
}

/// The error of a task is about to be dropped, and nobody has seen it.
#[cold]
pub(crate) fn tell(id: TaskId, error: &JoinError) {
    if let Some(hook) = HOOK.get() {
        contain(|| hook(id, error));
    }
}
