//! Designs of two parts: an executor that forgets its jobs, and a channel for their results.

use std::marker::PhantomData;
use std::time::Instant;

use photofinish::Pool;

use crate::channel::{
    Channel, ExchangeThenLink, MpscChannel, MutexChannel, NaiveMutexChannel, OneShotToken,
    SlotArray,
};
#[cfg(feature = "peers")]
use crate::channel::{CrossbeamChannel, FlumeChannel, KanalChannel, ParkingLotChannel};
use crate::design::Design;
#[cfg(feature = "peers")]
use crate::executor::{ChannelPool, DequePool, Rayon, RustyPool, Threadpool, TokioBlocking};
use crate::executor::{Executor, NaiveMutexPool, TunedMutexPool};

/// A job runs the task and sends its result as its last act.
struct Pairing<E, C, T> {
    /// Before the channel, so that the threads end while there is somebody to send to.
    executor: E,
    channel: C,
    outstanding: usize,
    result: PhantomData<T>,
}

impl<E: Executor, C: Channel<T>, T: Send + 'static> Pairing<E, C, T> {
    fn with_workers(workers: usize) -> Self {
        let executor = E::with_workers(workers);
        Self { executor, channel: C::open(), outstanding: 0, result: PhantomData }
    }

    fn submit(&mut self, task: impl FnOnce() -> T + Send + 'static) {
        self.outstanding += 1;
        let sender = self.channel.sender();
        self.executor.execute(move || C::send(sender, task()));
    }

    fn next(&mut self) -> Option<T> {
        self.take(|channel| Some(channel.receive()))
    }

    fn try_next(&mut self) -> Option<T> {
        self.take(C::try_receive)
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        self.take(|channel| channel.receive_until(deadline))
    }

    fn take(&mut self, receive: impl FnOnce(&mut C) -> Option<T>) -> Option<T> {
        if self.outstanding == 0 {
            return None;
        }
        let value = receive(&mut self.channel)?;
        self.outstanding -= 1;
        Some(value)
    }
}

macro_rules! pairings {
    ($($(#[cfg($condition:meta)])? $(#[doc = $doc:literal])+
       $design:ident($name:literal): $executor:ident, $channel:ident;)+) => {$(
        $(#[cfg($condition)])?
        $(#[doc = $doc])+
        ///
        /// ```
        #[doc = concat!("use photofinish_baselines::{Design, ", stringify!($design), "};")]
        ///
        #[doc = concat!("let mut design = ", stringify!($design), "::with_workers(1);")]
        /// design.submit(|| 'x');
        /// assert_eq!(design.next(), Some('x'));
        /// ```
        pub struct $design<T: Send + 'static>(Pairing<$executor, $channel<T>, T>);

        $(#[cfg($condition)])?
        impl<T: Send + 'static> Design<T> for $design<T> {
            const NAME: &'static str = $name;

            fn with_workers(workers: usize) -> Self {
                Self(Pairing::with_workers(workers))
            }

            fn submit<F>(&mut self, task: F)
            where
                F: FnOnce() -> T + Send + 'static,
            {
                self.0.submit(task);
            }

            fn next(&mut self) -> Option<T> {
                self.0.next()
            }

            fn try_next(&mut self) -> Option<T> {
                self.0.try_next()
            }

            fn next_until(&mut self, deadline: Instant) -> Option<T> {
                self.0.next_until(deadline)
            }

            fn outstanding(&self) -> usize {
                self.0.outstanding
            }
        }

        $(#[cfg($condition)])?
        impl<T: Send + 'static> std::fmt::Debug for $design<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let outstanding = &self.0.outstanding;
                f.debug_struct(stringify!($design)).field("outstanding", outstanding).finish()
            }
        }
    )+};
}

pairings! {
    /// Our pool, and `std::sync::mpsc::channel`.
    ThroughMpsc("std-mpsc"): Pool, MpscChannel;

    #[cfg(feature = "peers")]
    /// Our pool, and `crossbeam_channel::unbounded`.
    ThroughCrossbeam("crossbeam-channel"): Pool, CrossbeamChannel;

    #[cfg(feature = "peers")]
    /// Our pool, and `flume::unbounded`.
    ThroughFlume("flume"): Pool, FlumeChannel;

    #[cfg(feature = "peers")]
    /// Our pool, and `kanal::unbounded`, whose receiver spins before it parks.
    ThroughKanal("kanal"): Pool, KanalChannel;

    /// Our pool, and a queue under a mutex with a condition variable, tuned: a worker notifies
    /// only if the consumer waits, once per wait and after it has unlocked, and the consumer
    /// takes all there is under one lock.
    ThroughMutex("mutex-condvar"): Pool, MutexChannel;

    #[cfg(feature = "peers")]
    /// Our pool, and the same queue with the mutex and the condition variable of `parking_lot`.
    ThroughParkingLot("parking-lot"): Pool, ParkingLotChannel;

    /// Our pool, and [`ExchangeThenLink`].
    ThroughExchangeThenLink("exchange-then-link"): Pool, ExchangeThenLink;

    /// Our pool, and [`SlotArray`].
    ThroughSlotArray("slot-array"): Pool, SlotArray;

    /// Our pool, and [`OneShotToken`].
    ThroughOneShotToken("one-shot-token"): Pool, OneShotToken;

    /// A queue of boxed closures under one mutex, a queue of results under another, each with a
    /// condition variable, both tuned.
    MutexPool("mutex-pool"): TunedMutexPool, MutexChannel;

    /// The same, as one writes it first: a notification for each job and each result, whether or
    /// not anybody waits, and a lock for each result received.
    NaiveMutex("naive-mutex-pool"): NaiveMutexPool, NaiveMutexChannel;

    #[cfg(feature = "peers")]
    /// Crossbeam's channel both ways: boxed closures in one that all workers receive from,
    /// results in the other.
    CrossbeamPool("channel-pool"): ChannelPool, CrossbeamChannel;

    #[cfg(feature = "peers")]
    /// Crossbeam's work-stealing deques, by hand, and `crossbeam_channel::unbounded`.
    DequeCrossbeam("deque-pool-crossbeam-channel"): DequePool, CrossbeamChannel;

    #[cfg(feature = "peers")]
    /// The `rusty_pool` crate, and `crossbeam_channel::unbounded`.
    RustyCrossbeam("rusty-pool-crossbeam-channel"): RustyPool, CrossbeamChannel;

    #[cfg(feature = "peers")]
    /// Tokio's blocking threads without a `JoinSet`, and `crossbeam_channel::unbounded`.
    TokioBlockingCrossbeam("tokio-blocking-crossbeam-channel"): TokioBlocking, CrossbeamChannel;

    #[cfg(feature = "peers")]
    /// Rayon, and `crossbeam_channel::unbounded`.
    RayonCrossbeam("rayon-crossbeam-channel"): Rayon, CrossbeamChannel;

    #[cfg(feature = "peers")]
    /// Rayon, and `std::sync::mpsc::channel`.
    RayonMpsc("rayon-std-mpsc"): Rayon, MpscChannel;

    #[cfg(feature = "peers")]
    /// Rayon, and `flume::unbounded`.
    RayonFlume("rayon-flume"): Rayon, FlumeChannel;

    #[cfg(feature = "peers")]
    /// Rayon, and `kanal::unbounded`, whose receiver spins before it parks.
    RayonKanal("rayon-kanal"): Rayon, KanalChannel;

    #[cfg(feature = "peers")]
    /// The `threadpool` crate, and `std::sync::mpsc::channel`.
    ThreadpoolMpsc("threadpool-std-mpsc"): Threadpool, MpscChannel;
}
