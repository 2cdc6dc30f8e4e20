//! The workloads, played by whoever takes part. Every result is checked off in the run.

mod checked;
mod latency;
mod memory;
#[cfg(test)]
mod spoilt;
mod throughput;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::allocator::Allocator;
use crate::headline::body::{Laden, Number, Working};
use crate::headline::entrant::{Entrant, Setting};
use crate::headline::figure::{Closure, Figure, Reading, Workload};
use crate::headline::play::latency::{InFlight, Paced};
use crate::headline::play::memory::{Held, Mallocs};
use crate::headline::play::throughput::{Drain, Windows};
use crate::machine;
use crate::roll::Fault;
use crate::work::{Pace, Work};

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// Enough to be believed.
    Full,
    /// Enough for a glance.
    Quick,
    /// Only to see that everything runs.
    Smoke,
}

impl Extent {
    /// How many tasks that is, where a full play has so many.
    pub fn of(self, full: u64) -> u64 {
        match self {
            Self::Full => full,
            Self::Quick => full / 8,
            Self::Smoke => (full / 500).max(20),
        }
    }
}

/// Under which conditions a workload is played.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Conditions {
    /// Threads of the pool.
    pub workers: usize,
    /// How much is played.
    pub extent: Extent,
    /// Each thread stays on a core of its own, if there are as many.
    pub pinned: bool,
    /// What serves those who allocate.
    pub allocator: Allocator,
    /// How fast the body of a task turns; the same for everybody in a round.
    pub pace: Pace,
}

/// Tasks in a window.
const WINDOW: u64 = 1_000;
/// Tasks in flight.
const IN_FLIGHT: u64 = 64;
/// Of the tasks in flight, one in so many is timed, because two rings take less for a task than the
/// clock for a reading. A prime: what is timed keeps no step with what is done by 8, 16 or 32.
const TIMED_ONE_IN: u64 = 7;
/// From task to task, where they come now and then.
const PERIOD: Duration = Duration::from_micros(100);

impl Workload {
    /// How many tasks a full play has.
    pub fn tasks(self) -> u64 {
        match self {
            Self::SubmitAll => 1_000_000,
            Self::Windows | Self::Drain => 200_000,
            Self::Stored(_) => 100_000,
            Self::InFlight => 100_000,
            Self::Micro1 => 20_000,
            Self::Micro10 => 4_000,
            Self::PacedParked | Self::Paced => 1_000,
            Self::Mallocs => 50_000,
            Self::Bytes => 1_000_000,
            Self::Outstanding(power) => 10_u64.pow(power).max(200_000),
        }
    }

    /// Plays it.
    ///
    /// # Errors
    ///
    /// The [`Fault`] of whoever lost or duplicated a result.
    pub fn play(self, entrant: Entrant, conditions: Conditions) -> Result<Vec<Reading>, Fault> {
        let Conditions { workers, extent, pinned, pace, .. } = conditions;
        let tasks = extent.of(self.tasks());
        let work = Work::lasting(self.task(), pace);
        let all =
            Setting { workers, room: tasks as usize, one_by_one: false, parked: false, pinned };
        let windows = Setting { room: WINDOW as usize, ..all };
        let single = Setting { room: IN_FLIGHT as usize, one_by_one: true, ..all };
        Ok(match self {
            Self::SubmitAll => {
                let turn = Windows { tasks, window: tasks, body: Number };
                one(Figure::SubmitAll, entrant.enter(all, turn)?)
            }
            Self::Outstanding(power) => {
                let window = 10_u64.pow(power).min(tasks);
                let turn = Windows { tasks, window, body: Number };
                one(Figure::Outstanding(power), entrant.enter(all, turn)?)
            }
            Self::Windows => {
                let turn = Windows { tasks, window: WINDOW, body: Number };
                one(Figure::Windows, entrant.enter(windows, turn)?)
            }
            Self::Stored(storage) => {
                let measured = laden(entrant, windows, tasks, storage.closure)?;
                one(Figure::Stored(storage), measured)
            }
            Self::Micro1 | Self::Micro10 => {
                let body = |number| Working { number, work };
                let turn = Windows { tasks, window: WINDOW, body };
                let (each, cores) = entrant.enter(windows, turn)?;
                let at_once = workers.min(machine::cores()) as f64;
                let ideal = self.task().as_nanos() as f64 / at_once;
                let figure = if self == Self::Micro1 { Figure::Micro1 } else { Figure::Micro10 };
                one(figure, (100.0 * ideal / each, cores))
            }
            Self::Paced => one(Figure::Paced, entrant.enter(single, Paced { tasks, work })?),
            Self::PacedParked => {
                let parked = Setting { parked: true, ..single };
                one(Figure::PacedParked, entrant.enter(parked, Paced { tasks, work })?)
            }
            Self::InFlight => {
                let ([p50, p99], cores) = entrant.enter(single, InFlight { tasks })?;
                let reading = |figure, value| Reading { figure, value, cores };
                vec![reading(Figure::InFlightP50, p50), reading(Figure::InFlightP99, p99)]
            }
            Self::Drain => one(Figure::Drain, entrant.enter(all, Drain { tasks })?),
            Self::Mallocs => counted(Figure::Mallocs, entrant.enter(windows, Mallocs { tasks })?),
            Self::Bytes => counted(Figure::Bytes, entrant.enter(all, Held { tasks })?),
        })
    }
}

fn one(figure: Figure, (value, cores): (f64, Option<f64>)) -> Vec<Reading> {
    vec![Reading { figure, value, cores }]
}

/// What was counted, if it could be; no matter in how many cores.
fn counted(figure: Figure, count: Option<f64>) -> Vec<Reading> {
    count.map(|value| Reading { figure, value, cores: None }).into_iter().collect()
}

/// Windows of empty tasks whose closures are of that size.
fn laden(entrant: Entrant, setting: Setting, tasks: u64, closure: Closure) -> Measured {
    const WORD: usize = size_of::<u64>();
    match closure {
        Closure::Bytes8 => entrant.enter(setting, Windows { tasks, window: WINDOW, body: Number }),
        Closure::Bytes64 => {
            let body = Laden::<{ 64 / WORD - 1 }>::new;
            entrant.enter(setting, Windows { tasks, window: WINDOW, body })
        }
        Closure::Bytes256 => {
            let body = Laden::<{ 256 / WORD - 1 }>::new;
            entrant.enter(setting, Windows { tasks, window: WINDOW, body })
        }
    }
}

/// How many tasks go before those that count.
const WARM_UP: u64 = 5_000;

/// A value and the cores in use.
type Measured<T = f64> = Result<(T, Option<f64>), Fault>;
