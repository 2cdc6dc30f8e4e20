//! A timed join gives up while its task completes: the outcome is taken once, by this join or by
//! the next one, and a delivery that comes too late is settled by its completer.

use std::time::Duration;

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Witness, model, spawn};

use super::{completed_elsewhere, number};

#[test]
fn the_outcome_is_taken_by_a_timed_join_or_by_the_next_join() {
    static IN_TIME: Witness = Witness::new("the timed join gave the outcome");
    static TIMED_OUT: Witness = Witness::new("the timed join gave the handle back");
    model("join_timeout_vs_complete", Unbounded, &[&IN_TIME, &TIMED_OUT], || {
        let handle = completed_elsewhere(7);
        match handle.join_timeout(Duration::ZERO) {
            Ok(outcome) => {
                IN_TIME.seen();
                assert_eq!(number(outcome), 7);
            }
            Err(handle) => {
                TIMED_OUT.seen();
                assert_eq!(number(handle.join()), 7);
            }
        }
    });
}

#[test]
fn a_handle_dropped_after_a_timed_join_drops_the_value_once() {
    static IN_TIME: Witness = Witness::new("the timed join gave the outcome");
    static TIMED_OUT: Witness = Witness::new("the timed join gave the handle back");
    model("join_timeout_then_drop", Unbounded, &[&IN_TIME, &TIMED_OUT], || {
        let handle = completed_elsewhere(7);
        let joined = handle.join_timeout(Duration::ZERO);
        IN_TIME.seen_if(joined.is_ok());
        TIMED_OUT.seen_if(joined.is_err());
    });
}

#[test]
fn a_handle_that_a_timed_join_gave_back_is_joined_on_another_thread() {
    static IN_TIME: Witness = Witness::new("the timed join gave the outcome");
    static ELSEWHERE: Witness = Witness::new("the other thread joined");
    model("join_timeout_then_elsewhere", Unbounded, &[&IN_TIME, &ELSEWHERE], || {
        let handle = completed_elsewhere(7);
        match handle.join_timeout(Duration::ZERO) {
            Ok(outcome) => {
                IN_TIME.seen();
                assert_eq!(number(outcome), 7);
            }
            Err(handle) => spawn(move || {
                assert_eq!(number(handle.join()), 7);
                ELSEWHERE.seen();
            }),
        }
    });
}
