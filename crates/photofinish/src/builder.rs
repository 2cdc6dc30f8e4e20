//! Building a pool.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fmt, io};

use photofinish_protocol::sync::{self, Arc, mpsc, thread};
use photofinish_protocol::{Completer, Panic, completer, contain};

use crate::build_error::BuildError;
use crate::pool::Pool;
use crate::queues::Queues;
use crate::room;
use crate::shared::Shared;
use crate::stack::{self, StackGauge};
use crate::worker::Worker;

/// The most workers a pool can have.
const MOST_WORKERS: usize = 1 << 15;

/// How long an idle worker polls before it parks, unless told otherwise: about what it costs to
/// wake it.
const DEFAULT_SPIN: Duration = Duration::from_micros(50);

/// Configures a [`Pool`].
///
/// ```
/// use photofinish::Pool;
/// use std::time::Duration;
///
/// let pool = Pool::builder()
///     .workers(2)
///     .thread_name("fetch")
///     .stack_size(512 * 1024)
///     .on_thread_start(|worker| println!("worker {worker} begins"))
///     .on_thread_stop(|worker| println!("worker {worker} ends"))
///     .spin(Duration::ZERO)
///     .build()?;
/// let name = pool.submit(|| std::thread::current().name().map(str::to_owned));
/// assert!(name.join().unwrap().unwrap().starts_with("fetch-"));
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    workers: Option<usize>,
    name: Box<dyn Fn(usize) -> String>,
    stack_size: usize,
    on_thread_start: ThreadHook,
    on_thread_stop: ThreadHook,
    spin: Duration,
    queue_capacity: Option<usize>,
}

/// Called on a worker's thread with the worker's index.
type ThreadHook = std::sync::Arc<dyn Fn(usize) + Send + Sync>;

// Here and not in `pool.rs`, which stands above this file and knows no builder.
impl Pool {
    /// A pool with one worker per core.
    ///
    /// # Errors
    ///
    /// [`BuildError::ThreadNotStarted`] if the system refuses a thread.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// assert_eq!(pool.submit(|| 1 + 1).join().unwrap(), 2);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn new() -> Result<Pool, BuildError> {
        Self::builder().build()
    }

    /// Configures a pool.
    ///
    /// ```
    /// use photofinish::Pool;
    ///
    /// let pool = Pool::builder().workers(2).thread_name("lane").build()?;
    /// assert_eq!(pool.workers().get(), 2);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    fn new() -> Self {
        // ORDERING: Relaxed; a number, and nothing that goes with it. Plain std, not the seam.
        static POOLS: AtomicUsize = AtomicUsize::new(0);
        let pool = POOLS.fetch_add(1, Ordering::Relaxed);
        Self {
            workers: None,
            name: Box::new(move |worker| format!("photofinish-{pool}-{worker}")),
            stack_size: stack::DEFAULT,
            on_thread_start: std::sync::Arc::new(|_| {}),
            on_thread_stop: std::sync::Arc::new(|_| {}),
            spin: DEFAULT_SPIN,
            queue_capacity: None,
        }
    }

    /// How many workers the pool has; one per core unless told otherwise. Tasks that block, on
    /// input and output for instance, want more workers than there are cores.
    ///
    /// ```
    /// use photofinish::{BuildError, Pool};
    ///
    /// assert_eq!(Pool::builder().workers(16).build()?.workers().get(), 16);
    /// assert!(matches!(Pool::builder().workers(0).build(), Err(BuildError::NoWorkers)));
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Names the threads `prefix-0`, `prefix-1`, and so on. Unless told otherwise they are named
    /// `photofinish-POOL-WORKER`, with a number that is the pool's own.
    ///
    /// ```
    /// use photofinish::Pool;
    ///
    /// let pool = Pool::builder().workers(1).thread_name("lane").build()?;
    /// let name = pool.submit(|| std::thread::current().name().map(str::to_owned));
    /// assert_eq!(name.join().unwrap().unwrap(), "lane-0");
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn thread_name(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.thread_name_by(move |worker| format!("{prefix}-{worker}"))
    }

    /// Names each thread by its worker's index.
    ///
    /// ```
    /// use photofinish::Pool;
    ///
    /// let pool = Pool::builder().workers(1).thread_name_by(|n| format!("lane {}", n + 1)).build()?;
    /// let name = pool.submit(|| std::thread::current().name().map(str::to_owned));
    /// assert_eq!(name.join().unwrap().unwrap(), "lane 1");
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn thread_name_by(mut self, name: impl Fn(usize) -> String + 'static) -> Self {
        self.name = Box::new(name);
        self
    }

    /// The size of each worker's stack, in bytes: 2 MiB unless told otherwise, and at least
    /// 256 KiB.
    ///
    /// It bounds how deeply waits can nest: a worker that waits runs other tasks on the same
    /// stack, and refuses to wait once less than a quarter of it, or 64 KiB, is free.
    ///
    /// ```
    /// use photofinish::Pool;
    ///
    /// /// Waits within waits.
    /// fn depth(handle: photofinish::Handle, n: u32) -> u32 {
    ///     if n == 0 {
    ///         return 0;
    ///     }
    ///     let next = handle.clone();
    ///     1 + handle.submit(move || depth(next, n - 1)).join().unwrap()
    /// }
    ///
    /// let pool = Pool::builder().workers(1).stack_size(16 << 20).build()?;
    /// let handle = pool.handle();
    /// assert_eq!(pool.submit(move || depth(handle, 500)).join().unwrap(), 500);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = bytes;
        self
    }

    /// Runs on each worker's thread, with the worker's index, before its first task.
    ///
    /// ```
    /// use photofinish::Pool;
    /// use std::cell::Cell;
    ///
    /// thread_local! {
    ///     static NUMBER: Cell<usize> = const { Cell::new(0) };
    /// }
    ///
    /// let pool = Pool::builder().workers(1).on_thread_start(|worker| NUMBER.set(worker + 1)).build()?;
    /// assert_eq!(pool.submit(|| NUMBER.get()).join().unwrap(), 1);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn on_thread_start(mut self, initializer: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_thread_start = std::sync::Arc::new(initializer);
        self
    }

    /// Runs on each worker's thread, with the worker's index, after its last task: whatever ends
    /// the worker, a pool that is not built because another worker's initializer panicked
    /// included. A panic in it is contained: the panic hook runs, and the thread ends.
    ///
    /// Every worker on which the initializer has returned comes here, unless the process ends
    /// first. [`Pool::shutdown`] and the drop of a pool return after that.
    ///
    /// ```
    /// use photofinish::Pool;
    /// use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    ///
    /// static ALIVE: AtomicUsize = AtomicUsize::new(0);
    /// let pool = Pool::builder()
    ///     .workers(3)
    ///     .on_thread_start(|_| drop(ALIVE.fetch_add(1, SeqCst)))
    ///     .on_thread_stop(|_| drop(ALIVE.fetch_sub(1, SeqCst)))
    ///     .build()?;
    /// assert_eq!(ALIVE.load(SeqCst), 3);
    /// pool.shutdown();
    /// assert_eq!(ALIVE.load(SeqCst), 0);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn on_thread_stop(mut self, finalizer: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_thread_stop = std::sync::Arc::new(finalizer);
        self
    }

    /// How long at most an idle worker polls for work before it parks: 50 microseconds unless told
    /// otherwise; zero parks at once. How long it does within that follows from its waits before,
    /// and whatever they are, it polls for no more than half of the time it is idle, and for some 4
    /// microseconds where other workers have a use for all cores. Consumers
    /// have a `spin` of their own, at [`AsCompleted::spin`](crate::AsCompleted::spin).
    ///
    /// ```
    /// use photofinish::Pool;
    /// use std::time::Duration;
    ///
    /// let pool = Pool::builder().spin(Duration::ZERO).build()?;
    /// assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn spin(mut self, spin: Duration) -> Self {
        self.spin = spin;
        self
    }

    /// Bounds how many tasks may be queued and not begun; unbounded unless told otherwise.
    ///
    /// When so many are, a submission from outside the pool waits for room: it parks, and whoever
    /// has waited longest is let in first. [`Pool::try_submit`] refuses instead, as
    /// [`Rejected::Full`](crate::Rejected::Full). A task that was cancelled takes up room until a
    /// worker comes to it.
    ///
    /// What a task submits to its own pool goes over the bound rather than wait: the worker may be
    /// the very one that is to make room, and if it ran other tasks instead, they would pile up on
    /// its stack. So a bound limits what comes in, and what that submits is up to the tasks; they
    /// can use `try_submit`.
    ///
    /// ```
    /// use photofinish::{Pool, Rejected};
    /// use std::sync::mpsc::channel;
    ///
    /// let pool = Pool::builder().workers(1).queue_capacity(1).build()?;
    /// let ((release, held), (begin, begun)) = (channel::<()>(), channel());
    /// let running = pool.submit(move || begin.send(()).is_ok() && held.recv().is_err());
    /// begun.recv().unwrap();
    /// let queued = pool.submit(|| 1);
    /// assert!(matches!(pool.try_submit(|| 2), Err(Rejected::Full(_))));
    /// drop(release);
    /// let waited = pool.submit(|| 3);
    /// assert_eq!(queued.join().unwrap() + waited.join().unwrap(), 4);
    /// # drop(running);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn queue_capacity(mut self, tasks: usize) -> Self {
        self.queue_capacity = Some(tasks);
        self
    }

    /// Starts the workers. Returns when the initializer has run on each of them.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a setting is out of range, a thread cannot be started or the
    /// initializer panics on one. Nothing is left running then.
    ///
    /// ```
    /// use photofinish::{BuildError, Pool};
    ///
    /// let failed = Pool::builder().workers(1).on_thread_start(|_| panic!("no licence")).build();
    /// let error: BuildError = failed.unwrap_err();
    /// assert!(error.to_string().contains("no licence"));
    /// ```
    pub fn build(self) -> Result<Pool, BuildError> {
        let workers = self.check()?;
        sync::prepare_crowd();
        let names = self.names(workers)?;
        let queues: Vec<Queues> = (0..workers).map(|_| Queues::new()).collect();
        let victims = queues.iter().map(Queues::victim).collect();
        let shared = Arc::new(Shared::new(victims, self.queue_capacity));
        let (alive, gone) = completer();

        let (threads, error) = self.start_all(names, queues, &shared, alive);
        let Some(error) = error else { return Ok(Pool::assemble(shared, threads, gone)) };
        shared.end();
        for thread in threads {
            thread.join().expect("no panic leaves a worker");
        }
        Err(error)
    }

    /// Starts the workers until one is refused, hears from each of them, and gives the threads and
    /// what went wrong first. `alive` goes with the last thread that ends.
    fn start_all(
        &self,
        names: Vec<String>,
        queues: Vec<Queues>,
        shared: &Arc<Shared>,
        alive: Completer<()>,
    ) -> (Vec<thread::JoinHandle<()>>, Option<BuildError>) {
        let (report, reports) = mpsc::channel();
        let alive = Arc::new(alive);
        let mut threads = Vec::with_capacity(names.len());
        let mut refused = None;
        for (index, (name, queues)) in names.into_iter().zip(queues).enumerate() {
            let (shared, report) = (Arc::clone(shared), report.clone());
            let berth = Berth { index, queues, shared, report, alive: Arc::clone(&alive) };
            match self.start(name, berth) {
                Ok(thread) => threads.push(thread),
                Err(source) => {
                    refused = Some(BuildError::ThreadNotStarted { worker: index, source });
                    break;
                }
            }
        }
        drop((report, alive));
        let reports = threads.iter().filter_map(|_| reports.recv().ok().flatten());
        let mut panics: Vec<(usize, Panic)> = reports.collect();
        panics.sort_unstable_by_key(|(worker, _)| *worker);
        let mut panics = panics.into_iter();
        let panicked = |(worker, panic)| BuildError::InitializerPanicked { worker, panic };
        let error = refused.or_else(|| panics.next().map(panicked));
        contain_each(panics);
        (threads, error)
    }

    fn check(&self) -> Result<usize, BuildError> {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = self.workers.unwrap_or_else(cores);
        if workers == 0 {
            return Err(BuildError::NoWorkers);
        }
        if workers > MOST_WORKERS {
            return Err(BuildError::TooManyWorkers { workers, most: MOST_WORKERS });
        }
        if self.queue_capacity == Some(0) {
            return Err(BuildError::NoCapacity);
        }
        if let Some(tasks) = self.queue_capacity.filter(|tasks| *tasks > room::MOST) {
            return Err(BuildError::TooMuchCapacity { tasks, most: room::MOST });
        }
        if self.stack_size < stack::SMALLEST {
            let (bytes, smallest) = (self.stack_size, stack::SMALLEST);
            return Err(BuildError::StackTooSmall { bytes, smallest });
        }
        Ok(workers)
    }

    /// All names, before any thread is started: the function that makes them may panic.
    fn names(&self, workers: usize) -> Result<Vec<String>, BuildError> {
        let name = |worker| {
            let name = (self.name)(worker);
            let is_bad = name.contains('\0');
            if is_bad { Err(BuildError::BadThreadName { worker, name }) } else { Ok(name) }
        };
        (0..workers).map(name).collect()
    }

    fn start(&self, name: String, berth: Berth) -> io::Result<thread::JoinHandle<()>> {
        let initializer = std::sync::Arc::clone(&self.on_thread_start);
        let finalizer = std::sync::Arc::clone(&self.on_thread_stop);
        let (spin, stack_size) = (self.spin, self.stack_size);
        let body = move || {
            let Berth { index, queues, shared, report, alive } = berth;
            let stack = StackGauge::new(stack_size);
            let start = std::panic::AssertUnwindSafe(|| initializer(index));
            let started = std::panic::catch_unwind(start);
            contain(|| drop(initializer));
            let failed = started.err().map(|payload| (index, Panic::new(payload)));
            let ready = failed.is_none();
            // The builder listens until it has heard of every thread it has started.
            report.send(failed).ok();
            if ready {
                Worker::work(shared, index, queues, stack, spin);
                contain(|| finalizer(index));
            }
            contain(|| drop(finalizer));
            // The last one tells whoever waits for the pool's end.
            drop(alive);
        };
        thread::Builder::new().name(name).stack_size(stack_size).spawn(body)
    }
}

/// What one worker's thread is given when it starts.
struct Berth {
    index: usize,
    queues: Queues,
    shared: Arc<Shared>,
    /// Where it says whether its initializer panicked.
    report: mpsc::Sender<Option<(usize, Panic)>>,
    /// Ends the wait for the pool's end when the last worker has dropped it.
    alive: Arc<Completer<()>>,
}

/// Drops panics that are not reported; their payloads' own Drop may panic.
fn contain_each(panics: impl Iterator<Item = (usize, Panic)>) {
    for (_, panic) in panics {
        contain(|| drop(panic));
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("stack_size", &self.stack_size)
            .field("spin", &self.spin)
            .finish_non_exhaustive()
    }
}
