//! Crossbeam's channel.

use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{Channel, LEAKED};

/// `crossbeam_channel::unbounded`.
#[derive(Debug)]
pub(crate) struct CrossbeamChannel<T: 'static> {
    sender: &'static Sender<T>,
    receiver: Receiver<T>,
}

impl<T: Send + 'static> Channel<T> for CrossbeamChannel<T> {
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
        self.receiver.try_recv().ok()
    }

    fn receive_until(&mut self, deadline: Instant) -> Option<T> {
        self.receiver.recv_deadline(deadline).ok()
    }
}
