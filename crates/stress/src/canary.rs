//! Bugs that are seeded on purpose. A tool that does not find them finds nothing.
//!
//! They run inside tasks of a real pool, below the same frames as the code under test: a
//! suppression that hides the pool hides the canary too, which is then missed.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::mem;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use photofinish::{BuildError, Pool};

use crate::ledger::{self, Plan, Token};

/// A seeded bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canary {
    /// A value is published by a Relaxed store. For the thread sanitizer.
    Race,
    /// Memory is forgotten. For the leak sanitizer.
    Leak,
    /// Freed memory is read. For the address sanitizer.
    UseAfterFree,
    /// A finished task is forgotten. For the books.
    Lost,
    /// A task comes twice. For the books of a soak.
    Twice,
    /// A worker polls for ever. For the end of a soak.
    Awake,
    /// Handles that random programs drop are not told to the books, so that those fail, and
    /// shrink.
    Program,
}

impl Canary {
    /// The canary that is called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "race" => Some(Self::Race),
            "leak" => Some(Self::Leak),
            "use-after-free" => Some(Self::UseAfterFree),
            "lost" => Some(Self::Lost),
            "twice" => Some(Self::Twice),
            "awake" => Some(Self::Awake),
            "program" => Some(Self::Program),
            _ => None,
        }
    }

    /// Whether it is a bug of a soak, or else one of the rounds.
    pub(crate) fn is_for(self, soak: bool) -> bool {
        match self {
            Self::Leak | Self::Lost => true,
            Self::Twice | Self::Awake => soak,
            Self::Race | Self::UseAfterFree | Self::Program => !soak,
        }
    }

    /// Runs the bug. Those of a soak are in the soak.
    pub(crate) fn sing(self, workers: usize) -> Result<(), BuildError> {
        let pool = Pool::builder()
            .workers(workers.max(2))
            .on_thread_start(|_| ledger::count_this_thread())
            .build()?;
        for turn in 1..=20 {
            match self {
                // They are in the run of the programs, and in the soak.
                Self::Program | Self::Twice | Self::Awake => {}
                Self::Race => {
                    let write = pool.submit(move || canary_race_write(turn));
                    let read = pool.submit(move || canary_race_read(turn));
                    write.join().expect("the canary does not panic");
                    read.join().expect("the canary does not panic");
                }
                Self::Leak => {
                    pool.submit(canary_leak).join().expect("the canary does not panic");
                }
                Self::UseAfterFree => {
                    pool.submit(canary_use_after_free).join().expect("the canary does not panic");
                }
                Self::Lost => {
                    let token = Token::enter(Plan::default());
                    let handle = pool.submit(move || token.work());
                    while turn == 1 && !handle.is_finished() {
                        thread::yield_now();
                    }
                    // The bug: nobody takes the outcome, and nobody lets it go.
                    mem::forget(handle);
                    break;
                }
            }
        }
        drop(pool);
        Ok(())
    }
}

struct Cell(UnsafeCell<usize>);

// SAFETY: none. This is the seeded race: the accesses below are not ordered.
unsafe impl Sync for Cell {}

static CELL: Cell = Cell(UnsafeCell::new(0));
// ORDERING: Relaxed on purpose; this is the seeded race.
static BEGUN: AtomicUsize = AtomicUsize::new(0);
static READY: AtomicUsize = AtomicUsize::new(0);

#[inline(never)]
fn canary_race_write(turn: usize) {
    // With the reader on its way already, it is on another worker: nothing orders the two.
    while BEGUN.load(Relaxed) < turn {
        thread::yield_now();
    }
    // SAFETY: none. Nothing orders this write before the read.
    unsafe { CELL.0.get().write(turn) };
    READY.store(turn, Relaxed);
}

#[inline(never)]
fn canary_race_read(turn: usize) -> usize {
    BEGUN.store(turn, Relaxed);
    while READY.load(Relaxed) < turn {
        thread::yield_now();
    }
    // SAFETY: none, as above.
    unsafe { CELL.0.get().read() }
}

#[inline(never)]
fn canary_leak() {
    mem::forget(black_box(Box::new([1_u8; 1000])));
}

#[inline(never)]
fn canary_use_after_free() -> u8 {
    let memory = Box::into_raw(Box::new([1_u8; 1000]));
    // SAFETY: it has just come out of a box.
    drop(unsafe { Box::from_raw(black_box(memory)) });
    // SAFETY: none. This is the seeded use after the end.
    unsafe { black_box(memory).cast::<u8>().read_volatile() }
}
