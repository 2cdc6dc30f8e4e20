//! Watching a model from outside: which tasks have begun, which have returned, and when nothing
//! moves any more.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, PoisonError};

use photofinish_protocol::sync::{hooks, thread};

/// How often in a row the onlooker has to find that nothing has moved. Each time all threads that
/// can go on had a turn.
const TURNS: usize = 4;

/// Lets all other threads go on until each of them has ended, sleeps, or does nothing but look at
/// the same words again. What the onlooker does itself adds no interleavings.
pub fn until_nothing_moves() {
    let mut quiet = 0;
    while quiet < TURNS {
        let before = hooks::effects();
        thread::yield_now();
        quiet = if hooks::effects() == before { quiet + 1 } else { 0 };
    }
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its body has not begun.
    NotBegun,
    /// Its body has begun, on the thread that plays the role.
    BegunThere,
    /// Its body has begun, on another thread.
    Begun,
    /// Its body has returned, on the thread that plays the role.
    ReturnedThere,
    /// Its body has returned, on another thread.
    Returned,
}

impl Stage {
    const ALL: [Self; 5] =
        [Self::NotBegun, Self::BegunThere, Self::Begun, Self::ReturnedThere, Self::Returned];
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotBegun => "not begun",
            Self::BegunThere => "begun there",
            Self::Begun => "begun elsewhere",
            Self::ReturnedThere => "returned there",
            Self::Returned => "returned elsewhere",
        })
    }
}

/// What a task tells of itself. It is plain `std` state, beside the model.
#[derive(Clone, Debug)]
pub struct Progress(Arc<AtomicU8>);

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// The task has not begun.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU8::new(Stage::NotBegun as u8)))
    }

    /// Runs `body` as the task's.
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let there = hooks::plays();
        self.set(if there { Stage::BegunThere } else { Stage::Begun });
        let result = body();
        self.set(if there { Stage::ReturnedThere } else { Stage::Returned });
        result
    }

    /// How far the task has come.
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.0.load(SeqCst))]
    }

    fn set(&self, stage: Stage) {
        self.0.store(stage as u8, SeqCst);
    }
}

/// What stood still with the frozen thread, counted over the executions of a model.
#[derive(Debug)]
pub struct Standstills(Mutex<BTreeMap<String, u64>>);

impl Default for Standstills {
    fn default() -> Self {
        Self::new()
    }
}

impl Standstills {
    /// Nothing has been seen.
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// In this execution nothing moves, and these tasks have not arrived: each with its name.
    ///
    /// # Panics
    ///
    /// If a task has not arrived and no thread is frozen, or if its body has returned on a thread
    /// that is not.
    pub fn count(&self, missing: &[(&str, Stage)]) {
        let Some(stood) = hooks::stood_at() else {
            assert!(missing.is_empty(), "nobody is frozen, and {missing:?} do not arrive");
            return;
        };
        let returned = missing.iter().any(|(_, stage)| *stage == Stage::Returned);
        assert!(!returned, "{missing:?}: a delivery waits for the thread frozen at {stood}");
        let mut groups: BTreeMap<_, usize> = BTreeMap::new();
        for task in missing {
            *groups.entry(task).or_default() += 1;
        }
        let group = |((name, stage), tasks): (&(&str, Stage), usize)| match tasks {
            1 => format!("{name} {stage}"),
            _ => format!("{tasks} x {name} {stage}"),
        };
        let groups: Vec<_> = groups.into_iter().map(group).collect();
        let line = format!("{stood} | {}", groups.join(" and "));
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(line).or_default() += 1;
    }

    /// Prints a line for each place where the thread that plays `role` stood, and each set of tasks
    /// that stood with it.
    pub fn report(&self, role: &str) {
        for (line, executions) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            println!("stood {executions} | {role} | {line}");
        }
    }
}
