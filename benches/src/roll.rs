//! Who has come, and who is missing.

use std::error::Error;
use std::fmt;

/// Notes the numbers of the tasks that have come back.
///
/// ```
/// use photofinish_bench::roll::{Fault, Roll};
///
/// let mut roll = Roll::default();
/// roll.note(0).unwrap();
/// roll.note(2).unwrap();
/// assert_eq!(roll.note(2), Err(Fault::Twice { number: 2 }));
/// assert_eq!(roll.complete(3), Err(Fault::Lost { first: 1, missing: 1, of: 3 }));
/// ```
#[derive(Debug, Default)]
pub struct Roll {
    present: Vec<u64>,
    count: u64,
}

/// A design did not deliver every task exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A task came back more than once.
    Twice {
        /// The task.
        number: u64,
    },
    /// Tasks never came back.
    Lost {
        /// The first of them.
        first: u64,
        /// How many they are.
        missing: u64,
        /// How many were submitted.
        of: u64,
    },
    /// A task came back that had never been submitted.
    Stranger {
        /// The number it bears.
        number: u64,
        /// How many were submitted.
        of: u64,
    },
    /// All tasks came back, and the design says that more are outstanding.
    Overcounted {
        /// How many more.
        by: usize,
    },
}

impl Roll {
    /// Has room for the tasks `0..count`, so that noting them takes no time for growth.
    pub fn expecting(count: u64) -> Self {
        Self { present: vec![0; count.div_ceil(64) as usize], count: 0 }
    }

    /// Notes that task `number` has come.
    ///
    /// # Errors
    ///
    /// [`Fault::Twice`] if it has come before.
    #[inline]
    pub fn note(&mut self, number: u64) -> Result<(), Fault> {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        if word >= self.present.len() {
            self.present.resize(word + 1, 0);
        }
        if self.present[word] & bit != 0 {
            return Err(Fault::Twice { number });
        }
        self.present[word] |= bit;
        self.count += 1;
        Ok(())
    }

    /// Checks that exactly the tasks `0..submitted` have come.
    ///
    /// # Errors
    ///
    /// [`Fault::Lost`] if one is missing, [`Fault::Stranger`] if one is beyond.
    pub fn complete(&self, submitted: u64) -> Result<(), Fault> {
        let present = |number: u64| {
            let word = self.present.get((number / 64) as usize).copied().unwrap_or(0);
            word >> (number % 64) & 1 == 1
        };
        if let Some(number) = (submitted..self.present.len() as u64 * 64).find(|&n| present(n)) {
            return Err(Fault::Stranger { number, of: submitted });
        }
        match (0..submitted).find(|&number| !present(number)) {
            None => Ok(()),
            Some(first) => {
                Err(Fault::Lost { first, missing: submitted - self.count, of: submitted })
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { number } => write!(f, "delivered task {number} twice"),
            Self::Lost { first, missing, of } => {
                write!(f, "lost {missing} of {of} tasks, the first of them task {first}")
            }
            Self::Stranger { number, of } => {
                write!(f, "delivered a task {number}, though only {of} were submitted")
            }
            Self::Overcounted { by } => {
                write!(f, "says that {by} tasks are outstanding when all have come")
            }
        }
    }
}

impl Error for Fault {}
