//! A thread that the system refuses: whichever it is, the pool is not built, those before it are
//! ended and joined, and nothing is left behind.
//!
//! The system refuses because there is no address space left for a stack. The limit holds for the
//! process, so this test has one of its own.

#![cfg(target_os = "linux")]

#[path = "support/child.rs"]
mod child;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{fs, io};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use photofinish::{BuildError, Builder, Pool};

use support::{Drops, LIMIT, Threads, assert_all_workers_run, eventually, within};

const WORKERS: usize = 5;
const STACK: usize = 64 << 20;

/// The address space in use, in bytes.
fn address_space() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("a size");
    size.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}

fn threads_of_the_process() -> usize {
    fs::read_dir("/proc/self/task").expect("this is Linux").count()
}

/// Runs `body` with address space for so many more stacks, and a half one for the rest. Tells whether
/// that could be.
fn with_room_for(stacks: usize, body: impl FnOnce()) -> bool {
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).expect("the limit can be read");
    let limit = (address_space() + stacks * STACK + STACK / 2) as u64;
    if limit > soft.min(hard) {
        return false;
    }
    setrlimit(Resource::RLIMIT_AS, limit, hard).expect("a limit can be lowered");
    body();
    setrlimit(Resource::RLIMIT_AS, soft, hard).expect("and raised to what it was");
    true
}

/// Who has started and stopped, and what of the closures has been dropped.
#[derive(Clone, Default)]
struct Census {
    threads: Threads,
    stopped: Arc<AtomicUsize>,
    drops: Drops,
}

impl Census {
    fn builder(&self) -> Builder {
        let (threads, stopped) = (self.threads.clone(), Arc::clone(&self.stopped));
        let (first, second, third) = (self.drops.token(), self.drops.token(), self.drops.token());
        Pool::builder()
            .workers(WORKERS)
            .stack_size(STACK)
            .thread_name_by(move |worker| format!("{first:?}-{worker}"))
            .on_thread_start(move |_| {
                let _ = &second;
                threads.enter();
            })
            .on_thread_stop(move |_| {
                let _ = &third;
                stopped.fetch_add(1, SeqCst);
            })
    }

    fn assert_nothing_is_left(&self, started: usize) {
        assert_eq!((self.threads.ever(), self.threads.alive()), (started, 0));
        assert_eq!(self.stopped.load(SeqCst), started);
        assert_eq!(self.drops.count(), 3, "the closures are dropped");
    }
}

fn assert_refused(error: BuildError, expected: usize) {
    let BuildError::ThreadNotStarted { worker, source } = error else {
        panic!("a thread is refused, and this says: {error}")
    };
    assert_eq!(worker, expected);
    assert_eq!(source.kind(), io::Error::from(Errno::EAGAIN).kind(), "{source}");
}

fn each_thread_is_refused_in_turn() {
    let (threads, before) = (threads_of_the_process(), address_space());
    for refused in (0..WORKERS).chain(0..WORKERS) {
        let census = Census::default();
        let limited = with_room_for(refused, || {
            let error = census.builder().build().expect_err("a thread is refused");
            assert_refused(error, refused);
        });
        if !limited {
            return println!("the system limits the address space itself");
        }
        census.assert_nothing_is_left(refused);
        // A thread that has been joined may be listed a moment longer.
        eventually("the threads have ended", || threads_of_the_process() == threads);
        assert!(address_space() < before + STACK / 2, "a stack is left behind");
    }
    let census = Census::default();
    with_room_for(WORKERS, || {
        let pool = census.builder().build().expect("there is room for all");
        assert_all_workers_run(&pool);
    });
    census.assert_nothing_is_left(WORKERS);
}

/// The thread that is refused is what is reported, and the panic is dropped, with a payload that
/// panics in its turn.
fn a_thread_is_refused_while_the_initializer_panics_on_another() {
    let (threads, drops) = (Threads::default(), Drops::default());
    let (counting, dropping) = (threads.clone(), drops.clone());
    let builder =
        Pool::builder().workers(WORKERS).stack_size(STACK).on_thread_start(move |worker| {
            counting.enter();
            if worker == 1 {
                std::panic::panic_any(dropping.panicking_token());
            }
        });
    let limited = with_room_for(3, || {
        assert_refused(builder.build().expect_err("a thread is refused"), 3);
    });
    assert!(limited);
    assert_eq!((threads.ever(), threads.alive()), (3, 0));
    assert_eq!(drops.count(), 1);
}

#[test]
fn whichever_thread_is_refused_those_before_it_are_ended_and_nothing_is_left() {
    if child::is_inside() {
        return within(LIMIT, || {
            each_thread_is_refused_in_turn();
            a_thread_is_refused_while_the_initializer_panics_on_another();
        });
    }
    let (status, said) = child::run_inside();
    assert!(status.success(), "{status}: {said}");
}
