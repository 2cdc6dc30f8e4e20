//! What plays the workloads: a design, or the yardstick.

use photofinish_baselines::Design;

use crate::headline::body::Body;
use crate::limits::rings::Rings;

/// Runs tasks of one kind. One thread submits and receives.
pub trait Course<B: Body> {
    /// Submits a task.
    fn submit(&mut self, body: B);

    /// The next result, waiting for it; `None` if nothing is outstanding.
    fn next(&mut self) -> Option<B::Back>;

    /// The next result, if it is there.
    fn try_next(&mut self) -> Option<B::Back>;

    /// How many results have not been given yet.
    fn outstanding(&self) -> usize;
}

/// A design, whose tasks are closures.
#[derive(Debug)]
pub struct Through<D>(pub D);

impl<B: Body, D: Design<B::Back>> Course<B> for Through<D> {
    #[inline]
    fn submit(&mut self, body: B) {
        self.0.submit(move || body.run());
    }

    #[inline]
    fn next(&mut self) -> Option<B::Back> {
        self.0.next()
    }

    fn try_next(&mut self) -> Option<B::Back> {
        self.0.try_next()
    }

    fn outstanding(&self) -> usize {
        self.0.outstanding()
    }
}

/// The yardstick: two rings, and a thread between them.
#[derive(Debug)]
pub struct Yardstick<B: Body> {
    rings: Rings<B, B::Back>,
    outstanding: usize,
}

impl<B: Body> Yardstick<B> {
    /// With room for `room` tasks; both threads spin.
    pub fn new(room: usize) -> Self {
        Self { rings: Rings::new(room, B::run), outstanding: 0 }
    }

    /// The same, but both threads park.
    pub fn that_parks(room: usize) -> Self {
        Self { rings: Rings::that_park(room, B::run), outstanding: 0 }
    }
}

impl<B: Body> Course<B> for Yardstick<B> {
    #[inline]
    fn submit(&mut self, body: B) {
        self.outstanding += 1;
        self.rings.push(body);
    }

    #[inline]
    fn next(&mut self) -> Option<B::Back> {
        self.outstanding = self.outstanding.checked_sub(1)?;
        Some(self.rings.pop())
    }

    fn try_next(&mut self) -> Option<B::Back> {
        let back = self.rings.try_pop()?;
        self.outstanding -= 1;
        Some(back)
    }

    fn outstanding(&self) -> usize {
        self.outstanding
    }
}
