//! A pusher that has delivered owns nothing any more, and may still be about to ring. Meanwhile
//! its queue has ended and the signal serves another queue on another thread: the late ring is
//! spurious there, and the other queue's own rings are not lost.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::completer;

use super::number;

#[test]
fn a_late_ring_of_a_recycled_signal_harms_nobody() {
    static LATE: Witness = Witness::new("the pusher had not returned when the signal was reused");
    static DONE: Witness = Witness::new("the pusher had returned when the signal was reused");
    model("recycled_signal", Preemptions(3), &[&LATE, &DONE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let pushed = Mark::new();
        let pushes = pushed.clone();
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            pushes.set();
        });
        // The first queue lives from here to the end of the join; the second borrows its signal.
        assert_eq!(number(a.join()), 0);
        spawn(move || {
            let late = !pushed.is_set();
            assert_eq!(number(b.join()), 1);
            LATE.seen_if(late);
            DONE.seen_if(!late);
        });
        second.complete(Value::new(1)).unwrap();
    });
}
