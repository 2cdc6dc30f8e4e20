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

use super::keep;

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
    /// Wakes a thread.
    Wake,
}

impl Kind {
    /// Whether others can notice it: to them, a thread that has stopped before a load stands where
    /// it would before its next write.
    fn is_effect(self) -> bool {
        match self {
            Self::Store | Self::Rmw | Self::Wake => true,
            Self::Load | Self::Failure | Self::Fence => false,
        }
    }
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

impl Site {
    fn at(place: &Location<'_>, kind: Kind) -> Self {
        Self { file: place.file().to_owned(), line: place.line(), column: place.column(), kind }
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

/// The part that a thread plays, and how far it has come.
#[derive(Clone, Copy)]
struct Part {
    role: Role,
    /// Whether only those steps are counted that others can notice.
    effects_only: bool,
    steps: usize,
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
    /// Where a thread was stopped in this execution.
    static STOOD: RefCell<Option<Site>> = const { RefCell::new(None) };
    /// How many steps that others can notice all threads of this execution have taken.
    static EFFECTS: Cell<u64> = const { Cell::new(0) };
    /// Spares the look at the plan where there is none.
    static PLANNED: Cell<bool> = const { Cell::new(false) };
}

loom::thread_local! {
    static PART: Cell<Option<Part>> = Cell::new(None);
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
    PART.with(|part| part.set(Some(Part { role, effects_only: false, steps: 0 })));
}

/// The calling model thread plays `role` from now on, and those of its steps are counted that
/// others can notice: all but loads and fences.
pub fn play_by_effects(role: Role) {
    PART.with(|part| part.set(Some(Part { role, effects_only: true, steps: 0 })));
}

/// Whether the calling model thread plays a role.
pub fn plays() -> bool {
    PART.with(|part| part.get().is_some())
}

/// Before which operation a thread was stopped in this execution, if one was.
pub fn stood_at() -> Option<Site> {
    STOOD.with_borrow(Clone::clone)
}

/// How many steps that others can notice have been taken in this execution.
pub fn effects() -> u64 {
    EFFECTS.get()
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
        // ORDERING: SeqCst; beside the model, which sees the bell alone.
        while !self.is_open.load(SeqCst) {
            self.bell.wait();
        }
    }

    fn open(&self) {
        // ORDERING: SeqCst; as in pass.
        if !self.is_open.swap(true, SeqCst) {
            self.bell.notify();
        }
    }
}

/// A new execution begins.
pub(super) fn begin_execution() {
    STOOD.set(None);
    EFFECTS.set(0);
    GATE.set(FREEZE.get().map(|_| {
        keep(Gate {
            is_open: std::sync::atomic::AtomicBool::new(false),
            bell: loom::sync::Notify::new(),
        })
    }));
}

/// A thread is about to take a step: an atomic operation, or a wake.
#[track_caller]
pub(super) fn step(kind: Kind) {
    if kind.is_effect() {
        EFFECTS.set(EFFECTS.get() + 1);
    }
    // A thread whose locals are being destroyed plays no role any more.
    let Ok(Some(part)) = PART.try_with(Cell::get) else { return };
    if part.effects_only && !kind.is_effect() {
        return;
    }
    let Part { role, steps: step, .. } = part;
    PART.with(|place| place.set(Some(Part { steps: step + 1, ..part })));
    STEPS.with_borrow_mut(|most| {
        let most = most.entry(role).or_default();
        *most = (*most).max(step + 1);
    });
    if FREEZE.get() == Some(Freeze { role, step })
        && let Some(gate) = GATE.get()
    {
        FROZEN.set(FROZEN.get() + 1);
        STOOD.set(Some(Site::at(Location::caller(), kind)));
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
            record.entry(Site::at(place, kind)).or_insert((ordering, 0)).1 += 1;
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
