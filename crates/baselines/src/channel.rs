//! What carries results from the workers to the consumer, if not the pool itself.

mod mpsc;
mod mutex;

#[cfg(feature = "peers")]
mod crossbeam;
#[cfg(feature = "peers")]
mod flume;
#[cfg(feature = "peers")]
mod kanal;

pub(crate) use mpsc::MpscChannel;
pub(crate) use mutex::MutexChannel;

#[cfg(feature = "peers")]
pub(crate) use {crossbeam::CrossbeamChannel, flume::FlumeChannel, kanal::KanalChannel};

use std::time::Instant;

/// The receiving end of an unbounded queue from many workers to one consumer.
///
/// What both sides share is leaked, once per channel, so that no task pays for a reference count
/// on a line that both sides write. A result that is sent after the receiving end is gone is
/// dropped, at once or never.
///
/// The consumer calls the receiving methods only while a result is outstanding.
pub(crate) trait Channel<T: Send + 'static>: Sized {
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

/// Why a channel whose sender is leaked is never disconnected.
const LEAKED: &str = "the sending end is leaked";
