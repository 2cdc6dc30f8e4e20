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
    /// The pool is given up.
    Detach,
    /// The pool drops what has not begun.
    ShutdownNow,
    /// The pool is dropped.
    DropPool,
}

impl Operation {
    fn any(rng: &mut Rng) -> Self {
        let pick = rng.usize(..64);
        match rng.u8(..40) {
            0..9 => Self::Submit(plan(rng)),
            9 | 10 => Self::Nest(plan(rng), plan(rng)),
            11 | 12 => Self::SubmitBatch(rng.usize(..6), plan(rng)),
            13..16 => Self::Cancel(pick),
            16..18 => Self::Join(pick),
            18..20 => Self::JoinTimeout(pick, rng.u64(..100)),
            20..22 => Self::Drop(pick),
            22 | 23 => Self::Await(pick),
            24..27 => Self::Add(pick),
            27 | 28 => Self::AddFromThread(pick),
            29 | 30 => Self::NextTimeout(rng.u64(..100)),
            31 | 32 => Self::Share(pick),
            33 | 34 => Self::CallBack(pick),
            35 => Self::Scope(rng.usize(..4), plan(rng)),
            36 => Self::Map(rng.usize(..12)),
            37 => Self::MapUnordered(rng.usize(..12), rng.usize(..12)),
            38 => Self::Submit(plan(rng)),
            _ => match rng.u8(..4) {
                0 => Self::Detach,
                1 => Self::ShutdownNow,
                _ => Self::DropPool,
            },
        }
    }
}

fn plan(rng: &mut Rng) -> Plan {
    let mut one_in = |n: u8| rng.u8(..n) == 0;
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
