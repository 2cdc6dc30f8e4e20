//! Tasks that borrow from the stack frame that waits for them.
//!
//! The handles of such tasks are plain [`JoinHandle`]s. What keeps a borrow from being used when it
//! has ended is a count in the scope, and the frame does not return before it is zero. Each task is
//! counted twice:
//!
//! 1. **its closure**, until what it captured has been dropped: by the runner when the closure has
//!    returned, or by whoever cancels the task, on whatever thread;
//! 2. **its runner**, until it has let go of the task: a result that nobody wants any more is
//!    dropped by then.
//!
//! Every other result is in somebody's hands, whose type names the borrow, so that the compiler
//! confines it to the scope. `docs/safety.md` has the argument in full.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::abort;
use std::sync::PoisonError;
use std::time::Duration;

use crate::completer::{Completer, completer};
use crate::handle::JoinHandle;
use crate::panic::Watch;
use crate::runnable::{Runnable, Spawn, errand};
use crate::sync::Ordering::{AcqRel, Relaxed};
use crate::sync::{Arc, AtomicUsize, Deadline, Mutex};
use crate::task::Task;

/// Where a scope's tasks are submitted. See [`scope`].
///
/// ```
/// use photofinish_protocol::{Runnable, Scope, Spawn, scope};
///
/// struct Threads;
/// impl Spawn for Threads {
///     fn spawn(&self, runnable: Runnable) {
///         std::thread::spawn(move || runnable.run());
///     }
/// }
///
/// /// Doubles each number, the halves at the same time.
/// fn double<'scope>(scope: &'scope Scope<'scope, '_>, numbers: &'scope mut [u32]) {
///     let (left, right) = numbers.split_at_mut(numbers.len() / 2);
///     let _detached = scope.submit(|| left.iter_mut().for_each(|number| *number *= 2));
///     right.iter_mut().for_each(|number| *number *= 2);
/// }
///
/// let mut numbers = [1, 2, 3, 4];
/// scope(&Threads, |scope| double(scope, &mut numbers));
/// assert_eq!(numbers, [2, 4, 6, 8]);
/// ```
pub struct Scope<'scope, 'env: 'scope> {
    state: Arc<State>,
    spawner: &'scope (dyn Spawn + Sync),
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What a scope and its tasks have in common.
#[derive(Debug)]
struct State {
    /// How many tokens there are.
    tokens: AtomicUsize,
    /// Completed by the drop of the last token.
    done: Mutex<Option<Completer<()>>>,
    /// Counts the panics that nobody has seen.
    watch: Watch,
}

/// The scope does not end while there is one of these.
#[derive(Debug)]
struct Token(Arc<State>);

impl Token {
    /// One more, for somebody who holds one or is called by somebody who does.
    fn another(state: &Arc<State>) -> Self {
        // ORDERING: Relaxed; a token that is held keeps the scope open.
        let before = state.tokens.fetch_add(1, Relaxed);
        assert!(before > 0, "the scope is open");
        Self(Arc::clone(state))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // ORDERING (edge scope): Release; pairs with the Acquire of the last one; carries all that was
        // done with what is borrowed.
        // ORDERING (edge scope): Acquire, for the last one, which tells the scope.
        if self.0.tokens.fetch_sub(1, AcqRel) == 1 {
            let done = self.0.done.lock().unwrap_or_else(PoisonError::into_inner).take();
            let done = done.expect("there is one last token");
            // The scope may end from here on; the state is this token's as well.
            done.complete(()).expect("nobody cancels it");
        }
    }
}

/// The closure of a task, and its token, which is dropped after all that the closure captured.
struct Tracked<F> {
    closure: F,
    token: Token,
}

impl<F: FnOnce() -> T, T> Tracked<F> {
    fn call(self) -> T {
        let Self { closure, token } = self;
        let outcome = catch_unwind(AssertUnwindSafe(closure));
        outcome.unwrap_or_else(|payload| resume_unwind(token.0.watch.over(payload)))
    }
}

/// What a spawner gets: the runner's share of a task, and its token.
struct Ticket {
    runnable: Option<Runnable>,
    _token: Token,
}

impl Ticket {
    fn run(mut self) {
        // The token goes after that.
        self.runnable.take().into_iter().for_each(Runnable::run);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // The spawner will not run it.
        self.runnable.take().map(Runnable::cancel);
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Submits a task that may borrow from outside the scope, and gives the handle to its outcome.
    /// May be called by the scope's tasks, too.
    ///
    /// A task that its spawner does not run, because it has ended or was shut down, ends as
    /// [`JoinError::Cancelled`](crate::JoinError::Cancelled).
    ///
    /// ```
    /// use photofinish_protocol::{Runnable, Spawn, scope};
    ///
    /// struct Threads;
    /// impl Spawn for Threads {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         std::thread::spawn(move || runnable.run());
    ///     }
    /// }
    ///
    /// let word = String::from("borrowed");
    /// let length = scope(&Threads, |scope| scope.submit(|| word.len()).join().unwrap());
    /// assert_eq!((length, word.as_str()), (8, "borrowed"));
    /// ```
    pub fn submit<F, T>(&'scope self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let tracked = Tracked { closure, token: Token::another(&self.state) };
        let task_of_scope = Task::new(move || tracked.call(), None);
        // SAFETY: a new task's shares are here.
        unsafe { task_of_scope.submitted() };
        // SAFETY: a new task comes with the runner's share. Its closure and value are `Send`. They
        // live as long as the scope, and the scope ends after its tokens have gone: the closure's
        // with what it captured, and the ticket's, which is dropped after the runner's share.
        let runnable = unsafe { Runnable::new(task_of_scope) };
        // SAFETY: a new task comes with the handle's share as well. The handle's type confines it to
        // the life of `T`; only a canceller's does not, and there is none for a `T` that borrows.
        let handle = unsafe { JoinHandle::new(task_of_scope) };
        let ticket = Ticket { runnable: Some(runnable), _token: Token::another(&self.state) };
        let (runnable, detached) = errand(move || ticket.run());
        drop(detached);
        self.spawner.spawn(runnable);
        handle
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Calls `body` with a scope, in which tasks may borrow what outlives the call, and returns when
/// all of them have ended and dropped what they had captured.
///
/// The handles are those of other tasks, and go into `as_completed`, sets and streams alike. Leaking
/// one, or a set, harms nothing.
///
/// # Blocking
///
/// Until all tasks of the scope have ended. On a worker of a pool it runs other tasks of the pool
/// meanwhile. If its stack is nearly used up by waits within waits it cannot: then it waits for
/// other workers, for ever if there are none or if all of them are that deep.
///
/// # Panics
///
/// If `body` panics, with its payload; or if a task panicked and nobody took its outcome, by a
/// join, from an iterator or otherwise. In both cases all tasks have ended before.
///
/// ```
/// use photofinish_protocol::{Runnable, Spawn, as_completed, scope};
///
/// struct Threads;
///
/// impl Spawn for Threads {
///     fn spawn(&self, runnable: Runnable) {
///         std::thread::spawn(move || runnable.run());
///     }
/// }
///
/// let words = vec!["three".to_owned(), "blind".to_owned(), "mice".to_owned()];
/// let length: usize = scope(&Threads, |scope| {
///     let tasks = words.iter().map(|word| scope.submit(|| word.len()));
///     as_completed(tasks).map(|finished| finished.outcome.unwrap()).sum()
/// });
/// assert_eq!(length, 14);
/// ```
pub fn scope<'env, F, R>(spawner: &(dyn Spawn + Sync), body: F) -> R
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let (completer, done) = completer();
    let state = Arc::new(State {
        tokens: AtomicUsize::new(1),
        done: Mutex::new(Some(completer)),
        watch: Watch::new(),
    });
    // Dropped when the body has ended.
    let own = Token(Arc::clone(&state));
    let scope = Scope { state, spawner, scope: PhantomData, env: PhantomData };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    // Nothing in here is to unwind; if it did, tasks would go on with what is borrowed.
    let abort_on_unwind = AbortOnUnwind;
    drop(own);
    wait(done);
    mem::forget(abort_on_unwind);
    match outcome {
        Err(payload) => resume_unwind(payload),
        Ok(_) if scope.state.watch.unseen() > 0 => panic!("a task of the scope panicked"),
        Ok(result) => result,
    }
}

/// Waits until the last token has gone.
fn wait(done: JoinHandle<()>) {
    let mut waited = done.wait(Deadline::NEVER);
    while let Err((done, _)) = waited {
        // A worker too deep in waits for helping waits as others do.
        waited = done.wait(Deadline::after(A_WHILE));
    }
}

/// Any time that the clock can express.
const A_WHILE: Duration = Duration::from_secs(3_600);

struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        abort();
    }
}
