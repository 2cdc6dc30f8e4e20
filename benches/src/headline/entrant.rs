//! Who takes part.

use std::fmt;

use photofinish_baselines::{Design, Entry, Visit};
use serde::{Deserialize, Serialize};

use crate::affinity::{Pinned, Threads};
use crate::headline::body::Body;
use crate::headline::course::{Course, Through, Yardstick};
use crate::headline::figure::{Storage, Workload};
use crate::headline::ours::{PathA, PathAOneByOne, PathB, PathC};
use crate::machine;

/// A path of ours, a design of the catalogue or a yardstick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Entrant {
    /// Ours.
    Path(Path),
    /// Another's, or our pool with another way back.
    Design(Entry),
    /// Two rings; both threads spin.
    Rings,
    /// Two rings; both threads park.
    ParkingRings,
}

/// A path through our interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Path {
    /// `submit`, then `as_completed(handles)`.
    A,
    /// Submitted into a completion set.
    B,
    /// `map_unordered`.
    C,
}

impl Path {
    /// Every path.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        })
    }
}

/// How a course is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Threads of the pool.
    pub workers: usize,
    /// The most tasks there will be at once.
    pub room: usize,
    /// Tasks are submitted while results are still to come.
    pub one_by_one: bool,
    /// Our consumers park at once, instead of polling first.
    pub parked: bool,
    /// Each thread stays on a core of its own, if there are as many.
    pub pinned: bool,
}

impl Setting {
    /// Has `build` start the threads of a course, and takes a turn on it.
    fn take<B: Body, C: Course<B>, V: Turn<B>>(
        self,
        build: impl FnOnce() -> C,
        turn: V,
    ) -> V::Output {
        let others = Threads::now();
        let mut course = build();
        let fits = self.workers < machine::cores();
        let _pinned = if self.pinned && fits { Pinned::all_but(&others) } else { None };
        turn.take(&mut course)
    }
}

/// Something to be played by whoever takes part.
pub trait Turn<B: Body> {
    /// What comes of it.
    type Output;

    /// Plays it.
    fn take(self, course: &mut impl Course<B>) -> Self::Output;
}

/// A turn taken by a design.
struct Visitor<V, B> {
    turn: V,
    setting: Setting,
    body: std::marker::PhantomData<B>,
}

impl<B: Body, V: Turn<B>> Visit<B::Back> for Visitor<V, B> {
    type Output = V::Output;

    fn visit<D: Design<B::Back>>(self) -> V::Output {
        let Setting { workers, .. } = self.setting;
        self.setting.take(|| Through(D::with_workers(workers)), self.turn)
    }
}

impl Entrant {
    /// The rivals: whole systems.
    pub const RIVALS: [Self; 6] = [
        Self::Design(Entry::CrossbeamPool),
        Self::Design(Entry::RayonCrossbeam),
        Self::Design(Entry::RayonKanal),
        Self::Design(Entry::ThreadpoolMpsc),
        Self::Design(Entry::TokioJoinSet),
        Self::Design(Entry::MutexPool),
    ];

    /// Our pool with another way back than our queue.
    pub const OTHER_WAYS_BACK: [Self; 2] =
        [Self::Design(Entry::CrossbeamChannel), Self::Design(Entry::MutexCondvar)];

    /// Everybody, ours first.
    pub fn all() -> Vec<Self> {
        let mut all = Path::ALL.map(Self::Path).to_vec();
        for other in [&Self::RIVALS[..], &Self::OTHER_WAYS_BACK, &[Self::Rings, Self::ParkingRings]]
        {
            all.extend(other.iter().filter(|entrant| !all.contains(entrant)).collect::<Vec<_>>());
        }
        all
    }

    /// The name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path(Path::A) => "photofinish A",
            Self::Path(Path::B) => "photofinish B",
            Self::Path(Path::C) => "photofinish C",
            Self::Design(entry) => entry.name(),
            Self::Rings => "two rings",
            Self::ParkingRings => "two rings that park",
        }
    }

    /// Whether this is a limit and no design.
    pub fn is_yardstick(self) -> bool {
        match self {
            Self::Path(_) | Self::Design(_) => false,
            Self::Rings | Self::ParkingRings => true,
        }
    }

    /// Whether a consumer that waits for long gives its core up.
    pub fn parks(self) -> bool {
        self != Self::Rings && self != Self::Design(Entry::RayonKanal)
    }

    /// What it plays with so many workers. The growth of the queues is looked at on our paths
    /// and on the toughest rival, and the yardsticks have one thread only.
    pub fn plays(self, workers: usize) -> Vec<Workload> {
        let everything = Workload::ALL.into_iter();
        let others = everything.clone().filter(|workload| *workload != Workload::PacedParked);
        let growth = Workload::POWERS.map(Workload::Outstanding).filter(|_| workers == 1);
        let stored = Storage::others().into_iter().map(Workload::Stored);
        let stored = stored.filter(|_| workers == 1);
        match self {
            // It begins nothing before the first result is asked for, so nothing is there to drain.
            Self::Path(Path::C) => everything
                .filter(|workload| *workload != Workload::Drain)
                .chain(growth)
                .chain(stored)
                .collect(),
            Self::Path(_) => everything.chain(growth).chain(stored).collect(),
            Self::Design(Entry::CrossbeamPool) => others.chain(growth).chain(stored).collect(),
            Self::Design(_) if Self::OTHER_WAYS_BACK.contains(&self) => {
                [Workload::Windows, Workload::InFlight].into_iter().chain(stored).collect()
            }
            Self::Design(_) => others.chain(stored).collect(),
            Self::Rings | Self::ParkingRings if workers > 1 => Vec::new(),
            Self::Rings => others.chain(growth).collect(),
            Self::ParkingRings => vec![Workload::Paced],
        }
    }

    /// What is counted of it.
    pub fn counted(self) -> Vec<Workload> {
        match self {
            // Its inputs wait where its user has them.
            Self::Path(Path::C) => vec![Workload::Mallocs],
            _ if self.is_yardstick() => Vec::new(),
            _ => Workload::COUNTED.to_vec(),
        }
    }

    /// Sets a course up and takes a turn on it.
    pub fn enter<B: Body, V: Turn<B>>(self, setting: Setting, turn: V) -> V::Output {
        let Setting { workers, room, one_by_one, parked, .. } = setting;
        match self {
            Self::Path(Path::A) if one_by_one && parked => {
                setting.take(|| PathAOneByOne::new(workers).parked(), turn)
            }
            Self::Path(Path::A) if one_by_one => setting.take(|| PathAOneByOne::new(workers), turn),
            Self::Path(Path::A) => setting.take(|| PathA::new(workers), turn),
            Self::Path(Path::B) if parked => setting.take(|| PathB::new(workers).parked(), turn),
            Self::Path(Path::B) => setting.take(|| PathB::new(workers), turn),
            Self::Path(Path::C) if parked => {
                setting.take(|| PathC::new(workers, B::run).parked(), turn)
            }
            Self::Path(Path::C) => setting.take(|| PathC::new(workers, B::run), turn),
            Self::Design(entry) => {
                entry.visit(Visitor { turn, setting, body: std::marker::PhantomData })
            }
            Self::Rings => setting.take(|| Yardstick::new(room), turn),
            Self::ParkingRings => setting.take(|| Yardstick::that_parks(room), turn),
        }
    }
}

impl fmt::Display for Entrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Entrant> for String {
    fn from(entrant: Entrant) -> String {
        entrant.name().to_owned()
    }
}

impl TryFrom<String> for Entrant {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = Self::all().into_iter().find(|entrant| entrant.name() == name);
        found.ok_or_else(|| format!("nobody named {name:?} takes part"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_by_name() {
        let all = Entrant::all();
        for (place, entrant) in all.iter().enumerate() {
            assert_eq!(Entrant::try_from(String::from(*entrant)), Ok(*entrant));
            assert!(!all[..place].contains(entrant), "{entrant} takes part twice");
        }
    }
}
