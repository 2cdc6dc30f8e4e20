//! What the tests of this crate share: a watchdog, gates, and counters of drops and threads.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{Completer, JoinHandle, Pool, completer};

/// How long a test may take before it counts as hung: a hundred times what any needs alone on a
/// machine, since it may share one core with everything else.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// Runs `body` on a thread of its own, and panics with the test's name if it does not end.
pub(crate) fn within<R: Send + 'static>(
    limit: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let (ended, end) = channel();
    let thread = thread::Builder::new()
        .name(test.clone())
        .spawn(move || {
            let result = body();
            ended.send(()).ok();
            result
        })
        .expect("a thread starts");
    match end.recv_timeout(limit) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {
            thread.join().unwrap_or_else(|payload| resume_unwind(payload))
        }
        Err(RecvTimeoutError::Timeout) => panic!("{test} hangs: it has not ended in {limit:?}"),
    }
}

/// Waits until `condition` holds; panics if it never does.
pub(crate) fn eventually(claim: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT / 2;
    while !condition() {
        assert!(Instant::now() < end, "this does not come true: {claim}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A pool of so many workers.
pub(crate) fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).build().expect("the pool starts")
}

/// So many tasks to be completed by hand.
pub(crate) fn completers<T: Send + 'static>(
    count: usize,
) -> (Vec<Completer<T>>, Vec<JoinHandle<T>>) {
    (0..count).map(|_| completer()).unzip()
}

/// What `look` finds on each worker of the pool: as many tasks as there are workers meet each other,
/// so that each worker runs one.
pub(crate) fn on_all_workers<T: Send + 'static>(
    pool: &Pool,
    look: impl Fn() -> T + Copy + Send + 'static,
) -> Vec<T> {
    let workers = pool.workers().get();
    let meeting = Arc::new(Barrier::new(workers));
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let meeting = Arc::clone(&meeting);
            pool.submit(move || {
                meeting.wait();
                look()
            })
        })
        .collect();
    tasks.into_iter().map(|task| task.join().expect("the task returns")).collect()
}

/// Shows that every worker of the pool still runs tasks.
pub(crate) fn assert_all_workers_run(pool: &Pool) {
    on_all_workers(pool, || ());
}

/// Submits a task. Returns when it has begun.
pub(crate) fn begin<T: Send + 'static>(
    pool: &Pool,
    task: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let begun = Gate::default();
    let begins = begun.clone();
    let handle = pool.submit(move || {
        begins.open();
        task()
    });
    begun.wait();
    handle
}

/// Holds threads back until it is opened. Clones are the same gate.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        let (is_open, opened) = &*self.0;
        *is_open.lock().unwrap() = true;
        opened.notify_all();
    }

    pub(crate) fn wait(&self) {
        let (is_open, opened) = &*self.0;
        drop(opened.wait_while(is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }

    /// Occupies one worker until the gate opens. Returns when the worker is occupied.
    pub(crate) fn hold_a_worker(&self, pool: &Pool) -> JoinHandle<()> {
        let gate = self.clone();
        begin(pool, move || gate.wait())
    }
}

/// Counts how often its [`Token`]s are dropped.
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn token(&self) -> Token {
        Token { drops: self.clone(), panics: false }
    }

    /// A token whose `Drop` panics, once it has been counted.
    pub(crate) fn panicking_token(&self) -> Token {
        Token { drops: self.clone(), panics: true }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// Something whose drop is counted.
pub(crate) struct Token {
    drops: Drops,
    panics: bool,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.drops.0.fetch_add(1, SeqCst);
        if self.panics {
            panic!("a Drop panics");
        }
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// Counts threads that have entered and not ended.
#[derive(Clone, Default)]
pub(crate) struct Threads {
    alive: Arc<AtomicUsize>,
    ever: Arc<AtomicUsize>,
}

struct Presence(Arc<AtomicUsize>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

thread_local! {
    /// Dropped when the thread ends.
    static PRESENCE: RefCell<Option<Presence>> = const { RefCell::new(None) };
}

impl Threads {
    /// Counts this thread.
    pub(crate) fn enter(&self) {
        self.alive.fetch_add(1, SeqCst);
        self.ever.fetch_add(1, SeqCst);
        PRESENCE.set(Some(Presence(Arc::clone(&self.alive))));
    }

    /// How many have entered and not ended.
    pub(crate) fn alive(&self) -> usize {
        self.alive.load(SeqCst)
    }

    /// How many have ever entered.
    pub(crate) fn ever(&self) -> usize {
        self.ever.load(SeqCst)
    }
}

/// A pool of so many workers, and who counts their threads.
pub(crate) fn counted_pool(workers: usize) -> (Pool, Threads) {
    let threads = Threads::default();
    let counting = threads.clone();
    let pool = Pool::builder().workers(workers).on_thread_start(move |_| counting.enter()).build();
    (pool.expect("the pool starts"), threads)
}
