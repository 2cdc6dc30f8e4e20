//! Kanal's channel.

use std::time::Instant;

use kanal::{Receiver, Sender, unbounded};

use super::{Channel, LEAKED, left};

/// `kanal::unbounded`. Its receiver spins before it parks.
pub(crate) struct KanalChannel<T: 'static> {
    sender: &'static Sender<T>,
    receiver: Receiver<T>,
}

impl<T: Send + 'static> Channel<T> for KanalChannel<T> {
    type Sender = &'static Sender<T>;

    fn open() -> Self {
        let (sender, receiver) = unbounded();
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
        self.receiver.try_recv().expect(LEAKED)
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        self.receiver.recv_timeout(left(deadline)).ok()
    }
}
