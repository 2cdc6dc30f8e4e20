//! Whether there is a core for everybody who is awake.
//!
//! Polling costs nothing on a core that nobody else has a use for. Otherwise it keeps a worker from
//! running, and the scheduler does not mend that: to it, a thread that polls and yields is at work,
//! and two workers on the other core are no reason to move one. A thread that parks leaves its core
//! to them.

use std::cell::Cell;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

/// How many workers are awake, of all pools in the process. One that blocks inside a task counts.
static AWAKE: AtomicUsize = AtomicUsize::new(0);

/// How many cores they can run on: the most that whoever started some could.
static CORES: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    /// Whether this thread is one of them.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Workers are going to be started by the calling thread, and inherit where it may run. Asked of a
/// thread that has been moved to a core of its own, the system would tell of that core only.
pub fn prepare_crowd() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    // ORDERING: Relaxed; a number, and nothing that goes with it.
    CORES.fetch_max(cores, Relaxed);
}

/// The calling thread is a worker, and awake from now on.
pub fn join_crowd() {
    if !COUNTED.replace(true) {
        // ORDERING: Relaxed; a number, and nothing that goes with it.
        AWAKE.fetch_add(1, Relaxed);
    }
}

/// The calling thread sleeps, or is a worker no more.
pub fn leave_crowd() {
    if COUNTED.replace(false) {
        // ORDERING: Relaxed; as above.
        AWAKE.fetch_sub(1, Relaxed);
    }
}

/// Whether workers other than the calling thread have a use for all cores.
pub(super) fn is_crowded() -> bool {
    // ORDERING: Relaxed; a look.
    let (awake, cores) = (AWAKE.load(Relaxed), CORES.load(Relaxed));
    awake - usize::from(COUNTED.get()) >= cores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_workers_awake_as_cores_are_a_crowd_to_everybody_else() {
        let others = || -> Vec<bool> {
            let one_more = thread::spawn(|| {
                join_crowd();
                let seen = is_crowded();
                leave_crowd();
                seen
            });
            vec![is_crowded(), one_more.join().unwrap()]
        };
        prepare_crowd();
        // ORDERING: Relaxed; this thread's own.
        let cores = CORES.load(Relaxed);
        assert_eq!(others(), [false, false]);
        // What a thread counted stays counted when it has ended.
        let workers = (0..cores).map(|_| thread::spawn(join_crowd));
        workers.for_each(|worker| worker.join().unwrap());
        assert_eq!(others(), [true, true]);
        // ORDERING: Relaxed; the threads have been joined.
        AWAKE.fetch_sub(1, Relaxed);
        assert_eq!(others(), [false, false]);
        // ORDERING: Relaxed; as above.
        AWAKE.fetch_sub(cores - 1, Relaxed);
    }
}
