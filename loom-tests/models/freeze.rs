//! A thread that stops for ever before any of its steps holds nobody up who does not wait for it.
//!
//! Each model runs as it is, and under `cargo freeze` once for each role and each of its steps:
//! then that thread stands still before that step until everything that was promised without it
//! has arrived. If a delivery depended on the frozen thread, the checker reports a deadlock.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Alarm, Value, block_on, model, poll, spawn};
use photofinish_protocol::sync::hooks::{frozen_role, open_gate, play};
use photofinish_protocol::{
    Completer, CompletionSet, JoinHandle, MapUnordered, Runnable, SharedHandle, Spawn,
    as_completed, completer, scope, task,
};

use super::{Threads, next, number};

/// The first thread of each model.
const FIRST: usize = 0;
/// The second.
const SECOND: usize = 1;

fn is_frozen(role: usize) -> bool {
    frozen_role() == Some(role)
}

/// Each of two completers plays its role.
fn start(completers: [Completer<Value>; 2]) {
    for (role, completer) in [FIRST, SECOND].into_iter().zip(completers) {
        spawn(move || {
            play(role);
            completer.complete(Value::new(role as u32)).unwrap();
        });
    }
}

/// Receives what both complete, as index and value, and lets the one who stopped go on when the other
/// has arrived.
fn receive_both(mut next: impl FnMut() -> (usize, u32)) {
    let mut arrived = [false, false];
    while arrived.contains(&false) {
        if (0..2).all(|role| arrived[role] || is_frozen(role)) {
            open_gate();
        }
        let (index, value) = next();
        arrived[index] = true;
        assert_eq!(value as usize, index);
    }
    open_gate();
}

#[test]
fn a_completer_that_stops_hides_no_completion_but_its_own() {
    model("freeze_completer", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a, b]);
        start([first, second]);
        receive_both(|| {
            let finished = results.next().unwrap();
            (finished.index, number(finished.outcome))
        });
    });
}

#[test]
fn a_completer_that_stops_while_attaching_is_under_way_hides_nothing_else() {
    model("freeze_completer_while_attaching", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        start([first, second]);
        let mut results = as_completed([a, b]);
        receive_both(|| {
            let finished = results.next().unwrap();
            (finished.index, number(finished.outcome))
        });
    });
}

#[test]
fn a_completer_that_stops_silences_no_other_one_that_wakes_a_stream() {
    model("freeze_completer_of_a_stream", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut stream = as_completed([a, b]).into_stream();
        start([first, second]);
        receive_both(|| {
            let finished = block_on(next(&mut stream)).unwrap();
            (finished.index, number(finished.outcome))
        });
    });
}

/// The same for handles of which there may be many. Whoever completes a task tells its waiters.
#[test]
fn a_completer_that_stops_silences_the_waiters_of_no_other_shared_handle() {
    model("freeze_completers_of_shared_handles", Preemptions(1), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a.shared(), b.shared()]);
        start([first, second]);
        receive_both(|| {
            let finished = results.next().unwrap();
            (finished.index, finished.outcome().unwrap().number())
        });
    });
}

/// Somebody who has a handle of the same task may stop, in whatever he does with it.
fn beside_a_waiter_of_the_same_task(
    name: &'static str,
    consume: impl Fn(SharedHandle<Value>) + Send + Sync + Copy + 'static,
) {
    model(name, Preemptions(1), &[], move || {
        let (completer, handle) = completer();
        let handle = handle.shared();
        let other = handle.clone();
        spawn(move || {
            play(FIRST);
            consume(other);
        });
        spawn(move || completer.complete(Value::new(7)).unwrap());
        assert_eq!(handle.result().unwrap().number(), 7);
        open_gate();
    });
}

#[test]
fn a_waiter_that_stops_holds_up_no_other_waiter_of_the_same_task() {
    beside_a_waiter_of_the_same_task("freeze_waiter_of_a_shared_handle", |handle| {
        assert_eq!(handle.result().unwrap().number(), 7);
    });
}

#[test]
fn a_waiter_that_stops_while_it_leaves_holds_up_no_other_waiter_of_the_same_task() {
    beside_a_waiter_of_the_same_task("freeze_leaver_of_a_shared_handle", |handle| {
        handle.result_timeout(Duration::from_millis(1));
    });
}

#[test]
fn one_who_stops_while_he_adds_a_callback_holds_up_no_waiter_of_the_same_task() {
    beside_a_waiter_of_the_same_task("freeze_adder_of_a_callback", |handle| {
        handle.on_complete(|outcome| assert_eq!(outcome.unwrap().number(), 7));
    });
}

#[test]
fn a_canceller_that_stops_holds_up_no_other_task_of_the_runner() {
    model("freeze_canceller", Preemptions(1), &[], || {
        let (cancelled, a) = task(|| Value::new(0));
        let (other, b) = task(|| Value::new(1));
        let canceller = a.canceller();
        let mut results = as_completed([a, b]);
        spawn(move || {
            play(FIRST);
            canceller.cancel();
        });
        // The runner meets the task that is being cancelled first, and must get past it.
        spawn(move || {
            play(SECOND);
            cancelled.run();
            other.run();
        });
        // A runner that stops holds up all that it was to run. A canceller that stops holds up
        // the one task that it cancels.
        let mut arrived = [false, false];
        while results.remaining() > 0 {
            if is_frozen(SECOND) || arrived[1] {
                open_gate();
            }
            let finished = results.next().unwrap();
            arrived[finished.index] = true;
        }
        open_gate();
    });
}

/// A consumer that has one task's handle may stop, and another one waits for a second task. One
/// thread completes both, the first one first.
fn beside_a_waiting_consumer(
    name: &'static str,
    prepare: impl Fn(JoinHandle<Value>) -> Box<dyn FnOnce() + Send> + Send + Sync + 'static,
) {
    model(name, Preemptions(1), &[], move || {
        let (first, a) = completer();
        let (second, b) = completer();
        let consume = prepare(a);
        spawn(move || {
            play(FIRST);
            consume();
        });
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            second.complete(Value::new(1)).unwrap();
        });
        assert_eq!(number(b.join()), 1);
        open_gate();
    });
}

#[test]
fn a_consumer_that_stops_while_it_attaches_or_waits_holds_up_no_other_consumer() {
    beside_a_waiting_consumer("freeze_attacher", |handle| {
        Box::new(|| as_completed([handle]).for_each(|finished| drop(finished.outcome.unwrap())))
    });
}

#[test]
fn a_consumer_that_stops_while_it_is_polled_or_dropped_holds_up_no_other_consumer() {
    beside_a_waiting_consumer("freeze_awaiter", |mut handle| {
        Box::new(move || drop(poll(&mut handle, &Alarm::new())))
    });
}

#[test]
fn a_consumer_that_stops_while_it_leaves_holds_up_no_other_consumer() {
    beside_a_waiting_consumer("freeze_closer", |handle| {
        let leaving = as_completed([handle]);
        Box::new(|| drop(leaving))
    });
}

#[test]
fn a_consumer_that_stops_while_it_times_out_holds_up_no_other_consumer() {
    beside_a_waiting_consumer("freeze_detacher", |handle| {
        Box::new(|| drop(handle.join_timeout(Duration::from_millis(1))))
    });
}

/// A pool whose first two tasks have a thread and a role each; others run where they are spawned.
struct TwoRoles(AtomicUsize);

impl Spawn for TwoRoles {
    fn spawn(&self, runnable: Runnable) {
        let role = self.0.fetch_add(1, SeqCst);
        if role > SECOND {
            return runnable.run();
        }
        spawn(move || {
            play(role);
            runnable.run();
        });
    }
}

#[test]
fn a_worker_that_stops_among_the_items_of_a_block_holds_up_what_it_has_claimed_and_no_more() {
    model("freeze_holder", Preemptions(0), &[], || {
        let inputs = (0..2).map(Value::new);
        let results = MapUnordered::new(TwoRoles(AtomicUsize::new(0)), 2, inputs, |input| input);
        // So few items are claimed one by one.
        for mapped in results.buffer(2) {
            assert_eq!(number(mapped.outcome) as usize, mapped.index);
            open_gate();
        }
        open_gate();
    });
}

#[test]
fn an_adder_that_stops_hides_nothing_but_what_it_has_yet_to_add() {
    model("freeze_adder", Preemptions(0), &[], || {
        let (others, handle) = completer();
        let mut set = CompletionSet::from_iter([handle]);
        let adder = set.adder();
        spawn(move || {
            play(FIRST);
            let (own, handle) = completer();
            adder.add(handle);
            own.complete(Value::new(0)).unwrap();
        });
        spawn(move || {
            play(SECOND);
            others.complete(Value::new(1)).unwrap();
        });
        let mut arrived = [false, false];
        for _ in 0..2 {
            if (0..2).all(|role| arrived[role] || is_frozen(role)) {
                open_gate();
            }
            let finished = set.next_finished().unwrap();
            arrived[number(finished.outcome) as usize] = true;
        }
        open_gate();
        assert!(set.next_finished().is_none());
    });
}

/// Somebody outside a scope who has the handle of one of its tasks may stop, in whatever he does with
/// it: what the task borrows is none of his business.
fn beside_a_scope(
    name: &'static str,
    consume: impl Fn(JoinHandle<u32>) + Send + Sync + Copy + 'static,
) {
    model(name, Preemptions(1), &[], move || {
        let borrowed = 7;
        scope(&Threads, |scope| {
            let task = scope.submit(|| borrowed);
            spawn(move || {
                play(FIRST);
                consume(task);
            });
        });
        open_gate();
    });
}

#[test]
fn one_who_stops_while_he_drops_a_scoped_handle_holds_up_no_end_of_the_scope() {
    beside_a_scope("freeze_leaver_of_a_scope", drop);
}

#[test]
fn one_who_stops_while_he_joins_a_scoped_handle_holds_up_no_end_of_the_scope() {
    beside_a_scope("freeze_joiner_of_a_scope", |handle| assert_eq!(handle.join().unwrap(), 7));
}

#[test]
fn one_who_stops_in_a_scope_of_his_own_holds_up_no_other_scope() {
    model("freeze_scope", Preemptions(1), &[], || {
        spawn(|| {
            play(FIRST);
            scope(&Threads, |scope| drop(scope.submit(|| ())));
        });
        let borrowed = 7;
        let mut taken = 0;
        scope(&Threads, |scope| taken = scope.submit(|| borrowed).join().unwrap());
        assert_eq!(taken, borrowed);
        open_gate();
    });
}
