//! What a subscriber of `tracing` sees of a task, if the feature of that name is on: a span from its
//! submission until its memory is free, which is entered while it runs, and an event when it is
//! delivered.
//!
//! Without the feature all of this is nothing: types of size zero, and calls that do nothing.
//! Whatever a subscriber throws is contained, for it is called in the middle of transitions.

#[cfg(not(feature = "tracing"))]
mod off;
#[cfg(feature = "tracing")]
mod on;

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{ON, Slot, Trace};
#[cfg(feature = "tracing")]
pub(crate) use on::{ON, Slot, Trace};
