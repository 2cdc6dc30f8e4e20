//! What a run of the models may watch and change: which orderings are used where, how many steps
//! each thread takes, and where one of them stops.
//!
//! Every atomic operation of the seam comes through here with the place in the source that made
//! it. A run may *record* those places, *weaken* the ordering at one of them, or *freeze* a
//! thread before one of its steps, without a line being compiled anew.
//!
//! loom runs all threads of a model on one operating-system thread, so the plan and the records
//! are plain state of that thread; they add neither interleavings nor happens-before edges.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::str::FromStr;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::leak;

/// What an operation does, as far as its ordering is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Reads and writes in one step; the success of a compare-exchange, too.
    Rmw,
    /// The failure of a compare-exchange.
    Failure,
    /// Orders what stands before it and after it.
    Fence,
}

/// An ordering in the source: a place, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The file, from the root of the workspace.
    pub file: String,
    /// The line, from one.
    pub line: u32,
    /// The column, from one.
    pub column: u32,
    /// What the operation there does.
    pub kind: Kind,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{} {:?}", self.file, self.line, self.column, self.kind)
    }
}

/// An ordering made weaker, or a fence removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Where.
    pub site: Site,
    /// What stands there instead; `None` for a fence that is removed.
    pub ordering: Option<Ordering>,
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordering {
            Some(ordering) => write!(f, "{} {ordering:?}", self.site),
            None => write!(f, "{} removed", self.site),
        }
    }
}

impl FromStr for Mutant {
    type Err = String;

    /// Reads what `Display` writes: `FILE:LINE:COLUMN KIND ORDERING`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not of the form FILE:LINE:COLUMN KIND ORDERING");
        let mut words = text.split(' ');
        let (Some(place), Some(kind), Some(ordering), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(wrong());
        };
        let mut place = place.rsplitn(3, ':');
        let mut number = || place.next()?.parse().ok();
        let (Some(column), Some(line)) = (number(), number()) else { return Err(wrong()) };
        let file = place.next().ok_or_else(wrong)?.to_owned();
        let kind = match kind {
            "Load" => Kind::Load,
            "Store" => Kind::Store,
            "Rmw" => Kind::Rmw,
            "Failure" => Kind::Failure,
            "Fence" => Kind::Fence,
            _ => return Err(wrong()),
        };
        let ordering = match ordering {
            "Relaxed" => Some(Relaxed),
            "Acquire" => Some(Acquire),
            "Release" => Some(Release),
            "AcqRel" => Some(AcqRel),
            "removed" => None,
            _ => return Err(wrong()),
        };
        Ok(Self { site: Site { file, line, column, kind }, ordering })
    }
}

/// Every way to make an ordering one step weaker.
pub fn weaker(kind: Kind, ordering: Ordering) -> Vec<Option<Ordering>> {
    match (kind, ordering) {
        (Kind::Fence, SeqCst) => vec![Some(AcqRel)],
        (Kind::Fence, AcqRel) => vec![Some(Acquire), Some(Release)],
        (Kind::Fence, _) => vec![None],
        (Kind::Load | Kind::Failure, SeqCst) => vec![Some(Acquire)],
        (Kind::Store, SeqCst) => vec![Some(Release)],
        (Kind::Rmw, SeqCst) => vec![Some(AcqRel)],
        (_, AcqRel) => vec![Some(Acquire), Some(Release)],
        (_, Acquire | Release) => vec![Some(Relaxed)],
        _ => vec![],
    }
}

/// A thread's part in a model, by number.
pub type Role = usize;

/// Stops one thread before one of its steps, until the gate is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Whose step.
    pub role: Role,
    /// Which step, from zero.
    pub step: usize,
}

/// An ordering as declared, and how often it was used.
type Declared = (Ordering, u64);

std::thread_local! {
    static MUTANT: RefCell<Option<Mutant>> = const { RefCell::new(None) };
    static RECORD: RefCell<Option<BTreeMap<Site, Declared>>> = const { RefCell::new(None) };
    static FREEZE: Cell<Option<Freeze>> = const { Cell::new(None) };
    static FROZEN: Cell<u64> = const { Cell::new(0) };
    static STEPS: RefCell<BTreeMap<Role, usize>> = const { RefCell::new(BTreeMap::new()) };
    static GATE: Cell<Option<&'static Gate>> = const { Cell::new(None) };
    /// Spares the look at the plan where there is none.
    static PLANNED: Cell<bool> = const { Cell::new(false) };
}

loom::thread_local! {
    static ROLE: Cell<Option<(Role, usize)>> = Cell::new(None);
}

/// Weakens one ordering in all models that this thread runs from now on.
pub fn mutate(mutant: Mutant) {
    MUTANT.set(Some(mutant));
    PLANNED.set(true);
}

/// Records the orderings that the models of this thread use from now on.
pub fn record() {
    RECORD.set(Some(BTreeMap::new()));
    PLANNED.set(true);
}

/// What has been recorded: each site, its declared ordering, and how often it was reached.
pub fn recorded() -> Vec<(Site, Ordering, u64)> {
    let record = RECORD.take().unwrap_or_default();
    record.into_iter().map(|(site, (ordering, hits))| (site, ordering, hits)).collect()
}

/// Stops a thread before a step in all models that this thread runs from now on.
pub fn freeze(freeze: Freeze) {
    FREEZE.set(Some(freeze));
}

/// Who is frozen, if anybody is to be.
pub fn frozen_role() -> Option<Role> {
    FREEZE.get().map(|freeze| freeze.role)
}

/// In how many executions a thread was stopped.
pub fn frozen_executions() -> u64 {
    FROZEN.get()
}

/// The most steps that each role has taken in an execution.
pub fn most_steps() -> BTreeMap<Role, usize> {
    STEPS.with_borrow(Clone::clone)
}

/// The calling model thread plays `role` from now on, and its steps are counted.
pub fn play(role: Role) {
    ROLE.with(|place| place.set(Some((role, 0))));
}

/// Lets the frozen thread go on.
pub fn open_gate() {
    if let Some(gate) = GATE.get() {
        gate.open();
    }
}

/// Where a frozen thread stands.
struct Gate {
    is_open: std::sync::atomic::AtomicBool,
    bell: loom::sync::Notify,
}

impl Gate {
    fn pass(&self) {
        while !self.is_open.load(SeqCst) {
            self.bell.wait();
        }
    }

    fn open(&self) {
        if !self.is_open.swap(true, SeqCst) {
            self.bell.notify();
        }
    }
}

/// A new execution begins.
pub(super) fn begin_execution() {
    GATE.set(FREEZE.get().map(|_| {
        leak(Gate {
            is_open: std::sync::atomic::AtomicBool::new(false),
            bell: loom::sync::Notify::new(),
        })
    }));
}

/// A thread is about to take a step: an atomic operation, or a wake.
pub(super) fn step() {
    // A thread whose locals are being destroyed plays no role any more.
    let Ok(Some((role, step))) = ROLE.try_with(Cell::get) else { return };
    ROLE.with(|place| place.set(Some((role, step + 1))));
    STEPS.with_borrow_mut(|most| {
        let most = most.entry(role).or_default();
        *most = (*most).max(step + 1);
    });
    if FREEZE.get() == Some(Freeze { role, step })
        && let Some(gate) = GATE.get()
    {
        FROZEN.set(FROZEN.get() + 1);
        gate.pass();
    }
}

/// The ordering to use where the caller declares `ordering`; `None` if a fence is removed.
#[track_caller]
pub(super) fn ordering(kind: Kind, ordering: Ordering) -> Option<Ordering> {
    if !PLANNED.get() {
        return Some(ordering);
    }
    let place = Location::caller();
    RECORD.with_borrow_mut(|record| {
        if let Some(record) = record {
            let site = Site {
                file: place.file().to_owned(),
                line: place.line(),
                column: place.column(),
                kind,
            };
            record.entry(site).or_insert((ordering, 0)).1 += 1;
        }
    });
    MUTANT.with_borrow(|mutant| match mutant {
        Some(Mutant { site, ordering })
            if site.kind == kind
                && site.line == place.line()
                && site.column == place.column()
                && place.file().ends_with(site.file.as_str()) =>
        {
            *ordering
        }
        _ => Some(ordering),
    })
}
