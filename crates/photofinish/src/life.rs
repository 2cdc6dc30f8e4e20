//! A pool's life: how far it has come, and why it broke.

use std::error::Error;
use std::sync::{Arc, OnceLock};

use photofinish_protocol::sync::AtomicUsize;
use photofinish_protocol::sync::Ordering::Relaxed;

/// The stages, in the order in which a pool can pass them; it may leave some out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The pool takes tasks, and its owner still has it.
    Open = 0,
    /// The owner has given the pool up: it ends when all work is done.
    Draining = 1,
    /// All work is done; what comes from outside is abandoned.
    Ended = 2,
    /// The owner wants nothing more to begin: what is queued, or comes, is cancelled.
    Halted = 3,
    /// A worker was lost: what is queued, or comes, fails with the cause.
    Broken = 4,
}

impl Stage {
    /// The stage that a life's word stands for.
    #[inline]
    fn of(word: usize) -> Self {
        match word {
            0 => Self::Open,
            1 => Self::Draining,
            2 => Self::Ended,
            3 => Self::Halted,
            4.. => Self::Broken,
        }
    }

    /// The stage in a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Draining => "draining",
            Self::Ended => "ended",
            Self::Halted => "halted",
            Self::Broken => "broken",
        }
    }
}

/// Why a pool broke.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// Where a pool is in its life.
#[derive(Debug)]
pub(crate) struct Life {
    /// The stage.
    ///
    /// ORDERING: Relaxed everywhere; whoever moves the pool on fences afterwards (draining, ended),
    /// and whoever has to see it has fenced before it looks (published, asleep).
    word: AtomicUsize,
    /// Set before the stage says that the pool is broken, and read after.
    cause: OnceLock<Cause>,
}

impl Life {
    /// The pool is open.
    pub(crate) fn new() -> Self {
        Self { word: AtomicUsize::new(Stage::Open as usize), cause: OnceLock::new() }
    }

    /// The stage that the pool is at.
    #[inline]
    pub(crate) fn stage(&self) -> Stage {
        // ORDERING: Relaxed; whoever must not miss a stage has fenced before this.
        Stage::of(self.word.load(Relaxed))
    }

    /// Whether the pool is at `stage`, or further.
    #[inline]
    pub(crate) fn has_reached(&self, stage: Stage) -> bool {
        // ORDERING: Relaxed; as above.
        self.word.load(Relaxed) >= stage as usize
    }

    /// Moves on to `stage`, unless the pool is there already, or further.
    pub(crate) fn advance(&self, stage: Stage) {
        let next = stage as usize;
        // ORDERING: Relaxed; the caller fences afterwards.
        let mut seen = self.word.load(Relaxed);
        while seen < next {
            // ORDERING: Relaxed; as above.
            match self.word.compare_exchange(seen, next, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Keeps why the pool is about to break. The first cause stays.
    pub(crate) fn blame(&self, cause: impl Error + Send + Sync + 'static) {
        self.cause.get_or_init(|| Arc::new(cause));
    }

    /// Why the pool broke, when its stage says so.
    pub(crate) fn cause(&self) -> Cause {
        Arc::clone(self.cause.wait())
    }
}
