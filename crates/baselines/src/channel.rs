//! What carries results from the workers to the consumer, if not the pool itself.

mod bell;

mod exchange_then_link;
mod leaked;
mod mutex;
mod naive_mutex;
mod one_shot_token;
mod slot_array;

#[cfg(feature = "peers")]
mod parking_lot;

pub use {
    exchange_then_link::ExchangeThenLink, one_shot_token::OneShotToken, slot_array::SlotArray,
};

pub(crate) use {leaked::MpscChannel, mutex::MutexChannel, naive_mutex::NaiveMutexChannel};

#[cfg(feature = "peers")]
pub(crate) use {
    leaked::{CrossbeamChannel, FlumeChannel, KanalChannel},
    parking_lot::ParkingLotChannel,
};

use std::time::Instant;

/// The receiving end of an unbounded queue from many workers to one consumer.
///
/// What both sides share is leaked, once per channel, so that no task pays for a reference count
/// on a line that both sides write. A result that is sent after the receiving end is gone is
/// dropped, at once or never.
///
/// The consumer calls the receiving methods only while a result is outstanding.
pub trait Channel<T: Send + 'static>: Sized {
    /// The right to send one result.
    type Sender: Send + 'static;

    /// Opens a channel. The thread that opens it receives from it.
    fn open() -> Self;

    /// Prepares for one more result.
    fn sender(&mut self) -> Self::Sender;

    /// Sends a result.
    fn send(sender: Self::Sender, value: T);

    /// Receives the next result, waiting for it.
    fn receive(&mut self) -> T;

    /// Receives the next result if it is there.
    fn try_receive(&mut self) -> Option<T>;

    /// Receives the next result if it comes before `deadline`, or is there when that has passed.
    fn receive_until(&mut self, deadline: Instant) -> Option<T>;
}

/// The time that is left until `deadline`.
fn left(deadline: Instant) -> std::time::Duration {
    deadline.saturating_duration_since(Instant::now())
}
