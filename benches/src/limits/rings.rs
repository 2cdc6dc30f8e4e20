//! Two single-producer single-consumer rings, and a thread between them.
//!
//! It is a yardstick, not a design: one worker, one submitter, a fixed room, and no task can
//! panic, be cancelled or be stolen.

use std::fmt;
use std::hint::{black_box, spin_loop};
use std::thread::{self, JoinHandle, Thread};
use std::time::Instant;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::limits::median;

/// A thread that answers each `I` with an `O`, in order.
///
/// ```
/// use photofinish_bench::limits::rings::Rings;
///
/// let mut rings = Rings::new(8, |number: u64| number * number);
/// rings.push(6);
/// rings.push(7);
/// assert_eq!((rings.pop(), rings.pop()), (36, 49));
/// assert_eq!(rings.try_pop(), None);
/// ```
pub struct Rings<I, O> {
    /// `None` only while the rings are dropped.
    there: Option<Producer<I>>,
    back: Consumer<O>,
    thread: Option<JoinHandle<()>>,
    parks: bool,
}

impl<I: Send + 'static, O: Send + 'static> Rings<I, O> {
    /// Starts the thread. There is room for `room` questions and as many answers. Whoever finds
    /// nothing spins.
    pub fn new(room: usize, answer: impl FnMut(I) -> O + Send + 'static) -> Self {
        Self::with(room, None, answer)
    }

    /// The same, but whoever finds nothing parks at once, and is unparked with each question or
    /// answer. Only the calling thread may wait for answers.
    pub fn that_park(room: usize, answer: impl FnMut(I) -> O + Send + 'static) -> Self {
        Self::with(room, Some(thread::current()), answer)
    }

    fn with(
        room: usize,
        asker: Option<Thread>,
        mut answer: impl FnMut(I) -> O + Send + 'static,
    ) -> Self {
        let (there, mut questions) = RingBuffer::new(room);
        let (mut answers, back) = RingBuffer::new(room);
        let parks = asker.is_some();
        let body = move || {
            loop {
                match questions.pop() {
                    Ok(question) => {
                        insist(&mut answers, answer(question));
                        asker.iter().for_each(Thread::unpark);
                    }
                    Err(_) if questions.is_abandoned() => return,
                    Err(_) => rest(parks),
                }
            }
        };
        let thread = thread::Builder::new().name("rings".to_owned()).spawn(body);
        let thread = Some(thread.expect("a thread for the rings can be started"));
        Self { there: Some(there), back, thread, parks }
    }

    /// Asks. Spins while there is no room.
    #[inline]
    pub fn push(&mut self, question: I) {
        insist(self.there.as_mut().expect("the rings are not dropped yet"), question);
        if self.parks {
            self.unpark();
        }
    }

    /// The next answer, waiting until it comes. There must be one to come.
    #[inline]
    pub fn pop(&mut self) -> O {
        loop {
            if let Some(answer) = self.try_pop() {
                return answer;
            }
            rest(self.parks);
        }
    }

    /// The next answer, if it has come.
    #[inline]
    pub fn try_pop(&mut self) -> Option<O> {
        self.back.pop().ok()
    }
}

impl<I, O> Rings<I, O> {
    fn unpark(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }
}

#[inline]
fn rest(parks: bool) {
    if parks {
        thread::park();
    } else {
        spin_loop();
    }
}

/// Pushes, spinning while there is no room; gives up if nobody is left to make any.
#[inline]
fn insist<T>(ring: &mut Producer<T>, mut item: T) {
    while let Err(rtrb::PushError::Full(refused)) = ring.push(item) {
        if ring.is_abandoned() {
            return;
        }
        item = refused;
        spin_loop();
    }
}

impl<I, O> Drop for Rings<I, O> {
    fn drop(&mut self) {
        drop(self.there.take());
        self.unpark();
        if let Some(thread) = self.thread.take() {
            // Answers that nobody takes would stop the thread for want of room.
            while !thread.is_finished() {
                while self.back.pop().is_ok() {}
                spin_loop();
            }
            thread.join().expect("the rings answer without panicking");
        }
    }
}

impl<I, O> fmt::Debug for Rings<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rings").finish_non_exhaustive()
    }
}

const IN_FLIGHT: u32 = 1_000;

/// Numbers there and back, in windows of 1000: nanoseconds for one, the median of the windows.
pub(super) fn unboxed(numbers: u32) -> f64 {
    windows(&mut Rings::new(IN_FLIGHT as usize, |number: u64| number), numbers, |number| number)
}

/// The same, with a closure in a box on the way there: made here, run and freed there.
pub(super) fn boxed(numbers: u32) -> f64 {
    type Question = Box<dyn FnOnce() -> u64 + Send>;
    let mut rings = Rings::new(IN_FLIGHT as usize, |question: Question| question());
    windows(&mut rings, numbers, |number| Box::new(move || black_box(number)))
}

fn windows<I>(rings: &mut Rings<I, u64>, numbers: u32, ask: impl Fn(u64) -> I) -> f64
where
    I: Send + 'static,
{
    let window = 0..u64::from(IN_FLIGHT);
    let windows = (0..(numbers / IN_FLIGHT).max(1)).map(|_| {
        let begun = Instant::now();
        for number in window.clone() {
            rings.push(ask(number));
        }
        for number in window.clone() {
            assert_eq!(rings.pop(), number, "the rings lost or duplicated an answer");
        }
        begun.elapsed().as_nanos() as f64 / f64::from(IN_FLIGHT)
    });
    median(windows).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_of_little_room_lose_nothing() {
        let next = |number: u64| number + 1;
        for mut rings in [Rings::new(2, next), Rings::that_park(2, next)] {
            for number in 0..1_000 {
                rings.push(number);
                assert_eq!(rings.pop(), number + 1);
            }
        }
    }

    #[test]
    fn rings_that_are_dropped_full_end_their_thread() {
        let same = |number: u64| number;
        for mut rings in [Rings::new(2, same), Rings::that_park(2, same)] {
            for number in 0..4 {
                rings.push(number);
            }
        }
    }
}
