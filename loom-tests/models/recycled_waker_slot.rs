//! A pusher that has delivered may still be about to wake. Meanwhile the await has ended and its
//! slot holds the waker of another one: the late wake is spurious there, and the other await's own
//! wake is not lost.

use std::task::Poll;

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Alarm, Mark, Value, Witness, model, poll, spawn};
use photofinish_protocol::completer;

use super::number;

#[test]
fn a_late_wake_through_a_recycled_slot_harms_nobody() {
    static LATE: Witness = Witness::new("the second await was woken by the first task's pusher");
    static OWN: Witness = Witness::new("the second await was woken by its own task's pusher only");
    model("recycled_waker_slot", Preemptions(3), &[&LATE, &OWN], || {
        let (first, mut a) = completer();
        let (second, mut b) = completer();
        let between = Mark::new();
        let is_between = between.clone();
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            is_between.set();
            second.complete(Value::new(1)).unwrap();
        });
        if poll(&mut a, &Alarm::new()).is_ready() {
            return drop(b);
        }
        // Ends the first await, however far the pusher is, so that its slot is free.
        drop(a);
        let alarm = Alarm::new();
        if poll(&mut b, &alarm).is_ready() {
            return;
        }
        alarm.await_ring(0);
        LATE.seen_if(!between.is_set());
        OWN.seen_if(between.is_set() && alarm.rings() == 1);
        let outcome = loop {
            let rings = alarm.rings();
            match poll(&mut b, &alarm) {
                Poll::Ready(outcome) => break outcome,
                Poll::Pending => alarm.await_ring(rings),
            }
        };
        assert_eq!(number(outcome), 1);
    });
}
