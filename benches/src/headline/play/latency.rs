//! Microseconds from here to there.

use std::thread;
use std::time::{Duration, Instant};

use super::checked::Checked;
use super::{IN_FLIGHT, Measured, PERIOD, TIMED_ONE_IN};
use crate::clock::Clock;
use crate::headline::body::{Number, Stamping};
use crate::headline::core_time::{self, Watch};
use crate::headline::course::Course;
use crate::headline::entrant::Turn;
use crate::percentile::Percentile;
use crate::recorder::histogram;
use crate::work::Work;

/// One task now and then: microseconds from its last act to the consumer's hands, the median.
pub(super) struct Paced {
    pub(super) tasks: u64,
    pub(super) work: Work,
}

impl Turn<Stamping> for Paced {
    type Output = Measured;

    fn take(self, course: &mut impl Course<Stamping>) -> Measured {
        let Self { tasks, work } = self;
        let (clock, warm_up) = (Clock::start(), tasks / 10);
        let mut course = Checked::new(course, warm_up + tasks);
        let mut deliveries = histogram();
        let mut pacing = Duration::ZERO;
        let mut watch = Watch::start();
        let mut due = Instant::now();
        for nth in 0..warm_up + tasks {
            if nth == warm_up {
                (watch, pacing) = (Watch::start(), Duration::ZERO);
            }
            pacing += sleep_until(due);
            // Whoever is late is not asked to catch up.
            due = due.max(Instant::now()) + PERIOD;
            course.submit(|number| Stamping { number, work, clock });
            let stamped = course.receive()?;
            let received = clock.now();
            course.note(stamped.number)?;
            if nth >= warm_up {
                deliveries.saturating_record(received.saturating_sub(stamped.ended));
            }
        }
        let (_, cores) = watch.stop(pacing);
        course.finish(|stamped| stamped.number)?;
        Ok((microseconds(&deliveries, Percentile::P50), cores))
    }
}

/// Sleeps, and returns what core time that took of this thread.
fn sleep_until(due: Instant) -> Duration {
    let before = core_time::of_thread();
    thread::sleep(due.saturating_duration_since(Instant::now()));
    let after = core_time::of_thread();
    after.zip(before).map_or(Duration::ZERO, |(after, before)| after.saturating_sub(before))
}

/// Empty tasks, so many in flight: microseconds from submission to receipt, p50 and p99 of those
/// that are timed.
pub(super) struct InFlight {
    pub(super) tasks: u64,
}

impl Turn<Number> for InFlight {
    type Output = Measured<[f64; 2]>;

    fn take(self, course: &mut impl Course<Number>) -> Self::Output {
        let tasks = self.tasks;
        let (clock, warm_up) = (Clock::start(), tasks / 20);
        let total = warm_up + tasks;
        let mut course = Checked::new(course, total);
        let mut timed = Timed::of(total);
        let mut waits = histogram();
        let mut watch = Watch::start();
        while course.submitted < IN_FLIGHT.min(total) {
            timed.submitted(course.submitted, clock);
            course.submit(Number);
        }
        for nth in 0..total {
            if nth == warm_up {
                watch = Watch::start();
            }
            let number = course.receive()?;
            course.note(number)?;
            if let Some(wait) = timed.received(number, clock)
                && nth >= warm_up
            {
                waits.saturating_record(wait);
            }
            if course.submitted < total {
                timed.submitted(course.submitted, clock);
                course.submit(Number);
            }
        }
        let (_, cores) = watch.stop(Duration::ZERO);
        course.finish(|number| number)?;
        Ok(([Percentile::P50, Percentile::P99].map(|p| microseconds(&waits, p)), cores))
    }
}

/// When those tasks that are timed were submitted: one in [`TIMED_ONE_IN`].
struct Timed {
    submitted_at: Vec<u64>,
}

impl Timed {
    /// Of so many tasks.
    fn of(tasks: u64) -> Self {
        Self { submitted_at: vec![0; tasks.div_ceil(TIMED_ONE_IN) as usize] }
    }

    /// Where the moment of task `number` is kept, if it is timed.
    #[inline]
    fn place(&mut self, number: u64) -> Option<&mut u64> {
        let place = number / TIMED_ONE_IN;
        let is_timed = number.is_multiple_of(TIMED_ONE_IN);
        // A stranger's number is found out at the end.
        if is_timed { self.submitted_at.get_mut(place as usize) } else { None }
    }

    /// Task `number` is about to be submitted.
    #[inline]
    fn submitted(&mut self, number: u64, clock: Clock) {
        if let Some(moment) = self.place(number) {
            *moment = clock.now();
        }
    }

    /// Task `number` has come back: the nanoseconds that it took, if it is timed.
    #[inline]
    fn received(&mut self, number: u64, clock: Clock) -> Option<u64> {
        self.place(number).map(|moment| clock.now().saturating_sub(*moment))
    }
}

/// In microseconds; no number where the sample is too small.
fn microseconds(sample: &hdrhistogram::Histogram<u64>, percentile: Percentile) -> f64 {
    percentile.of(sample).map_or(f64::NAN, |nanoseconds| nanoseconds as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_so_many_is_timed_from_its_own_submission() {
        let (clock, mut timed) = (Clock::start(), Timed::of(2 * TIMED_ONE_IN));
        (0..2 * TIMED_ONE_IN).for_each(|number| timed.submitted(number, clock));
        let [first, second] = [timed.submitted_at[0], timed.submitted_at[1]];
        assert!(first <= second && timed.submitted_at.len() == 2);
        assert!(timed.received(TIMED_ONE_IN, clock) <= timed.received(0, clock));
        assert_eq!(timed.received(1, clock), None);
    }

    #[test]
    fn a_strangers_number_is_not_timed() {
        assert_eq!(Timed::of(TIMED_ONE_IN).received(TIMED_ONE_IN, Clock::start()), None);
    }
}
