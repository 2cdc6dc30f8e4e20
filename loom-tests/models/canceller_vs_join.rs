//! A canceller on a third thread cancels a task that one thread runs and another joins.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Mark, Value, Witness, live_values, model, spawn};
use photofinish_protocol::{Cancelled, task};

use super::is_cancelled;

#[test]
fn a_join_returns_whether_the_task_runs_or_is_cancelled() {
    static CANCELLED: Witness = Witness::new("the canceller was first");
    static RETURNED: Witness = Witness::new("the runner was first");
    static WAITED: Witness = Witness::new("the task was cancelled while the join waited");
    let witnesses = [&CANCELLED, &RETURNED, &WAITED];
    model("canceller_vs_join", Preemptions(2), &witnesses, || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || Value::new(captured.number() + 1));
        let canceller = handle.canceller();
        let (cancelled, joining) = (Mark::new(), Mark::new());
        let (cancels, joins) = (cancelled.clone(), joining.clone());
        spawn(|| runnable.run());
        spawn(move || {
            let joined_before = joins.is_set();
            if canceller.cancel() == Cancelled::Now {
                cancels.set();
                WAITED.seen_if(joined_before);
            }
        });
        joining.set();
        let was_cancelled = is_cancelled(handle.join());
        assert_eq!(live_values(), 0);
        // The canceller says so after it has delivered: here it may still be on its way.
        assert!(was_cancelled || !cancelled.is_set());
        CANCELLED.seen_if(was_cancelled);
        RETURNED.seen_if(!was_cancelled);
    });
}
