//! A consumer that sleeps, and those who wake it.

use std::time::Duration;

use photofinish_protocol::sync::Ordering::{AcqRel, Relaxed, SeqCst};
use photofinish_protocol::sync::{AtomicUsize, Deadline, Parker, Tempo, fence};

/// How long a consumer polls before it parks: as long as ours does.
pub(super) const SPIN: Duration = Duration::from_micros(5);

/// Wakes one thread, if it waits. The first to ring takes the wait away: those who come after it
/// do not ring again, even if it has stopped before the wake.
#[derive(Debug)]
pub(super) struct Bell {
    /// 1 while the consumer waits and nobody has rung.
    waiting: AtomicUsize,
    consumer: &'static Parker,
}

impl Bell {
    /// A bell that wakes the calling thread.
    pub(super) fn of_this_thread() -> Self {
        Self { waiting: AtomicUsize::new(0), consumer: Parker::current() }
    }

    /// Wakes the consumer if it waits. To be called after what it waits for has been published.
    pub(super) fn ring(&self) {
        // ORDERING: SeqCst; pairs with the fence in wait: either the consumer's last look sees
        // what was published, or this look sees that it waits.
        fence(SeqCst);
        // ORDERING: Relaxed; the fence has ordered the look, and the parker orders the wake.
        if self.waiting.load(Relaxed) == 1 && self.waiting.swap(0, AcqRel) == 1 {
            self.consumer.unpark();
        }
    }

    /// Polls until there is something or `deadline` has passed: for a while without a pause, then
    /// asleep in between.
    pub(super) fn wait<R>(
        &self,
        mut deadline: Deadline,
        mut poll: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        let mut spin = Tempo::new().wait(SPIN, Deadline::NEVER, usize::MAX);
        loop {
            let found = poll();
            if found.is_some() || deadline.has_passed() {
                return found;
            }
            if spin.again() {
                continue;
            }
            // ORDERING: AcqRel; after the ring that ended the last wait. The fence orders it before
            // the last look.
            self.waiting.swap(1, AcqRel);
            // ORDERING: SeqCst; pairs with the fence in ring.
            fence(SeqCst);
            let found = poll();
            if found.is_none() {
                self.consumer.park_until(&mut deadline);
            }
            // ORDERING: AcqRel; as above. A wake that is under way leaves a token, and the next
            // wait returns once for nothing.
            self.waiting.swap(0, AcqRel);
            if found.is_some() {
                return found;
            }
        }
    }
}
