//! The channels of others: a sender that all tasks share, and a receiver.

use std::sync::mpsc;
use std::time::Instant;

use super::{Channel, left};

/// Why a channel whose sender is leaked is never disconnected.
const LEAKED: &str = "the sending end is leaked";

/// Channels that differ in where they are from, and in how their receiver polls and gives up.
macro_rules! leaked_channels {
    ($(
        $(#[cfg($gate:meta)])?
        #[doc = $doc:literal]
        $channel:ident($open:path, $sender:ty, $receiver:ty) {
            poll: $poll:expr,
            receive_until: $receive_until:expr,
        }
    )+) => {$(
        #[doc = $doc]
        $(#[cfg($gate)])?
        pub(crate) struct $channel<T: 'static> {
            sender: &'static $sender,
            receiver: $receiver,
        }

        $(#[cfg($gate)])?
        impl<T: Send + 'static> Channel<T> for $channel<T> {
            type Sender = &'static $sender;

            fn open() -> Self {
                let (sender, receiver) = $open();
                Self { sender: Box::leak(Box::new(sender)), receiver }
            }

            fn sender(&mut self) -> Self::Sender {
                self.sender
            }

            fn send(sender: Self::Sender, value: T) {
                drop(sender.send(value));
            }

            fn receive(&mut self) -> T {
                self.receiver.recv().expect(LEAKED)
            }

            fn try_receive(&mut self) -> Option<T> {
                let poll: fn(&$receiver) -> Option<T> = $poll;
                poll(&self.receiver)
            }

            fn receive_until(&mut self, deadline: Instant) -> Option<T> {
                let until: fn(&$receiver, Instant) -> Option<T> = $receive_until;
                until(&self.receiver, deadline)
            }
        }
    )+};
}

leaked_channels! {
    /// `std::sync::mpsc::channel`, unbounded.
    MpscChannel(mpsc::channel, mpsc::Sender<T>, mpsc::Receiver<T>) {
        poll: |receiver| receiver.try_recv().ok(),
        receive_until: |receiver, deadline| receiver.recv_timeout(left(deadline)).ok(),
    }

    #[cfg(feature = "peers")]
    /// `crossbeam_channel::unbounded`.
    CrossbeamChannel(
        crossbeam_channel::unbounded,
        crossbeam_channel::Sender<T>,
        crossbeam_channel::Receiver<T>
    ) {
        poll: |receiver| receiver.try_recv().ok(),
        receive_until: |receiver, deadline| receiver.recv_deadline(deadline).ok(),
    }

    #[cfg(feature = "peers")]
    /// `flume::unbounded`.
    FlumeChannel(flume::unbounded, flume::Sender<T>, flume::Receiver<T>) {
        poll: |receiver| receiver.try_recv().ok(),
        receive_until: |receiver, deadline| receiver.recv_deadline(deadline).ok(),
    }

    #[cfg(feature = "peers")]
    /// `kanal::unbounded`. Its receiver spins before it parks.
    KanalChannel(kanal::unbounded, kanal::Sender<T>, kanal::Receiver<T>) {
        poll: |receiver| receiver.try_recv().expect(LEAKED),
        receive_until: |receiver, deadline| receiver.recv_timeout(left(deadline)).ok(),
    }
}
