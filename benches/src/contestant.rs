//! Who can be put through a scenario.

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use photofinish_baselines::{Design, Entry};

use crate::clock::Time;
use crate::peers::{Errand, Pattern, Peer, PeerError};
use crate::roll::Fault;
use crate::run::{Play, Run};
use crate::scenario::{Arrivals, Scenario, Waiting};
use crate::stamps::{Load, Stamps};

/// A design by name, and how a scenario is played on it.
#[derive(Clone)]
pub struct Contestant {
    name: &'static str,
    play: Rc<dyn Fn(Play) -> Result<Run, Trouble>>,
}

/// Why there is no run to be measured.
#[derive(Debug)]
pub enum Trouble {
    /// The design did not deliver every task exactly once.
    Fault(Fault),
    /// A program outside Rust did not play its part.
    Peer(PeerError),
}

impl Contestant {
    /// A design of the catalogue.
    pub fn listed(entry: Entry) -> Self {
        let play = move |play: Play| entry.visit(play).map_err(Trouble::Fault);
        Self { name: entry.name(), play: Rc::new(play) }
    }

    /// The design `D`, by the time `C`.
    pub fn of<D: Design<Stamps> + 'static, C: Time>() -> Self {
        let play = |play: Play| play.on::<D, C>().map_err(Trouble::Fault);
        Self { name: D::NAME, play: Rc::new(play) }
    }

    /// A program outside Rust; `None` for what it does not play as we do.
    pub fn peer(peer: Peer, scenario: &Scenario) -> Option<Self> {
        let pattern = match scenario.arrivals {
            _ if scenario.load != Load::None => return None,
            Arrivals::OpenLoop { rate, waiting: Waiting::Parked } => Pattern::OpenLoop { rate },
            Arrivals::Window { in_flight } => Pattern::Window { in_flight },
            Arrivals::OpenLoop { waiting: Waiting::Spinning, .. } | Arrivals::Burst { .. } => {
                return None;
            }
        };
        let play = move |Play { scenario, conditions }: Play| {
            // What compiles while it runs has to be warm.
            const WARM_UP: Duration = Duration::from_secs(1);
            let report = peer.play(&Errand {
                pattern,
                workers: conditions.workers,
                task: scenario.work.length(),
                warm_up: conditions.warm_up.max(WARM_UP),
                duration: conditions.duration,
                limit: Duration::from_secs(60) + 10 * conditions.duration,
            });
            report.map(|report| report.into_run()).map_err(Trouble::Peer)
        };
        Some(Self { name: peer.name(), play: Rc::new(play) })
    }

    /// The name in tables, files and filters.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Plays `play` once.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it does not deliver every task exactly once, or cannot be run.
    pub fn play(&self, play: Play) -> Result<Run, Trouble> {
        (self.play)(play)
    }
}

impl fmt::Debug for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contestant").field(&self.name).finish()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Peer(error) => error.fmt(f),
        }
    }
}

impl Error for Trouble {}
