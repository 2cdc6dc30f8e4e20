//! All designs by name.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::completion_set::ThroughSet;
use crate::concurrent_futures::ConcurrentFutures;
use crate::design::Design;
use crate::handles::ThroughHandles;
#[cfg(feature = "peers")]
use crate::join_set::{TokioJoinSet, TokioSpawnBlocking};
#[cfg(feature = "peers")]
use crate::pairing::{
    CrossbeamPool, DequeCrossbeam, RayonCrossbeam, RayonFlume, RayonKanal, RayonMpsc,
    RustyCrossbeam, ThreadpoolMpsc, ThroughCrossbeam, ThroughFlume, ThroughKanal,
    ThroughParkingLot, TokioBlockingCrossbeam,
};
use crate::pairing::{
    MutexPool, NaiveMutex, ThroughExchangeThenLink, ThroughMpsc, ThroughMutex, ThroughOneShotToken,
    ThroughSlotArray,
};
#[cfg(feature = "peers")]
use crate::unordered::{AsyncExecutor, FuturesPool};

/// Something to be done with a design whose type is chosen at run time.
///
/// ```
/// use photofinish_baselines::{Design, Entry, Visit};
///
/// struct OneTask;
/// impl Visit<u32> for OneTask {
///     type Output = Option<u32>;
///     fn visit<D: Design<u32>>(self) -> Option<u32> {
///         let mut design = D::with_workers(1);
///         design.submit(|| 7);
///         design.next()
///     }
/// }
///
/// assert!(Entry::ALL.iter().all(|entry| entry.visit(OneTask) == Some(7)));
/// ```
pub trait Visit<T: Send + 'static> {
    /// What comes of it.
    type Output;

    /// Does it with the design `D`.
    fn visit<D: Design<T>>(self) -> Self::Output;
}

/// What a design has in common with ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Our pool; only the way back for results differs.
    SamePool,
    /// Neither the pool nor the way back.
    WholeSystem,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SamePool => "same pool",
            Self::WholeSystem => "whole system",
        })
    }
}

macro_rules! catalogue {
    ($($(#[cfg($condition:meta)])? #[doc = $description:literal]
       $entry:ident => $design:ident, $kind:ident;)+) => {
        /// One design of the catalogue.
        ///
        /// ```
        /// use photofinish_baselines::{Entry, Kind};
        ///
        /// assert_eq!("std-mpsc".parse(), Ok(Entry::StdMpsc));
        /// assert_eq!(Entry::StdMpsc.kind(), Kind::SamePool);
        /// let error = "std-mcsp".parse::<Entry>().unwrap_err();
        /// assert!(error.to_string().contains("mutex-condvar"));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Entry {
            $($(#[cfg($condition)])? #[doc = $description] $entry,)+
        }

        impl Entry {
            /// Every design, ours first, then those on the same pool.
            pub const ALL: &[Self] = &[$($(#[cfg($condition)])? Self::$entry),+];

            /// The design's name.
            pub fn name(self) -> &'static str {
                match self {
                    $($(#[cfg($condition)])? Self::$entry => <$design<()> as Design<()>>::NAME,)+
                }
            }

            /// What the design has in common with ours.
            pub fn kind(self) -> Kind {
                match self {
                    $($(#[cfg($condition)])? Self::$entry => Kind::$kind,)+
                }
            }

            /// What the design consists of, in one line.
            pub fn description(self) -> &'static str {
                let description = match self {
                    $($(#[cfg($condition)])? Self::$entry => $description,)+
                };
                description.trim().trim_end_matches('.')
            }

            /// Does something with the design.
            pub fn visit<T: Send + 'static, V: Visit<T>>(self, visitor: V) -> V::Output {
                match self {
                    $($(#[cfg($condition)])? Self::$entry => visitor.visit::<$design<T>>(),)+
                }
            }
        }
    };
}

catalogue! {
    /// Ours, promised at submission.
    CompletionSet => ThroughSet, SamePool;
    /// Ours, by handles.
    Handles => ThroughHandles, SamePool;
    /// The standard library's channel.
    StdMpsc => ThroughMpsc, SamePool;
    #[cfg(feature = "peers")]
    /// Crossbeam's channel.
    CrossbeamChannel => ThroughCrossbeam, SamePool;
    #[cfg(feature = "peers")]
    /// Flume's channel.
    Flume => ThroughFlume, SamePool;
    #[cfg(feature = "peers")]
    /// Kanal's channel, whose receiver spins.
    Kanal => ThroughKanal, SamePool;
    /// A queue under a mutex, and a condition variable, tuned.
    MutexCondvar => ThroughMutex, SamePool;
    #[cfg(feature = "peers")]
    /// The same queue with the locks of parking_lot.
    ParkingLot => ThroughParkingLot, SamePool;
    /// A list that grows by an exchange and a link, after D. Vyukov.
    ExchangeThenLink => ThroughExchangeThenLink, SamePool;
    /// Slots that are taken by a fetch-and-add.
    SlotArray => ThroughSlotArray, SamePool;
    /// A stack like ours, whose first pusher takes the waiting bit.
    OneShotToken => ThroughOneShotToken, SamePool;
    #[cfg(feature = "peers")]
    /// Crossbeam's channel both ways, by hand.
    CrossbeamPool => CrossbeamPool, WholeSystem;
    #[cfg(feature = "peers")]
    /// Crossbeam's deques, by hand, and its channel.
    DequeCrossbeam => DequeCrossbeam, WholeSystem;
    #[cfg(feature = "peers")]
    /// The rusty_pool crate, and crossbeam's channel.
    RustyCrossbeam => RustyCrossbeam, WholeSystem;
    #[cfg(feature = "peers")]
    /// Rayon, and crossbeam's channel.
    RayonCrossbeam => RayonCrossbeam, WholeSystem;
    #[cfg(feature = "peers")]
    /// Rayon, and the standard library's channel.
    RayonMpsc => RayonMpsc, WholeSystem;
    #[cfg(feature = "peers")]
    /// Rayon, and flume's channel.
    RayonFlume => RayonFlume, WholeSystem;
    #[cfg(feature = "peers")]
    /// Rayon, and kanal's channel, whose receiver spins.
    RayonKanal => RayonKanal, WholeSystem;
    #[cfg(feature = "peers")]
    /// The threadpool crate, and the standard library's channel.
    ThreadpoolMpsc => ThreadpoolMpsc, WholeSystem;
    #[cfg(feature = "peers")]
    /// Tokio's JoinSet of asynchronous tasks.
    TokioJoinSet => TokioJoinSet, WholeSystem;
    #[cfg(feature = "peers")]
    /// Tokio's JoinSet of blocking tasks.
    TokioSpawnBlocking => TokioSpawnBlocking, WholeSystem;
    #[cfg(feature = "peers")]
    /// Tokio's blocking tasks, and crossbeam's channel.
    TokioBlockingCrossbeam => TokioBlockingCrossbeam, WholeSystem;
    #[cfg(feature = "peers")]
    /// FuturesUnordered on the futures crate's thread pool.
    FuturesUnordered => FuturesPool, WholeSystem;
    #[cfg(feature = "peers")]
    /// FuturesUnordered on smol's executor.
    AsyncExecutor => AsyncExecutor, WholeSystem;
    /// Two mutexes and two condition variables, by hand, tuned.
    MutexPool => MutexPool, WholeSystem;
    /// The same as one writes it first.
    NaiveMutexPool => NaiveMutex, WholeSystem;
    /// The locks of CPython's concurrent.futures, without its interpreter.
    ConcurrentFutures => ConcurrentFutures, WholeSystem;
}

impl Entry {
    /// The designs that are compared unless others are asked for: ours, and on the same pool the
    /// two channels that most people would take and the mutex.
    pub const DEFAULT: &[Self] = &[
        Self::CompletionSet,
        Self::Handles,
        Self::StdMpsc,
        #[cfg(feature = "peers")]
        Self::CrossbeamChannel,
        Self::MutexCondvar,
    ];
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Entry {
    type Err = UnknownDesign;

    fn from_str(name: &str) -> Result<Self, UnknownDesign> {
        let found = Self::ALL.iter().copied().find(|entry| entry.name() == name);
        found.ok_or_else(|| UnknownDesign(name.to_owned()))
    }
}

/// No design has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDesign(String);

impl fmt::Display for UnknownDesign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no design named {:?}; the designs are", self.0)?;
        for (nth, entry) in Entry::ALL.iter().enumerate() {
            write!(f, "{} {entry}", if nth == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Error for UnknownDesign {}
