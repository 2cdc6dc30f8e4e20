//! Ways to get results from a pool to the thread that submitted the tasks, behind one trait.
//!
//! All of them run their tasks on the same `photofinish::Pool`; only the way back differs:
//!
//! | name | the way back |
//! |---|---|
//! | `photofinish-set` | the completion queue, promised at submission ([`ThroughSet`]) |
//! | `photofinish-handles` | the completion queue, attached to a submitted task's handle ([`ThroughHandles`]) |
//! | `std-mpsc` | `std::sync::mpsc::channel` ([`ThroughMpsc`]) |
//! | `crossbeam-channel` | `crossbeam_channel::unbounded` ([`ThroughCrossbeam`]) |
//! | `mutex-condvar` | a queue under a mutex, and a condition variable ([`ThroughMutex`]) |
//!
//! The rivals sit on the public API of the pool: a closure sends its result before it returns,
//! and the handle is dropped. They are set up as favourably as safe code allows: their shared
//! part is leaked, once per design, so that no task pays for a reference count on a line that
//! both sides write. What they do pay beyond their own way back is the pool's: one atomic step
//! for the dropped handle and one for the completion that nobody waits for.
//!
//! | module | what it holds |
//! |---|---|
//! | `design` | the trait |
//! | `completion_set`, `handles` | ours |
//! | `mpsc`, `crossbeam`, `mutex` | the rivals |
//! | `catalogue` | all of them by name |

mod design;

mod completion_set;
mod crossbeam;
mod handles;
mod mpsc;
mod mutex;

mod catalogue;

pub use catalogue::{Entry, UnknownDesign, Visit};
pub use completion_set::ThroughSet;
pub use crossbeam::ThroughCrossbeam;
pub use design::Design;
pub use handles::ThroughHandles;
pub use mpsc::ThroughMpsc;
pub use mutex::ThroughMutex;
