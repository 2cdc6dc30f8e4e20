//! Threads that run work items.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

type Item = Box<dyn FnOnce() + Send>;

const NO_PANIC: &str = "nothing panics under this lock";

/// The lock that every submission to any pool takes.
static PROCESS: Mutex<()> = Mutex::new(());

/// A pool whose submissions take its lock and the lock of the process.
pub(super) struct ThreadPoolExecutor {
    /// Whether the pool has been shut down.
    shutdown: Mutex<bool>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Work items; `None` tells a thread to end.
    work: Mutex<VecDeque<Option<Item>>>,
    arrived: Condvar,
    /// The semaphore of idle threads.
    idle: Mutex<usize>,
}

impl ThreadPoolExecutor {
    pub(super) fn with_workers(workers: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = |_| {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new();
            builder.spawn(move || shared.work()).expect("the threads of a design can be started")
        };
        let threads = (0..workers).map(thread).collect();
        Self { shutdown: Mutex::new(false), shared, threads }
    }

    pub(super) fn submit(&self, item: Item) {
        let shutdown = self.shutdown.lock().expect(NO_PANIC);
        let _process = PROCESS.lock().expect(NO_PANIC);
        assert!(!*shutdown, "the pool has not been shut down");
        self.shared.put(Some(item));
        // An idle thread will take it; if there is none, none is started beyond those there are.
        let mut idle = self.shared.idle.lock().expect(NO_PANIC);
        *idle = idle.saturating_sub(1);
    }
}

impl Shared {
    fn put(&self, item: Option<Item>) {
        self.work.lock().expect(NO_PANIC).push_back(item);
        self.arrived.notify_one();
    }

    fn work(&self) {
        loop {
            let ready = self.work.lock().expect(NO_PANIC).pop_front();
            let item = ready.unwrap_or_else(|| {
                *self.idle.lock().expect(NO_PANIC) += 1;
                let (work, none) = (self.work.lock().expect(NO_PANIC), VecDeque::is_empty);
                let mut work = self.arrived.wait_while(work, |work| none(work)).expect(NO_PANIC);
                work.pop_front().expect("the wait ends with an item")
            });
            match item {
                Some(item) => item(),
                None => return self.put(None),
            }
        }
    }
}

impl Drop for ThreadPoolExecutor {
    /// Shuts down: what is in the queue is run first.
    fn drop(&mut self) {
        *self.shutdown.lock().expect(NO_PANIC) = true;
        self.shared.put(None);
        for thread in self.threads.drain(..) {
            thread.join().expect("no task panics");
        }
    }
}
