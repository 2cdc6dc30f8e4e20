//! What one run measured.

use std::hint::black_box;

use hdrhistogram::Histogram;

use crate::clock::Clock;
use crate::stamps::Stamps;

/// A length of time in the life of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// From the last act of the task to the moment its result is in the consumer's hands.
    Delivery,
    /// From the intended submission to the beginning of the task.
    QueueWait,
    /// From the intended submission to the moment the result is in the consumer's hands.
    EndToEnd,
    /// From the beginning to the end of the task: a check on the calibrated work.
    Run,
    /// From the intended to the actual submission: how well the pacer keeps time.
    Lateness,
    /// From the beginning of a burst to its first result.
    First,
    /// From the beginning of a burst to the moment half of its results are in hand.
    Half,
    /// From the beginning of a burst to its last result.
    Last,
}

impl Measure {
    /// Every measure: the three of each task that are compared, the two that check the run, and
    /// the three of a burst.
    pub const ALL: [Self; 8] = [
        Self::Delivery,
        Self::QueueWait,
        Self::EndToEnd,
        Self::Run,
        Self::Lateness,
        Self::First,
        Self::Half,
        Self::Last,
    ];

    /// The measures of each task: those that are compared, and the two that check the run.
    pub const OF_EACH_TASK: [Self; 5] =
        [Self::Delivery, Self::QueueWait, Self::EndToEnd, Self::Run, Self::Lateness];

    /// The measures of each task that are compared.
    pub const OF_TASKS: [Self; 3] = [Self::Delivery, Self::QueueWait, Self::EndToEnd];

    /// The measures of a burst that are compared.
    pub const OF_BURSTS: [Self; 3] = [Self::First, Self::Half, Self::Last];

    /// A name for files.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::QueueWait => "queue-wait",
            Self::EndToEnd => "end-to-end",
            Self::Run => "run",
            Self::Lateness => "lateness",
            Self::First => "first",
            Self::Half => "half",
            Self::Last => "last",
        }
    }

    /// A sentence for tables.
    pub fn description(self) -> &'static str {
        match self {
            Self::Delivery => "delivery: last act of the task -> in the consumer's hands",
            Self::QueueWait => "queue wait: intended submission -> the task begins",
            Self::EndToEnd => "end to end: intended submission -> in the consumer's hands",
            Self::Run => "run: the task begins -> it ends",
            Self::Lateness => "lateness: intended -> actual submission",
            Self::First => "first: the burst begins -> its first result in the consumer's hands",
            Self::Half => "half: the burst begins -> half of its results in hand",
            Self::Last => "last: the burst begins -> all of its results in hand",
        }
    }

    /// The length in the life of the task with these `stamps`, received at `received`; `None` if
    /// it is no measure of a task.
    #[inline]
    fn of(self, stamps: &Stamps, received: u64) -> Option<u64> {
        let (from, to) = match self {
            Self::Delivery => (stamps.ended, received),
            Self::QueueWait => (stamps.intended, stamps.begun),
            Self::EndToEnd => (stamps.intended, received),
            Self::Run => (stamps.begun, stamps.ended),
            Self::Lateness => (stamps.intended, stamps.submitted),
            Self::First | Self::Half | Self::Last => return None,
        };
        // The clocks of two cores may disagree by a few nanoseconds.
        Some(to.saturating_sub(from))
    }
}

/// An empty histogram of nanoseconds: three significant digits, up to a minute.
pub fn histogram() -> Histogram<u64> {
    const MINUTE: u64 = 60_000_000_000;
    Histogram::new_with_bounds(1, MINUTE, 3).expect("the bounds are in order")
}

/// One histogram for each [`Measure`], of the tasks of one run.
#[derive(Debug)]
pub struct Recorder {
    histograms: [Histogram<u64>; Measure::ALL.len()],
}

impl Recorder {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self { histograms: std::array::from_fn(|_| histogram()) }
    }

    /// What somebody else recorded.
    pub fn of(recorded: impl FnMut(Measure) -> Histogram<u64>) -> Self {
        Self { histograms: Measure::ALL.map(recorded) }
    }

    /// Records the life of one task.
    #[inline]
    pub fn record(&mut self, stamps: &Stamps, received: u64) {
        for (measure, histogram) in Measure::ALL.into_iter().zip(&mut self.histograms) {
            if let Some(length) = measure.of(stamps, received) {
                histogram.saturating_record(length);
            }
        }
    }

    /// Records how long after its beginning a burst had its results in hand, in the order of
    /// their receipt.
    pub fn record_burst(&mut self, places: &[u64]) {
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let half = &places[places.len().div_ceil(2) - 1];
        for (measure, length) in Measure::OF_BURSTS.into_iter().zip([first, half, last]) {
            self.histograms[measure as usize].saturating_record(*length);
        }
    }

    /// What recording one task costs its consumer, in nanoseconds.
    pub fn cost() -> f64 {
        const TASKS: u32 = 1_000_000;
        let (mut recorder, clock) = (Self::new(), Clock::start());
        for number in 0..u64::from(TASKS) {
            let begun = 100 + number % 1_000;
            let stamps = Stamps { number, intended: 0, submitted: 20, begun, ended: begun + 30 };
            recorder.record(black_box(&stamps), 15_000 + number % 1_024);
        }
        clock.now() as f64 / f64::from(TASKS)
    }

    /// What was recorded of `measure`.
    pub fn histogram(&self, measure: Measure) -> &Histogram<u64> {
        &self.histograms[measure as usize]
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measure_is_recorded_under_its_name() {
        let stamps = Stamps { number: 0, intended: 100, submitted: 101, begun: 110, ended: 300 };
        let mut recorder = Recorder::new();
        recorder.record(&stamps, 1_300);
        let recorded = Measure::ALL.map(|measure| recorder.histogram(measure).max());
        assert_eq!(recorded, [1_000, 10, 1_200, 190, 1, 0, 0, 0]);
    }

    #[test]
    fn half_of_a_burst_is_in_hand_with_the_middle_one() {
        for (places, half) in [(vec![7], 7), (vec![1, 2], 1), (vec![1, 2, 3, 4, 9], 3)] {
            let mut recorder = Recorder::new();
            recorder.record_burst(&places);
            let recorded = Measure::OF_BURSTS.map(|measure| recorder.histogram(measure).max());
            assert_eq!(recorded, [places[0], half, places[places.len() - 1]]);
        }
    }

    #[test]
    fn clocks_that_disagree_record_zero() {
        let stamps = Stamps { number: 0, intended: 0, submitted: 0, begun: 1, ended: 20 };
        let mut recorder = Recorder::new();
        recorder.record(&stamps, 19);
        assert_eq!(recorder.histogram(Measure::Delivery).max(), 0);
    }
}
