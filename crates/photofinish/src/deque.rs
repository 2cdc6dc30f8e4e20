//! The seam to the work-stealing deque: N. S. Arora, R. D. Blumofe and C. G. Plaxton's, in the
//! dynamic form of D. Chase and Y. Lev (*Dynamic Circular Work-Stealing Deque*, 2005), as
//! implemented by crossbeam. Under loom and shuttle, which cannot see into crossbeam, a double that
//! promises no more stands in. This is the only file of the crate that says `cfg(loom)` or
//! `cfg(shuttle)`.
//!
//! A steal may find that another thread was faster and has to be tried again. That does not touch
//! the delivery of a task whose body has returned.

#[cfg(any(loom, shuttle))]
mod double;

#[cfg(not(any(loom, shuttle)))]
pub(crate) use crossbeam_deque::{Steal, Stealer, Worker};
#[cfg(any(loom, shuttle))]
pub(crate) use double::{Steal, Stealer, Worker};

use photofinish_protocol::sync::hint;

/// How many items a model may push onto one of the double's deques, in all.
#[cfg(loom)]
const CAPACITY: usize = 6;
#[cfg(shuttle)]
const CAPACITY: usize = 12;

/// Tries until the steal succeeds or the deque is found empty.
pub(crate) fn insist<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(task) => return Some(task),
            Steal::Empty => return None,
            Steal::Retry => hint::spin_loop(),
        }
    }
}
