//! A pool by hand: jobs in a channel that all workers receive from.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, unbounded};

use super::{Executor, STARTS};

type Job = Box<dyn FnOnce() + Send>;

/// Boxed closures in a `crossbeam_channel::unbounded`. A worker that finds none waits as the
/// channel does: it spins for a moment, then parks.
#[derive(Debug)]
pub(crate) struct ChannelPool {
    /// Taken when the pool ends: the workers end when there are no jobs and no sender left.
    jobs: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
}

impl Executor for ChannelPool {
    fn with_workers(workers: usize) -> Self {
        let (jobs, waiting) = unbounded::<Job>();
        let worker = |_| {
            let waiting = waiting.clone();
            thread::Builder::new().spawn(move || waiting.iter().for_each(|job| job()))
        };
        let workers = (0..workers).map(|nth| worker(nth).expect(STARTS)).collect();
        Self { jobs: Some(jobs), workers }
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let jobs = self.jobs.as_ref().expect("the pool has not ended");
        jobs.send(Box::new(job)).expect("the workers live as long as the pool");
    }
}

impl Drop for ChannelPool {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for worker in self.workers.drain(..) {
            worker.join().expect("no job panics");
        }
    }
}
