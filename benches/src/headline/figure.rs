//! What is measured.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::allocator::Allocator;

/// What is played; one play comes to one figure or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Workload {
    /// Empty tasks, all submitted, then all received.
    SubmitAll,
    /// Empty tasks in windows of 1000.
    Windows,
    /// Tasks of one microsecond.
    Micro1,
    /// Tasks of ten microseconds.
    Micro10,
    /// A task now and then, our consumer parked.
    PacedParked,
    /// A task now and then, everybody as they come.
    Paced,
    /// 64 empty tasks in flight.
    InFlight,
    /// Results that are all there.
    Drain,
    /// As `SubmitAll`, with 10 to this power.
    Outstanding(u32),
    /// As `Windows`, with closures of another size or another allocator.
    Stored(Storage),
    /// As `Windows`, allocations counted.
    Mallocs,
    /// Tasks that nobody begins, while they are outstanding.
    Bytes,
}

/// Where tasks are stored, and how much there is to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Storage {
    /// How many bytes a closure captures.
    pub closure: Closure,
    /// What serves those who allocate.
    pub allocator: Allocator,
}

/// How many bytes a closure captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Closure {
    /// 8 bytes: its number.
    Bytes8,
    /// 64 bytes.
    Bytes64,
    /// 256 bytes.
    Bytes256,
}

impl Closure {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::Bytes8, Self::Bytes64, Self::Bytes256];

    /// How many bytes that is.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bytes8 => 8,
            Self::Bytes64 => 64,
            Self::Bytes256 => 256,
        }
    }
}

impl Storage {
    /// Every combination but the one that [`Workload::Windows`] is: 8 bytes, the system's
    /// allocator.
    pub fn others() -> Vec<Self> {
        let all = Allocator::ALL.into_iter().flat_map(|allocator| {
            Closure::ALL.into_iter().map(move |closure| Self { closure, allocator })
        });
        all.skip(1).collect()
    }

    /// The figure that it comes to.
    pub fn figure(self) -> Figure {
        match self {
            Self { closure: Closure::Bytes8, allocator: Allocator::System } => Figure::Windows,
            _ => Figure::Stored(self),
        }
    }
}

/// One number that a workload comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Figure {
    /// Of [`Workload::SubmitAll`].
    SubmitAll,
    /// Of [`Workload::Windows`].
    Windows,
    /// Of [`Workload::Micro1`].
    Micro1,
    /// Of [`Workload::Micro10`].
    Micro10,
    /// Of [`Workload::PacedParked`].
    PacedParked,
    /// Of [`Workload::Paced`].
    Paced,
    /// The median of [`Workload::InFlight`].
    InFlightP50,
    /// The 99th percentile of [`Workload::InFlight`].
    InFlightP99,
    /// Of [`Workload::Drain`].
    Drain,
    /// Of [`Workload::Outstanding`].
    Outstanding(u32),
    /// Of [`Workload::Stored`].
    Stored(Storage),
    /// Of [`Workload::Mallocs`].
    Mallocs,
    /// Of [`Workload::Bytes`].
    Bytes,
    /// The dearest of the [`Outstanding`](Self::Outstanding) against the cheapest.
    Growth,
    /// Counted in a program of its own, see [`instructions`](crate::headline::instructions).
    Instructions,
}

impl Workload {
    /// What is played by everybody, in this order.
    pub const ALL: [Self; 8] = [
        Self::Windows,
        Self::InFlight,
        Self::Micro1,
        Self::Micro10,
        Self::Paced,
        Self::PacedParked,
        Self::SubmitAll,
        Self::Drain,
    ];

    /// The powers of ten of [`Workload::Outstanding`].
    pub const POWERS: std::ops::RangeInclusive<u32> = 3..=6;

    /// What is counted, once: it comes out the same every time.
    pub const COUNTED: [Self; 2] = [Self::Mallocs, Self::Bytes];

    /// What it comes to.
    pub fn figures(self) -> Vec<Figure> {
        match self {
            Self::SubmitAll => vec![Figure::SubmitAll],
            Self::Windows => vec![Figure::Windows],
            Self::Micro1 => vec![Figure::Micro1],
            Self::Micro10 => vec![Figure::Micro10],
            Self::PacedParked => vec![Figure::PacedParked],
            Self::Paced => vec![Figure::Paced],
            Self::InFlight => vec![Figure::InFlightP50, Figure::InFlightP99],
            Self::Drain => vec![Figure::Drain],
            Self::Outstanding(power) => vec![Figure::Outstanding(power)],
            Self::Stored(storage) => vec![Figure::Stored(storage)],
            Self::Mallocs => vec![Figure::Mallocs],
            Self::Bytes => vec![Figure::Bytes],
        }
    }

    /// What serves those who allocate.
    pub fn allocator(self) -> Allocator {
        match self {
            Self::Stored(storage) => storage.allocator,
            _ => Allocator::System,
        }
    }

    /// What each task works.
    pub fn task(self) -> Duration {
        match self {
            Self::Micro1 => Duration::from_micros(1),
            Self::Micro10 => Duration::from_micros(10),
            Self::PacedParked | Self::Paced => Duration::from_micros(20),
            Self::SubmitAll
            | Self::Windows
            | Self::InFlight
            | Self::Drain
            | Self::Outstanding(_)
            | Self::Stored(_)
            | Self::Mallocs
            | Self::Bytes => Duration::ZERO,
        }
    }
}

impl Figure {
    /// Every figure, in the order of the table.
    pub fn all() -> Vec<Self> {
        let workloads = [Workload::SubmitAll, Workload::Windows, Workload::Micro1]
            .into_iter()
            .chain([Workload::Micro10, Workload::PacedParked, Workload::Paced])
            .chain([Workload::InFlight, Workload::Drain])
            .chain(Workload::POWERS.map(Workload::Outstanding))
            .chain(Storage::others().into_iter().map(Workload::Stored));
        let mut all: Vec<Self> = workloads.flat_map(Workload::figures).collect();
        all.extend([Self::Growth, Self::Instructions, Self::Mallocs, Self::Bytes]);
        all
    }

    /// Whether less is better.
    pub fn lower_is_better(self) -> bool {
        !matches!(self, Self::Micro1 | Self::Micro10)
    }

    /// What it is counted in.
    pub fn unit(self) -> &'static str {
        match self {
            Self::SubmitAll | Self::Windows | Self::Drain => "ns",
            Self::Outstanding(_) | Self::Stored(_) => "ns",
            Self::Micro1 | Self::Micro10 => "%",
            Self::PacedParked | Self::Paced | Self::InFlightP50 | Self::InFlightP99 => "us",
            Self::Mallocs | Self::Instructions => "a task",
            Self::Bytes => "B a task",
            Self::Growth => "times",
        }
    }

    /// How many times better `ours` is than `other`.
    ///
    /// ```
    /// use photofinish_bench::headline::figure::Figure;
    ///
    /// assert_eq!(Figure::Windows.times_better(100.0, 300.0), 3.0);
    /// assert_eq!(Figure::Micro1.times_better(90.0, 45.0), 2.0);
    /// ```
    pub fn times_better(self, ours: f64, other: f64) -> f64 {
        if self.lower_is_better() { other / ours } else { ours / other }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubmitAll => f.pad("W1"),
            Self::Windows => f.pad("W1'"),
            Self::Micro1 => f.pad("W2 1us"),
            Self::Micro10 => f.pad("W2 10us"),
            Self::PacedParked => f.pad("W3 parked"),
            Self::Paced => f.pad("W3 default"),
            Self::InFlightP50 => f.pad("W4 p50"),
            Self::InFlightP99 => f.pad("W4 p99"),
            Self::Drain => f.pad("drain"),
            Self::Outstanding(power) => f.pad(&format!("1e{power} outstanding")),
            Self::Stored(Storage { closure, allocator }) => {
                let size = format!("W1' {} B", closure.bytes());
                match allocator {
                    Allocator::System => f.pad(&size),
                    faster => f.pad(&format!("{size} {faster}")),
                }
            }
            Self::Growth => f.pad("1e3..1e6 outstanding"),
            Self::Mallocs => f.pad("mallocs"),
            Self::Bytes => f.pad("bytes outstanding"),
            Self::Instructions => f.pad("instructions"),
        }
    }
}

/// What a figure came to in one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The figure.
    pub figure: Figure,
    /// Its value, in the figure's unit.
    pub value: f64,
    /// How many cores were in use, on average, the pacing of the workload left out; `None` where
    /// the system does not tell.
    pub cores: Option<f64>,
}

/// How much dearer a task is where it is dearest, over the [`Workload::POWERS`]; `None` if they
/// have not all been played.
pub fn growth(readings: &[Reading]) -> Option<Reading> {
    let cost = |power| {
        let reading = readings.iter().find(|reading| reading.figure == Figure::Outstanding(power));
        reading.map(|reading| reading.value)
    };
    let costs: Option<Vec<f64>> = Workload::POWERS.map(cost).collect();
    let costs = costs?;
    let dearest = costs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    Some(Reading { figure: Figure::Growth, value: dearest / cheapest, cores: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_the_dearest_against_the_cheapest() {
        let reading =
            |power, value| Reading { figure: Figure::Outstanding(power), value, cores: None };
        let all = [reading(3, 110.0), reading(4, 100.0), reading(5, 120.0), reading(6, 150.0)];
        assert_eq!(growth(&all).map(|reading| reading.value), Some(1.5));
        assert_eq!(growth(&all[1..]), None);
    }
}
