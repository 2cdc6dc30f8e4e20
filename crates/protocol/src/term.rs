//! The time that an iterator has.

use crate::error::TimedOut;
use crate::sync::Deadline;

/// An iterator's deadline. When it has passed, or there was nothing more, the iterator is over.
pub(crate) struct Term {
    deadline: Deadline,
    is_over: bool,
}

impl Term {
    pub(crate) fn until(deadline: Deadline) -> Self {
        Self { deadline, is_over: false }
    }

    pub(crate) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The iterator's next item, for which `next` waits until the deadline.
    #[inline]
    pub(crate) fn next<T>(
        &mut self,
        next: impl FnOnce(Deadline) -> Result<Option<T>, TimedOut>,
    ) -> Option<Result<T, TimedOut>> {
        if self.is_over {
            return None;
        }
        let next = next(self.deadline);
        self.is_over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}
