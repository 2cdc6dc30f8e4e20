//! The consumer's side of a block: pulls inputs, keeps as many under way as its buffer holds, and
//! receives them in the order in which they are done.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::block::Block;
use crate::consumer::{Consumer, NotReady};
use crate::error::{JoinError, TimedOut, TooDeep};
use crate::panic::contain;
use crate::runnable::Spawn;
use crate::slot::SlotRef;
use crate::sync::{Arc, Deadline};

/// Inputs are pulled when so many may be, or earlier if nothing is ready.
const FEW: usize = 16;

/// One of the inputs, and what the function made of it.
///
/// ```
/// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
///
/// struct RightNow;
/// impl Spawn for RightNow {
///     fn spawn(&self, runnable: Runnable) {
///         runnable.run();
///     }
/// }
///
/// let mut lengths = MapUnordered::new(RightNow, 1, ["three"], |word| word.len());
/// let mapped = lengths.next().unwrap();
/// assert_eq!((mapped.index, mapped.outcome.unwrap()), (0, 5));
/// ```
#[derive(Debug)]
pub struct Mapped<R> {
    /// The input's place: how many inputs came before it.
    pub index: usize,
    /// What the function returned, or why it did not.
    pub outcome: Result<R, JoinError>,
}

/// What has become of a wait for the next item.
#[derive(Debug)]
pub(crate) enum Next<I, R> {
    /// It is done, and is to be received.
    Done(SlotRef<I, R>),
    /// There are no more.
    NoMore,
    /// The time was up.
    TimedOut(TimedOut),
    /// The wait was refused, and the item with this index was dropped.
    Refused(usize, TooDeep),
}

type BlockOf<I, F, R, S> = Block<<I as Iterator>::Item, F, R, S>;

pub(crate) struct Window<I: Iterator, F, R, S> {
    /// Until there are no more.
    inputs: Option<I>,
    buffer: usize,
    workers: usize,
    /// Until the first input is pulled.
    prepared: Option<(F, S)>,
    /// Dropped before the block in whose slots the deliveries lie.
    consumer: Consumer<SlotRef<I::Item, R>>,
    /// From then on.
    block: Option<Arc<BlockOf<I, F, R, S>>>,
    /// How many inputs have been put into slots.
    pulled: usize,
    /// How many of them have been published.
    published: usize,
    /// How many have been received. Slots are assigned up to that and the buffer.
    received: usize,
    /// How many have been handed out: no more inputs are pulled than that and the buffer.
    handed_out: usize,
}

impl<I, F, R, S> Window<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    pub(crate) fn new(spawner: S, workers: usize, inputs: I, function: F) -> Self {
        Self {
            inputs: Some(inputs),
            buffer: workers.saturating_mul(2).max(1),
            workers,
            prepared: Some((function, spawner)),
            block: None,
            consumer: Consumer::new(),
            pulled: 0,
            published: 0,
            received: 0,
            handed_out: 0,
        }
    }

    /// # Panics
    ///
    /// If nothing could be under way, or if something is already.
    pub(crate) fn set_buffer(&mut self, buffer: usize) {
        assert!(buffer > 0, "a buffer for no item at all");
        assert!(self.block.is_none(), "the buffer is set before the first item is asked for");
        self.buffer = buffer;
    }

    pub(crate) fn set_spin(&mut self, spin: Duration) {
        self.consumer.set_spin(spin);
    }

    /// How many items there are still to come, as far as the inputs know.
    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.inputs.as_ref().map_or((0, Some(0)), Iterator::size_hint);
        let under_way = self.under_way();
        (least.saturating_add(under_way), most.and_then(|most| most.checked_add(under_way)))
    }

    /// An item has been handed out: another one may be pulled.
    #[inline]
    pub(crate) fn hand_out(&mut self) {
        self.handed_out += 1;
    }

    /// How many inputs may be pulled.
    #[inline]
    fn room(&self) -> usize {
        if self.inputs.is_some() { self.buffer - self.under_way() } else { 0 }
    }

    /// The block, made when it is first needed.
    #[inline]
    fn block(&mut self) -> &Arc<BlockOf<I, F, R, S>> {
        if self.block.is_none() {
            self.make_block();
        }
        self.block.as_ref().expect("it has just been made")
    }

    #[cold]
    fn make_block(&mut self) {
        let (function, spawner) = self.prepared.take().expect("there is no block yet");
        let queue = self.consumer.queue();
        self.block =
            Some(Arc::new(Block::new(self.buffer, self.workers, queue, function, spawner)));
    }

    /// Pulls as many inputs as there is room for. The first ones are published at once, so that
    /// somebody begins while the rest is pulled.
    #[inline(never)]
    pub(crate) fn fill(&mut self) {
        let mut together = if self.pulled == self.received { 1 } else { FEW };
        while self.room() > 0 {
            let Some(input) = self.inputs.as_mut().and_then(Iterator::next) else {
                self.inputs = None;
                break;
            };
            let number = self.pulled;
            let slot = self.block().slot(number);
            // SAFETY: the slot is assigned to an item that has not been published, so it is the
            // consumer's, and whatever was in it has been received.
            unsafe { slot.fill(number, input) };
            self.pulled += 1;
            if self.pulled - self.published >= together {
                self.publish();
                together = (2 * together).min(FEW);
            }
        }
        self.publish();
    }

    fn publish(&mut self) {
        let many = self.pulled - self.published;
        if many > 0 {
            self.published = self.pulled;
            self.consumer.expect(many);
            Block::publish(self.block(), many);
        }
    }

    /// Fills up, unless that can wait until more is handed out.
    #[inline]
    pub(crate) fn fill_in_time(&mut self) {
        if self.room() >= (self.buffer / 4).clamp(1, FEW) {
            self.fill();
        }
    }

    /// Takes the next item, if one is done. Whoever takes it [receives](Self::receive) it.
    ///
    /// Only a pointer is handed from call to call: an item that is put together in one place and
    /// copied to another waits, at each copy, for the stores that put it together.
    #[inline]
    pub(crate) fn try_next(&mut self) -> Option<SlotRef<I::Item, R>> {
        self.at_once().or_else(|| self.fill_and_poll())
    }

    /// Takes the next item, if one look is enough to find it; `None` says nothing.
    #[inline(always)]
    pub(crate) fn at_once(&mut self) -> Option<SlotRef<I::Item, R>> {
        self.fill_in_time();
        self.consumer.poll()
    }

    #[cold]
    fn fill_and_poll(&mut self) -> Option<SlotRef<I::Item, R>> {
        self.fill();
        self.consumer.poll()
    }

    /// Takes the next item, waiting for it until `deadline`.
    #[inline]
    pub(crate) fn next(&mut self, deadline: Deadline) -> Next<I::Item, R> {
        match self.try_next() {
            Some(slot) => Next::Done(slot),
            None => self.wait(deadline),
        }
    }

    #[cold]
    fn wait(&mut self, deadline: Deadline) -> Next<I::Item, R> {
        if self.received == self.pulled {
            return Next::NoMore;
        }
        let Self { consumer, block, .. } = self;
        let rally = || block.iter().for_each(Block::rally);
        match consumer.wait_and(deadline, rally) {
            Ok(slot) => Next::Done(slot),
            Err(NotReady::TimedOut) => {
                Next::TimedOut(TimedOut::new(self.pulled - self.received, self.pulled))
            }
            Err(NotReady::TooDeep(limit)) => self.refuse(limit),
        }
    }

    /// Takes the next item if one is done; if not, the task of `context` is woken when one is.
    /// `None` if there are no more.
    pub(crate) fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<SlotRef<I::Item, R>>> {
        if let Some(slot) = self.try_next() {
            return Poll::Ready(Some(slot));
        }
        if self.received == self.pulled {
            self.stop_polling();
            return Poll::Ready(None);
        }
        self.block.iter().for_each(Block::rally);
        self.consumer.poll_next(context).map(Some)
    }

    /// Nobody polls any more.
    pub(crate) fn stop_polling(&mut self) {
        self.consumer.stop_polling();
    }

    /// Receives an item that was taken. Its slot is for another one.
    #[inline(always)]
    pub(crate) fn receive(&mut self, slot: SlotRef<I::Item, R>) -> Mapped<R> {
        // SAFETY: the slot has been taken from the queue.
        let index = unsafe { slot.index() };
        // SAFETY: as above, once.
        let outcome = unsafe { slot.receive() };
        self.reuse(slot);
        Mapped { index, outcome }
    }

    #[inline]
    fn reuse(&mut self, slot: SlotRef<I::Item, R>) {
        let number = self.received + self.buffer;
        self.block().assign(number, slot);
        self.received += 1;
    }

    /// Gives up on one item that nobody has begun. If there is none, waits without help: what has
    /// been begun goes on elsewhere.
    fn refuse(&mut self, limit: TooDeep) -> Next<I::Item, R> {
        let Some(slot) = self.block().take_back() else {
            return Next::Done(self.consumer.wait_without_helping());
        };
        self.consumer.excuse_one();
        // SAFETY: the slot has just been claimed.
        let index = unsafe { slot.index() };
        // SAFETY: as above.
        let input = unsafe { slot.begin() };
        contain(|| drop(input));
        self.reuse(slot);
        Next::Refused(index, limit)
    }
}

// The inputs and the function are the caller's, and so is what a panic leaves of them; the rest is
// whole.
impl<I: Iterator + UnwindSafe, F: RefUnwindSafe, R, S> UnwindSafe for Window<I, F, R, S> {}
impl<I: Iterator + RefUnwindSafe, F: RefUnwindSafe, R, S> RefUnwindSafe for Window<I, F, R, S> {}

impl<I: Iterator, F, R, S> Window<I, F, R, S> {
    /// Whether all items there are have been handed out, as far as is known.
    pub(crate) fn is_over(&self) -> bool {
        self.inputs.is_none() && self.under_way() == 0
    }

    /// How many items have been pulled and not been handed out.
    pub(crate) fn under_way(&self) -> usize {
        self.pulled - self.handed_out
    }
}

impl<I: Iterator, F, R, S> Drop for Window<I, F, R, S> {
    /// Cancels what nobody has begun. What has been begun is dropped when it is done.
    fn drop(&mut self) {
        let prepared = self.prepared.take();
        contain(|| drop(prepared));
        let Some(block) = &self.block else { return };
        let first = block.leave(self.published);
        for number in first..self.pulled {
            let slot = block.slot(number);
            // SAFETY: the item has just been claimed, or was never published.
            let input = unsafe { slot.begin() };
            contain(|| drop(input));
            if number < self.published {
                self.consumer.excuse_one();
            }
        }
        // Then the consumer leaves, and after it the block, whose slots it discards.
    }
}
