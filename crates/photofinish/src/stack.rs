//! How much of a worker's stack is in use.

use photofinish_protocol::TooDeep;

/// The smallest stack a worker can have, in bytes.
pub(crate) const SMALLEST: usize = 256 * 1024;

/// The stack that a worker has unless told otherwise, in bytes.
pub(crate) const DEFAULT: usize = 2 * 1024 * 1024;

/// What is kept free at least, in bytes: submitting and looking for work alone may need half of it, in a build
/// without optimisation.
const RESERVE: usize = 64 * 1024;

/// Knows where a worker's stack begins and how large it is.
#[derive(Debug)]
pub(crate) struct StackGauge {
    base: usize,
    size: usize,
}

/// An address in the caller's frame, or close to it.
#[inline(never)]
fn here() -> usize {
    let mark = 0_u8;
    std::hint::black_box(&raw const mark).addr()
}

impl StackGauge {
    /// Called at the very beginning of a thread whose stack has `size` bytes.
    pub(crate) fn new(size: usize) -> Self {
        Self { base: here(), size }
    }

    /// # Errors
    ///
    /// [`TooDeep`] if less than a quarter of the stack, or than [`RESERVE`], is free: that is for
    /// the task that would be run next.
    pub(crate) fn check(&self) -> Result<(), TooDeep> {
        let used = self.base.abs_diff(here());
        if used > self.size - RESERVE.max(self.size / 4) {
            Err(TooDeep::new(used, self.size))
        } else {
            Ok(())
        }
    }
}
