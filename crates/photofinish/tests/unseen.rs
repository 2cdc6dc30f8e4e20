//! The hook for errors that nobody looked at. It is set once for the process, so this is one test.

mod support;

use std::sync::{Arc, Mutex};
use std::thread;

use photofinish::{JoinError, TaskId, as_completed, completer, on_unseen_error, task};
use support::{LIMIT, completers, pool, within};

#[test]
fn errors_are_told_once_when_they_are_dropped_unseen_and_only_then() {
    within(LIMIT, || {
        let seen: Arc<Mutex<Vec<(TaskId, String)>>> = Arc::default();
        let tells = Arc::clone(&seen);
        on_unseen_error(move |id, error| {
            tells.lock().unwrap().push((id, error.to_string()));
            assert!(!error.to_string().contains("hook"), "the hook may panic");
        })
        .unwrap();
        assert!(on_unseen_error(|_, _| ()).is_err());
        let unseen = || std::mem::take(&mut *seen.lock().unwrap());

        // Dropped by the worker: the handle has gone before.
        let (runnable, handle) = task(|| panic!("nobody waits"));
        let id = handle.id();
        drop::<photofinish::JoinHandle<()>>(handle);
        runnable.run();
        assert_eq!(unseen(), [(id, "the task panicked: nobody waits".to_owned())]);

        // Dropped with the handle, with an iterator, and with a set of a queue that is closed.
        let (mut ends, handles) = completers::<u8>(3);
        let results = as_completed(handles);
        ends.pop().unwrap().panic(Box::new("delivered"));
        drop(results);
        drop(ends.pop());
        assert_eq!(unseen().len(), 2);
        // A cancelled task has no error, and one that returned neither.
        ends.pop().unwrap().complete(1).unwrap();
        let (_end, handle) = completer::<u8>();
        handle.cancel();
        drop(handle);
        assert_eq!(unseen(), []);

        // Whoever takes the outcome has seen it, whatever becomes of it then.
        let (end, handle) = completer::<u8>();
        drop(end);
        assert!(matches!(handle.join(), Err(JoinError::Abandoned)));
        assert_eq!(unseen(), []);

        // An adder that goes is no error, whether its set is there or not.
        let mut set = photofinish::CompletionSet::<u8>::new();
        let adder = set.adder();
        drop(adder.clone());
        drop(set);
        drop(adder);
        assert_eq!(unseen(), []);

        // A hook that panics harms nobody.
        let pool = pool(1);
        drop(pool.submit(|| panic!("a panic for the hook")));
        let after = pool.submit(|| thread::current().id());
        assert!(after.join().is_ok());
        assert_eq!(unseen().len(), 1);
    });
}
