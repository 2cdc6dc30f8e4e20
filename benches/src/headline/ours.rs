//! Our paths, as their users would write them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use photofinish::{
    AsCompleted, CompletionSet, Finished, JoinHandle, MapUnordered, Mapped, Pool, as_completed,
};

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

/// Path C: `map_unordered` over what has been submitted when the first result is asked for, which is
/// also how much it keeps under way; what is submitted later goes on where there is room. When its
/// inputs have ended, the next ones are mapped anew.
pub struct PathC<B: Body, F> {
    pool: Pool,
    function: F,
    inputs: Inputs<B>,
    results: Option<MapUnordered<Inputs<B>, F, B::Back>>,
    parked: bool,
}

/// What has been submitted and not been pulled.
#[derive(Clone, Debug)]
struct Inputs<B>(Rc<RefCell<VecDeque<B>>>);

impl<B> Iterator for Inputs<B> {
    type Item = B;

    #[inline]
    fn next(&mut self) -> Option<B> {
        self.0.borrow_mut().pop_front()
    }
}

impl<B: Body, F: Fn(B) -> B::Back + Copy + Send + Sync + 'static> PathC<B, F> {
    /// On a pool of `workers`.
    pub fn new(workers: usize, function: F) -> Self {
        let inputs = Inputs(Rc::default());
        Self { pool: pool(workers), function, inputs, results: None, parked: false }
    }

    /// The consumer parks at once.
    pub fn parked(self) -> Self {
        Self { parked: true, ..self }
    }

    /// Maps what has been submitted; `None` if nothing has.
    fn map(&mut self) -> Option<&mut MapUnordered<Inputs<B>, F, B::Back>> {
        let under_way = self.inputs.0.borrow().len();
        if under_way == 0 {
            return None;
        }
        let results = self.pool.map_unordered(self.inputs.clone(), self.function);
        let results = results.buffer(under_way);
        let results = if self.parked { results.spin(Duration::ZERO) } else { results };
        Some(self.results.insert(results))
    }
}

impl<B, F> Course<B> for PathC<B, F>
where
    B: Body,
    F: Fn(B) -> B::Back + Copy + Send + Sync + 'static,
{
    #[inline]
    fn submit(&mut self, body: B) {
        self.inputs.0.borrow_mut().push_back(body);
    }

    #[inline]
    fn next(&mut self) -> Option<B::Back> {
        if let Some(mapped) = self.results.as_mut().and_then(Iterator::next) {
            return Some(returned(mapped));
        }
        self.map()?.next().map(returned)
    }

    fn try_next(&mut self) -> Option<B::Back> {
        self.results.as_mut()?.try_next().map(returned)
    }

    fn outstanding(&self) -> usize {
        let under_way = self.results.as_ref().map_or(0, MapUnordered::under_way);
        under_way + self.inputs.0.borrow().len()
    }
}

impl<B: Body, F> fmt::Debug for PathC<B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathC").field("results", &self.results).finish_non_exhaustive()
    }
}

fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).build().expect("the pool of a path can be built")
}

/// The value of an item whose function did not panic.
#[inline]
fn returned<T>(mapped: Mapped<T>) -> T {
    match mapped.outcome {
        Ok(value) => value,
        Err(error) => panic!("item {} has no result: {error}", mapped.index),
    }
}

/// The value of a task that neither panics nor is cancelled.
#[inline]
fn value<T>(finished: Finished<T>) -> T {
    match finished.outcome {
        Ok(value) => value,
        Err(error) => panic!("task {} has no result: {error}", finished.index),
    }
}
