//! Tasks that wait for tasks: a worker that waits runs others meanwhile, to a depth that its
//! stack bounds.

mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use photofinish::{
    CompletionSet, Finished, Handle, JoinError, JoinHandle, Pool, Rejected, TooDeep, as_completed,
    completer,
};

use support::{Gate, LIMIT, assert_all_workers_run, begin, pool, within};

/// How a task waits for the tasks it has submitted.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Join,
    AsCompleted,
    CompletionSet,
}

const WAYS: [Wait; 3] = [Wait::Join, Wait::AsCompleted, Wait::CompletionSet];

impl Wait {
    /// Submits `count` tasks to `pool` and gives their outcomes, each of which came once.
    fn for_all<T: Send + 'static>(
        self,
        pool: &Handle,
        count: usize,
        task: impl Fn() -> T + Clone + Send + 'static,
    ) -> Vec<Result<T, JoinError>> {
        let submit = |_| pool.submit(task.clone());
        let finished: Vec<Finished<T>> = match self {
            Self::Join => {
                // The last submitted is the first that its own worker runs.
                let tasks: Vec<_> = (0..count).map(submit).collect();
                return tasks.into_iter().map(|task| task.join()).collect();
            }
            Self::AsCompleted => as_completed((0..count).map(submit)).collect(),
            Self::CompletionSet => {
                let mut set = CompletionSet::new();
                for _ in 0..count {
                    set.submit(pool, task.clone());
                }
                std::iter::from_fn(|| set.next_finished()).collect()
            }
        };
        let mut indices: Vec<_> = finished.iter().map(|finished| finished.index).collect();
        indices.sort_unstable();
        assert_eq!(indices, (0..count).collect::<Vec<_>>(), "each is yielded exactly once");
        finished.into_iter().map(|finished| finished.outcome).collect()
    }
}

#[test]
fn trees_of_waits_run_on_one_worker_in_every_way_to_wait() {
    fn leaves(pool: &Handle, wait: Wait, depth: usize, fan: usize) -> usize {
        if depth == 0 {
            return 1;
        }
        let inner = pool.clone();
        let branch = move || leaves(&inner, wait, depth - 1, fan);
        wait.for_all(pool, fan, branch).into_iter().map(Result::unwrap).sum()
    }
    within(LIMIT, || {
        for workers in [1, 3] {
            let pool = pool(workers);
            for wait in WAYS {
                for (depth, fan) in [(1, 500), (5, 4), (12, 2), (60, 1)] {
                    let handle = pool.handle();
                    let root = pool.submit(move || leaves(&handle, wait, depth, fan));
                    assert_eq!(root.join().unwrap(), fan.pow(depth as u32), "{wait:?}");
                }
            }
        }
    });
}

/// Submits the next of a chain of tasks, waits for it, and tells how many waits were on the stack
/// below before one was refused.
fn dive(
    pool: &Handle,
    wait: Wait,
    left: usize,
    ran: &Arc<AtomicUsize>,
) -> (usize, Option<TooDeep>) {
    ran.fetch_add(1, SeqCst);
    if left == 0 {
        return (0, None);
    }
    let (inner, counter) = (pool.clone(), Arc::clone(ran));
    let mut outcomes = wait.for_all(pool, 1, move || dive(&inner, wait, left - 1, &counter));
    match outcomes.pop().expect("one outcome for one task") {
        Ok((below, limit)) => (below + 1, limit),
        Err(JoinError::TooDeep(limit)) => (0, Some(limit)),
        Err(other) => panic!("the task neither returned nor was the wait refused: {other}"),
    }
}

/// Shows that a chain of 100,000 waits within waits is refused somewhere, that every task runs
/// all the same, and that what the depth limit refuses was really deep. Tells the depth.
fn a_chain_is_refused_and_runs_in_full(wait: Wait, stack_size: usize) -> usize {
    const CHAIN: usize = 100_000;
    let pool = Pool::builder().workers(1).stack_size(stack_size).build().unwrap();
    let (handle, ran) = (pool.handle(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&ran);
    let (depth, limit) =
        pool.submit(move || dive(&handle, wait, CHAIN, &counter)).join().expect("it returns");
    let limit = limit.expect("no stack of this size holds the chain");
    assert_eq!(limit.stack_size(), stack_size);
    assert!(limit.used() > stack_size / 4 * 3 && limit.used() < stack_size, "{limit}");
    assert!(depth >= 4, "{stack_size} bytes of stack hold {depth} waits only");
    // The handle of the first that was refused went with the wait; the task goes on.
    assert_all_workers_run(&pool);
    drop(pool);
    assert_eq!(ran.load(SeqCst), CHAIN + 1);
    depth
}

fn chains_are_refused_and_run_in_full(wait: Wait) {
    within(LIMIT, move || {
        for stack_size in [256 << 10, 2 << 20] {
            let depth = a_chain_is_refused_and_runs_in_full(wait, stack_size);
            println!("{wait:?}: {depth} waits fit on {stack_size} bytes of stack");
        }
    });
}

#[test]
fn joins_that_are_nested_too_deeply_are_refused_and_no_stack_overflows() {
    chains_are_refused_and_run_in_full(Wait::Join);
}

#[test]
fn iterations_that_are_nested_too_deeply_are_refused_and_no_stack_overflows() {
    chains_are_refused_and_run_in_full(Wait::AsCompleted);
}

#[test]
fn sets_that_are_nested_too_deeply_are_refused_and_no_stack_overflows() {
    chains_are_refused_and_run_in_full(Wait::CompletionSet);
}

fn chains_on_several_workers(stack_size: usize) {
    const CHAIN: usize = 20_000;
    let pool = Pool::builder().workers(3).stack_size(stack_size).build().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let roots = WAYS.map(|wait| {
        let (handle, counter) = (pool.handle(), Arc::clone(&ran));
        pool.submit(move || dive(&handle, wait, CHAIN, &counter))
    });
    for root in roots {
        root.join().expect("it returns");
    }
    drop(pool);
    assert_eq!(ran.load(SeqCst), 3 * (CHAIN + 1));
}

#[test]
fn chains_on_several_workers_are_refused_without_overflow_too() {
    within(LIMIT, || chains_on_several_workers(256 << 10));
}

const MANY: usize = 1_000;

/// Waits within waits until one is refused, then waits for many tasks in that place, and tells
/// how many of these were refused.
fn dive_then_wait(pool: &Handle, wait: Wait, left: usize, ran: &Arc<AtomicUsize>) -> usize {
    let (inner, counter) = (pool.clone(), Arc::clone(ran));
    let next = pool.submit(move || match left {
        0 => 0,
        left => dive_then_wait(&inner, wait, left - 1, &counter),
    });
    match next.join() {
        Ok(refused) => refused,
        Err(JoinError::TooDeep(_)) => {
            let counter = Arc::clone(ran);
            let outcomes = wait.for_all(pool, MANY, move || counter.fetch_add(1, SeqCst));
            outcomes.iter().filter(|one| matches!(one, Err(JoinError::TooDeep(_)))).count()
        }
        Err(other) => panic!("the wait was not refused, but {other}"),
    }
}

fn many_tasks_at_the_bottom_of_the_stack(stack_size: usize) {
    for wait in WAYS {
        let pool = Pool::builder().workers(1).stack_size(stack_size).build().unwrap();
        let (handle, ran) = (pool.handle(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&ran);
        let root = pool.submit(move || dive_then_wait(&handle, wait, 1_000, &counter));
        assert_eq!(root.join().unwrap(), MANY, "{wait:?}");
        drop(pool);
        // What is left of the chain may reach the bottom several times more.
        assert!(ran.load(SeqCst) >= MANY && ran.load(SeqCst).is_multiple_of(MANY));
    }
}

/// In an iterator as in a set; and each of them runs.
#[test]
fn every_task_of_a_refused_iteration_is_yielded_exactly_once() {
    within(LIMIT, || many_tasks_at_the_bottom_of_the_stack(256 << 10));
}

/// Runs `body` in a child process, so that a stack overflow, which ends the process, fails one
/// test only.
fn in_a_process_of_its_own(body: impl FnOnce() + Send + 'static) {
    const MARK: &str = "PHOTOFINISH_TEST_CHILD";
    if std::env::var_os(MARK).is_some() {
        return within(LIMIT, body);
    }
    let test = thread::current().name().expect("libtest names its threads").to_owned();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([&test, "--exact", "--test-threads=2"])
        .env(MARK, &test)
        .output()
        .expect("the test starts itself");
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}: {}", child.status, said);
    let passed = String::from_utf8_lossy(&child.stdout);
    assert!(passed.contains("1 passed"), "the child ran nothing: {passed}");
}

/// What the library does at the refused depth (submitting, stealing, and the deques' own
/// housekeeping) has to fit into the quarter of the stack that is left, on the smallest stack too.
#[test]
fn the_smallest_stack_holds_many_tasks_at_its_bottom() {
    in_a_process_of_its_own(|| many_tasks_at_the_bottom_of_the_stack(256 << 10));
}

#[test]
fn the_smallest_stack_holds_a_steal_at_its_bottom() {
    in_a_process_of_its_own(|| (0..20).for_each(|_| chains_on_several_workers(256 << 10)));
}

#[test]
fn a_panic_at_the_bottom_of_the_stack_comes_up_through_all_waits() {
    fn dive_then_panic(pool: &Handle, left: usize) {
        if left == 0 {
            return;
        }
        let inner = pool.clone();
        match pool.submit(move || dive_then_panic(&inner, left - 1)).join() {
            Ok(()) => {}
            Err(JoinError::TooDeep(limit)) => panic!("at the bottom: {limit}"),
            Err(JoinError::Panicked(panic)) => panic.resume(),
            Err(other) => panic!("the wait was not refused, but {other}"),
        }
    }
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).build().unwrap();
        let handle = pool.handle();
        match pool.submit(move || dive_then_panic(&handle, 5_000)).join() {
            Err(JoinError::Panicked(panic)) => {
                assert!(panic.message().starts_with("at the bottom"), "{}", panic.message());
            }
            other => panic!("the panic did not come up: {other:?}"),
        }
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_worker_that_waits_for_something_external_runs_tasks_meanwhile() {
    within(LIMIT, || {
        for wait in WAYS {
            let pool = pool(1);
            let (end, external) = completer();
            let waiter = begin(&pool, move || match wait {
                Wait::Join => external.join(),
                Wait::AsCompleted => as_completed([external]).next().unwrap().outcome,
                Wait::CompletionSet => {
                    let mut set = CompletionSet::from_iter([external]);
                    set.next_finished().unwrap().outcome
                }
            });
            // The only worker is in the wait, and runs these, however far apart they come.
            for n in 0..100 {
                assert_eq!(pool.submit(move || n).join().unwrap(), n);
                if n % 50 == 0 {
                    thread::sleep(Duration::from_millis(5));
                }
            }
            assert!(waiter.is_running());
            end.complete("from outside").unwrap();
            assert_eq!(waiter.join().unwrap().unwrap(), "from outside");
        }
    });
}

#[test]
fn a_wait_with_a_deadline_inside_a_task_runs_nothing_meanwhile_and_ends_in_time() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let outer = pool.submit(move || {
            let inner = handle.submit(|| 1);
            let mut results = as_completed([inner]).timeout(Duration::from_millis(20));
            assert_eq!(results.next().unwrap().unwrap_err().unfinished(), 1);
            // Without the deadline the worker runs it.
            results.into_inner().next().unwrap().outcome.unwrap()
        });
        assert_eq!(outer.join().unwrap(), 1);
    });
}

fn ping(here: &Handle, there: &Handle, left: usize) -> Result<usize, JoinError> {
    if left == 0 {
        return Ok(0);
    }
    let (to, from) = (there.clone(), here.clone());
    there.submit(move || ping(&to, &from, left - 1)).join()?.map(|below| below + 1)
}

#[test]
fn two_pools_may_wait_for_each_others_tasks() {
    within(LIMIT, || {
        for (workers, others) in [(1, 1), (2, 1), (2, 3)] {
            let (one, other) = (pool(workers), pool(others));
            // Were all of them to lie on one another, a stack would hold them still.
            let games: Vec<_> = (0..8)
                .map(|_| {
                    let (here, there) = (one.handle(), other.handle());
                    one.submit(move || ping(&here, &there, 40))
                })
                .collect();
            for game in games {
                assert_eq!(game.join().unwrap().unwrap(), 40);
            }
        }
    });
}

#[test]
fn two_pools_that_wait_for_each_other_too_deeply_are_refused() {
    within(LIMIT, || {
        let small = || Pool::builder().workers(1).stack_size(256 << 10).build().unwrap();
        let (one, other) = (small(), small());
        let (here, there) = (one.handle(), other.handle());
        let game = one.submit(move || ping(&here, &there, 2_000));
        assert!(matches!(game.join().unwrap(), Err(JoinError::TooDeep(_))));
        // Each pool's queued work may submit to the other; both are there until it is done.
        assert_all_workers_run(&one);
        assert_all_workers_run(&other);
    });
}

/// As many tasks as there are workers meet each other: no worker sleeps on while another holds
/// two of them. The rounds follow each other closely, so that workers are found at all stages of
/// falling asleep.
#[test]
fn tasks_that_meet_each_other_find_a_worker_each() {
    for (workers, spin) in [(2, 0), (2, 20), (3, 0), (4, 5)] {
        within(LIMIT, move || {
            let spin = Duration::from_micros(spin);
            let pool = Pool::builder().workers(workers).spin(spin).build().unwrap();
            for _ in 0..5_000 {
                assert_all_workers_run(&pool);
            }
        });
    }
}

/// The first that stands at the bottom of the stack of `deep` submits to `bounded`.
fn submit_from_the_bottom(
    deep: &Handle,
    bounded: &Handle,
    is_done: &Arc<AtomicBool>,
) -> Option<JoinHandle<u8>> {
    if is_done.load(SeqCst) {
        return None;
    }
    let (inner, there, done) = (deep.clone(), bounded.clone(), Arc::clone(is_done));
    match deep.submit(move || submit_from_the_bottom(&inner, &there, &done)).join() {
        Err(JoinError::TooDeep(_)) => {
            is_done.store(true, SeqCst);
            Some(bounded.submit(|| 7))
        }
        outcome => outcome.expect("the wait is over or refused"),
    }
}

#[test]
fn who_is_too_deep_to_wait_for_room_goes_over_the_bound_and_it_holds_again() {
    within(LIMIT, || {
        let deep = Pool::builder().workers(1).stack_size(256 << 10).build().unwrap();
        let bounded = Pool::builder().workers(1).queue_capacity(1).build().unwrap();
        let gate = Gate::default();
        let held = gate.hold_a_worker(&bounded);
        let first = bounded.submit(|| 1);
        let (here, there) = (deep.handle(), bounded.handle());
        let dive = move || submit_from_the_bottom(&here, &there, &Arc::default());
        let second = deep.submit(dive).join().unwrap().expect("a stack ends somewhere");
        assert_eq!(bounded.metrics().queued, 2);
        gate.open();
        held.join().unwrap();
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (1, 7));

        let gate = Gate::default();
        let held = gate.hold_a_worker(&bounded);
        let third = bounded.try_submit(|| 3).expect("there is room for one");
        assert!(matches!(bounded.try_submit(|| 4), Err(Rejected::Full(_))));
        gate.open();
        held.join().unwrap();
        assert_eq!(third.join().unwrap(), 3);
    });
}
