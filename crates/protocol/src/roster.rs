//! Who is outstanding.

use std::collections::BTreeMap;
use std::{mem, ptr};

use crate::cell::Header;
use crate::task::Task;

/// The tasks that have been promised and not yet handed out, by the order in which they came.
///
/// A window moves over the indices, from the oldest task that is still outstanding to the newest,
/// and lies in a ring. Where a few old ones would hold it open they are put aside, so that a set
/// which lives for ever stays as small as what is outstanding.
#[derive(Debug)]
pub(crate) struct Roster {
    /// The place of an index is its remainder; the length is a power of two, or zero. Null where
    /// there is no task: the allocator has memory full of that, which costs nothing until it is used.
    ring: Vec<*mut Header>,
    /// The window: nobody in the ring comes before `begin`, nor from `end` on.
    begin: usize,
    end: usize,
    /// Tasks from before the window.
    strays: BTreeMap<usize, Task>,
    len: usize,
}

impl Roster {
    const SMALLEST: usize = 16;
    /// A window of which one place in so many is taken is too wide.
    const SPARSE: usize = 4;

    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let places = match capacity {
            0 => 0,
            some => some.next_power_of_two(),
        };
        Self {
            ring: vec![ptr::null_mut(); places],
            begin: 0,
            end: 0,
            strays: BTreeMap::new(),
            len: 0,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The place of an index of the window, in a ring that is not empty.
    #[inline]
    fn place(&mut self, index: usize) -> &mut *mut Header {
        let mask = self.ring.len() - 1;
        &mut self.ring[index & mask]
    }

    /// Takes the task out of its place.
    #[inline]
    fn vacate(&mut self, index: usize) -> Option<Task> {
        Task::from_raw(mem::replace(self.place(index), ptr::null_mut()))
    }

    /// Adds a task; indices only grow.
    #[inline]
    pub(crate) fn insert(&mut self, index: usize, task: Task) {
        while index - self.begin >= self.ring.len() {
            self.make_room(index);
        }
        // Whoever took an index between the end and this one had finished before it came: its
        // place is empty already.
        *self.place(index) = task.into_raw();
        self.end = index + 1;
        self.len += 1;
    }

    /// Makes the window smaller, if nobody is left, or hardly anybody in its older half, or else the
    /// ring larger.
    #[cold]
    fn make_room(&mut self, index: usize) {
        if self.len == 0 && !self.ring.is_empty() {
            self.begin = index;
            self.end = index;
            return;
        }
        let begin = self.begin;
        self.trim();
        if self.begin > begin {
            return;
        }
        let places = self.ring.len();
        let middle = self.begin + places / 2;
        if (self.len - self.strays.len()) * Self::SPARSE < places && middle < self.end {
            while self.begin < middle {
                let index = self.begin;
                let stray = self.vacate(index);
                self.strays.extend(stray.map(|task| (index, task)));
                self.begin += 1;
            }
            return self.trim();
        }
        // The ring grows where it lies, if the allocator can do that; only tasks whose place changes
        // are moved.
        let larger = (2 * places).max(Self::SMALLEST);
        self.ring.resize(larger, ptr::null_mut());
        for index in self.begin..self.end {
            if index & places != 0 {
                self.ring.swap(index & (places - 1), index & (larger - 1));
            }
        }
    }

    /// Removes the task of this index, which is outstanding.
    #[inline]
    pub(crate) fn remove(&mut self, index: usize) {
        let removed =
            if index < self.begin { self.strays.remove(&index) } else { self.vacate(index) };
        debug_assert!(removed.is_some(), "a delivered task is on the roster");
        self.len -= 1;
        if self.len == 0 {
            self.begin = self.end;
        }
    }

    /// Removes the task of this index, if it is still outstanding.
    pub(crate) fn take(&mut self, index: usize) -> Option<Task> {
        let taken = if index < self.begin {
            self.strays.remove(&index)
        } else if index < self.end {
            self.vacate(index)
        } else {
            None
        };
        self.len -= usize::from(taken.is_some());
        self.trim();
        taken
    }

    /// Whether the task of this index is outstanding.
    pub(crate) fn contains(&self, index: usize) -> bool {
        if index < self.begin {
            return self.strays.contains_key(&index);
        }
        index < self.end && !self.ring[index & (self.ring.len() - 1)].is_null()
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Task> {
        let mask = self.ring.len().wrapping_sub(1);
        let window =
            (self.begin..self.end).filter_map(move |index| Task::from_raw(self.ring[index & mask]));
        self.strays.values().copied().chain(window)
    }

    /// Removes the oldest.
    pub(crate) fn take_oldest(&mut self) -> Option<(usize, Task)> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        self.strays.pop_first().or_else(|| {
            self.trim();
            let index = self.begin;
            let task = self.vacate(index).expect("the window begins with a task");
            self.begin += 1;
            Some((index, task))
        })
    }

    /// Lets the window begin with a task.
    fn trim(&mut self) {
        while self.begin < self.end && self.place(self.begin).is_null() {
            self.begin += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::JoinHandle;
    use crate::runnable;

    fn tasks(many: usize) -> Vec<Task> {
        let made = (0..many).map(|_| runnable::task(|| ()).1);
        made.map(JoinHandle::into_task).collect()
    }

    /// Ends the tasks, which have been abandoned by their runners.
    fn end(tasks: Vec<Task>) {
        for task in tasks {
            // SAFETY: the handle's share was taken out of its handle in `tasks`.
            drop(unsafe { JoinHandle::<()>::new(task) });
        }
    }

    #[test]
    fn tasks_leave_in_any_order_and_the_rest_is_told_oldest_first() {
        let tasks = tasks(40);
        let mut roster = Roster::with_capacity(0);
        for (index, task) in tasks.iter().enumerate() {
            roster.insert(2 * index, *task);
        }
        for index in [0, 3, 2, 39, 17] {
            roster.remove(2 * index);
        }
        assert_eq!(roster.take_oldest(), Some((2, tasks[1])));
        assert_eq!(roster.len(), 34);
        assert!(roster.contains(2 * 20));
        assert_eq!(roster.take(2 * 20), Some(tasks[20]));
        assert!(!roster.contains(2 * 20) && !roster.contains(2 * 40));
        assert_eq!(roster.take(2 * 20), None);
        assert_eq!(roster.take(2 * 40), None);
        assert_eq!(roster.len(), 33);
        assert_eq!(roster.iter().next(), Some(tasks[4]));
        assert_eq!(roster.iter().count(), roster.len());
        let rest = std::iter::from_fn(|| roster.take_oldest());
        let rest: Vec<usize> = rest.map(|(index, _)| index / 2).collect();
        let expected: Vec<usize> = (4..39).filter(|index| ![17, 20].contains(index)).collect();
        assert_eq!(rest, expected);
        assert_eq!(roster.len(), 0);
        end(tasks);
    }

    #[test]
    fn a_window_that_has_moved_grows_and_everybody_stays_in_his_place() {
        let tasks = tasks(200);
        for moved in [0, 1, 7, 15, 16, 17, 31] {
            let mut roster = Roster::with_capacity(16);
            let mut oldest = 0;
            for (index, task) in tasks.iter().enumerate() {
                roster.insert(index, *task);
                if oldest < moved {
                    assert_eq!(roster.take(oldest), Some(tasks[oldest]));
                    oldest += 1;
                }
            }
            assert_eq!(roster.iter().collect::<Vec<_>>(), tasks[oldest..]);
            (oldest..tasks.len()).rev().for_each(|index| roster.remove(index));
            assert_eq!(roster.len(), 0);
        }
        end(tasks);
    }

    #[test]
    fn a_few_that_stay_for_ever_do_not_hold_the_window_open() {
        let tasks = tasks(3);
        let mut roster = Roster::with_capacity(0);
        roster.insert(0, tasks[0]);
        roster.insert(5_000, tasks[1]);
        for index in 5_001..1_000_000 {
            roster.insert(index, tasks[2]);
            roster.remove(index);
        }
        assert!(roster.ring.len() <= 8_192, "{} places for 2 tasks", roster.ring.len());
        assert_eq!(roster.iter().collect::<Vec<_>>(), tasks[..2]);
        assert_eq!(roster.take(0), Some(tasks[0]));
        assert_eq!(roster.take_oldest(), Some((5_000, tasks[1])));
        assert_eq!(roster.take_oldest(), None);
        end(tasks);
    }
}
