//! Ways to have tasks run and get their results in the order they finish, behind one trait.
//!
//! Two comparisons. On the *same pool*, `photofinish::Pool`, only the way back differs: a closure
//! sends its result before it returns, and the handle is dropped. What such a rival pays beyond
//! its own way back is one atomic step for the dropped handle and one for the completion that
//! nobody waits for. *Whole systems* share nothing with ours. [`Entry`] lists them all by name.
//!
//! Every rival is set up as favourably as safe code allows: what its two sides share is leaked,
//! once per design, so that no task pays for a reference count on a line that both sides write;
//! threads start before the first task; and where a consumer can choose how to wait, it waits in
//! the way that costs least.
//!
//! All give results in the order of completion, as far as it can be told, but those that rest on
//! `FuturesUnordered`: it learns of completions by polling only. Dropping a design finishes its
//! tasks, but for those on tokio, futures' pool and smol's executor, which cancel what has not
//! begun.
//!
//! The rivals that rest on other crates come with the feature `peers`, which is on by default.
//!
//! | module | what it holds |
//! |---|---|
//! | `design` | the trait |
//! | `channel` | ways back: channels, queues under a mutex, queues by hand |
//! | `executor` | pools that run jobs and forget them |
//! | `pairing` | designs of an executor and a channel |
//! | `completion_set`, `handles` | ours |
//! | `poller` | a thread that waits for what is polled |
//! | `join_set` | tokio |
//! | `unordered` | futures' pool, and smol's executor |
//! | `concurrent_futures` | the locks of CPython's |
//! | `catalogue` | all of them by name |

mod design;

mod channel;
mod executor;

mod pairing;

mod completion_set;
mod handles;

#[cfg(feature = "peers")]
mod poller;

#[cfg(feature = "peers")]
mod join_set;
#[cfg(feature = "peers")]
mod unordered;

mod concurrent_futures;

mod catalogue;

pub use catalogue::{Entry, Kind, UnknownDesign, Visit};
pub use channel::{Channel, ExchangeThenLink, OneShotToken, SlotArray};
pub use completion_set::ThroughSet;
pub use concurrent_futures::ConcurrentFutures;
pub use design::Design;
pub use handles::ThroughHandles;
pub use pairing::{
    MutexPool, NaiveMutex, ThroughExchangeThenLink, ThroughMpsc, ThroughMutex, ThroughOneShotToken,
    ThroughSlotArray,
};

#[cfg(feature = "peers")]
pub use {
    join_set::{TokioJoinSet, TokioSpawnBlocking},
    pairing::{
        CrossbeamPool, DequeCrossbeam, RayonCrossbeam, RayonFlume, RayonKanal, RayonMpsc,
        RustyCrossbeam, ThreadpoolMpsc, ThroughCrossbeam, ThroughFlume, ThroughKanal,
        ThroughParkingLot, TokioBlockingCrossbeam,
    },
    unordered::{AsyncExecutor, FuturesPool},
};
