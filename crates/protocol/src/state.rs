//! The life of a task, as plain data.
//!
//! ```text
//!              claim                complete
//!   Pending ----------> Running ----------------> Returned | Failed
//!      |                   |
//!      | cancel            | revoke
//!      v                   v
//!   Cancelled          Cancelled
//! ```
//!
//! Beside its phase a task's word holds the **shares** of those who may still touch the task:
//!
//! * the *runner's*, from birth until `RUNNER_GONE`;
//! * the *handle's*, from birth until `HANDLE_GONE`;
//! * the *delivery*, as long as `ATTACHED`: a consumer's queue has been promised the task;
//! * one for each *canceller*, counted above the flags.
//!
//! The task is freed by the transition after which no share is left ([`Snapshot::is_free`]), or
//! instead of it, by one who has seen that all others have left ([`Snapshot::is_alone`]). There is
//! no reference count.
//!
//! Each transition here is a pure function; `word.rs` applies it by one atomic step. `table.rs` has
//! the same in rows, and its tests hold the functions, the rows, and the table of
//! `docs/protocol.md`, which is `table.md`, against each other, word by word.

#[cfg(test)]
mod table;

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has begun it; its storage holds the closure.
    Pending,
    /// The runner runs it, and the storage is the runner's.
    Running,
    /// It returned; unless taken, its storage holds the value.
    Returned,
    /// It panicked, was abandoned, or its pool broke; unless taken, its storage holds the error.
    Failed,
    /// It was cancelled, and its storage holds nothing for anybody else.
    Cancelled,
}

/// A task's word, read at one moment.
///
/// ```text
///   63 ...  10 | 9         | 8           | 7           | 6     | 5     | 4        | 3         | 2      | 1    | 0
///   CANCELLERS | REQUESTED | RUNNER_GONE | HANDLE_GONE | TAKEN | SPLIT | ATTACHED | CANCELLED | FAILED | DONE | CLAIMED
/// ```
///
/// | flag | who sets it | who clears it |
/// |---|---|---|
/// | `CLAIMED`, `DONE`, `FAILED`, `RUNNER_GONE` | the runner | |
/// | `CANCELLED` | whoever cancels first, or the runner that revokes | |
/// | `REQUESTED` | whoever cancels a running task | |
/// | `ATTACHED` | the handle, or the task is born with it | the handle in time; later whoever ends the delivery |
/// | `SPLIT` | the handle, too late | whoever ends the delivery |
/// | `TAKEN`, `HANDLE_GONE` | whoever holds the handle's share | |
///
/// What only one can set, and only once, it sets by adding: such a transition is one fetch-and-add,
/// whatever others do meanwhile. Those that have to know what others have done (`attach`, `cancel`,
/// `detach`, `leave`) compare, and repeat.
///
/// Of all words these alone occur:
///
/// * `FAILED` goes with `DONE`; `DONE` with `CLAIMED` and `RUNNER_GONE`, never with `CANCELLED`;
/// * `RUNNER_GONE` goes with `CLAIMED`, in a finished task;
/// * `SPLIT` goes with `ATTACHED`, in a finished task;
/// * with `ATTACHED` the handle is the queue's: neither `TAKEN` nor `HANDLE_GONE` is set, unless
///   `SPLIT` is; then `HANDLE_GONE` goes with `TAKEN`;
/// * `TAKEN` is set in a finished task only;
/// * `REQUESTED` goes with `CLAIMED`, and with `CANCELLED` only if the runner has revoked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Snapshot(pub(crate) usize);

/// Somebody has claimed the task; a cancelled one too, in vain.
pub(crate) const CLAIMED: usize = 1 << 0;
/// The runner has completed the task.
pub(crate) const DONE: usize = 1 << 1;
/// It completed with an error.
pub(crate) const FAILED: usize = 1 << 2;
/// The task was cancelled before it ran, or revoked by its runner.
pub(crate) const CANCELLED: usize = 1 << 3;
/// A destination is set, and the task will be delivered to it.
pub(crate) const ATTACHED: usize = 1 << 4;
/// The handle was withdrawn too late to stop the delivery: it lives outside the queue.
pub(crate) const SPLIT: usize = 1 << 5;
/// The outcome was taken, together with the handle's leaving or before it.
pub(crate) const TAKEN: usize = 1 << 6;
/// The handle's share has been given up.
pub(crate) const HANDLE_GONE: usize = 1 << 7;
/// The runner's share has been given up.
pub(crate) const RUNNER_GONE: usize = 1 << 8;
/// Somebody wanted to cancel the task while it ran: it may look, and stop by itself.
pub(crate) const REQUESTED: usize = 1 << 9;
/// One canceller's share.
pub(crate) const CANCELLER: usize = 1 << 10;
/// The number of cancellers at which one more is refused: far from spilling over.
pub(crate) const CANCELLERS_LIMIT: usize = (usize::MAX >> 1) & !(CANCELLER - 1);

/// What [`Snapshot::claim`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Claim {
    /// The task is the caller's to run; the closure is in its storage.
    Run,
    /// The task was cancelled: release the runner's share.
    Leave,
}

/// How a runner completes a task: what its last step adds to the word. Its share goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Verdict {
    /// The value has been put into the storage.
    Returned = DONE | RUNNER_GONE,
    /// The error has been put into the storage.
    Failed = DONE | FAILED | RUNNER_GONE,
    /// The closure was dropped unrun: the runner cancels the task it had claimed.
    Revoked = CANCELLED | RUNNER_GONE,
}

/// What a transition obliges its caller to do with a task that may be somebody else's now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Owed {
    /// Push the task to its destination: it is the caller's until then.
    Deliver,
    /// Nobody else is left: free the task.
    Free,
    /// Nothing; the task may be gone already.
    Nothing,
}

/// What [`Snapshot::attach`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Attach {
    /// The task will be delivered to the destination that the handle has written.
    Promised,
    /// The task has finished: take it at once.
    Finished,
}

/// What [`Snapshot::cancel`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Cancel {
    /// The task is cancelled: drop its closure, then do what is owed.
    Won(Owed),
    /// The task runs, and has been asked to stop, now or before.
    Requested,
    /// The task was cancelled before.
    Cancelled,
    /// The task completed before.
    Completed,
}

/// What [`Snapshot::detach`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Detach {
    /// The promise is withdrawn; the task will not be delivered.
    Withdrawn,
    /// Too late: the task has finished and its delivery is under way. The handle is outside
    /// the queue and may take the outcome.
    Delivering,
}

/// What [`Snapshot::leave`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Leave {
    /// The handle is gone; whoever completes the task owns the outcome.
    Left,
    /// The task has finished: take the outcome, then release the handle.
    Finished,
}

impl Snapshot {
    /// A task at birth: pending, with a runner and a handle.
    pub(crate) const PENDING: Self = Self(0);
    /// A task born with a destination: a delivery is owed from the start.
    pub(crate) const PROMISED: Self = Self(ATTACHED);

    const fn has(self, flag: usize) -> bool {
        self.0 & flag != 0
    }

    /// Where the task is in its life.
    pub const fn phase(self) -> Phase {
        if self.has(CANCELLED) {
            Phase::Cancelled
        } else if self.has(FAILED) {
            Phase::Failed
        } else if self.has(DONE) {
            Phase::Returned
        } else if self.has(CLAIMED) {
            Phase::Running
        } else {
            Phase::Pending
        }
    }

    /// Whether the task has returned, failed or been cancelled.
    pub const fn is_finished(self) -> bool {
        self.has(DONE | CANCELLED)
    }

    /// Whether a queue has been promised the task.
    pub const fn is_attached(self) -> bool {
        self.has(ATTACHED)
    }

    /// Whether the handle lives outside the queue that the task is being delivered to.
    pub const fn is_split(self) -> bool {
        self.has(SPLIT)
    }

    /// Whether the storage holds a value or an error that nobody has taken.
    pub const fn holds_outcome(self) -> bool {
        self.has(DONE) && !self.has(TAKEN)
    }

    /// Whether somebody wanted to cancel the task while it ran.
    pub const fn is_requested(self) -> bool {
        self.has(REQUESTED)
    }

    /// Whether the handle has taken the outcome.
    pub const fn is_taken(self) -> bool {
        self.has(TAKEN)
    }

    /// How many cancellers there are.
    pub const fn cancellers(self) -> usize {
        self.0 / CANCELLER
    }

    /// Whether no share is left: the task is freed by the transition that leads here.
    pub const fn is_free(self) -> bool {
        !self.has(ATTACHED)
            && self.has(HANDLE_GONE)
            && self.has(RUNNER_GONE)
            && self.cancellers() == 0
    }

    /// Whether runner and cancellers have left, so that whoever holds the handle's share, and
    /// the delivery if there is one, is alone with the task.
    pub const fn is_alone(self) -> bool {
        self.has(RUNNER_GONE) && self.cancellers() == 0
    }

    const fn freed(self) -> Owed {
        if self.is_free() { Owed::Free } else { Owed::Nothing }
    }

    /// The runner begins, or learns that the task was cancelled.
    pub(crate) const fn claim(self) -> (Self, Claim) {
        let claim = if self.has(CANCELLED) { Claim::Leave } else { Claim::Run };
        (Self(self.0 + CLAIMED), claim)
    }

    /// The runner publishes the outcome and leaves.
    pub(crate) const fn complete(self, verdict: Verdict) -> (Self, Owed) {
        let next = Self(self.0 + verdict as usize);
        (next, if self.has(ATTACHED) { Owed::Deliver } else { next.freed() })
    }

    /// The runner leaves a task that was cancelled before it ran.
    pub(crate) const fn release_runner(self) -> (Self, Owed) {
        let next = Self(self.0 + RUNNER_GONE);
        (next, next.freed())
    }

    /// The handle promises the task to the destination it has written.
    pub(crate) const fn attach(self) -> (Self, Attach) {
        if self.is_finished() {
            (self, Attach::Finished)
        } else {
            (Self(self.0 | ATTACHED), Attach::Promised)
        }
    }

    /// A holder of a share cancels a task that nobody has begun, and asks a running one to stop.
    pub(crate) const fn cancel(self) -> (Self, Cancel) {
        match self.phase() {
            Phase::Pending => {
                let owed = if self.has(ATTACHED) { Owed::Deliver } else { Owed::Nothing };
                (Self(self.0 | CANCELLED), Cancel::Won(owed))
            }
            Phase::Running => (Self(self.0 | REQUESTED), Cancel::Requested),
            Phase::Cancelled => (self, Cancel::Cancelled),
            Phase::Returned | Phase::Failed => (self, Cancel::Completed),
        }
    }

    /// The handle withdraws the promise, or learns that the delivery is under way.
    pub(crate) const fn detach(self) -> (Self, Detach) {
        if self.is_finished() {
            (Self(self.0 | SPLIT), Detach::Delivering)
        } else {
            (Self(self.0 & !ATTACHED), Detach::Withdrawn)
        }
    }

    /// The handle leaves a task that has not finished.
    pub(crate) const fn leave(self) -> (Self, Leave) {
        if self.is_finished() {
            (self, Leave::Finished)
        } else {
            (Self(self.0 | HANDLE_GONE), Leave::Left)
        }
    }

    /// The handle has taken the outcome, and stays.
    pub(crate) const fn take(self) -> Self {
        Self(self.0 | TAKEN)
    }

    /// The handle leaves a finished task whose outcome it has taken.
    pub(crate) const fn release_handle(self) -> (Self, Owed) {
        let next = Self(self.0 | HANDLE_GONE | TAKEN);
        (next, next.freed())
    }

    /// The consumer has received the task and taken its outcome: delivery and handle go.
    pub(crate) const fn receive(self) -> (Self, Owed) {
        let next = Self(self.0 + (HANDLE_GONE | TAKEN) - ATTACHED);
        (next, next.freed())
    }

    /// The delivery of a task whose handle lives outside the queue is over.
    pub(crate) const fn settle(self) -> (Self, Owed) {
        let next = Self(self.0 - (ATTACHED | SPLIT));
        (next, next.freed())
    }

    /// The consumer has received the task and gives its handle out again.
    pub(crate) const fn reclaim(self) -> Self {
        Self(self.0 - ATTACHED)
    }

    /// One more canceller.
    pub(crate) const fn add_canceller(self) -> Self {
        Self(self.0 + CANCELLER)
    }

    /// One canceller less.
    pub(crate) const fn release_canceller(self) -> (Self, Owed) {
        let next = Self(self.0 - CANCELLER);
        (next, next.freed())
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.phase())?;
        let flags = [
            (CLAIMED, "claimed in vain", self.has(CANCELLED)),
            (ATTACHED, "attached", true),
            (SPLIT, "split", true),
            (TAKEN, "taken", true),
            (HANDLE_GONE, "handle gone", true),
            (RUNNER_GONE, "runner gone", true),
            (REQUESTED, "asked to stop", true),
        ];
        for (flag, name, shown) in flags {
            if shown && self.has(flag) {
                write!(f, ", {name}")?;
            }
        }
        match self.cancellers() {
            0 => Ok(()),
            count => write!(f, ", {count} cancellers"),
        }
    }
}
