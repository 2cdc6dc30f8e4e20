//! The workloads, played by whoever takes part. Every result is checked off in the run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::headline::body::{Body, Counted, Number, Stamping, Working};
use crate::headline::core_time::{self, Watch};
use crate::headline::course::Course;
use crate::headline::entrant::{Entrant, Setting, Turn};
use crate::headline::figure::{Figure, Reading, Workload};
use crate::machine;
use crate::percentile::Percentile;
use crate::recorder::histogram;
use crate::roll::{Fault, Roll};
use crate::work::{Pace, Work};

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// Enough to be believed.
    Full,
    /// Enough for a glance.
    Quick,
    /// Only to see that everything runs.
    Smoke,
}

impl Extent {
    /// How many tasks that is, where a full play has so many.
    pub fn of(self, full: u64) -> u64 {
        match self {
            Self::Full => full,
            Self::Quick => full / 8,
            Self::Smoke => (full / 500).max(20),
        }
    }
}

/// Under which conditions a workload is played.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Conditions {
    /// Threads of the pool.
    pub workers: usize,
    /// How much is played.
    pub extent: Extent,
    /// How fast the body of a task turns; the same for everybody in a round.
    pub pace: Pace,
}

/// Tasks in a window.
const WINDOW: u64 = 1_000;
/// Tasks in flight.
const IN_FLIGHT: u64 = 64;
/// From task to task, where they come now and then.
const PERIOD: Duration = Duration::from_micros(100);

impl Workload {
    /// How many tasks a full play has.
    pub fn tasks(self) -> u64 {
        match self {
            Self::SubmitAll => 1_000_000,
            Self::Windows | Self::Drain => 200_000,
            Self::InFlight => 100_000,
            Self::Micro1 => 20_000,
            Self::Micro10 => 4_000,
            Self::PacedParked | Self::Paced => 1_000,
            Self::Outstanding(power) => 10_u64.pow(power).max(200_000),
        }
    }

    /// Plays it.
    ///
    /// # Errors
    ///
    /// The [`Fault`] of whoever lost or duplicated a result.
    pub fn play(self, entrant: Entrant, conditions: Conditions) -> Result<Vec<Reading>, Fault> {
        let Conditions { workers, extent, pace } = conditions;
        let tasks = extent.of(self.tasks());
        let work = Work::lasting(self.task(), pace);
        let all = Setting { workers, room: tasks as usize, one_by_one: false, parked: false };
        let windows = Setting { room: WINDOW as usize, ..all };
        let single = Setting { room: IN_FLIGHT as usize, one_by_one: true, ..all };
        let one = |figure: Figure, (value, cores)| vec![Reading { figure, value, cores }];
        Ok(match self {
            Self::SubmitAll => {
                let turn = Windows { tasks, window: tasks, body: Number };
                one(Figure::SubmitAll, entrant.enter(all, turn)?)
            }
            Self::Outstanding(power) => {
                let window = 10_u64.pow(power).min(tasks);
                let turn = Windows { tasks, window, body: Number };
                one(Figure::Outstanding(power), entrant.enter(all, turn)?)
            }
            Self::Windows => {
                let turn = Windows { tasks, window: WINDOW, body: Number };
                one(Figure::Windows, entrant.enter(windows, turn)?)
            }
            Self::Micro1 | Self::Micro10 => {
                let body = |number| Working { number, work };
                let turn = Windows { tasks, window: WINDOW, body };
                let (each, cores) = entrant.enter(windows, turn)?;
                let at_once = workers.min(machine::cores()) as f64;
                let ideal = self.task().as_nanos() as f64 / at_once;
                let figure = if self == Self::Micro1 { Figure::Micro1 } else { Figure::Micro10 };
                one(figure, (100.0 * ideal / each, cores))
            }
            Self::Paced => one(Figure::Paced, entrant.enter(single, Paced { tasks, work })?),
            Self::PacedParked => {
                let parked = Setting { parked: true, ..single };
                one(Figure::PacedParked, entrant.enter(parked, Paced { tasks, work })?)
            }
            Self::InFlight => {
                let ([p50, p99], cores) = entrant.enter(single, InFlight { tasks })?;
                let reading = |figure, value| Reading { figure, value, cores };
                vec![reading(Figure::InFlightP50, p50), reading(Figure::InFlightP99, p99)]
            }
            Self::Drain => one(Figure::Drain, entrant.enter(all, Drain { tasks })?),
        })
    }
}

/// A value and the cores in use.
type Measured<T = f64> = Result<(T, Option<f64>), Fault>;

/// Submits tasks whose numbers go on from play to play, and checks them off.
struct Checked<'a, B: Body, C: Course<B>> {
    course: &'a mut C,
    roll: Roll,
    submitted: u64,
    body: std::marker::PhantomData<B>,
}

impl<'a, B: Body, C: Course<B>> Checked<'a, B, C> {
    fn new(course: &'a mut C, expected: u64) -> Self {
        let (roll, body) = (Roll::expecting(expected), std::marker::PhantomData);
        Self { course, roll, submitted: 0, body }
    }

    #[inline]
    fn submit(&mut self, body: impl FnOnce(u64) -> B) {
        self.course.submit(body(self.submitted));
        self.submitted += 1;
    }

    /// The next result; its number is to be noted with [`note`](Self::note).
    #[inline]
    fn receive(&mut self) -> Result<B::Back, Fault> {
        match self.course.next() {
            Some(back) => Ok(back),
            None => Err(self.shortfall()),
        }
    }

    #[cold]
    fn shortfall(&self) -> Fault {
        let fault = self.roll.complete(self.submitted).err();
        fault.unwrap_or(Fault::Overcounted { by: self.course.outstanding() })
    }

    #[inline]
    fn note(&mut self, number: u64) -> Result<(), Fault> {
        self.roll.note(number)
    }

    /// All have come, each once, and nobody is expected any more.
    fn finish(mut self, number: impl Fn(B::Back) -> u64) -> Result<(), Fault> {
        while let Some(back) = self.course.try_next() {
            self.note(number(back))?;
        }
        self.roll.complete(self.submitted)?;
        match self.course.outstanding() {
            0 => Ok(()),
            by => Err(Fault::Overcounted { by }),
        }
    }
}

impl<B: Body<Back = u64>, C: Course<B>> Checked<'_, B, C> {
    /// Submits `count` tasks, then receives as many results.
    #[inline]
    fn window(&mut self, count: u64, body: impl Fn(u64) -> B) -> Result<(), Fault> {
        for _ in 0..count {
            self.submit(&body);
        }
        self.receive_all(count)
    }

    #[inline]
    fn receive_all(&mut self, count: u64) -> Result<(), Fault> {
        for _ in 0..count {
            let number = self.receive()?;
            self.note(number)?;
        }
        Ok(())
    }
}

/// How many tasks go before those that count.
const WARM_UP: u64 = 5_000;

/// Tasks in windows: nanoseconds for one.
struct Windows<F> {
    tasks: u64,
    /// So many at a time.
    window: u64,
    body: F,
}

impl<B, F> Turn<B> for Windows<F>
where
    B: Body<Back = u64>,
    F: Fn(u64) -> B,
{
    type Output = Measured;

    fn take(self, course: &mut impl Course<B>) -> Measured {
        let Self { tasks, window, body } = self;
        let warm_up = WARM_UP.min(tasks / 5);
        let mut course = Checked::new(course, warm_up + tasks);
        for window in parts(warm_up, window) {
            course.window(window, &body)?;
        }
        let watch = Watch::start();
        for window in parts(tasks, window) {
            course.window(window, &body)?;
        }
        let (elapsed, cores) = watch.stop(Duration::ZERO);
        course.finish(|number| number)?;
        Ok((elapsed.as_nanos() as f64 / tasks as f64, cores))
    }
}

/// `total` in parts of `part`; the last may be smaller.
fn parts(total: u64, part: u64) -> impl Iterator<Item = u64> {
    let starts = (0..total).step_by(part.max(1) as usize);
    starts.map(move |start| part.min(total - start))
}

/// One task now and then: microseconds from its last act to the consumer's hands, the median.
struct Paced {
    tasks: u64,
    work: Work,
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
struct InFlight {
    tasks: u64,
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

/// Empty tasks that have all finished: nanoseconds to receive one.
struct Drain {
    tasks: u64,
}

impl Turn<Counted> for Drain {
    type Output = Measured;

    fn take(self, course: &mut impl Course<Counted>) -> Measured {
        let tasks = self.tasks;
        let warm_up = WARM_UP.min(tasks / 5);
        // Leaked, one word for each play, so that tasks need not share a count of owners.
        let finished: &'static AtomicU64 = Box::leak(Box::default());
        let body = |number| Counted { number, finished };
        let mut course = Checked::new(course, warm_up + tasks);
        course.window(warm_up, body)?;
        for _ in 0..tasks {
            course.submit(body);
        }
        // ORDERING: Relaxed; only the number is looked at. The last tasks have run then, and
        // within the pause they have been delivered.
        while finished.load(Ordering::Relaxed) < warm_up + tasks {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(1));
        let watch = Watch::start();
        course.receive_all(tasks)?;
        let (elapsed, cores) = watch.stop(Duration::ZERO);
        course.finish(|number| number)?;
        Ok((elapsed.as_nanos() as f64 / tasks as f64, cores))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        assert_eq!(parts(2_500, 1_000).collect::<Vec<_>>(), [1_000, 1_000, 500]);
        assert_eq!(parts(10, 1_000).collect::<Vec<_>>(), [10]);
        assert_eq!(parts(0, 1_000).count(), 0);
    }
}
