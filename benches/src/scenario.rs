//! How tasks are submitted.

use std::fmt;

use crate::stamps::Load;
use crate::work::Work;

/// One way of submitting tasks.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Who sets the pace.
    pub arrivals: Arrivals,
    /// What each task does; in a burst, some do more.
    pub work: Work,
    /// What each task carries.
    pub load: Load,
}

/// Who sets the pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// The clock: tasks are due at a rate, and a task that is submitted late has waited since it
    /// was due. What a slow design delays is charged to it.
    OpenLoop {
        /// Tasks per second.
        rate: f64,
        /// What the consumer does between results.
        waiting: Waiting,
    },
    /// The design: so many tasks are kept in flight, and each that comes back makes room for
    /// the next. A slow design is asked less often, so its tail looks better than it is.
    Window {
        /// Tasks in flight.
        in_flight: usize,
    },
    /// So many at once, after a pause: how soon are the first, half, and all results in hand? One
    /// task in [`LONG_ONE_IN`] is [`LONG_FACTOR`] times as long, so that there is something to
    /// overtake. Tasks sleep, so that more workers than cores do not fight for them.
    Burst {
        /// Tasks in a burst.
        size: usize,
    },
}

/// What the consumer does while nothing is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It waits as the design waits, which as a rule parks the thread, some after a short spin.
    Parked,
    /// It polls and never parks, at the price of a core.
    Spinning,
}

/// In a burst, the first task of so many is long.
pub const LONG_ONE_IN: usize = 16;
/// How many times as long it is.
pub const LONG_FACTOR: u32 = 16;

impl Arrivals {
    /// Whether tasks come whether or not the design keeps up.
    pub fn is_open(self) -> bool {
        self.target_rate().is_some()
    }

    /// The rate that is to be reached, if there is one.
    pub fn target_rate(self) -> Option<f64> {
        match self {
            Self::OpenLoop { rate, .. } => Some(rate),
            Self::Window { .. } | Self::Burst { .. } => None,
        }
    }

    /// The fewest workers that the scenario makes sense with: in a burst, tasks overtake others.
    pub fn least_workers(self) -> usize {
        match self {
            Self::OpenLoop { .. } | Self::Window { .. } => 1,
            Self::Burst { .. } => 8,
        }
    }
}

impl Scenario {
    /// What the task at `place` of a burst does.
    pub fn work_at(&self, place: usize) -> Work {
        let long = place.is_multiple_of(LONG_ONE_IN);
        if long { self.work.times(LONG_FACTOR) } else { self.work }
    }

    /// What the longest of its tasks does.
    pub fn longest_work(&self) -> Work {
        match self.arrivals {
            Arrivals::OpenLoop { .. } | Arrivals::Window { .. } => self.work,
            Arrivals::Burst { .. } => self.work.times(LONG_FACTOR),
        }
    }

    /// A name for files and filters, without spaces.
    ///
    /// ```
    /// use photofinish_bench::scenario::{Arrivals, Scenario};
    /// use photofinish_bench::stamps::Load;
    /// use photofinish_bench::work::Work;
    ///
    /// let arrivals = Arrivals::Window { in_flight: 64 };
    /// let scenario = Scenario { arrivals, work: Work::NONE, load: Load::None };
    /// assert_eq!(scenario.slug(), "window-64-empty");
    /// ```
    pub fn slug(&self) -> String {
        // The letter mu that `Duration` prints is no letter for a file name.
        let work = self.work.to_string().replace('µ', "u");
        let slug = match self.arrivals {
            Arrivals::OpenLoop { rate, waiting: Waiting::Parked } => {
                format!("open-{rate}-{work}-park")
            }
            Arrivals::OpenLoop { rate, waiting: Waiting::Spinning } => {
                format!("open-{rate}-{work}-spin")
            }
            Arrivals::Window { in_flight } => format!("window-{in_flight}-{work}"),
            Arrivals::Burst { size } => format!("burst-{size}-{work}"),
        };
        match self.load {
            Load::None => slug,
            load => format!("{slug}-carrying-{load}"),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parked => "the consumer waits in its own way",
            Self::Spinning => "the consumer spins",
        })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arrivals, work, load } = self;
        match arrivals {
            Arrivals::OpenLoop { rate, waiting } => {
                write!(f, "open loop, {rate} tasks per second, each {work}, {waiting}")
            }
            Arrivals::Window { in_flight } => {
                write!(f, "closed loop, a window of {in_flight} in flight, each {work}")
            }
            Arrivals::Burst { size } => {
                let long = work.times(LONG_FACTOR);
                write!(f, "burst, {size} at once, each sleeps {work}, one in {LONG_ONE_IN} {long}")
            }
        }?;
        match load {
            Load::None => Ok(()),
            load => write!(f, ", carrying {load} bytes"),
        }
    }
}
