//! Nobody looks.

use crate::id::TaskId;
use crate::state::Verdict;

pub(crate) const ON: bool = false;

/// Where nothing is kept.
#[derive(Debug)]
pub(crate) struct Slot;

/// Nothing to tell.
#[derive(Debug)]
pub(crate) struct Trace;

/// Inside nothing.
pub(crate) struct Inside;

impl Slot {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn submitted(&self, _: TaskId) {}

    #[inline(always)]
    pub(crate) fn trace(&self) -> Trace {
        Trace
    }

    #[inline(always)]
    pub(crate) fn end(&self) {}
}

impl Trace {
    pub(crate) const NONE: Self = Self;

    #[inline(always)]
    pub(crate) fn enter(&self) -> Inside {
        Inside
    }

    #[inline(always)]
    pub(crate) fn completed(&self, _: Verdict) {}

    #[inline(always)]
    pub(crate) fn delivered(&self) {}
}
