//! Eight threads complete, and an async task consumes: with a waker of its own for each poll, and in
//! turns with blocking waits.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use photofinish_protocol::sync::Parker;
use photofinish_protocol::{CompletionSet, JoinHandle, as_completed};
use shuttle::rand::{Rng, thread_rng};

use crate::delivery::{
    PRODUCERS, assert_complete, complete_all, complete_all_sharing, completers, number,
};
use crate::harness::{explore, join_all, spawn};
use crate::value::Value;

/// How long it is does not matter: deadlines pass at random.
const SOON: Duration = Duration::from_millis(1);

/// Wakes the thread that made it. Like a value, it has to be dropped once.
struct Alarm {
    parker: &'static Parker,
    has_rung: AtomicBool,
    _life: Value,
}

impl Wake for Alarm {
    fn wake(self: std::sync::Arc<Self>) {
        self.has_rung.store(true, SeqCst);
        self.parker.unpark();
    }
}

impl Alarm {
    fn new() -> std::sync::Arc<Self> {
        let (parker, has_rung) = (Parker::current(), AtomicBool::new(false));
        std::sync::Arc::new(Self { parker, has_rung, _life: Value::new(0) })
    }

    /// Parks until it has rung. Sometimes that is not waited for, as where another future of the
    /// same async task is ready.
    fn await_ring(&self) {
        let patient = thread_rng().gen_bool(0.8);
        while patient && !self.has_rung.load(SeqCst) {
            self.parker.park();
        }
    }
}

/// Runs `future` to its end. Each poll may have a waker of its own.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut alarm = Alarm::new();
    loop {
        alarm.has_rung.store(false, SeqCst);
        let waker = Waker::from(std::sync::Arc::clone(&alarm));
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => alarm.await_ring(),
        }
        if thread_rng().gen_bool(0.5) {
            alarm = Alarm::new();
        }
    }
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

#[test]
fn a_stream_is_woken_for_every_task() {
    explore("stream", 15_000, || {
        let (completers, handles) = completers();
        let mut stream = as_completed(handles).into_stream();
        complete_all(completers);
        let mut indices = Vec::new();
        block_on(async {
            while let Some(finished) = next(&mut stream).await {
                assert_eq!(finished.index, number(&finished));
                indices.push(finished.index);
            }
        });
        assert_complete(indices);
    });
}

#[test]
fn handles_that_are_awaited_on_two_threads_each_give_their_own() {
    explore("awaits", 10_000, || {
        let (completers, mut handles) = completers();
        complete_all(completers);
        let others = handles.split_off(PRODUCERS / 2);
        let consume = |handles: Vec<JoinHandle<Value>>, first: usize| {
            for (number, mut handle) in (first..).zip(handles) {
                // Half of them are awaited, half are given up after a poll and then joined.
                let outcome = if thread_rng().gen_bool(0.5) {
                    block_on(handle)
                } else {
                    let waker = Waker::from(Alarm::new());
                    match Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)) {
                        Poll::Ready(outcome) => outcome,
                        Poll::Pending => handle.join(),
                    }
                };
                assert_eq!(outcome.expect("the task returned").number(), number);
            }
        };
        let other = spawn(move || consume(others, PRODUCERS / 2));
        consume(handles, 0);
        join_all([other]);
    });
}

#[test]
fn async_and_blocking_waits_take_turns_on_one_set() {
    explore("turns", 10_000, || {
        let (completers, handles) = completers();
        let mut set: CompletionSet<Value> = handles.into_iter().collect();
        complete_all(completers);
        let mut indices = Vec::new();
        while !set.is_empty() {
            let finished = match thread_rng().gen_range(0..4) {
                0 => set.next_finished(),
                1 => set.next_timeout(SOON).ok().flatten(),
                2 => block_on(set.next_async()),
                _ => {
                    let waker = Waker::from(Alarm::new());
                    let polled = pin!(set.next_async()).poll(&mut Context::from_waker(&waker));
                    match polled {
                        Poll::Ready(finished) => finished,
                        Poll::Pending => None,
                    }
                }
            };
            indices.extend(finished.map(|finished| number(&finished)));
        }
        assert_complete(indices);
    });
}

#[test]
fn an_await_that_is_given_up_meanwhile_leaves_nothing_behind() {
    explore("drop_awaits", 15_000, || {
        let (completers, handles) = completers();
        complete_all_sharing(completers, Value::new(PRODUCERS));
        for mut handle in handles {
            let waker = Waker::from(Alarm::new());
            drop(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)));
        }
    });
}
