//! Runs a program on a real pool, and holds each outcome against what it may be.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;
use std::time::Duration;

use photofinish::{
    BuildError, CompletionSet, Handle, JoinError, JoinHandle, Pool, SharedHandle, TaskId,
    as_completed, completer, lose_this_worker,
};

use crate::executor::block_on;
use crate::ledger::{self, Batch, Parcel, Plan, Token};
use crate::program::{Operation, Program};

/// How the pool has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Detached,
    ShutDown,
    Dropped,
}

// ORDERING: both are Relaxed, as the ledger is: an outcome that they excuse comes after them by the
// delivery under test, which they are not to help.

/// A worker of the program's pool may have been lost.
static MAY_BREAK: AtomicBool = AtomicBool::new(false);
/// The program's pool has been told to drop what has not begun.
static IS_SHUT_DOWN: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// This thread is a worker that is to be lost: its next panic is intended.
    static IS_LOST: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread may panic for another reason than the payload says.
pub(crate) fn may_panic() -> bool {
    IS_LOST.get()
}

/// Runs on a worker, which is lost when it looks for its next task; inside waits it may come to more
/// of these before.
fn lose_worker() {
    if !IS_LOST.replace(true) {
        ledger::lost_worker();
        lose_this_worker();
    }
}

/// What the sequential order of calls says about a task.
struct Oracle {
    panics: bool,
    /// A call to cancel it has said that it is cancelled.
    cancelled: bool,
    /// How the pool had ended when it was submitted.
    submitted_after: Option<End>,
    /// It is a scope's: what its pool does not run ends as cancelled.
    in_scope: bool,
}

impl Oracle {
    /// Whether the outcome is one of those that the task may have, the pool having ended as `end`
    /// says.
    fn allows(&self, outcome: Result<(), &JoinError>, end: Option<End>) -> bool {
        let may_run = !self.cancelled && matches!(self.submitted_after, None | Some(End::Detached));
        match outcome {
            Ok(()) => may_run && !self.panics,
            Err(JoinError::Panicked(_)) => may_run && self.panics,
            Err(JoinError::Cancelled) => {
                self.cancelled
                    || end == Some(End::ShutDown)
                    || self.in_scope && (self.submitted_after.is_some() || MAY_BREAK.load(Relaxed))
            }
            Err(JoinError::Abandoned) => {
                !self.cancelled && !self.in_scope && self.submitted_after.is_some()
            }
            Err(JoinError::Broken(_)) => {
                !self.cancelled && !self.in_scope && MAY_BREAK.load(Relaxed)
            }
            Err(_) => false,
        }
    }
}

/// Whether a task that another one submitted to its own pool may end so. That runs, whoever has given
/// the pool up, unless it is told to drop what has not begun, or breaks. The one who has seen either
/// sees the flag, which was set before.
fn allows_inside(panics: bool, outcome: Result<(), &JoinError>) -> bool {
    match outcome {
        Ok(()) => !panics,
        Err(JoinError::Panicked(_)) => panics,
        Err(JoinError::Cancelled) => IS_SHUT_DOWN.load(Relaxed),
        Err(JoinError::Broken(_)) => MAY_BREAK.load(Relaxed),
        Err(_) => false,
    }
}

/// A program under way.
struct Run {
    pool: Option<Pool>,
    handle: Handle,
    end: Option<End>,
    /// The tasks, by their numbers.
    batch: Batch,
    oracles: Vec<Oracle>,
    open: Vec<(usize, JoinHandle<Parcel>)>,
    set: CompletionSet<Parcel>,
    in_set: HashMap<TaskId, usize>,
    told: CompletionSet<Result<Parcel, JoinError>>,
    called_back: Vec<usize>,
    shared: Vec<(usize, SharedHandle<Parcel>)>,
    threads: Vec<thread::JoinHandle<()>>,
    /// The books are not told of dropped handles: a seeded bug.
    forgets: bool,
}

/// Runs `program` to its end. The books can be closed afterwards.
pub(crate) fn run(program: &Program, forgets: bool) -> Result<(), BuildError> {
    MAY_BREAK.store(false, Relaxed);
    IS_SHUT_DOWN.store(false, Relaxed);
    let pool = Pool::builder()
        .workers(program.workers)
        .spin(Duration::ZERO)
        .on_thread_start(|_| ledger::count_this_thread())
        .build()?;
    let mut run = Run {
        handle: pool.handle(),
        pool: Some(pool),
        end: None,
        batch: Batch::default(),
        oracles: Vec::new(),
        open: Vec::new(),
        set: CompletionSet::new(),
        in_set: HashMap::new(),
        told: CompletionSet::new(),
        called_back: Vec::new(),
        shared: Vec::new(),
        threads: Vec::new(),
        forgets,
    };
    for (_, operation) in &program.operations {
        run.step(*operation);
    }
    run.finish();
    Ok(())
}

impl Run {
    fn enter(&mut self, plan: Plan, in_scope: bool) -> (usize, Token) {
        let token = Token::enter(plan);
        self.batch.add(&token);
        let panics = plan.panics || plan.token_panics;
        self.oracles.push(Oracle { panics, cancelled: false, submitted_after: self.end, in_scope });
        (self.batch.len() - 1, token)
    }

    /// Takes an open task out, if there is any.
    fn take(&mut self, pick: usize) -> Option<(usize, JoinHandle<Parcel>)> {
        let open = self.open.len();
        (open > 0).then(|| self.open.swap_remove(pick % open))
    }

    fn check(&self, task: usize, outcome: Result<(), &JoinError>) {
        if !self.oracles[task].allows(outcome, self.end) {
            ledger::wrong(&format!("task {task} of the program may not end as {outcome:?}"));
        }
    }

    fn outcome(&mut self, task: usize, outcome: Result<Parcel, JoinError>) {
        self.check(task, outcome.as_ref().map(drop));
        self.batch.outcome(task, outcome);
    }

    fn step(&mut self, operation: Operation) {
        match operation {
            Operation::Submit(plan) => {
                let (task, token) = self.enter(plan, false);
                self.open.push((task, self.handle.submit(move || token.work())));
            }
            Operation::Nest(plan, inner) => self.nest(plan, inner),
            Operation::SubmitBatch(count, plan) => self.submit_batch(count, plan),
            Operation::Cancel(pick) if !self.open.is_empty() => {
                let (task, handle) = &self.open[pick % self.open.len()];
                self.oracles[*task].cancelled |= handle.cancel().is_cancelled();
            }
            Operation::NextTimeout(limit) => match self.set.next_timeout(micros(limit)) {
                Ok(Some(finished)) => self.come_from_set(finished.id, finished.outcome),
                Ok(None) => {}
                Err(_) => ledger::timed_out(),
            },
            Operation::Scope(count, plan) => self.scope(count, plan),
            Operation::Map(count) => self.map(count),
            Operation::MapUnordered(count, some) => self.map_unordered(count, some),
            Operation::Break => self.break_down(),
            Operation::Detach => self.end_pool(End::Detached),
            Operation::ShutdownNow => self.end_pool(End::ShutDown),
            Operation::DropPool => self.end_pool(End::Dropped),
            Operation::Cancel(pick)
            | Operation::Join(pick)
            | Operation::JoinTimeout(pick, _)
            | Operation::Drop(pick)
            | Operation::Await(pick)
            | Operation::Add(pick)
            | Operation::AddFromThread(pick)
            | Operation::Share(pick)
            | Operation::CallBack(pick) => {
                if let Some((task, handle)) = self.take(pick) {
                    self.consume(operation, task, handle);
                }
            }
        }
    }

    /// A task that submits another one, and joins it.
    fn nest(&mut self, plan: Plan, inner: Plan) {
        let (task, token) = self.enter(plan, false);
        let pool = self.handle.clone();
        let panics = inner.panics || inner.token_panics;
        let nest = move || {
            let inner = Token::enter(inner);
            let mut batch = Batch::default();
            batch.add(&inner);
            let outcome = pool.submit(move || inner.work()).join();
            if !allows_inside(panics, outcome.as_ref().map(drop)) {
                ledger::wrong(&format!("a task inside {task} may not end as {outcome:?}"));
            }
            batch.outcome(0, outcome);
            token.work()
        };
        self.open.push((task, self.handle.submit(nest)));
    }

    fn submit_batch(&mut self, count: usize, plan: Plan) {
        let entered: Vec<_> = (0..count).map(|_| self.enter(plan, false)).collect();
        let (tasks, tokens): (Vec<_>, Vec<_>) = entered.into_iter().unzip();
        let closures = tokens.into_iter().map(|token| move || token.work());
        self.open.extend(tasks.into_iter().zip(self.handle.submit_batch(closures)));
    }

    fn map(&self, count: usize) {
        let results: Vec<_> = self.handle.map(0..count, |n| n).collect();
        let as_it_was = |(n, result): (usize, &Result<usize, JoinError>)| match result {
            Ok(value) => *value == n,
            Err(_) => self.end.is_some() || MAY_BREAK.load(Relaxed),
        };
        if results.len() != count || !results.iter().enumerate().all(as_it_was) {
            ledger::wrong(&format!("map gives {results:?} for 0..{count}"));
        }
    }

    /// Takes some of what comes.
    fn map_unordered(&self, count: usize, some: usize) {
        let results = self.handle.map_unordered(0..count, |n| n).take(some);
        let mut came: Vec<_> = results.map(|mapped| mapped.index).collect();
        came.sort_unstable();
        came.dedup();
        if came.len() != some.min(count) || came.last().is_some_and(|&last| last >= count) {
            ledger::wrong(&format!("map_unordered gives {came:?} for 0..{count}"));
        }
    }

    /// A task whose worker is lost, and the pool with it.
    fn break_down(&mut self) {
        let (task, token) = self.enter(Plan::default(), false);
        MAY_BREAK.store(true, Relaxed);
        let breaks = move || {
            lose_worker();
            token.work()
        };
        self.open.push((task, self.handle.submit(breaks)));
    }

    fn consume(&mut self, operation: Operation, task: usize, handle: JoinHandle<Parcel>) {
        match operation {
            Operation::JoinTimeout(_, limit) => match handle.join_timeout(micros(limit)) {
                Ok(outcome) => self.outcome(task, outcome),
                Err(handle) => {
                    ledger::timed_out();
                    self.open.push((task, handle));
                }
            },
            Operation::Drop(_) => {
                contain(|| drop(handle));
                if !self.forgets {
                    self.batch.let_go(task);
                }
            }
            Operation::Await(_) => self.outcome(task, block_on(handle, 2)),
            Operation::Add(_) => {
                self.in_set.insert(handle.id(), task);
                self.set.add(handle);
            }
            Operation::AddFromThread(_) => {
                self.in_set.insert(handle.id(), task);
                let adder = self.set.adder();
                self.threads.push(thread::spawn(move || {
                    adder.add(handle);
                }));
            }
            Operation::Share(_) => {
                let (shared, number) = (handle.shared(), self.batch.tasks()[task]);
                let clone = shared.clone();
                self.threads.push(thread::spawn(move || {
                    ledger::see(number, clone.result());
                    contain(|| drop(clone));
                }));
                self.shared.push((task, shared));
            }
            Operation::CallBack(_) => {
                let (teller, told) = completer();
                handle.on_complete(move |outcome| {
                    assert!(teller.complete(outcome).is_ok(), "nobody cancels what is told");
                });
                self.told.add(told);
                self.called_back.push(task);
            }
            _ => self.outcome(task, handle.join()),
        }
    }

    fn come_from_set(&mut self, id: TaskId, outcome: Result<Parcel, JoinError>) {
        match self.in_set.remove(&id) {
            Some(task) => self.outcome(task, outcome),
            None => ledger::wrong(&format!("the set gives {id}, which is not in it")),
        }
    }

    fn scope(&mut self, count: usize, plan: Plan) {
        let entered: Vec<_> = (0..count).map(|_| self.enter(plan, true)).collect();
        let (tasks, tokens): (Vec<_>, Vec<_>) = entered.into_iter().unzip();
        let begun = AtomicUsize::new(0);
        let pool = self.handle.clone();
        let outcomes: Vec<_> = pool.scope(|scope| {
            let begun = &begun;
            let submit = |token: Token| {
                scope.submit(move || {
                    // ORDERING: Relaxed; the end of the scope orders it.
                    begun.fetch_add(1, Relaxed);
                    token.work()
                })
            };
            let handles: Vec<_> = tokens.into_iter().map(submit).collect();
            as_completed(handles).map(|finished| (finished.index, finished.outcome)).collect()
        });
        let cancelled =
            outcomes.iter().filter(|(_, outcome)| matches!(outcome, Err(JoinError::Cancelled)));
        if begun.into_inner() + cancelled.count() != count {
            ledger::wrong("a scope ends with its tasks not run");
        }
        for (index, outcome) in outcomes {
            self.outcome(tasks[index], outcome);
        }
    }

    fn end_pool(&mut self, end: End) {
        let Some(pool) = self.pool.take() else { return };
        self.end = Some(end);
        IS_SHUT_DOWN.fetch_or(end == End::ShutDown, Relaxed);
        match end {
            End::Detached => pool.detach(),
            End::ShutDown => drop(pool.shutdown_now()),
            End::Dropped => drop(pool),
        }
    }

    /// Waits for all that is still out.
    fn finish(mut self) {
        while let Some((task, handle)) = self.open.pop() {
            self.outcome(task, handle.join());
        }
        while let Some(finished) = self.set.next_finished() {
            self.come_from_set(finished.id, finished.outcome);
        }
        if !self.in_set.is_empty() {
            ledger::wrong("the set ends without all of its tasks");
        }
        while let Some(told) = self.told.next_finished() {
            let task = self.called_back[told.index];
            match told.outcome {
                Ok(outcome) => self.outcome(task, outcome),
                Err(why) => ledger::wrong(&format!("a callback is not called: {why}")),
            }
        }
        for (task, shared) in std::mem::take(&mut self.shared) {
            self.check(task, shared.result().map(drop));
            self.batch.shared_outcome(task, shared.result());
            contain(|| drop(shared));
        }
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic leaves a thread of a program");
        }
        drop(self.pool.take());
    }
}

fn micros(limit: u64) -> Duration {
    Duration::from_micros(limit)
}

/// Runs `f`, which may panic as intended.
fn contain(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).ok();
}
