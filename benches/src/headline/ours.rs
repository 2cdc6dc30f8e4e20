//! Our paths, as their users would write them.

use std::time::Duration;

use photofinish::{AsCompleted, CompletionSet, Finished, JoinHandle, Pool, as_completed};

use crate::headline::body::Body;
use crate::headline::course::Course;

/// Path A: `submit`, then `as_completed(handles)` over all that has been submitted.
#[derive(Debug)]
pub struct PathA<T> {
    pool: Pool,
    handles: Vec<JoinHandle<T>>,
    results: AsCompleted<JoinHandle<T>>,
}

impl<T> PathA<T> {
    /// On a pool of `workers`.
    pub fn new(workers: usize) -> Self {
        Self { pool: pool(workers), handles: Vec::new(), results: as_completed([]) }
    }
}

impl<B: Body> Course<B> for PathA<B::Back> {
    #[inline]
    fn submit(&mut self, body: B) {
        self.handles.push(self.pool.submit(move || body.run()));
    }

    #[inline]
    fn next(&mut self) -> Option<B::Back> {
        if let Some(finished) = self.results.next() {
            return Some(value(finished));
        }
        if self.handles.is_empty() {
            return None;
        }
        self.results = as_completed(self.handles.drain(..));
        self.results.next().map(value)
    }

    fn try_next(&mut self) -> Option<B::Back> {
        self.results.try_next().map(value)
    }

    fn outstanding(&self) -> usize {
        self.results.remaining() + self.handles.len()
    }
}

/// Path A where tasks come one by one: each handle is added to a completion set.
#[derive(Debug)]
pub struct PathAOneByOne<T>(PathB<T>);

impl<T> PathAOneByOne<T> {
    /// On a pool of `workers`.
    pub fn new(workers: usize) -> Self {
        Self(PathB::new(workers))
    }

    /// The consumer parks at once.
    pub fn parked(self) -> Self {
        Self(self.0.parked())
    }
}

impl<B: Body> Course<B> for PathAOneByOne<B::Back> {
    #[inline]
    fn submit(&mut self, body: B) {
        let PathB { set, pool } = &mut self.0;
        set.add(pool.submit(move || body.run()));
    }

    #[inline]
    fn next(&mut self) -> Option<B::Back> {
        self.0.set.next_finished().map(value)
    }

    fn try_next(&mut self) -> Option<B::Back> {
        self.0.set.try_next().map(value)
    }

    fn outstanding(&self) -> usize {
        self.0.set.remaining()
    }
}

/// Path B: submitted straight into a completion set.
#[derive(Debug)]
pub struct PathB<T> {
    set: CompletionSet<T>,
    pool: Pool,
}

impl<T> PathB<T> {
    /// On a pool of `workers`.
    pub fn new(workers: usize) -> Self {
        Self { set: CompletionSet::new(), pool: pool(workers) }
    }

    /// The consumer parks at once.
    pub fn parked(mut self) -> Self {
        self.set.set_spin(Duration::ZERO);
        self
    }
}

impl<B: Body> Course<B> for PathB<B::Back> {
    #[inline]
    fn submit(&mut self, body: B) {
        self.set.submit(&self.pool, move || body.run());
    }

    #[inline]
    fn next(&mut self) -> Option<B::Back> {
        self.set.next_finished().map(value)
    }

    fn try_next(&mut self) -> Option<B::Back> {
        self.set.try_next().map(value)
    }

    fn outstanding(&self) -> usize {
        self.set.remaining()
    }
}

fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).build().expect("the pool of a path can be built")
}

/// The value of a task that neither panics nor is cancelled.
#[inline]
fn value<T>(finished: Finished<T>) -> T {
    match finished.outcome {
        Ok(value) => value,
        Err(error) => panic!("task {} has no result: {error}", finished.index),
    }
}
