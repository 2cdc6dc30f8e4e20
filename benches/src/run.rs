//! One scenario on one design.

mod player;

use std::time::Duration;

use photofinish_baselines::{Design, Visit};

use crate::allocations::PerTask;
use crate::clock::{Clock, Time};
use crate::recorder::Recorder;
use crate::roll::Fault;
use crate::scenario::{Arrivals, Scenario};
use crate::stamps::Stamps;
use crate::usage::Usage;
use player::Player;

/// How a run is conducted, whatever the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// How many workers the pool has, unless the scenario takes more.
    pub workers: usize,
    /// Whether threads are pinned to cores, once the warm-up has started them all.
    pub pinned: bool,
    /// Tasks that are due in this time, at the beginning, are run but not recorded.
    pub warm_up: Duration,
    /// For how long tasks are recorded.
    pub duration: Duration,
    /// Whether allocations are counted, which slows the run.
    pub counted: bool,
    /// A result that has not come for so long, and as long as a task takes, is lost if there is
    /// nothing else to do.
    pub patience: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// What was measured.
    pub recorder: Recorder,
    /// How many tasks were recorded.
    pub recorded: u64,
    /// From the first moment that counted to the last recorded result.
    pub elapsed: Duration,
    /// The design was so far behind that not all tasks were submitted.
    pub cut_short: bool,
    /// How long it lasted in all.
    pub lasted: Duration,
    /// How many tasks were submitted, those of the warm-up included.
    pub submitted: u64,
    /// What the process used while they ran, where the system tells.
    pub usage: Option<Usage>,
    /// What a task allocates, if it was counted.
    pub allocated: Option<PerTask>,
    /// In a burst, place by place in the order of receipt: how long after its beginning each burst
    /// had that many results in hand, in nanoseconds.
    pub places: Vec<Vec<u64>>,
}

/// Plays a scenario on any design. One thread submits, keeps the pace and receives.
///
/// Its output is the [`Run`], or the [`Fault`] of the design.
///
/// ```
/// use photofinish_baselines::Entry;
/// use photofinish_bench::run::{Conditions, Play};
/// use photofinish_bench::scenario::{Arrivals, Scenario};
/// use photofinish_bench::stamps::Load;
/// use photofinish_bench::work::Work;
/// use std::time::Duration;
///
/// let run = Entry::StdMpsc.visit(Play {
///     scenario: Scenario {
///         arrivals: Arrivals::Window { in_flight: 8 },
///         work: Work::NONE,
///         load: Load::None,
///     },
///     conditions: Conditions {
///         workers: 1,
///         pinned: false,
///         counted: false,
///         warm_up: Duration::from_millis(5),
///         duration: Duration::from_millis(100),
///         patience: Duration::from_secs(10),
///     },
/// });
/// assert!(run.unwrap().recorded > 8);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// How tasks are submitted.
    pub scenario: Scenario,
    /// How the run is conducted.
    pub conditions: Conditions,
}

impl Play {
    /// Plays it on the design `D`, by the time `C`.
    ///
    /// # Errors
    ///
    /// The [`Fault`] of the design, if it does not deliver every task exactly once.
    pub fn on<D: Design<Stamps>, C: Time>(self) -> Result<Run, Fault> {
        let mut player = Player::<D, C>::new(self.scenario, self.conditions);
        let cut_short = match self.scenario.arrivals {
            Arrivals::OpenLoop { rate, waiting } => player.open_loop(rate, waiting)?,
            Arrivals::Window { in_flight } => player.window(in_flight)?,
            Arrivals::Burst { size } => player.bursts(size)?,
        };
        player.finish(cut_short)
    }
}

impl Visit<Stamps> for Play {
    type Output = Result<Run, Fault>;

    fn visit<D: Design<Stamps>>(self) -> Self::Output {
        self.on::<D, Clock>()
    }
}
