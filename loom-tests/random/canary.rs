//! Faults that have to be found, or the runs would find none in the shipped source either; and
//! proof that a seed repeats a run.

use std::cell::RefCell;

use photofinish_protocol::sync::Ordering::{AcqRel, Relaxed};
use photofinish_protocol::sync::{Arc, AtomicUsize, Lifetime, Parker};
use photofinish_protocol::{as_completed, completer};
use shuttle::FailurePersistence;

use crate::harness::{Draw, run, seed, spawn};

/// Finding a canary takes a few schedules; this many without it mean that nobody looks.
const PATIENCE: usize = 20_000;
const PRODUCERS: usize = 8;

/// Runs a faulty execution until it fails, twice, and tells which schedule it was.
fn find(name: &str, draw: Draw, fault: &str, execution: fn()) {
    let find = || {
        let found = run(draw, seed(), PATIENCE, FailurePersistence::None, execution);
        let failure = found.err().unwrap_or_else(|| panic!("{name} was not found, {draw}"));
        assert!(failure.message().contains(fault), "{name}, {draw}: {}", failure.message());
        failure.schedule
    };
    let schedule = find();
    assert_eq!(find(), schedule, "the seed repeats the run");
    println!("\n{name}: found by schedule {schedule}, {draw}, seed {}", seed());
}

/// A counter of deliveries whose consumer does not look again once it has announced that it
/// waits: what came just before that wakes nobody.
struct NoSecondLook {
    delivered: AtomicUsize,
    waiting: AtomicUsize,
    consumer: &'static Parker,
}

impl NoSecondLook {
    fn push(&self) {
        self.delivered.fetch_add(1, AcqRel);
        if self.waiting.swap(0, AcqRel) == 1 {
            self.consumer.unpark();
        }
    }

    fn wait_for(&self, all: usize) {
        while self.delivered.load(Relaxed) < all {
            self.waiting.swap(1, AcqRel);
            self.consumer.park();
        }
    }
}

fn lose_a_wake() {
    let queue = Arc::new(NoSecondLook {
        delivered: AtomicUsize::new(0),
        waiting: AtomicUsize::new(0),
        consumer: Parker::current(),
    });
    for _ in 0..PRODUCERS {
        let queue = Arc::clone(&queue);
        spawn(move || queue.push());
    }
    queue.wait_for(PRODUCERS);
}

#[test]
fn a_lost_wake_is_found() {
    for draw in [Draw::Pct, Draw::Uniform] {
        find("a lost wake", draw, "deadlock", lose_a_wake);
    }
}

/// An object that one thread ends while another may be about to use it.
fn end_too_early() {
    struct Shared {
        lifetime: Lifetime,
        uses: AtomicUsize,
    }
    // SAFETY: all threads of an execution share one operating-system thread.
    unsafe impl Sync for Shared {}
    let shared = Arc::new(Shared { lifetime: Lifetime::begin(), uses: AtomicUsize::new(0) });
    let user = Arc::clone(&shared);
    spawn(move || {
        user.uses.fetch_add(1, AcqRel);
        user.lifetime.access();
    });
    shared.uses.load(Relaxed);
    shared.lifetime.end();
}

#[test]
fn a_use_after_the_end_is_found() {
    for draw in [Draw::Pct, Draw::Uniform] {
        find("a use after the end", draw, "use after the end", end_too_early);
    }
}

#[test]
fn an_object_that_never_ends_is_found() {
    for draw in [Draw::Pct, Draw::Uniform] {
        find("a leak", draw, "leaked", || {
            spawn(|| {
                let _never_ends = Lifetime::begin();
            });
        });
    }
}

#[test]
fn the_same_seed_draws_the_same_schedules() {
    std::thread_local! {
        static ORDERS: RefCell<Vec<Vec<usize>>> = const { RefCell::new(Vec::new()) };
    }
    static TRACES: std::sync::Mutex<Vec<Vec<Vec<usize>>>> = std::sync::Mutex::new(Vec::new());
    fn execution() {
        let (completers, handles): (Vec<_>, Vec<_>) = (0..PRODUCERS).map(|_| completer()).unzip();
        for completer in completers {
            spawn(move || completer.complete(()).expect("nobody cancels"));
        }
        let order: Vec<usize> = as_completed(handles).map(|finished| finished.index).collect();
        ORDERS.with_borrow_mut(|orders| orders.push(order));
        if ORDERS.with_borrow(Vec::len) == SCHEDULES {
            TRACES.lock().expect("no panic under the lock").push(ORDERS.take());
        }
    }
    const SCHEDULES: usize = 100;
    let runs = [
        (Draw::Pct, 1),
        (Draw::Pct, 1),
        (Draw::Uniform, 1),
        (Draw::Uniform, 1),
        (Draw::Uniform, 2),
    ];
    for (draw, seed) in runs {
        let ran = run(draw, seed, SCHEDULES, FailurePersistence::Print, execution);
        assert!(ran.is_ok_and(|schedules| schedules == SCHEDULES));
    }
    let traces = TRACES.lock().expect("no panic under the lock");
    assert_eq!(traces.len(), runs.len());
    assert_eq!(traces[0], traces[1], "PCT draws the same");
    assert_eq!(traces[2], traces[3], "the uniform scheduler draws the same");
    assert_ne!(traces[3], traces[4], "another seed draws others");
}
