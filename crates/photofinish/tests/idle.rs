//! Whoever has nothing to do uses no CPU: idle workers, and consumers that are blocked.
//!
//! The system's clocks for each thread are read, by the threads' names, so that tests which run
//! at the same time do not count.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{CompletionSet, JoinHandle, Pool, as_completed, completer};

use support::{Gate, LIMIT, assert_all_workers_run, eventually, within};

/// How long the tests watch.
const WATCH: Duration = Duration::from_millis(500);
/// What counts as nothing. A single thread that spins would use ten times as much.
const NOTHING: Duration = Duration::from_millis(50);

/// The CPU time, user's and system's, of all threads whose name begins with `prefix`, and how
/// many there are.
fn cpu_time(prefix: &str) -> (Duration, u32) {
    // The unit of these numbers is USER_HZ, which is 100 per second on every Linux.
    const TICK: Duration = Duration::from_millis(10);
    let threads = fs::read_dir("/proc/self/task").expect("this is Linux").flatten();
    let ticks = threads.filter_map(|thread| {
        // A thread may end while this looks.
        let stat = fs::read_to_string(thread.path().join("stat")).ok()?;
        let (name, numbers) = stat.split_once('(')?.1.rsplit_once(')')?;
        let mut numbers = numbers.split_whitespace().skip(11).map(|n| n.parse::<u32>());
        let both = numbers.next()?.ok()? + numbers.next()?.ok()?;
        name.starts_with(prefix).then_some(both)
    });
    let ticks: Vec<u32> = ticks.collect();
    (TICK * ticks.iter().sum(), ticks.len() as u32)
}

/// Shows that so many threads of that name exist and come to use no CPU time.
#[track_caller]
fn assert_idle(prefix: &str, threads: u32) {
    // A thread has its name once it runs.
    eventually("the threads are those that are meant", || cpu_time(prefix).1 == threads);
    // Whoever polls for a while before it parks gets there, sooner or later.
    eventually("the threads use no CPU time", || {
        let (before, _) = cpu_time(prefix);
        thread::sleep(WATCH);
        let (after, count) = cpu_time(prefix);
        assert_eq!(count, threads, "the threads are not those that were meant");
        after - before < NOTHING
    });
}

fn named_pool(workers: usize, name: &str) -> Pool {
    Pool::builder().workers(workers).thread_name(name).build().expect("the pool starts")
}

#[test]
fn the_meter_sees_a_thread_that_spins() {
    within(LIMIT, || {
        let spinner = thread::Builder::new().name("spinner".to_owned()).spawn(|| {
            let begun = Instant::now();
            while cpu_time("spinner").0 < NOTHING * 2 {
                assert!(begun.elapsed() < LIMIT / 2, "the meter stands still");
            }
        });
        spinner.unwrap().join().unwrap();
    });
}

#[test]
fn a_pool_that_never_worked_uses_no_cpu() {
    within(LIMIT, || {
        let _pool = named_pool(4, "fresh");
        assert_idle("fresh", 4);
    });
}

#[test]
fn a_pool_whose_work_is_done_uses_no_cpu() {
    within(LIMIT, || {
        let pool = named_pool(4, "done");
        for _ in 0..10 {
            assert_all_workers_run(&pool);
            let tasks: Vec<_> = (0..1_000).map(|n| pool.submit(move || n)).collect();
            assert_eq!(as_completed(tasks).count(), 1_000);
        }
        assert_idle("done", 4);
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_worker_that_waits_inside_a_task_uses_no_cpu_and_neither_do_the_others() {
    within(LIMIT, || {
        let pool = named_pool(3, "nested");
        let (ends, externals): (Vec<_>, Vec<_>) = (0..2).map(|_| completer::<u8>()).unzip();
        let waiting: Vec<Gate> = (0..2).map(|_| Gate::default()).collect();
        let submit = |(external, gate): (JoinHandle<u8>, &Gate)| {
            let gate = gate.clone();
            pool.submit(move || {
                gate.open();
                external.join().unwrap()
            })
        };
        let tasks: Vec<_> = externals.into_iter().zip(&waiting).map(submit).collect();
        waiting.iter().for_each(Gate::wait);
        assert_idle("nested", 3);
        ends.into_iter().for_each(|end| end.complete(1).unwrap());
        tasks.into_iter().for_each(|task| assert_eq!(task.join().unwrap(), 1));
    });
}

#[test]
fn a_pool_that_drains_behind_one_long_task_uses_no_cpu() {
    within(LIMIT, || {
        let pool = named_pool(4, "drains");
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let dropper = thread::spawn(move || drop(pool));
        assert_idle("drains", 4);
        gate.open();
        dropper.join().unwrap();
        blocker.join().unwrap();
    });
}

#[test]
fn a_blocked_consumer_uses_no_cpu_in_whatever_way_it_waits() {
    within(LIMIT, || {
        type Wait = fn(JoinHandle<u8>) -> u8;
        let ways: [Wait; 5] = [
            |handle| handle.join().unwrap(),
            |handle| handle.join_timeout(LIMIT).unwrap().unwrap(),
            |handle| as_completed([handle]).next().unwrap().outcome.unwrap(),
            |handle| {
                let mut results = as_completed([handle]).timeout(LIMIT);
                results.next().unwrap().unwrap().outcome.unwrap()
            },
            |handle| {
                let mut set = CompletionSet::from_iter([handle]);
                set.next_finished().unwrap().outcome.unwrap()
            },
        ];
        let start = |wait: Wait| {
            let (end, handle) = completer();
            let consumer = thread::Builder::new().name("consumer".to_owned());
            (end, consumer.spawn(move || wait(handle)).unwrap())
        };
        let consumers: Vec<_> = ways.into_iter().map(start).collect();
        assert_idle("consumer", 5);
        for (end, consumer) in consumers {
            end.complete(7).unwrap();
            assert_eq!(consumer.join().unwrap(), 7);
        }
    });
}
