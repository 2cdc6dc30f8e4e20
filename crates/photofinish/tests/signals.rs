//! Signals that interrupt whoever is parked: nobody takes one for a wake or for the end of a wait,
//! and nothing is lost.
//!
//! The handler is the process's, so these tests have one of their own.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Pid, getpid, gettid};
use photofinish::{CompletionSet, JoinHandle, Pool, Until, as_completed, completer, wait};

use support::{Gate, LIMIT, completers, eventually, within};

/// How often each thread is interrupted in a storm, at least.
const GUSTS: usize = 200;

static CAUGHT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    CAUGHT.fetch_add(1, SeqCst);
}

/// Counts the signals from now on; without `SA_RESTART`, so that each ends the system call that it
/// interrupts.
fn catch_signals() {
    let action = SigAction::new(SigHandler::Handler(count), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler only counts, on an atomic.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.expect("the signal can be caught");
}

fn interrupt(thread: Pid) {
    let (process, thread) = (getpid().as_raw(), thread.as_raw());
    // SAFETY: the call sends a signal that is caught, and touches no memory.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR1) };
    assert_eq!(sent, 0, "the thread lives and is ours");
}

/// The threads that are to be interrupted.
#[derive(Clone, Default)]
struct Targets(Arc<Mutex<Vec<Pid>>>);

impl Targets {
    /// Adds this thread.
    fn enter(&self) {
        self.0.lock().unwrap().push(gettid());
    }

    fn pool(&self, workers: usize) -> Pool {
        let targets = self.clone();
        let pool = Pool::builder().workers(workers).on_thread_start(move |_| targets.enter());
        pool.build().expect("the pool starts")
    }

    /// Waits until there are so many, and all of them sleep.
    fn sleep(&self, threads: usize) {
        let sleeps = |thread: &Pid| {
            let stat = fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
            stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| &rest[..1] == "S"))
        };
        eventually("all threads are asleep", || {
            let targets = self.0.lock().unwrap();
            targets.len() == threads && targets.iter().all(sleeps)
        });
    }

    /// Interrupts them all, again and again, until it is told to end.
    fn storm(&self) -> Storm {
        let targets = self.0.lock().unwrap().clone();
        let (gusts, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let thread = {
            let (gusts, over) = (Arc::clone(&gusts), Arc::clone(&over));
            thread::spawn(move || {
                while !over.load(SeqCst) {
                    targets.iter().for_each(|target| interrupt(*target));
                    gusts.fetch_add(1, SeqCst);
                    thread::yield_now();
                }
            })
        };
        Storm { gusts, over, thread }
    }
}

struct Storm {
    gusts: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Storm {
    /// Lets it blow for a while.
    fn blow(&self) {
        let (gusts, caught) = (self.gusts.load(SeqCst), CAUGHT.load(SeqCst));
        eventually("the storm goes on", || {
            self.gusts.load(SeqCst) >= gusts + GUSTS && CAUGHT.load(SeqCst) > caught
        });
    }

    fn end(self) {
        self.over.store(true, SeqCst);
        self.thread.join().expect("every target lived to the end");
    }
}

type Wait = fn(JoinHandle<usize>) -> usize;

/// The ways to wait until a task is done.
const WAITS: [(&str, Wait); 6] = [
    ("join", |handle| handle.join().unwrap()),
    ("join_timeout", |handle| handle.join_timeout(Duration::MAX).unwrap().unwrap()),
    ("as_completed", |handle| as_completed([handle]).next().unwrap().outcome.unwrap()),
    ("a set", |handle| {
        let mut set = CompletionSet::from_iter([handle]);
        set.next_timeout(LIMIT).unwrap().unwrap().outcome.unwrap()
    }),
    ("shared", |handle| *handle.shared().result().unwrap()),
    ("wait", |handle| {
        let waited = wait([handle], Until::All);
        waited.done.into_iter().map(|finished| finished.outcome.unwrap()).sum()
    }),
];

#[test]
fn a_consumer_that_is_interrupted_waits_on_and_gets_what_comes() {
    catch_signals();
    within(LIMIT, || {
        let (targets, stay) = (Targets::default(), Gate::default());
        let (ends, handles) = completers(WAITS.len());
        let back = Arc::new(AtomicUsize::new(0));
        let consumers: Vec<_> = WAITS
            .into_iter()
            .zip(handles)
            .map(|((_, wait), handle)| {
                let (targets, stay, back) = (targets.clone(), stay.clone(), Arc::clone(&back));
                thread::spawn(move || {
                    targets.enter();
                    let value = wait(handle);
                    back.fetch_add(1, SeqCst);
                    // Whoever has ended must not be interrupted.
                    stay.wait();
                    value
                })
            })
            .collect();
        targets.sleep(WAITS.len());
        let storm = targets.storm();
        storm.blow();
        assert_eq!(back.load(SeqCst), 0, "a signal has ended a wait");
        for (n, end) in ends.into_iter().enumerate() {
            end.complete(n).unwrap();
        }
        eventually("all are back", || back.load(SeqCst) == WAITS.len());
        storm.end();
        stay.open();
        for (n, (consumer, (name, _))) in consumers.into_iter().zip(WAITS).enumerate() {
            assert_eq!(consumer.join().unwrap(), n, "{name}");
        }
    });
}

#[test]
fn a_wait_that_is_interrupted_gives_up_no_sooner_than_it_was_told() {
    catch_signals();
    within(LIMIT, || {
        let (targets, go, stay) = (Targets::default(), Gate::default(), Gate::default());
        let is_back = Arc::<AtomicBool>::default();
        let consumer = {
            let (targets, go, stay) = (targets.clone(), go.clone(), stay.clone());
            let is_back = Arc::clone(&is_back);
            thread::spawn(move || {
                targets.enter();
                let (_end, mut handle) = completer::<()>();
                go.wait();
                let mut early = Vec::new();
                for patience in (1..20).map(Duration::from_millis) {
                    let begin = Instant::now();
                    handle = handle.join_timeout(patience).expect_err("nobody completes it");
                    early.extend((begin.elapsed() < patience).then_some(("join", patience)));
                    let mut results = as_completed([handle]);
                    let begin = Instant::now();
                    assert!(results.next_timeout(patience).is_err());
                    early.extend((begin.elapsed() < patience).then_some(("next", patience)));
                    handle = results.into_unfinished().pop().expect("it is unfinished");
                }
                is_back.store(true, SeqCst);
                stay.wait();
                early
            })
        };
        targets.sleep(1);
        let storm = targets.storm();
        storm.blow();
        go.open();
        eventually("it has waited often enough", || is_back.load(SeqCst));
        storm.end();
        stay.open();
        assert_eq!(consumer.join().unwrap(), []);
    });
}

#[test]
fn workers_that_are_interrupted_run_everything() {
    catch_signals();
    within(LIMIT, || {
        const TASKS: usize = 2_000;
        let targets = Targets::default();
        let pool = targets.pool(4);
        targets.sleep(4);
        let storm = targets.storm();
        storm.blow();
        for _ in 0..5 {
            let handle = pool.handle();
            let nested = pool.submit(move || {
                let tasks = handle.submit_batch((0..TASKS).map(|n| move || n));
                as_completed(tasks).map(|finished| finished.outcome.unwrap()).sum::<usize>()
            });
            let tasks = pool.submit_batch((0..TASKS).map(|n| move || n));
            let sum: usize = as_completed(tasks).map(|finished| finished.outcome.unwrap()).sum();
            assert_eq!(sum, TASKS * (TASKS - 1) / 2);
            assert_eq!(nested.join().unwrap(), sum);
            storm.blow();
        }
        storm.end();
    });
}
