//! Which allocator serves a program: the system's, or a faster one.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt;
use std::io;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU8, Ordering};

use clap::ValueEnum;
use mimalloc::MiMalloc;
use serde::{Deserialize, Serialize};

/// An allocator. It is chosen before the first allocation, by the environment variable
/// [`VARIABLE`], and serves the whole program and all designs in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Allocator {
    /// The system's, which is what most programs use.
    #[default]
    System,
    /// D. Leijen's, whose threads free each other's blocks without a lock.
    Mimalloc,
}

/// The environment variable that names the allocator of a bench.
pub const VARIABLE: &str = "PHOTOFINISH_ALLOCATOR";

const UNDECIDED: u8 = 0;
const SYSTEM: u8 = 1;
const MIMALLOC: u8 = 2;
static SERVES: AtomicU8 = AtomicU8::new(UNDECIDED);

impl Allocator {
    /// Both.
    pub const ALL: [Self; 2] = [Self::System, Self::Mimalloc];

    /// The one that serves this program, if [`Counter`](crate::allocations::Counter) is installed.
    ///
    /// ```
    /// use photofinish_bench::allocator::Allocator;
    ///
    /// assert_eq!(Allocator::here(), Allocator::System);
    /// ```
    pub fn here() -> Self {
        // ORDERING: Relaxed; whoever decides comes to the same, and nothing is published.
        match SERVES.load(Ordering::Relaxed) {
            MIMALLOC => Self::Mimalloc,
            SYSTEM => Self::System,
            _ => Self::decide(),
        }
    }

    /// What is wrong with [`VARIABLE`], if it names no allocator: the system's serves then.
    pub fn misnamed() -> Option<String> {
        let named = std::env::var_os(VARIABLE).filter(|named| !named.is_empty())?;
        let known = Self::ALL.iter().any(|allocator| named == allocator.name());
        (!known).then(|| format!("{VARIABLE} is {named:?}; the allocators are system and mimalloc"))
    }

    /// Its name, on the command line too.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Mimalloc => "mimalloc",
        }
    }

    /// Has `program` served by it.
    pub fn serve(self, program: &mut Command) -> &mut Command {
        program.env(VARIABLE, self.name())
    }

    /// Runs this program again, with the same arguments, under this one, unless it serves already.
    ///
    /// # Errors
    ///
    /// Those of starting a program. Where a program cannot take the place of another, its status is
    /// returned.
    pub fn take_over(self) -> io::Result<Option<ExitStatus>> {
        if self == Self::here() {
            return Ok(None);
        }
        let mut again = Command::new(std::env::current_exe()?);
        self.serve(again.args(std::env::args_os().skip(1)));
        #[cfg(unix)]
        return Err(std::os::unix::process::CommandExt::exec(&mut again));
        #[cfg(not(unix))]
        again.status().map(Some)
    }

    #[cold]
    fn decide() -> Self {
        // The standard library's way to read a variable allocates.
        const NAME: &std::ffi::CStr = c"PHOTOFINISH_ALLOCATOR";
        // SAFETY: the name is a string that ends in a zero. Nobody changes the environment of a
        // bench, so that what is found is not freed.
        let value = unsafe { libc::getenv(NAME.as_ptr()) };
        let found = !value.is_null() && {
            // SAFETY: what the system found is a string that ends in a zero, and nobody changes
            // the environment.
            let value = unsafe { std::ffi::CStr::from_ptr(value) };
            value.to_bytes() == Self::Mimalloc.name().as_bytes()
        };
        let (serves, this) =
            if found { (MIMALLOC, Self::Mimalloc) } else { (SYSTEM, Self::System) };
        // ORDERING: Relaxed; as above.
        SERVES.store(serves, Ordering::Relaxed);
        this
    }
}

impl fmt::Display for Allocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The allocator that was chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Serving;

// SAFETY: every method hands its arguments to one allocator and returns what that returns. It is
// the same one as long as the program lives: the choice is made before the first block is given
// out, by what does not change.
unsafe impl GlobalAlloc for Serving {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match Allocator::here() {
            // SAFETY: the caller's layout is valid for `alloc`, which is what it called.
            Allocator::System => unsafe { System.alloc(layout) },
            // SAFETY: as above.
            Allocator::Mimalloc => unsafe { MiMalloc.alloc(layout) },
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match Allocator::here() {
            // SAFETY: the caller's layout is valid for `alloc_zeroed`, which is what it called.
            Allocator::System => unsafe { System.alloc_zeroed(layout) },
            // SAFETY: as above.
            Allocator::Mimalloc => unsafe { MiMalloc.alloc_zeroed(layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match Allocator::here() {
            // SAFETY: the caller's block came from this allocator, which is the system's.
            Allocator::System => unsafe { System.realloc(block, layout, size) },
            // SAFETY: the caller's block came from this allocator, which is mimalloc.
            Allocator::Mimalloc => unsafe { MiMalloc.realloc(block, layout, size) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match Allocator::here() {
            // SAFETY: the caller's block came from this allocator, which is the system's.
            Allocator::System => unsafe { System.dealloc(block, layout) },
            // SAFETY: the caller's block came from this allocator, which is mimalloc.
            Allocator::Mimalloc => unsafe { MiMalloc.dealloc(block, layout) },
        }
    }
}
