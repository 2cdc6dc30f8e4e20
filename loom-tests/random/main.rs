//! More threads than a model can have, under schedules drawn at random by [shuttle]: the same
//! source as shipped, with eight producers, wakes that come without a cause, and deadlines that
//! pass at any moment.
//!
//! `cargo shuttle` runs them. Each runs under two schedulers: PCT, which finds any fault that takes
//! three ordered steps with a known probability, and one that chooses each next thread with equal
//! chances. The environment says how long and from where:
//!
//! | variable | value | without it |
//! |---|---|---|
//! | `PHOTOFINISH_SCHEDULES` | how many schedules each scheduler draws | a few seconds each |
//! | `PHOTOFINISH_SEED` | where the drawing begins; the same seed draws the same | a new one |
//!
//! A schedule fails if it deadlocks, leaks a task or a queue, uses one after its end, or does not
//! drop every value exactly once. What shuttle cannot see are the orderings: it runs all of them as
//! sequentially consistent.
//!
//! [shuttle]: https://docs.rs/shuttle

#![cfg(shuttle)]

mod async_consumers;
mod canary;
mod delivery;
mod harness;
mod linearizability;
mod pool;
mod room;
mod scope;
mod shared;
mod value;
