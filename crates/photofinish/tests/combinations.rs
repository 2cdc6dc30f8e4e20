//! Every way a task ends, with every use of its handle, before, during and after its run, in a pool
//! that lives, shuts down, is gone or is broken, seen by every kind of consumer: each combination
//! comes to the documented outcome, and every capture, result and payload is dropped exactly once.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::process::abort;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use futures::StreamExt;
use futures::executor::block_on;
use photofinish::{CompletionSet, Handle, JoinError, JoinHandle, Pool, Rejected, lose_this_worker};

use support::{Drops, Gate, LIMIT, Token, eventually, pool};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Body {
    Returns,
    Panics,
    CapturePanicsInDrop,
    ResultPanicsInDrop,
    PayloadPanicsInDrop,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Use {
    Joined,
    Dropped,
    Cancelled,
    Shared,
    InASet,
    Callback,
}

/// When the handle is used: before, during or after the run of the task.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Before,
    During,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Alive,
    ShuttingDown,
    ShuttingDownNow,
    Gone,
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Consumer {
    Outside,
    Worker,
    Async,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Value,
    Panicked,
    Cancelled,
    Abandoned,
    Broken,
}

#[derive(Clone, Copy, Debug)]
struct Combination {
    body: Body,
    used: Use,
    moment: Moment,
    fate: Fate,
    consumer: Consumer,
}

type Output = Option<Token>;

fn seen<T, E: std::borrow::Borrow<JoinError>>(outcome: &Result<T, E>) -> Outcome {
    match outcome.as_ref().map_err(std::borrow::Borrow::borrow) {
        Ok(_) => Outcome::Value,
        Err(JoinError::Panicked(_)) => Outcome::Panicked,
        Err(JoinError::Cancelled) => Outcome::Cancelled,
        Err(JoinError::Abandoned) => Outcome::Abandoned,
        Err(JoinError::Broken(_)) => Outcome::Broken,
        Err(other) => panic!("no combination waits too deeply, and this says: {other}"),
    }
}

/// Drops what is the consumer's, whose `Drop` may panic.
fn discard<T>(value: T) {
    catch_unwind(AssertUnwindSafe(|| drop(value))).ok();
}

impl Combination {
    /// All that make sense: a pool that is gone before the run refuses the task, and a worker
    /// cannot be lost in the middle of a task that returns.
    fn all() -> Vec<Self> {
        use {Body::*, Consumer::*, Moment::*};
        let bodies =
            [Returns, Panics, CapturePanicsInDrop, ResultPanicsInDrop, PayloadPanicsInDrop];
        let uses =
            [Use::Joined, Use::Dropped, Use::Cancelled, Use::Shared, Use::InASet, Use::Callback];
        let stages: [(Moment, &[Fate]); 3] = [
            (
                Before,
                &[Fate::Alive, Fate::ShuttingDown, Fate::ShuttingDownNow, Fate::Gone, Fate::Broken],
            ),
            (During, &[Fate::Alive, Fate::ShuttingDown, Fate::ShuttingDownNow]),
            (After, &[Fate::Alive, Fate::Gone, Fate::Broken]),
        ];
        let mut all = Vec::new();
        for body in bodies {
            for used in uses {
                for consumer in [Outside, Worker, Async] {
                    if consumer == Async && matches!(used, Use::Dropped | Use::Callback) {
                        continue;
                    }
                    for (moment, fates) in stages {
                        let one = |&fate| Self { body, used, moment, fate, consumer };
                        all.extend(fates.iter().map(one));
                    }
                }
            }
        }
        all
    }

    fn expected(self) -> Outcome {
        if self.moment == Moment::Before {
            match (self.fate, self.used) {
                (Fate::Gone, _) => return Outcome::Abandoned,
                (_, Use::Cancelled) | (Fate::ShuttingDownNow, _) => return Outcome::Cancelled,
                (Fate::Broken, _) => return Outcome::Broken,
                (Fate::Alive | Fate::ShuttingDown, _) => {}
            }
        }
        match self.body {
            Body::Returns | Body::ResultPanicsInDrop => Outcome::Value,
            Body::Panics | Body::CapturePanicsInDrop | Body::PayloadPanicsInDrop => {
                Outcome::Panicked
            }
        }
    }

    /// Uses the handle, opens `used` when that is done, and tells the outcome, if it comes to know.
    fn consume(self, handle: JoinHandle<Output>, used: &Gate) -> Option<Outcome> {
        match self.used {
            Use::Dropped => {
                drop(handle);
                used.open();
                None
            }
            Use::Joined => Some(self.join(handle, used)),
            Use::Cancelled => {
                handle.cancel();
                Some(self.join(handle, used))
            }
            Use::Shared => Some(self.share(handle, used)),
            Use::InASet => Some(self.take_from_a_set(handle, used)),
            Use::Callback => {
                let (tell, told) = channel();
                handle.on_complete(move |outcome| {
                    tell.send(seen(&outcome)).unwrap();
                    // What this panics with is contained.
                    drop(outcome);
                });
                used.open();
                Some(told.recv().expect("the callback runs"))
            }
        }
    }

    fn is_async(self) -> bool {
        self.consumer == Consumer::Async
    }

    fn join(self, handle: JoinHandle<Output>, used: &Gate) -> Outcome {
        used.open();
        let outcome = if self.is_async() { block_on(handle) } else { handle.join() };
        let told = seen(&outcome);
        discard(outcome);
        told
    }

    fn share(self, handle: JoinHandle<Output>, used: &Gate) -> Outcome {
        let shared = handle.shared();
        let twin = shared.clone();
        used.open();
        let told = if self.is_async() {
            seen(&block_on(async { (&shared).await }))
        } else {
            seen(&shared.result())
        };
        assert_eq!(seen(&twin.result()), told, "both handles tell the same");
        discard(shared);
        discard(twin);
        told
    }

    fn take_from_a_set(self, handle: JoinHandle<Output>, used: &Gate) -> Outcome {
        let mut set = CompletionSet::new();
        set.add(handle);
        used.open();
        let finished =
            if self.is_async() { block_on(set.stream().next()) } else { set.next_finished() };
        let finished = finished.expect("the set yields its task");
        assert!(set.try_next().is_none(), "the task is yielded once");
        let told = seen(&finished.outcome);
        discard(finished);
        told
    }

    fn run(self, consumers: &Pool) {
        let mut stage = Stage::new();
        if self.moment == Moment::Before {
            stage.meet_before(self.fate);
        }
        let handle = stage.submit(self.body);
        match self.moment {
            Moment::Before => {}
            Moment::During => stage.begun.wait(),
            Moment::After => stage.meet_after(self.fate, &handle),
        }

        let (used, (tell, told)) = (Gate::default(), channel());
        let consumer = {
            let used = used.clone();
            move || tell.send(self.consume(handle, &used)).unwrap()
        };
        let thread = match self.consumer {
            Consumer::Worker => {
                drop(consumers.submit(consumer));
                None
            }
            Consumer::Outside | Consumer::Async => Some(thread::spawn(consumer)),
        };
        used.wait();

        let shutdown = stage.shut_down(self.fate);
        if self.fate == Fate::ShuttingDownNow && self.moment == Moment::Before {
            let captures = &stage.captures;
            eventually("the captures are dropped by the shutdown", || captures.count() == 1);
        }
        stage.go_on.open();
        let told = told.recv().expect("the consumer does not panic");
        thread.into_iter().chain(shutdown).for_each(|thread| thread.join().unwrap());
        drop(stage.workers);

        let expected = self.expected();
        assert_eq!(told.unwrap_or(expected), expected, "{self:?}");
        let ran = matches!(expected, Outcome::Value | Outcome::Panicked);
        let makes = !matches!(self.body, Body::Panics | Body::CapturePanicsInDrop);
        let (captured, made) = (stage.captures.count(), stage.results.count());
        assert_eq!(captured, 1, "drops of the capture: {self:?}");
        assert_eq!(made, usize::from(ran && makes), "drops of what it made: {self:?}");
    }
}

/// Where a combination is played: a pool of one worker, what the task waits for, and who counts what
/// is dropped.
struct Stage {
    submitter: Handle,
    workers: Option<Pool>,
    captures: Drops,
    results: Drops,
    begun: Gate,
    go_on: Gate,
}

impl Stage {
    fn new() -> Self {
        let workers = pool(1);
        Self {
            submitter: workers.handle(),
            workers: Some(workers),
            captures: Drops::default(),
            results: Drops::default(),
            begun: Gate::default(),
            go_on: Gate::default(),
        }
    }

    /// The pool is gone, or its worker is occupied until the task may go on, and then lost if that is
    /// the pool's fate.
    fn meet_before(&mut self, fate: Fate) {
        if fate == Fate::Gone {
            drop(self.workers.take());
            return;
        }
        let (occupied, go_on) = (Gate::default(), self.go_on.clone());
        let (begun, breaks) = (occupied.clone(), fate == Fate::Broken);
        drop(self.submitter.submit(move || {
            begun.open();
            go_on.wait();
            if breaks {
                lose_this_worker();
            }
        }));
        occupied.wait();
    }

    /// The task runs, and the pool meets its fate, if that is not to come while the handle is used.
    fn meet_after(&mut self, fate: Fate, handle: &JoinHandle<Output>) {
        self.go_on.open();
        eventually("the task finishes", || handle.is_finished());
        match fate {
            Fate::Gone => drop(self.workers.take()),
            Fate::Broken => {
                drop(self.submitter.submit(lose_this_worker));
                eventually("the pool breaks", || {
                    matches!(self.submitter.try_submit(|| ()), Err(Rejected::Broken(..)))
                });
            }
            Fate::Alive | Fate::ShuttingDown | Fate::ShuttingDownNow => {}
        }
    }

    fn submit(&self, body: Body) -> JoinHandle<Output> {
        let (begun, go_on, results) =
            (self.begun.clone(), self.go_on.clone(), self.results.clone());
        let capture = if body == Body::CapturePanicsInDrop {
            self.captures.panicking_token()
        } else {
            self.captures.token()
        };
        self.submitter.submit(move || {
            let _capture = capture;
            begun.open();
            go_on.wait();
            match body {
                Body::Returns => Some(results.token()),
                Body::ResultPanicsInDrop => Some(results.panicking_token()),
                Body::Panics => panic!("the task fails"),
                Body::PayloadPanicsInDrop => panic_any(results.panicking_token()),
                // The compiler leaks a result whose function unwinds after it
                // (rust-lang/rust#47949).
                Body::CapturePanicsInDrop => None,
            }
        })
    }

    /// If that is its fate, the pool is shut down by another thread, which waits for the task.
    fn shut_down(&mut self, fate: Fate) -> Option<thread::JoinHandle<()>> {
        let end: fn(Pool) = match fate {
            Fate::ShuttingDown => Pool::shutdown,
            Fate::ShuttingDownNow => |pool| {
                pool.shutdown_now();
            },
            Fate::Alive | Fate::Gone | Fate::Broken => return None,
        };
        let pool = self.workers.take()?;
        Some(thread::spawn(move || end(pool)))
    }
}

#[test]
fn every_combination_ends_as_documented_and_drops_everything_once() {
    let all = Combination::all();
    let (count, (ended, end)) = (all.len(), channel());
    let combinations = all.clone();
    let thread = thread::spawn(move || {
        let consumers = pool(2);
        for combination in combinations {
            combination.run(&consumers);
            ended.send(()).unwrap();
        }
    });
    for combination in &all {
        match end.recv_timeout(LIMIT) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                eprintln!("this combination hangs: {combination:?}");
                abort();
            }
        }
    }
    thread.join().expect("every combination holds");
    println!("{count} combinations ran");
}
