//! What a task takes of the memory.

use super::checked::{Checked, parts};
use super::{WARM_UP, WINDOW};
use crate::allocations::Counting;
use crate::headline::body::{Gated, Number};
use crate::headline::course::Course;
use crate::headline::entrant::Turn;
use crate::machine;
use crate::roll::Fault;

/// Allocations for one task in windows of 1000, after some of them; `None` if nobody counts.
pub(super) struct Mallocs {
    pub(super) tasks: u64,
}

impl Turn<Number> for Mallocs {
    type Output = Result<Option<f64>, Fault>;

    fn take(self, course: &mut impl Course<Number>) -> Self::Output {
        let tasks = self.tasks;
        let warm_up = 2 * tasks;
        let mut course = Checked::new(course, warm_up + tasks);
        for window in parts(warm_up, WINDOW) {
            course.window(window, Number)?;
        }
        let counting = Counting::begin();
        for window in parts(tasks, WINDOW) {
            course.window(window, Number)?;
        }
        let counted = counting.end();
        course.finish(|number| number)?;
        Ok(counted.map(|counted| counted.calls as f64 / tasks as f64))
    }
}

/// What the process has grown by for each task that nobody has begun; `None` where the system
/// does not tell.
pub(super) struct Held {
    pub(super) tasks: u64,
}

impl Turn<Gated> for Held {
    type Output = Result<Option<f64>, Fault>;

    fn take(self, course: &mut impl Course<Gated>) -> Self::Output {
        let tasks = self.tasks;
        let warm_up = WARM_UP.min(tasks / 5);
        let mut course = Checked::new(course, warm_up + tasks + 1);
        course.window(warm_up, Gated)?;
        Gated::close_for(warm_up);
        // The only worker is held by the first task.
        course.submit(Gated);
        let before = machine::resident_bytes();
        for _ in 0..tasks {
            course.submit(Gated);
        }
        let after = machine::resident_bytes();
        Gated::open();
        course.receive_all(tasks + 1)?;
        course.finish(|number| number)?;
        let grown = after.zip(before).map(|(after, before)| after.saturating_sub(before));
        Ok(grown.map(|grown| grown as f64 / tasks as f64))
    }
}
