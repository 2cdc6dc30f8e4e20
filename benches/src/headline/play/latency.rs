//! Microseconds from here to there.

use std::thread;
use std::time::{Duration, Instant};

use super::checked::Checked;
use super::{IN_FLIGHT, Measured, PERIOD};
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

/// Empty tasks, so many in flight: microseconds from submission to receipt, p50 and p99.
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
        let mut submitted_at = vec![0; total as usize];
        let mut waits = histogram();
        let mut watch = Watch::start();
        let mut now = clock.now();
        for number in 0..IN_FLIGHT.min(total) {
            submitted_at[number as usize] = now;
            course.submit(Number);
        }
        for nth in 0..total {
            if nth == warm_up {
                watch = Watch::start();
            }
            let number = course.receive()?;
            now = clock.now();
            course.note(number)?;
            if nth >= warm_up {
                // A stranger's number is found out at the end.
                let submitted = submitted_at.get(number as usize).copied().unwrap_or(now);
                waits.saturating_record(now.saturating_sub(submitted));
            }
            if course.submitted < total {
                submitted_at[course.submitted as usize] = now;
                course.submit(Number);
            }
        }
        let (_, cores) = watch.stop(Duration::ZERO);
        course.finish(|number| number)?;
        Ok(([Percentile::P50, Percentile::P99].map(|p| microseconds(&waits, p)), cores))
    }
}

/// In microseconds; no number where the sample is too small.
fn microseconds(sample: &hdrhistogram::Histogram<u64>, percentile: Percentile) -> f64 {
    percentile.of(sample).map_or(f64::NAN, |nanoseconds| nanoseconds as f64 / 1e3)
}
