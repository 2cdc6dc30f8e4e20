//! A future, and who waits for it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

const NO_PANIC: &str = "nothing panics under this lock";

/// A result that is set once, under a condition of its own.
pub(super) struct Future<T> {
    state: Mutex<State<T>>,
    /// For those who wait for this very future; notified whether or not there are any.
    done: Condvar,
}

enum Phase<T> {
    Pending,
    Running,
    Finished(Option<T>),
}

struct State<T> {
    phase: Phase<T>,
    waiters: Vec<Arc<Waiter<T>>>,
}

impl<T> Future<T> {
    pub(super) fn pending() -> Self {
        let state = State { phase: Phase::Pending, waiters: Vec::new() };
        Self { state: Mutex::new(state), done: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(NO_PANIC)
    }

    /// The task begins. Here nobody cancels it, so it always may.
    pub(super) fn set_running(&self) -> bool {
        let mut state = self.state();
        let pending = matches!(state.phase, Phase::Pending);
        state.phase = Phase::Running;
        pending
    }

    /// The task has ended: tells the waiters, then those who wait for this future alone, all
    /// under the lock.
    pub(super) fn set_result(self: &Arc<Self>, result: T) {
        let mut state = self.state();
        state.phase = Phase::Finished(Some(result));
        for waiter in &state.waiters {
            waiter.add(Arc::clone(self));
        }
        self.done.notify_all();
    }

    /// Has `waiter` told when the task has ended, at once if it has.
    pub(super) fn inform(self: &Arc<Self>, waiter: &Arc<Waiter<T>>) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Finished(_)) {
            waiter.add(Arc::clone(self));
        } else {
            state.waiters.push(Arc::clone(waiter));
        }
    }

    /// Strikes `waiter` off the list.
    pub(super) fn forget(&self, waiter: &Arc<Waiter<T>>) {
        self.state().waiters.retain(|other| !Arc::ptr_eq(other, waiter));
    }

    /// Takes the result. The task has ended.
    pub(super) fn result(&self) -> T {
        match &mut self.state().phase {
            Phase::Finished(result) => result.take().expect("a result is taken once"),
            Phase::Pending | Phase::Running => panic!("a future that was yielded has no result"),
        }
    }
}

/// Collects futures that have finished, for one consumer.
pub(super) struct Waiter<T> {
    finished: Mutex<Vec<Arc<Future<T>>>>,
    event: Event,
}

impl<T> Waiter<T> {
    pub(super) fn new() -> Self {
        Self { finished: Mutex::new(Vec::new()), event: Event::default() }
    }

    fn add(&self, future: Arc<Future<T>>) {
        let mut finished = self.finished.lock().expect(NO_PANIC);
        finished.push(future);
        self.event.set();
    }

    /// Waits until a future has finished since the last [`take`](Self::take), or until `deadline`.
    pub(super) fn wait(&self, deadline: Option<Instant>) {
        self.event.wait(deadline);
    }

    /// Takes those that have finished, in the order in which they did.
    pub(super) fn take(&self) -> Vec<Arc<Future<T>>> {
        let mut finished = self.finished.lock().expect(NO_PANIC);
        self.event.clear();
        std::mem::take(&mut *finished)
    }
}

/// A flag with a condition: `threading.Event`.
#[derive(Default)]
struct Event {
    flag: Mutex<bool>,
    is_set: Condvar,
}

impl Event {
    fn set(&self) {
        *self.flag.lock().expect(NO_PANIC) = true;
        self.is_set.notify_all();
    }

    fn clear(&self) {
        *self.flag.lock().expect(NO_PANIC) = false;
    }

    fn wait(&self, deadline: Option<Instant>) {
        let (flag, unset) = (self.flag.lock().expect(NO_PANIC), |set: &mut bool| !*set);
        match deadline {
            None => drop(self.is_set.wait_while(flag, unset).expect(NO_PANIC)),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                drop(self.is_set.wait_timeout_while(flag, left, unset).expect(NO_PANIC));
            }
        }
    }
}
