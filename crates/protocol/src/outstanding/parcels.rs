//! What adders send.

use super::Outstanding;
use crate::adder::{Added, Adder, Link, Parcel};
use crate::error::JoinError;
use crate::state::Attach;
use crate::task::Task;

/// What the consumer calls every link of an adder.
pub(super) const LINK: usize = usize::MAX;

/// How many parcels are opened at most before a look at something else: adders may send as fast
/// as parcels are opened.
pub(super) const PARCELS_AT_ONCE: usize = 1_024;

impl<T> Outstanding<T> {
    /// Makes something that adds tasks from elsewhere.
    pub(crate) fn adder(&mut self) -> Adder<T>
    where
        T: Send + 'static,
    {
        let (adder, link) = Adder::new();
        self.adders += 1;
        self.follow(link);
        adder
    }

    /// Waits for an adder's next link.
    fn follow(&mut self, link: Link<T>) {
        let task = link.into_task();
        // SAFETY: the handle's share is ours now, and a handle's task is not attached. The
        // consumer counts it below.
        match unsafe { task.attach(self.consumer.queue(), LINK) } {
            Attach::Finished => self.parcels.push_back(task),
            Attach::Promised => self.consumer.expect_one(),
        }
    }

    /// Opens the oldest parcel that had been sent before its link could be promised. `false` if
    /// there is none.
    pub(super) fn open_parcel(&mut self) -> bool {
        let Some(link) = self.parcels.pop_front() else { return false };
        // SAFETY: the handle's share of the link is ours, and the link is finished.
        let outcome = unsafe { link.finish::<Parcel<T>>() };
        self.unpack(outcome);
        true
    }

    #[cold]
    pub(super) fn receive_link(&mut self, link: Task) {
        // SAFETY: the link has been received, together with the handle's share.
        let outcome = unsafe { link.finish::<Parcel<T>>() };
        self.unpack(outcome);
    }

    /// Learns what an adder has added, or that it has gone.
    fn unpack(&mut self, outcome: Result<Parcel<T>, JoinError>) {
        let Some((added, next)) = outcome.ok().and_then(Parcel::open) else {
            self.adders -= 1;
            return;
        };
        match added {
            Added::Task(handle) => {
                self.add(handle);
            }
            Added::Adder(link) => {
                self.adders += 1;
                self.follow(link);
            }
        }
        self.follow(next);
    }
}
