//! A thread that stops for ever before any of its steps holds nobody up who does not wait for it.
//!
//! Each model runs as it is, and under `cargo freeze` once for each role and each of its steps:
//! then that thread stands still before that step until everything that was promised without it
//! has arrived. If a delivery depended on the frozen thread, the checker reports a deadlock.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Value, model, spawn};
use photofinish_protocol::sync::hooks::{frozen_role, open_gate, play};
use photofinish_protocol::{as_completed, completer, task};

use super::number;

/// The first thread of each model.
const FIRST: usize = 0;
/// The second.
const SECOND: usize = 1;

fn is_frozen(role: usize) -> bool {
    frozen_role() == Some(role)
}

#[test]
fn a_completer_that_stops_hides_no_completion_but_its_own() {
    model("freeze_completer", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a, b]);
        spawn(move || {
            play(FIRST);
            first.complete(Value::new(0)).unwrap();
        });
        spawn(move || {
            play(SECOND);
            second.complete(Value::new(1)).unwrap();
        });
        let mut arrived = [false, false];
        while results.remaining() > 0 {
            if (0..2).all(|role| arrived[role] || is_frozen(role)) {
                open_gate();
            }
            let finished = results.next().unwrap();
            arrived[finished.index] = true;
            assert_eq!(number(finished.outcome) as usize, finished.index);
        }
        open_gate();
    });
}

#[test]
fn a_completer_that_stops_while_attaching_is_under_way_hides_nothing_else() {
    model("freeze_completer_while_attaching", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        spawn(move || {
            play(FIRST);
            first.complete(Value::new(0)).unwrap();
        });
        spawn(move || {
            play(SECOND);
            second.complete(Value::new(1)).unwrap();
        });
        let mut results = as_completed([a, b]);
        let mut arrived = [false, false];
        while results.remaining() > 0 {
            if (0..2).all(|role| arrived[role] || is_frozen(role)) {
                open_gate();
            }
            let finished = results.next().unwrap();
            arrived[finished.index] = true;
        }
        open_gate();
    });
}

#[test]
fn a_canceller_that_stops_holds_up_no_other_task_of_the_runner() {
    model("freeze_canceller", Preemptions(2), &[], || {
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

#[test]
fn a_consumer_that_stops_while_it_attaches_or_waits_holds_up_no_other_consumer() {
    model("freeze_attacher", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        spawn(move || {
            play(FIRST);
            for finished in as_completed([a]) {
                finished.outcome.unwrap();
            }
        });
        // One thread completes for both consumers, for the one that may stop first.
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            second.complete(Value::new(1)).unwrap();
        });
        assert_eq!(number(b.join()), 1);
        open_gate();
    });
}

#[test]
fn a_consumer_that_stops_while_it_leaves_holds_up_no_other_consumer() {
    model("freeze_closer", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let leaving = as_completed([a]);
        spawn(move || {
            play(FIRST);
            drop(leaving);
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
fn a_consumer_that_stops_while_it_times_out_holds_up_no_other_consumer() {
    model("freeze_detacher", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        spawn(move || {
            play(FIRST);
            drop(a.join_timeout(std::time::Duration::from_millis(1)));
        });
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            second.complete(Value::new(1)).unwrap();
        });
        assert_eq!(number(b.join()), 1);
        open_gate();
    });
}
