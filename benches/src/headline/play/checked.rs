//! A course whose results are checked off.

use crate::headline::body::Body;
use crate::headline::course::Course;
use crate::roll::{Fault, Roll};

/// Submits tasks whose numbers go on from play to play, and checks them off.
pub(super) struct Checked<'a, B: Body, C: Course<B>> {
    course: &'a mut C,
    roll: Roll,
    pub(super) submitted: u64,
    body: std::marker::PhantomData<B>,
}

impl<'a, B: Body, C: Course<B>> Checked<'a, B, C> {
    pub(super) fn new(course: &'a mut C, expected: u64) -> Self {
        let (roll, body) = (Roll::expecting(expected), std::marker::PhantomData);
        Self { course, roll, submitted: 0, body }
    }

    #[inline]
    pub(super) fn submit(&mut self, body: impl FnOnce(u64) -> B) {
        self.course.submit(body(self.submitted));
        self.submitted += 1;
    }

    /// The next result; its number is to be noted with [`note`](Self::note).
    #[inline]
    pub(super) fn receive(&mut self) -> Result<B::Back, Fault> {
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
    pub(super) fn note(&mut self, number: u64) -> Result<(), Fault> {
        self.roll.note(number)
    }

    /// All have come, each once, and nobody is expected any more.
    pub(super) fn finish(mut self, number: impl Fn(B::Back) -> u64) -> Result<(), Fault> {
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
    pub(super) fn window(&mut self, count: u64, body: impl Fn(u64) -> B) -> Result<(), Fault> {
        for _ in 0..count {
            self.submit(&body);
        }
        self.receive_all(count)
    }

    #[inline]
    pub(super) fn receive_all(&mut self, count: u64) -> Result<(), Fault> {
        for _ in 0..count {
            let number = self.receive()?;
            self.note(number)?;
        }
        Ok(())
    }
}

/// `total` in parts of `part`; the last may be smaller.
pub(super) fn parts(total: u64, part: u64) -> impl Iterator<Item = u64> {
    let starts = (0..total).step_by(part.max(1) as usize);
    starts.map(move |start| part.min(total - start))
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
