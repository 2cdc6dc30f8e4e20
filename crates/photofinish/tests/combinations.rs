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
use photofinish::{CompletionSet, JoinError, JoinHandle, Pool, Rejected, lose_this_worker};

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
        let is_async = self.consumer == Consumer::Async;
        match self.used {
            Use::Dropped => {
                drop(handle);
                used.open();
                None
            }
            Use::Joined | Use::Cancelled => {
                if self.used == Use::Cancelled {
                    handle.cancel();
                }
                used.open();
                let outcome = if is_async { block_on(handle) } else { handle.join() };
                let told = seen(&outcome);
                discard(outcome);
                Some(told)
            }
            Use::Shared => {
                let shared = handle.shared();
                let twin = shared.clone();
                used.open();
                let told = if is_async {
                    seen(&block_on(async { (&shared).await }))
                } else {
                    seen(&shared.result())
                };
                assert_eq!(seen(&twin.result()), told, "both handles tell the same");
                discard(shared);
                discard(twin);
                Some(told)
            }
            Use::InASet => {
                let mut set = CompletionSet::new();
                set.add(handle);
                used.open();
                let finished =
                    if is_async { block_on(set.stream().next()) } else { set.next_finished() };
                let finished = finished.expect("the set yields its task");
                assert!(set.try_next().is_none(), "the task is yielded once");
                let told = seen(&finished.outcome);
                discard(finished);
                Some(told)
            }
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

    fn run(self, consumers: &Pool) {
        let (captures, results) = (Drops::default(), Drops::default());
        let (begun, go_on, used) = (Gate::default(), Gate::default(), Gate::default());
        let workers = pool(1);
        let submitter = workers.handle();
        let mut workers = Some(workers);
        if self.moment == Moment::Before {
            if self.fate == Fate::Gone {
                drop(workers.take());
            } else {
                let (occupied, go_on) = (Gate::default(), go_on.clone());
                let (begun, breaks) = (occupied.clone(), self.fate == Fate::Broken);
                drop(submitter.submit(move || {
                    begun.open();
                    go_on.wait();
                    if breaks {
                        lose_this_worker();
                    }
                }));
                occupied.wait();
            }
        }

        let handle = {
            let (begun, go_on, body) = (begun.clone(), go_on.clone(), self.body);
            let capture = if body == Body::CapturePanicsInDrop {
                captures.panicking_token()
            } else {
                captures.token()
            };
            let results = results.clone();
            submitter.submit(move || {
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
        };
        match self.moment {
            Moment::Before => {}
            Moment::During => begun.wait(),
            Moment::After => {
                go_on.open();
                eventually("the task finishes", || handle.is_finished());
                match self.fate {
                    Fate::Gone => drop(workers.take()),
                    Fate::Broken => {
                        drop(submitter.submit(lose_this_worker));
                        eventually("the pool breaks", || {
                            matches!(submitter.try_submit(|| ()), Err(Rejected::Broken(..)))
                        });
                    }
                    Fate::Alive | Fate::ShuttingDown | Fate::ShuttingDownNow => {}
                }
            }
        }

        let (tell, told) = channel();
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

        let end = match self.fate {
            Fate::ShuttingDown => workers.take().map(|pool| thread::spawn(move || pool.shutdown())),
            Fate::ShuttingDownNow => {
                let pool = workers.take();
                pool.map(|pool| {
                    thread::spawn(move || {
                        pool.shutdown_now();
                    })
                })
            }
            Fate::Alive | Fate::Gone | Fate::Broken => None,
        };
        if self.fate == Fate::ShuttingDownNow && self.moment == Moment::Before {
            eventually("the captures are dropped by the shutdown", || captures.count() == 1);
        }
        go_on.open();
        let told = told.recv().expect("the consumer does not panic");
        thread.into_iter().for_each(|thread| thread.join().unwrap());
        end.into_iter().for_each(|end| end.join().unwrap());
        drop(workers);

        let expected = self.expected();
        assert_eq!(told.unwrap_or(expected), expected, "{self:?}");
        let ran = matches!(expected, Outcome::Value | Outcome::Panicked);
        let makes = !matches!(self.body, Body::Panics | Body::CapturePanicsInDrop);
        assert_eq!(captures.count(), 1, "drops of the capture: {self:?}");
        assert_eq!(results.count(), usize::from(ran && makes), "drops of what it made: {self:?}");
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
