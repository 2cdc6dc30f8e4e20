//! Two consumers, each with a set of its own, are fed by the same completer thread: each receives
//! its own task and no other.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::{CompletionSet, completer};

use super::number;

#[test]
fn each_of_two_sets_receives_its_own_task() {
    static FIRST: Witness = Witness::new("the first set was served before the second");
    static SECOND: Witness = Witness::new("the second set was served before the first");
    model("two_sets", Preemptions(3), &[&FIRST, &SECOND], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let served = Mark::new();
        let other = served.clone();
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            second.complete(Value::new(1)).unwrap();
        });
        spawn(move || {
            let mut set = CompletionSet::new();
            set.add(a);
            assert_eq!(number(set.next_finished().unwrap().outcome), 0);
            SECOND.seen_if(other.is_set());
            other.set();
        });
        let mut set = CompletionSet::new();
        set.add(b);
        assert_eq!(number(set.next_finished().unwrap().outcome), 1);
        FIRST.seen_if(served.is_set());
        served.set();
    });
}
