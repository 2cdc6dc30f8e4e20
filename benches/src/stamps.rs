//! What a task brings back.

use std::fmt;
use std::hint::black_box;
use std::str::FromStr;

use crate::clock::Time;
use crate::work::Work;

/// A task's number, and the moments of its life on the clock of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// Which task of its run it is.
    pub number: u64,
    /// When it was to be submitted.
    pub intended: u64,
    /// When it was submitted.
    pub submitted: u64,
    /// When its body began.
    pub begun: u64,
    /// When its body ended: its last act is to read the clock.
    pub ended: u64,
}

/// What a task carries besides what the lab gives it, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// Nothing.
    #[default]
    None,
    /// 8 bytes.
    Bytes8,
    /// 64 bytes.
    Bytes64,
    /// 256 bytes.
    Bytes256,
}

impl Load {
    /// What the command line offers.
    pub const ALL: [Self; 3] = [Self::Bytes8, Self::Bytes64, Self::Bytes256];

    /// How many bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes8 => 8,
            Self::Bytes64 => 64,
            Self::Bytes256 => 256,
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().fmt(f)
    }
}

impl FromStr for Load {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|load| load.to_string() == text);
        found.ok_or_else(|| "closures carry 8, 64 or 256 bytes".to_owned())
    }
}

/// Has `body` carry so many more words.
pub(crate) fn carrying<const WORDS: usize>(
    number: u64,
    body: impl FnOnce() -> Stamps + Send + 'static,
) -> impl FnOnce() -> Stamps + Send + 'static {
    let load = [number; WORDS];
    move || {
        // What nobody looks at need not be carried.
        black_box(&load);
        body()
    }
}

impl Stamps {
    /// The body of a task: stamps, works, stamps.
    pub fn task(
        number: u64,
        intended: u64,
        submitted: u64,
        work: Work,
        clock: impl Time,
    ) -> impl FnOnce() -> Self + Send + 'static {
        move || {
            let begun = clock.now();
            clock.spend(work);
            Self { number, intended, submitted, begun, ended: clock.now() }
        }
    }
}
