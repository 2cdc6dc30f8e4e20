//! `map_unordered`: items of a block are published, claimed, done and received; nobody forgets one,
//! whoever leaves when.

use std::rc::Rc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use loom::thread;
use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, block_on, model, spawn};
use photofinish_protocol::helper::assist;
use photofinish_protocol::{JoinError, MapUnordered, Mapped, Runnable, Spawn};

use super::{Full, next, number};

/// A pool whose first tasks have a thread of the model each; when there are no more threads, tasks
/// run where they are spawned.
#[derive(Clone)]
struct Few(Arc<AtomicUsize>);

impl Few {
    fn threads(many: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(many)))
    }

    /// How many threads have not been used.
    fn rest(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Takes a thread, if there is one left.
    fn has_another(&self) -> bool {
        self.0.fetch_update(SeqCst, SeqCst, |rest| rest.checked_sub(1)).is_ok()
    }
}

impl Spawn for Few {
    fn spawn(&self, runnable: Runnable) {
        if self.has_another() {
            spawn(|| runnable.run());
        } else {
            runnable.run();
        }
    }
}

/// Reads the input on the thread that does the item.
fn twice(input: Value) -> Value {
    Value::new(2 * input.number())
}

fn inputs(many: u32) -> impl Iterator<Item = Value> {
    (0..many).map(Value::new)
}

/// Receives so many items, each once.
fn receive_all(results: impl Iterator<Item = Mapped<Value>>, many: usize) {
    let mut seen = vec![false; many];
    for mapped in results {
        assert!(!std::mem::replace(&mut seen[mapped.index], true), "an item came twice");
        assert_eq!(number(mapped.outcome) as usize, 2 * mapped.index);
    }
    assert!(seen.into_iter().all(|seen| seen), "an item did not come");
}

#[test]
fn one_item_goes_to_a_worker_and_comes_back() {
    model("block_one_item", Unbounded, &[], || {
        receive_all(MapUnordered::new(Few::threads(1), 1, inputs(1), twice), 1);
    });
}

#[test]
fn a_worker_that_leaves_is_replaced_or_sees_what_is_published() {
    static REPLACED: Witness = Witness::new("two workers did an item each");
    static SEEN: Witness = Witness::new("the worker of the first item did the second one");
    model("block_fills_again", Preemptions(1), &[&REPLACED, &SEEN], || {
        let workers = Arc::new(Mutex::new(Vec::new()));
        let present = Arc::clone(&workers);
        let function = move |input| {
            present.lock().unwrap().push(thread::current().id());
            twice(input)
        };
        receive_all(MapUnordered::new(Few::threads(2), 1, inputs(2), function).buffer(1), 2);
        let workers = workers.lock().unwrap();
        REPLACED.seen_if(workers[0] != workers[1]);
        SEEN.seen_if(workers[0] == workers[1]);
    });
}

#[test]
fn two_workers_do_each_item_once() {
    static BOTH: Witness = Witness::new("both workers were called");
    model("block_two_workers", Preemptions(1), &[&BOTH], || {
        let pool = Few::threads(2);
        receive_all(MapUnordered::new(pool.clone(), 2, inputs(2), twice).buffer(2), 2);
        BOTH.seen_if(pool.rest() == 0);
    });
}

#[test]
fn an_iterator_dropped_at_once_leaves_nothing_behind() {
    static NONE: Witness = Witness::new("no item was begun");
    static ALL: Witness = Witness::new("both items were begun");
    model("block_dropped", Preemptions(3), &[&NONE, &ALL], || {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let function = move |input: Value| {
            counter.fetch_add(1, SeqCst);
            twice(input)
        };
        drop(MapUnordered::new(Few::threads(1), 1, inputs(2), function).start());
        NONE.seen_if(begun.load(SeqCst) == 0);
        ALL.seen_if(begun.load(SeqCst) == 2);
    });
}

#[test]
fn an_iterator_dropped_after_one_item_leaves_nothing_behind() {
    model("block_dropped_after_one", Preemptions(1), &[], || {
        let mut results = MapUnordered::new(Few::threads(2), 2, inputs(2), twice).buffer(2);
        let first = results.next().expect("there are three items");
        assert_eq!(number(first.outcome) as usize, 2 * first.index);
    });
}

/// A pool that drops its tasks: the first ones in threads of the model, then where they are spawned.
struct Ended(Few);

impl Spawn for Ended {
    fn spawn(&self, runnable: Runnable) {
        if self.0.has_another() {
            spawn(|| drop(runnable));
        }
    }
}

#[test]
fn items_of_a_pool_that_has_ended_are_abandoned() {
    model("block_abandoned", Preemptions(1), &[], || {
        let results = MapUnordered::new(Ended(Few::threads(2)), 1, inputs(2), twice).buffer(2);
        let abandoned = |mapped: &Mapped<_>| matches!(mapped.outcome, Err(JoinError::Abandoned));
        assert_eq!(results.filter(abandoned).count(), 2);
    });
}

#[test]
fn a_refused_wait_takes_an_item_back_or_waits_for_the_one_who_has_it() {
    static REFUSED: Witness = Witness::new("the wait was refused");
    static DONE: Witness = Witness::new("the item was done");
    model("block_refused", Unbounded, &[&REFUSED, &DONE], || {
        let mut results = MapUnordered::new(Few::threads(1), 1, inputs(1), twice);
        let mapped = assist(Rc::new(Full), || results.next()).expect("there is one item");
        match mapped.outcome {
            Ok(value) => {
                DONE.seen();
                assert_eq!(value.number(), 0);
            }
            Err(JoinError::TooDeep(_)) => REFUSED.seen(),
            Err(error) => panic!("neither done nor refused: {error}"),
        }
        assert!(results.next().is_none());
    });
}

#[test]
fn an_async_task_receives_every_item() {
    model("block_stream", Preemptions(1), &[], || {
        let mut stream = MapUnordered::new(Few::threads(2), 1, inputs(2), twice).into_stream();
        let mut received = Vec::new();
        while let Some(mapped) = block_on(next(&mut stream)) {
            received.push(mapped);
        }
        receive_all(received.into_iter(), 2);
    });
}
