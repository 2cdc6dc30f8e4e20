//! Nanoseconds for one task.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::checked::{Checked, parts};
use super::{Measured, WARM_UP};
use crate::headline::body::{Body, Counted};
use crate::headline::core_time::Watch;
use crate::headline::course::Course;
use crate::headline::entrant::Turn;

/// Tasks in windows: nanoseconds for one.
pub(super) struct Windows<F> {
    pub(super) tasks: u64,
    /// So many at a time.
    pub(super) window: u64,
    pub(super) body: F,
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

/// Empty tasks that have all finished: nanoseconds to receive one.
pub(super) struct Drain {
    pub(super) tasks: u64,
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
