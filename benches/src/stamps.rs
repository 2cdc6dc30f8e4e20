//! What a task brings back.

use crate::clock::Time;
use crate::work::Work;

/// A task's number, and the moments of its life on the clock of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// Which task of its run it is.
    pub number: u64,
    /// When it was to be submitted.
    pub intended: u64,
    /// When it was submitted.
    pub submitted: u64,
    /// When its body began.
    pub begun: u64,
    /// When its body ended: its last act is to read the clock.
    pub ended: u64,
}

impl Stamps {
    /// The body of a task: stamps, works, stamps.
    pub fn task(
        number: u64,
        intended: u64,
        submitted: u64,
        work: Work,
        clock: impl Time,
    ) -> impl FnOnce() -> Self + Send + 'static {
        move || {
            let begun = clock.now();
            clock.spend(work);
            Self { number, intended, submitted, begun, ended: clock.now() }
        }
    }
}
