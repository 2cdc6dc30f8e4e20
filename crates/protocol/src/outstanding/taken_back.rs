//! Tasks that are taken back before they are handed out.

use super::parcels::PARCELS_AT_ONCE;
use super::{Finished, Outstanding};
use crate::handle::JoinHandle;
use crate::state::Detach;

impl<T> Outstanding<T> {
    /// Forgets all tasks that have not been handed out; they go on.
    pub(crate) fn detach_all(&mut self) {
        self.take_indexed().for_each(drop);
    }

    /// Gives back the handle of one task, if it has not been handed out, or its outcome if it has
    /// finished meanwhile.
    pub(crate) fn withdraw(&mut self, index: usize) -> Option<Result<Finished<T>, JoinHandle<T>>> {
        let task = self.roster.take(index)?;
        Some(match self.call_off(task) {
            Detach::Withdrawn => {
                // SAFETY: the handle's share is ours, and the task not attached any more.
                Err(unsafe { JoinHandle::new(task) })
            }
            Detach::Delivering => Ok(Self::hand_out((task, index))),
        })
    }

    /// Gives back the handles of all tasks not handed out yet, in the order they came.
    pub(crate) fn into_handles(mut self) -> Vec<JoinHandle<T>> {
        self.take_indexed().map(|(_, handle)| handle).collect()
    }

    /// As [`into_handles`](Self::into_handles), with the tasks' indices.
    pub(crate) fn into_indexed(mut self) -> Vec<(usize, JoinHandle<T>)> {
        self.take_indexed().collect()
    }

    /// Takes out all tasks not handed out yet, in the order they came. Adders stay.
    fn take_indexed(&mut self) -> impl Iterator<Item = (usize, JoinHandle<T>)> + use<T> {
        let mut tasks = Vec::with_capacity(self.remaining());
        let mut parcels = 0..PARCELS_AT_ONCE;
        loop {
            if let Some(task) = self.consumer.poll() {
                if let Some((task, index)) = self.admit(task) {
                    // SAFETY: the task has been received, and the handle's share is ours.
                    unsafe { task.reclaim() };
                    tasks.push((task, index));
                }
            } else if parcels.next().is_none() || !self.open_parcel() {
                break;
            }
        }
        tasks.extend(self.early.drain(..));
        while let Some((index, task)) = self.roster.take_oldest() {
            // A delivery that is under way is settled when it comes; the handle may take the outcome
            // at once.
            let (Detach::Withdrawn | Detach::Delivering) = self.call_off(task);
            tasks.push((task, index));
        }
        tasks.sort_unstable_by_key(|(_, index)| *index);
        // SAFETY: the handles' shares are ours, and their tasks withdrawn, reclaimed or split.
        tasks.into_iter().map(|(task, index)| (index, unsafe { JoinHandle::new(task) }))
    }
}
