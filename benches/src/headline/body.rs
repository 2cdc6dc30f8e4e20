//! What tasks do, said by their type: the yardstick runs them without a box around them.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::clock::Clock;
use crate::work::Work;

/// The body of a task, and what it brings back.
pub trait Body: Copy + Send + 'static {
    /// What comes back.
    type Back: Send + 'static;

    /// Does it.
    fn run(self) -> Self::Back;
}

/// Brings its number back.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub u64);

impl Body for Number {
    type Back = u64;

    #[inline]
    fn run(self) -> u64 {
        self.0
    }
}

/// Brings its number back, and carries so many more words.
#[derive(Clone, Copy, Debug)]
pub struct Laden<const WORDS: usize> {
    number: u64,
    load: [u64; WORDS],
}

impl<const WORDS: usize> Laden<WORDS> {
    /// With a load that no compiler foresees.
    #[inline]
    pub fn new(number: u64) -> Self {
        Self { number, load: [number; WORDS] }
    }
}

impl<const WORDS: usize> Body for Laden<WORDS> {
    type Back = u64;

    #[inline]
    fn run(self) -> u64 {
        // What nobody looks at need not be carried.
        black_box(&self.load);
        self.number
    }
}

/// Works, and brings its number back.
#[derive(Clone, Copy, Debug)]
pub struct Working {
    /// The number.
    pub number: u64,
    /// What is done.
    pub work: Work,
}

impl Body for Working {
    type Back = u64;

    #[inline]
    fn run(self) -> u64 {
        self.work.run();
        self.number
    }
}

/// Works, and brings back when it ended.
#[derive(Clone, Copy, Debug)]
pub struct Stamping {
    /// The number.
    pub number: u64,
    /// What is done.
    pub work: Work,
    /// What the moment is read from.
    pub clock: Clock,
}

/// A task's number, and the moment of its last act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The number.
    pub number: u64,
    /// Its last act was to read the clock.
    pub ended: u64,
}

impl Body for Stamping {
    type Back = Stamped;

    #[inline]
    fn run(self) -> Stamped {
        self.work.run();
        Stamped { number: self.number, ended: self.clock.now() }
    }
}

/// Counts itself as finished, and brings its number back.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The number.
    pub number: u64,
    /// How many have finished.
    pub finished: &'static AtomicU64,
}

impl Body for Counted {
    type Back = u64;

    #[inline]
    fn run(self) -> u64 {
        // ORDERING: Relaxed; only the number is looked at.
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.number
    }
}

/// Brings its number back; the one that the gate is closed for holds its worker until it opens.
/// Nothing but the number is captured, so there is one gate.
#[derive(Clone, Copy, Debug)]
pub struct Gated(pub u64);

const OPEN: u64 = u64::MAX;
static GATE: AtomicU64 = AtomicU64::new(OPEN);

impl Gated {
    /// Closes the gate for the task of this number, which has not been submitted yet.
    pub fn close_for(number: u64) {
        // ORDERING: Relaxed; the submission itself carries it to the worker.
        GATE.store(number, Ordering::Relaxed);
    }

    /// Opens the gate.
    pub fn open() {
        // ORDERING: Relaxed; nothing is carried.
        GATE.store(OPEN, Ordering::Relaxed);
    }
}

impl Body for Gated {
    type Back = u64;

    fn run(self) -> u64 {
        while GATE.load(Ordering::Relaxed) == self.0 {
            thread::sleep(Duration::from_micros(100));
        }
        self.0
    }
}
