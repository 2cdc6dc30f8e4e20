//! What consumers have seen in a soak.

use hdrhistogram::Histogram;

/// What a consumer has seen.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) completions: u64,
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    /// Outcomes that their tasks cannot have had.
    pub(crate) wrong: u64,
    pub(crate) panics: u64,
    pub(crate) cancels: u64,
    pub(crate) time_outs: u64,
    pub(crate) drops: u64,
    /// From the end of a task's body to the consumer's hand, in nanoseconds.
    pub(crate) delays: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        // Bounds that hold whatever comes: the histogram never grows.
        let hour = 3_600_000_000_000;
        let delays = Histogram::new_with_bounds(1, hour, 2).expect("the bounds are valid");
        Self {
            completions: 0,
            lost: 0,
            twice: 0,
            wrong: 0,
            panics: 0,
            cancels: 0,
            time_outs: 0,
            drops: 0,
            delays,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.completions += other.completions;
        self.lost += other.lost;
        self.twice += other.twice;
        self.wrong += other.wrong;
        self.panics += other.panics;
        self.cancels += other.cancels;
        self.time_outs += other.time_outs;
        self.drops += other.drops;
        self.delays.add(&other.delays).expect("all have the same bounds");
    }

    pub(crate) fn faults(&self) -> u64 {
        self.panics + self.cancels + self.time_outs + self.drops
    }
}
