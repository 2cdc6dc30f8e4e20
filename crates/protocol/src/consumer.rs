//! The consuming end of a completion queue: polls, spins, helps, parks.

use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::TooDeep;
use crate::helper::{self, Helper};
use crate::queue::{Chain, Node, Queue};
use crate::sync::{Deadline, Parker, Tempo};
use crate::task::Task;

/// How long a consumer stays awake at most before it parks, unless it is told otherwise. Its worker
/// may have to be woken first, and to run the task then: twice what a worker stays awake.
pub(crate) const DEFAULT_SPIN: Duration = Duration::from_micros(100);

/// Why a wait ended without a task.
#[derive(Debug)]
pub(crate) enum NotReady {
    /// The deadline passed.
    TimedOut,
    /// The waiting worker's stack is nearly used up.
    TooDeep(TooDeep),
}

/// What a consumer receives: something that hangs in its queue by a node.
pub(crate) trait Delivery {
    /// # Safety
    ///
    /// The node was taken from a queue that such things, and no others, are delivered to.
    unsafe fn of_node(node: NonNull<Node>) -> Self;

    /// Drops what came with the delivery, and gives up what its receiver holds of it.
    ///
    /// # Safety
    ///
    /// The caller has received it, and nobody else uses it.
    unsafe fn discard(self);
}

impl Delivery for Task {
    unsafe fn of_node(node: NonNull<Node>) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Task::of_node(node) }
    }

    unsafe fn discard(self) {
        // SAFETY: the task has been received, and its handle's share came with it or lives
        // outside the queue.
        unsafe { Task::discard(self) };
    }
}

/// Owns a queue, and knows how many deliveries it has been promised and not yet received. They are
/// tasks, unless said otherwise.
#[derive(Debug)]
pub(crate) struct Consumer<D: Delivery = Task> {
    queue: NonNull<Queue>,
    /// Taken from the queue, and still the consumer's to hand out.
    taken: Chain,
    /// Promised, and not taken from the queue.
    outstanding: usize,
    /// The signal points at the async task that polled last.
    polled: bool,
    spin: Duration,
    tempo: Tempo,
    delivery: PhantomData<fn() -> D>,
}

// SAFETY: a consumer is used by one thread at a time (`&mut self`), the queue's other side is
// made for other threads, and the tasks in it belong to whoever wraps the consumer, which asks
// for `T: Send`.
unsafe impl<D: Delivery> Send for Consumer<D> {}
// SAFETY: nothing can be done with a `&Consumer` but reading its numbers and its address.
unsafe impl<D: Delivery> Sync for Consumer<D> {}

impl Consumer {
    /// The consumer of `queue` again, as it was when it was forgotten.
    ///
    /// # Safety
    ///
    /// A consumer of `queue` to which nothing but one task was promised, and which had not
    /// received it, was forgotten, and has not been resumed since.
    pub(crate) unsafe fn resume(queue: NonNull<Queue>) -> Self {
        let mut consumer = Self::of(queue, 1);
        consumer.polled = true;
        consumer
    }
}

impl<D: Delivery> Consumer<D> {
    pub(crate) fn new() -> Self {
        Self::of(Queue::open(), 0)
    }

    fn of(queue: NonNull<Queue>, outstanding: usize) -> Self {
        Self {
            queue,
            taken: Chain::EMPTY,
            outstanding,
            polled: false,
            spin: DEFAULT_SPIN,
            tempo: Tempo::new(),
            delivery: PhantomData,
        }
    }

    /// Stays awake for at most about `spin` before it parks.
    pub(crate) fn set_spin(&mut self, spin: Duration) {
        self.spin = spin;
    }

    /// Where tasks are promised to. It lives until all that is outstanding has been delivered.
    #[inline]
    pub(crate) fn queue(&self) -> NonNull<Queue> {
        self.queue
    }

    /// One more task has been promised.
    #[inline]
    pub(crate) fn expect_one(&mut self) {
        self.expect(1);
    }

    /// So many more have been promised.
    pub(crate) fn expect(&mut self, many: usize) {
        self.outstanding += many;
    }

    /// A promise was withdrawn.
    pub(crate) fn excuse_one(&mut self) {
        self.outstanding -= 1;
    }

    #[inline]
    fn open_queue(&self) -> &Queue {
        // SAFETY: the queue is open until the consumer is dropped.
        unsafe { self.queue.as_ref() }
    }

    /// Receives the next task if one has been delivered. Wait-free, but for the turning around
    /// of what has come since the last time: one step per task.
    #[inline]
    pub(crate) fn poll(&mut self) -> Option<D> {
        self.take();
        let node = self.taken.pop()?;
        // SAFETY: the node was taken from the queue.
        Some(unsafe { D::of_node(node) })
    }

    /// Makes sure that what has been delivered is in `taken`. If nothing was there, this also
    /// ends an announcement, so that the waiting bit is never left behind for another wait.
    #[inline]
    fn take(&mut self) {
        if self.taken.is_empty() {
            self.take_all();
        }
    }

    fn take_all(&mut self) {
        let (taken, many) = self.open_queue().take();
        self.taken = taken;
        self.outstanding -= many;
        self.tempo.arrived(many);
    }

    /// Receives the next task if one has been delivered; if not, the task of `context` is woken
    /// when one is. Something must be outstanding.
    ///
    /// Only the waker of the last call is woken. Nothing is registered if something is ready.
    pub(crate) fn poll_next(&mut self, context: &Context<'_>) -> Poll<D> {
        if let Some(task) = self.poll() {
            return Poll::Ready(task);
        }
        self.polled = true;
        let queue = self.open_queue();
        queue.signal().point_at_task(context.waker());
        // If the consumer did not look again between these lines, and something came before the
        // announcement, nobody would wake it. Both work on one word, so the announcement is the
        // look.
        if queue.announce() {
            return Poll::Pending;
        }
        Poll::Ready(self.poll().expect("the queue is silent, or the announcement succeeds"))
    }

    /// No async task polls any more: ends the announcement, and lets the waker go.
    pub(crate) fn stop_polling(&mut self) {
        if self.polled {
            // In this order: without the bit, no more pushers come to ring.
            self.take();
            self.forget_task();
        }
    }

    fn forget_task(&mut self) {
        if mem::take(&mut self.polled) {
            self.open_queue().signal().forget_task();
        }
    }

    /// Receives the next task, waiting for it until `deadline`. Something must be outstanding.
    ///
    /// A worker without a deadline runs other tasks of its pool meanwhile; with a deadline it
    /// does not, for it could not stop them in time.
    pub(crate) fn wait(&mut self, deadline: Deadline) -> Result<D, NotReady> {
        self.wait_and(deadline, || ())
    }

    /// As [`wait`](Self::wait), and does `before_parking` each time the wait is about to sleep.
    pub(crate) fn wait_and(
        &mut self,
        deadline: Deadline,
        before_parking: impl FnMut(),
    ) -> Result<D, NotReady> {
        if let Some(task) = self.poll() {
            return Ok(task);
        }
        let helper = if deadline.is_never() { helper::current() } else { None };
        self.wait_with(deadline, helper, before_parking)
    }

    /// As [`wait`](Self::wait), without a deadline, and without running other tasks meanwhile.
    pub(crate) fn wait_without_helping(&mut self) -> D {
        let next = self.wait_with(Deadline::NEVER, None, || ());
        next.unwrap_or_else(|_| unreachable!("the wait has no deadline, and nothing to refuse"))
    }

    fn wait_with(
        &mut self,
        mut deadline: Deadline,
        helper: Option<Rc<dyn Helper>>,
        before_parking: impl FnMut(),
    ) -> Result<D, NotReady> {
        self.stop_polling();
        let waiting = Waiting { consumer: self, helper, before_parking };
        waiting.until(&mut deadline)
    }
}

/// A consumer in the middle of a wait.
struct Waiting<'a, D: Delivery, P: FnMut()> {
    consumer: &'a mut Consumer<D>,
    helper: Option<Rc<dyn Helper>>,
    before_parking: P,
}

impl<D: Delivery, P: FnMut()> Waiting<'_, D, P> {
    fn until(mut self, deadline: &mut Deadline) -> Result<D, NotReady> {
        loop {
            if let Some(task) = self.consumer.poll() {
                return Ok(task);
            }
            if deadline.has_passed() {
                return Err(NotReady::TimedOut);
            }
            match self.helper.as_ref().map(|helper| helper.help()) {
                Some(Ok(true)) => continue,
                Some(Err(limit)) => return Err(NotReady::TooDeep(limit)),
                Some(Ok(false)) | None => {}
            }
            self.sleep(deadline);
        }
    }

    /// Polls for a while, then parks. Returns when there may be something to take.
    fn sleep(&mut self, deadline: &mut Deadline) {
        let Consumer { spin: limit, outstanding, .. } = *self.consumer;
        let mut spin = self.consumer.tempo.wait(limit, *deadline, outstanding);
        while spin.again() {
            if !self.consumer.open_queue().is_silent() {
                return;
            }
        }
        (self.before_parking)();
        self.park(deadline);
        self.consumer.tempo.overslept(limit);
    }

    /// Parks, unless something has been delivered.
    fn park(&self, deadline: &mut Deadline) {
        let queue = self.consumer.open_queue();
        let parker = Parker::current();
        queue.signal().point_at_thread(parker);
        if !queue.announce() {
            return;
        }
        match &self.helper {
            // The pool may have woken the worker for a task: look for that, too.
            Some(helper) => helper.park(parker),
            None => {
                while queue.is_silent() && !deadline.has_passed() {
                    parker.park_until(deadline);
                }
            }
        }
    }
}

impl<D: Delivery, P: FnMut()> Drop for Waiting<'_, D, P> {
    fn drop(&mut self) {
        if let Some(helper) = &self.helper {
            helper.leave();
        }
    }
}

impl<D: Delivery> Drop for Consumer<D> {
    /// Leaves: what is ready is discarded, and what is still to come is settled by whoever
    /// delivers it.
    fn drop(&mut self) {
        // Before the close: after it the signal may be another queue's.
        self.forget_task();
        // SAFETY: the consumer uses its queue no more.
        let mut rest = unsafe { Queue::close(self.queue, self.outstanding) };
        for chain in [&mut self.taken, &mut rest] {
            while let Some(node) = chain.pop() {
                // SAFETY: the node was taken from the queue.
                let delivery = unsafe { D::of_node(node) };
                // SAFETY: it has been received, and the consumer is the one who received it.
                unsafe { delivery.discard() };
            }
        }
    }
}
