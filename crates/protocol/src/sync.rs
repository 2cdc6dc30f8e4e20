//! The seam between the protocol and what it runs on.
//!
//! Everything the protocol shares between threads comes from here: atomics, checked cells,
//! parking, time, and the few places where memory is handed out and taken back. In a normal
//! build it is `std` and a futex; under `cfg(loom)` it is [loom], which explores the
//! interleavings and the weak-memory outcomes of the very same source; under `cfg(shuttle)` it is
//! [shuttle], which draws interleavings at random, of more threads than loom can explore.
//!
//! This is the only file of the crate that says `cfg(loom)` or `cfg(shuttle)`. [`SIDE`] tells
//! which side was compiled; the models assert it, so that a model that explores nothing cannot
//! pass.
//!
//! [loom]: https://docs.rs/loom
//! [shuttle]: https://docs.rs/shuttle

#[cfg(all(loom, shuttle))]
compile_error!("the protocol runs on loom or on shuttle, not on both");

#[cfg(any(loom, shuttle))]
mod checked;
#[cfg(loom)]
mod model;
#[cfg(not(any(loom, shuttle)))]
mod native;
#[cfg(shuttle)]
mod random;
#[cfg(not(loom))]
mod unsafe_cell;

#[cfg(any(loom, shuttle))]
pub use checked::*;
#[cfg(loom)]
pub use model::*;
#[cfg(not(any(loom, shuttle)))]
pub use native::*;
#[cfg(shuttle)]
pub use random::*;
#[cfg(not(loom))]
pub use unsafe_cell::UnsafeCell;

/// What the seam was compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `std` atomics and operating-system parking: a normal build.
    Native,
    /// loom: a model checker's atomics and scheduler.
    Model,
    /// shuttle: sequentially consistent atomics, and a scheduler that draws schedules at random.
    Random,
}
