//! What a pool's worker does while it waits.
//!
//! The protocol knows no pool. A pool's worker registers itself here, and every wait on its
//! thread then runs other tasks of the pool instead of parking, and parks as the pool's sleeper
//! when there is none.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::TooDeep;
use crate::sync::Parker;

/// Lets a thread that waits do something useful meanwhile.
pub trait Helper {
    /// Runs one task on this thread, if there is one. `Ok(false)` if there is none.
    ///
    /// # Errors
    ///
    /// [`TooDeep`] if the stack that is left would not hold another task.
    fn help(&self) -> Result<bool, TooDeep>;

    /// Parks until `parker`, which is this thread's, is woken: by the pool because there is
    /// work, or by whoever else knows the parker. May return at any time.
    fn park(&self, parker: &'static Parker);

    /// The wait is over. If the pool had woken this thread for work that it now leaves, the
    /// wake is handed on.
    fn leave(&self);
}

crate::sync::thread_local! {
    static CURRENT: RefCell<Option<Rc<dyn Helper>>> = RefCell::new(None);
}

fn replace(helper: Option<Rc<dyn Helper>>) -> Option<Rc<dyn Helper>> {
    CURRENT.with(|current| current.replace(helper))
}

/// Makes `helper` this thread's, while `during` runs.
pub fn assist<R>(helper: Rc<dyn Helper>, during: impl FnOnce() -> R) -> R {
    struct Restore(Option<Rc<dyn Helper>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            replace(self.0.take());
        }
    }
    let _restore = Restore(replace(Some(helper)));
    during()
}

/// This thread's helper, if it is a worker.
pub(crate) fn current() -> Option<Rc<dyn Helper>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}
