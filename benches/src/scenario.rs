//! How tasks are submitted.

use std::fmt;

use crate::work::Work;

/// One way of submitting tasks, all of the same length.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Who sets the pace.
    pub arrivals: Arrivals,
    /// What each task does.
    pub work: Work,
}

/// Who sets the pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// The clock: tasks are due at a rate, and a task that is submitted late has waited since it
    /// was due. What a slow design delays is charged to it.
    OpenLoop {
        /// Tasks per second.
        rate: f64,
    },
    /// The design: so many tasks are kept in flight, and each that comes back makes room for
    /// the next. A slow design is asked less often, so its tail looks better than it is.
    Window {
        /// Tasks in flight.
        in_flight: usize,
    },
}

impl Arrivals {
    /// Whether tasks come whether or not the design keeps up.
    pub fn is_open(self) -> bool {
        match self {
            Self::OpenLoop { .. } => true,
            Self::Window { .. } => false,
        }
    }

    /// The rate that is to be reached, if there is one.
    pub fn target_rate(self) -> Option<f64> {
        match self {
            Self::OpenLoop { rate } => Some(rate),
            Self::Window { .. } => None,
        }
    }
}

impl Scenario {
    /// A name for files and filters, without spaces.
    ///
    /// ```
    /// use photofinish_bench::scenario::{Arrivals, Scenario};
    /// use photofinish_bench::work::Work;
    ///
    /// let scenario = Scenario { arrivals: Arrivals::Window { in_flight: 64 }, work: Work::NONE };
    /// assert_eq!(scenario.slug(), "window-64-empty");
    /// ```
    pub fn slug(&self) -> String {
        // The letter mu that `Duration` prints is no letter for a file name.
        let work = self.work.to_string().replace('µ', "u");
        match self.arrivals {
            Arrivals::OpenLoop { rate } => format!("open-{rate}-{work}"),
            Arrivals::Window { in_flight } => format!("window-{in_flight}-{work}"),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arrivals, work } = self;
        match arrivals {
            Arrivals::OpenLoop { rate } => {
                write!(f, "open loop, {rate} tasks per second, each {work}")
            }
            Arrivals::Window { in_flight } => {
                write!(f, "closed loop, a window of {in_flight} in flight, each {work}")
            }
        }
    }
}
