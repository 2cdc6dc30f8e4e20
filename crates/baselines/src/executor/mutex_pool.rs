//! Pools by hand: jobs in a queue under a mutex, and a condition variable.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use super::{Executor, STARTS};

type Job = Box<dyn FnOnce() + Send>;

/// Boxed closures in a `Mutex<VecDeque<_>>`, tuned: the submitter notifies only if there is a
/// worker that waits and that nobody has notified yet, and after it has unlocked.
pub(crate) type TunedMutexPool = MutexPool<true>;

/// The same as one writes it first: the submitter notifies for each job, whether or not a worker
/// waits.
pub(crate) type NaiveMutexPool = MutexPool<false>;

#[derive(Debug)]
pub(crate) struct MutexPool<const TUNED: bool> {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    jobs: Mutex<Jobs>,
    arrived: Condvar,
}

struct Jobs {
    queue: VecDeque<Job>,
    /// Workers that wait and have not been notified.
    waiting: usize,
    ended: bool,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("len", &self.queue.len()).finish_non_exhaustive()
    }
}

impl Shared {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().expect("nothing panics under this lock")
    }

    /// Takes the next job, waiting for it; `None` when there will be none.
    fn take(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        loop {
            if let Some(job) = jobs.queue.pop_front() {
                return Some(job);
            }
            if jobs.ended {
                return None;
            }
            jobs.waiting += 1;
            jobs = self.arrived.wait(jobs).expect("nothing panics under this lock");
        }
    }
}

impl<const TUNED: bool> Executor for MutexPool<TUNED> {
    fn with_workers(workers: usize) -> Self {
        let jobs = Jobs { queue: VecDeque::new(), waiting: 0, ended: false };
        let shared = Arc::new(Shared { jobs: Mutex::new(jobs), arrived: Condvar::new() });
        let worker = |_| {
            let shared = Arc::clone(&shared);
            let run = move || std::iter::from_fn(|| shared.take()).for_each(|job| job());
            thread::Builder::new().spawn(run).expect(STARTS)
        };
        let workers = (0..workers).map(worker).collect();
        Self { shared, workers }
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        // Made before the lock is taken.
        let job = Box::new(job);
        let mut jobs = self.shared.jobs();
        jobs.queue.push_back(job);
        let waiting = jobs.waiting > 0;
        // A wake without reason lets the number run ahead of those that wait: a notification too
        // many at worst.
        jobs.waiting = jobs.waiting.saturating_sub(1);
        drop(jobs);
        if waiting || !TUNED {
            self.shared.arrived.notify_one();
        }
    }
}

impl<const TUNED: bool> Drop for MutexPool<TUNED> {
    fn drop(&mut self) {
        self.shared.jobs().ended = true;
        self.shared.arrived.notify_all();
        for worker in self.workers.drain(..) {
            worker.join().expect("no job panics");
        }
    }
}
