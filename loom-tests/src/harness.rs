//! What every model runs in.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use photofinish_protocol::sync::{SIDE, Side, begin_execution};

use crate::{DEEP_BOUND, DEEP_MODELS, MODELS, TOO_DEEP};
use crate::{plan, value};

// With the native side underneath, a model would explore one execution and pass.
const _: () = assert!(matches!(SIDE, Side::Model), "the protocol was built without the model");

/// The main thread of a model and at most three more.
const MAX_THREADS: usize = 4;
/// How many steps one execution may have. Longer ones fail; they are not cut short.
const MAX_BRANCHES: usize = 10_000;

/// How much of a model is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Every execution that loom distinguishes.
    Unbounded,
    /// Every execution in which at most so many threads are preempted while they could go on.
    Preemptions(usize),
}

impl Bound {
    /// The bound of a deep run: [`DEEP_BOUND`] if this one is lower, or what [`TOO_DEEP`] says.
    fn deepened(self, model: &str) -> Self {
        let Self::Preemptions(most) = self else { return self };
        let at_most = TOO_DEEP.iter().find(|(name, _)| *name == model);
        Self::Preemptions(most.max(at_most.map_or(DEEP_BOUND, |(_, bound)| *bound)))
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unbounded => f.write_str("none"),
            Self::Preemptions(most) => most.fmt(f),
        }
    }
}

/// Something that has to happen in some execution of a model, or the model shows less than it
/// says.
#[derive(Debug)]
pub struct Witness {
    what: &'static str,
    seen: AtomicBool,
}

impl Witness {
    /// A witness of `what`, a clause.
    pub const fn new(what: &'static str) -> Self {
        Self { what, seen: AtomicBool::new(false) }
    }

    /// It happened.
    pub fn seen(&self) {
        self.seen.store(true, SeqCst);
    }

    /// It happened, if `happened`.
    pub fn seen_if(&self, happened: bool) {
        if happened {
            self.seen();
        }
    }

    fn assert_seen(&self) {
        assert!(self.seen.load(SeqCst), "in no execution did it happen that {}", self.what);
    }
}

/// A moment within one execution, for telling which of two threads was first. It is plain `std`
/// state, so it adds neither interleavings nor happens-before edges to the model.
#[derive(Clone, Debug, Default)]
pub struct Mark(Arc<AtomicBool>);

impl Mark {
    /// Not reached yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The moment is now.
    pub fn set(&self) {
        self.0.store(true, SeqCst);
    }

    /// Whether the moment has been.
    pub fn is_set(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// A point that threads pass, in every order: how many have passed is a word of the model.
///
/// It is for a thread whose first step is a load. The checker remembers one access to each word,
/// the last; if another thread loads the word and then writes it, its load hides the first one,
/// and the checker does not try the write before it. Both threads passing the same point makes it
/// try. All accesses are relaxed, so that no happens-before edge comes with it.
#[derive(Clone, Debug)]
pub struct Crossing(Arc<loom::sync::atomic::AtomicUsize>);

impl Default for Crossing {
    fn default() -> Self {
        Self::new()
    }
}

impl Crossing {
    /// Nobody has passed.
    pub fn new() -> Self {
        Self(Arc::new(loom::sync::atomic::AtomicUsize::new(0)))
    }

    /// Passes, and tells how many have passed before.
    pub fn pass(&self) -> usize {
        self.0.fetch_add(1, loom::sync::atomic::Ordering::Relaxed)
    }
}

/// Starts a thread of the model. Nobody joins it: the execution ends when all threads have.
pub fn spawn(thread: impl FnOnce() + Send + 'static) {
    drop(loom::thread::spawn(thread));
}

/// Runs a model and reports it in one line on standard output.
///
/// # Panics
///
/// If an execution fails, if a witness was not seen, or if [`MODELS`] does not have the name.
pub fn model(
    name: &str,
    bound: Bound,
    witnesses: &[&'static Witness],
    execution: impl Fn() + Send + Sync + 'static,
) {
    let is_listed = MODELS.contains(&name) || DEEP_MODELS.contains(&name);
    assert!(is_listed, "{name} is missing in the list of models");
    let bound = if plan::is_deep() { bound.deepened(name) } else { bound };
    let executions = explore(bound, witnesses, execution);
    // The test harness has begun a line of its own.
    println!("\n{name}: {executions} executions, bound {bound}, complete");
}

/// Runs all executions of a model up to `bound`, and tells how many there were.
///
/// # Panics
///
/// If an execution fails, or if a witness was not seen in any.
pub fn explore(
    bound: Bound,
    witnesses: &[&'static Witness],
    execution: impl Fn() + Send + Sync + 'static,
) -> usize {
    let executions = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&executions);
    value::forget_all();
    plan::follow();
    let _report = plan::Report;
    builder(bound).check(move || {
        begin_execution();
        // The checker tells nobody when an execution ends, so the next one looks back.
        value::assert_each_dropped_once();
        counter.fetch_add(1, SeqCst);
        execution();
    });
    value::assert_each_dropped_once();
    witnesses.iter().for_each(|witness| witness.assert_seen());
    executions.load(SeqCst)
}

/// All that the environment could say about the extent of a run is said here instead. In
/// particular neither the time nor the number of executions has a limit: at such a limit the
/// checker stops and reports success.
fn builder(bound: Bound) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.max_threads = MAX_THREADS;
    builder.max_branches = MAX_BRANCHES;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.checkpoint_file = None;
    builder.expect_explicit_explore = false;
    builder.preemption_bound = match bound {
        Bound::Unbounded => None,
        Bound::Preemptions(most) => Some(most),
    };
    builder
}
