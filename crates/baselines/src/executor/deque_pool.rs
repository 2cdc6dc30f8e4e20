//! A pool by hand: crossbeam's work-stealing deques.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicUsize, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use crossbeam_deque::{Injector, Stealer, Worker};
use crossbeam_utils::Backoff;

use super::{Executor, STARTS};

type Job = Box<dyn FnOnce() + Send>;

/// Boxed closures in a `crossbeam_deque::Injector`; workers take them in batches and steal from
/// each other. A worker that finds none backs off for a moment, then sleeps on a condition
/// variable; the submitter notifies only if one sleeps.
#[derive(Debug)]
pub(crate) struct DequePool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    jobs: Injector<Job>,
    stealers: Vec<Stealer<Job>>,
    /// How many workers sleep or are about to.
    sleeping: AtomicUsize,
    ended: AtomicBool,
    bed: Mutex<()>,
    arrived: Condvar,
}

impl Shared {
    fn find(&self, own: &Worker<Job>) -> Option<Job> {
        own.pop().or_else(|| {
            let steal = || {
                let from_others = || self.stealers.iter().map(Stealer::steal).collect();
                self.jobs.steal_batch_and_pop(own).or_else(from_others)
            };
            let stolen = std::iter::repeat_with(steal).find(|steal| !steal.is_retry())?.success();
            // Somebody else may begin with the rest of the batch.
            if !own.is_empty() {
                self.wake_one();
            }
            stolen
        })
    }

    /// Wakes a worker, if one sleeps.
    fn wake_one(&self) {
        // ORDERING: SeqCst; pairs with the fence in work.
        fence(SeqCst);
        if self.sleeping.load(Relaxed) > 0 {
            let _bed = self.bed();
            self.arrived.notify_one();
        }
    }

    fn bed(&self) -> MutexGuard<'_, ()> {
        self.bed.lock().expect("nothing panics under this lock")
    }

    fn work(&self, own: &Worker<Job>) {
        let backoff = Backoff::new();
        loop {
            if let Some(job) = self.find(own) {
                job();
                backoff.reset();
            } else if !backoff.is_completed() {
                backoff.snooze();
            } else {
                // Whoever has seen the number notifies under the lock, and so after the wait has
                // begun.
                let bed = self.bed();
                // ORDERING: Relaxed; the fence below, and the lock, order it.
                self.sleeping.fetch_add(1, Relaxed);
                // ORDERING: SeqCst; pairs with the fence in wake_one: either this look finds the
                // job, or the submitter finds the sleeper.
                fence(SeqCst);
                let all = self.stealers.iter();
                let nothing = self.jobs.is_empty() && all.clone().all(Stealer::is_empty);
                if nothing && self.ended.load(Relaxed) {
                    return;
                }
                if nothing {
                    drop(self.arrived.wait(bed).expect("nothing panics under this lock"));
                }
                self.sleeping.fetch_sub(1, Relaxed);
                backoff.reset();
            }
        }
    }
}

impl Executor for DequePool {
    fn with_workers(workers: usize) -> Self {
        let deques: Vec<_> = (0..workers).map(|_| Worker::new_fifo()).collect();
        let shared = Arc::new(Shared {
            jobs: Injector::new(),
            stealers: deques.iter().map(Worker::stealer).collect(),
            sleeping: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            bed: Mutex::new(()),
            arrived: Condvar::new(),
        });
        let worker = |own| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().spawn(move || shared.work(&own)).expect(STARTS)
        };
        let workers = deques.into_iter().map(worker).collect();
        Self { shared, workers }
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.shared.jobs.push(Box::new(job));
        self.shared.wake_one();
    }
}

impl Drop for DequePool {
    fn drop(&mut self) {
        let bed = self.shared.bed();
        // ORDERING: Relaxed; whoever lies down looks under the lock.
        self.shared.ended.store(true, Relaxed);
        drop(bed);
        self.shared.arrived.notify_all();
        for worker in self.workers.drain(..) {
            worker.join().expect("no job panics");
        }
    }
}
