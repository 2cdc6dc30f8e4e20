//! Conformance with the thread side of CPython's `concurrent.futures`, one test per row of the
//! catalogue. A test is named after its row; its first line says what the row says, and whether
//! photofinish does the same.
//!
//! Rows that the types settle (A3 for unique handles, E2, F20, F21 among them) are in `tests/compile_fail`.

#[path = "../support/mod.rs"]
mod support;

mod as_completed;
mod callbacks;
mod executor;
mod futures;
mod map;
mod shutdown;
mod threads;
mod wait;
