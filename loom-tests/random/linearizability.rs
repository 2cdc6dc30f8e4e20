//! Eight threads and a history: what they see is what they would see if each operation took place
//! at one moment between its call and its return.
//!
//! Every schedule is sequentially consistent, so a clock of plain state tells what was before
//! what.

use photofinish_loom_tests::history::{Completions, Deed, OneTask, PlainClock};
use photofinish_loom_tests::party::Party;
use photofinish_protocol::{as_completed, completer};
use shuttle::rand::{Rng, thread_rng};

use crate::harness::{explore, spawn};
use crate::value::Value;

const THREADS: usize = 8;

/// So many threads, by a clock that orders nothing.
fn party<O: Clone + std::fmt::Debug>(threads: usize) -> Party<O, PlainClock> {
    Party::of(threads, PlainClock::default())
}

#[test]
fn eight_completions_are_handed_out_in_their_order() {
    explore("linear_deliveries", 10_000, || {
        let party = party(THREADS + 1);
        let (completers, handles): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| completer()).unzip();
        let mut results = as_completed(handles);
        for (number, completer) in completers.into_iter().enumerate() {
            let party = party.clone();
            spawn(move || party.complete(number, completer, Value::new(number)));
        }
        let leaves_at = thread_rng().gen_range(0..2 * THREADS);
        while results.remaining() > leaves_at {
            if thread_rng().gen_bool(0.7) {
                party.try_next(&mut results);
            } else {
                party.next_batch(&mut results);
            }
        }
        party.close(results);
        party.leave::<Completions>();
    });
}

#[test]
fn a_task_that_six_threads_cancel_ends_at_one_moment() {
    explore("linear_task", 10_000, || {
        let party = party(THREADS);
        let (completer, handle) = completer();
        for _ in 0..THREADS - 2 {
            let (party, canceller) = (party.clone(), handle.canceller());
            spawn(move || {
                party.history.record(|| canceller.cancel(), |c| Deed::Cancel(*c));
                party.leave::<OneTask>();
            });
        }
        let runner = party.clone();
        spawn(move || runner.run(completer, Value::new(0)));
        let mut handle = handle;
        for _ in 0..thread_rng().gen_range(0..4) {
            party.history.record(|| handle.is_finished(), |is| Deed::IsFinished(*is));
            match party.try_join(handle) {
                Ok(_) => return party.leave::<OneTask>(),
                Err(again) => handle = again,
            }
        }
        drop(party.join(handle));
        party.leave::<OneTask>();
    });
}
