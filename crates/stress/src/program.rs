//! A random program over the public interface: what a seed makes, and how it reads.

use std::fmt;

use fastrand::Rng;

use crate::ledger::Plan;

/// One call, or a few. What it applies to is picked among what is there when it runs, so that a
/// program still has a meaning when some of its operations are left out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    /// Submits a task.
    Submit(Plan),
    /// Submits a task that submits the second and joins it.
    Nest(Plan, Plan),
    /// Submits so many alike at once.
    SubmitBatch(usize, Plan),
    /// Cancels an open task.
    Cancel(usize),
    /// Joins an open task.
    Join(usize),
    /// Joins an open task for at most so many microseconds.
    JoinTimeout(usize, u64),
    /// Drops the handle of an open task.
    Drop(usize),
    /// Awaits an open task.
    Await(usize),
    /// An open task goes into the set.
    Add(usize),
    /// An open task goes into the set from another thread.
    AddFromThread(usize),
    /// The set is waited for, for at most so many microseconds.
    NextTimeout(u64),
    /// An open task is shared, and looked at from another thread, too.
    Share(usize),
    /// An open task gets a callback.
    CallBack(usize),
    /// So many tasks in a scope, joined there.
    Scope(usize, Plan),
    /// So many items, in their order.
    Map(usize),
    /// So many items, as they come; the iterator is dropped after so many of them.
    MapUnordered(usize, usize),
    /// A worker is lost, once it has run this task.
    Break,
    /// The pool is given up.
    Detach,
    /// The pool drops what has not begun.
    ShutdownNow,
    /// The pool is dropped.
    DropPool,
}

/// Where the decisions that make a program come from.
pub(crate) trait Decisions {
    /// A number below `limit`, which is not zero.
    fn below(&mut self, limit: usize) -> usize;
}

impl Decisions for Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.usize(..limit)
    }
}

impl Operation {
    /// An operation as it is decided.
    pub(crate) fn any(of: &mut impl Decisions) -> Self {
        match of.below(40) {
            0..9 => Self::Submit(plan(of)),
            9 | 10 => Self::Nest(plan(of), plan(of)),
            11 | 12 => Self::SubmitBatch(of.below(6), plan(of)),
            13..16 => Self::Cancel(of.below(64)),
            16 | 17 => Self::Join(of.below(64)),
            18 | 19 => Self::JoinTimeout(of.below(64), of.below(100) as u64),
            20 | 21 => Self::Drop(of.below(64)),
            22 | 23 => Self::Await(of.below(64)),
            24..27 => Self::Add(of.below(64)),
            27 | 28 => Self::AddFromThread(of.below(64)),
            29 | 30 => Self::NextTimeout(of.below(100) as u64),
            31 | 32 => Self::Share(of.below(64)),
            33 | 34 => Self::CallBack(of.below(64)),
            35 => Self::Scope(of.below(4), plan(of)),
            36 => Self::Map(of.below(12)),
            37 => Self::MapUnordered(of.below(12), of.below(12)),
            38 => Self::Submit(plan(of)),
            _ => match of.below(6) {
                0 => Self::Detach,
                1 => Self::ShutdownNow,
                2 | 3 => Self::Break,
                _ => Self::DropPool,
            },
        }
    }
}

fn plan(of: &mut impl Decisions) -> Plan {
    let mut one_in = |n| of.below(n) == n - 1;
    Plan {
        panics: one_in(10),
        token_panics: one_in(16),
        value_panics: one_in(16),
        pause: if one_in(16) { 100 } else { u16::from(one_in(3)) * 3 },
    }
}

/// A pool and what is done with it, on one thread.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// What made it.
    pub(crate) seed: u64,
    /// The places of the operations that are left out.
    pub(crate) without: Vec<usize>,
    pub(crate) workers: usize,
    /// With their places.
    pub(crate) operations: Vec<(usize, Operation)>,
}

impl Program {
    /// The program of `seed`, less the operations at the places `without`.
    pub(crate) fn generate(seed: u64, without: Vec<usize>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let workers = rng.usize(1..=3);
        let operations = (0..rng.usize(4..40)).map(|_| Operation::any(&mut rng)).enumerate();
        let operations = operations.filter(|(place, _)| !without.contains(place)).collect();
        Self { seed, without, workers, operations }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "program {} with {} workers:", self.seed, self.workers)?;
        for (place, operation) in &self.operations {
            writeln!(f, "{place:4} {operation:?}")?;
        }
        Ok(())
    }
}
