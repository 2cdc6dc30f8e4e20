//! The hook for errors that nobody looked at. It is set once for the process, so this is one test.

mod support;

use std::sync::{Arc, Mutex};
use std::thread;

use photofinish::{
    CompletionSet, JoinError, JoinHandle, TaskId, as_completed, completer, on_unseen_error, task,
};
use support::{LIMIT, completers, pool, within};

/// What the hook has been told.
#[derive(Clone, Default)]
struct Unseen(Arc<Mutex<Vec<(TaskId, String)>>>);

impl Unseen {
    /// Sets the hook, which panics after it has noted an error that says so.
    fn watch() -> Self {
        let unseen = Self::default();
        let told = unseen.clone();
        on_unseen_error(move |id, error| {
            told.0.lock().unwrap().push((id, error.to_string()));
            assert!(!error.to_string().contains("hook"), "the hook may panic");
        })
        .unwrap();
        unseen
    }

    /// What it has been told since the last look.
    fn take(&self) -> Vec<(TaskId, String)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[test]
fn errors_are_told_once_when_they_are_dropped_unseen_and_only_then() {
    within(LIMIT, || {
        let unseen = Unseen::watch();
        assert!(on_unseen_error(|_, _| ()).is_err());
        what_the_worker_drops_is_told(&unseen);
        what_goes_with_the_consumer_is_told(&unseen);
        an_outcome_that_was_taken_is_not(&unseen);
        an_adder_that_goes_is_no_error(&unseen);
        a_hook_that_panics_harms_nobody(&unseen);
    });
}

/// The handle has gone before.
fn what_the_worker_drops_is_told(unseen: &Unseen) {
    let (runnable, handle) = task(|| panic!("nobody waits"));
    let id = handle.id();
    drop::<JoinHandle<()>>(handle);
    runnable.run();
    assert_eq!(unseen.take(), [(id, "the task panicked: nobody waits".to_owned())]);
}

/// With a handle, or with an iterator whose queue is closed. A cancelled task has no error, and one
/// that returned neither.
fn what_goes_with_the_consumer_is_told(unseen: &Unseen) {
    let (mut ends, handles) = completers::<u8>(3);
    let results = as_completed(handles);
    ends.pop().unwrap().panic(Box::new("delivered"));
    drop(results);
    drop(ends.pop());
    assert_eq!(unseen.take().len(), 2);
    ends.pop().unwrap().complete(1).unwrap();
    let (_end, handle) = completer::<u8>();
    handle.cancel();
    drop(handle);
    assert_eq!(unseen.take(), []);
}

/// Whoever takes the outcome has seen it, whatever becomes of it then.
fn an_outcome_that_was_taken_is_not(unseen: &Unseen) {
    let (end, handle) = completer::<u8>();
    drop(end);
    assert!(matches!(handle.join(), Err(JoinError::Abandoned)));
    assert_eq!(unseen.take(), []);
}

/// Whether its set is there or not.
fn an_adder_that_goes_is_no_error(unseen: &Unseen) {
    let mut set = CompletionSet::<u8>::new();
    let adder = set.adder();
    drop(adder.clone());
    drop(set);
    drop(adder);
    assert_eq!(unseen.take(), []);
}

fn a_hook_that_panics_harms_nobody(unseen: &Unseen) {
    let pool = pool(1);
    drop(pool.submit(|| panic!("a panic for the hook")));
    let after = pool.submit(|| thread::current().id());
    assert!(after.join().is_ok());
    assert_eq!(unseen.take().len(), 1);
}
