//! Waiting awake: how long, and how often to look.

use std::cell::Cell;
use std::time::{Duration, Instant};
use std::{hint, mem, thread};

use super::Deadline;
use super::crowd::is_crowded;

/// How things have been coming, and what that says about the next wait: how long it is worth
/// staying awake for it, and how long to leave the awaited line alone first.
///
/// *How long awake.* A wait that outlasted its time awake, and was over soon after, makes the next
/// one stay awake for twice as long, up to the limit; a wait that took longer than the limit
/// makes it half as long. So a waiter whose waits are long hardly polls at all, and whatever the
/// pattern, it is awake for no more than half of the time it waits. (The rule is that of the Linux
/// kernel's halt polling.)
///
/// *How long to look away.* Whoever looks at a line while another core writes to it takes the line
/// away from the writer at each look, and both pay for the transfer. So after a burst the line is
/// left alone for as long as the burst took to come, and the next look finds about as many again.
/// It is looked at before more than a quarter of what is outstanding can have come: in a loop where
/// each result lets the next task be submitted, the workers would run dry meanwhile.
#[derive(Debug)]
pub struct Tempo {
    begun: Option<Instant>,
    awake: Duration,
    arrived: u32,
}

impl Tempo {
    /// How long a first wait stays awake.
    const FIRST: Duration = Duration::from_micros(5);
    /// How long at most the line is left alone.
    const LONGEST_LOOK_AWAY: Duration = Duration::from_micros(2);
    /// What comes no closer together than that is looked for at once.
    const SPARSE: Duration = Duration::from_nanos(500);

    /// Nothing has come yet.
    pub const fn new() -> Self {
        Self { begun: None, awake: Self::FIRST, arrived: 0 }
    }

    /// So many have come.
    #[inline]
    pub fn arrived(&mut self, many: usize) {
        self.arrived = self.arrived.saturating_add(many as u32);
    }

    /// Begins a wait for one of `outstanding`, with `limit` as the longest time awake, which ends
    /// at the deadline, too.
    pub fn wait(&mut self, limit: Duration, deadline: Deadline, outstanding: usize) -> Spin {
        let arrived = mem::take(&mut self.arrived);
        if limit.is_zero() {
            return Spin(None);
        }
        let now = Instant::now();
        let before = self.begun.replace(now);
        let look_again = before.and_then(|before| Self::burst(arrived, now - before, outstanding));
        let end = now + self.awake.min(limit);
        let end = deadline.0.map_or(end, |moment| end.min(moment));
        Spin(Some(Polling {
            look_again: look_again.map(|pause| now + pause),
            tight: now + Spin::TIGHT,
            end,
            polls: 0,
            yields: 0,
        }))
    }

    /// For how long to leave the line alone, after `arrived` have come in the time `took`.
    fn burst(arrived: u32, took: Duration, outstanding: usize) -> Option<Duration> {
        let again = arrived.min(u32::try_from(outstanding / 4).unwrap_or(u32::MAX));
        let dense = arrived > 1 && took < Self::SPARSE * arrived;
        dense.then(|| (took / arrived * again).min(Self::LONGEST_LOOK_AWAY))
    }

    /// The wait that was begun last outlasted its time awake, and is over now.
    pub fn overslept(&mut self, limit: Duration) {
        let took = self.begun.map_or(Duration::MAX, |begun| begun.elapsed());
        self.awake = match took <= limit {
            true => (self.awake * 2).clamp(Self::FIRST, limit.max(Self::FIRST)),
            false => self.awake / 2,
        };
    }
}

impl Default for Tempo {
    fn default() -> Self {
        Self::new()
    }
}

/// A bounded wait without sleeping. It polls in a tight loop for a few microseconds, and then
/// lets other threads have the core between two looks, so that a thread it waits for goes on even
/// if it has no core of its own. Where workers have a use for all cores, it ends soon after that.
#[derive(Debug)]
pub struct Spin(Option<Polling>);

#[derive(Debug)]
struct Polling {
    /// Until when to leave the line alone.
    look_again: Option<Instant>,
    /// Until when to keep the core.
    tight: Instant,
    /// Until when to poll at all.
    end: Instant,
    polls: u32,
    /// How often the core has been offered to others.
    yields: u32,
}

impl Spin {
    const TIGHT: Duration = Duration::from_micros(4);
    /// Reading the clock costs as much as several polls.
    const POLLS_PER_CLOCK_READ: u32 = 32;
    /// How often to offer the core to others where there is none to spare. Who shares a core with a
    /// worker is late when it comes back for the first time, and finds something; who does not is
    /// back at once, and keeps a core from a worker.
    const OFFERS_IN_A_CROWD: u32 = 4;

    /// Whether to look once more, after a pause.
    #[inline]
    pub fn again(&mut self) -> bool {
        let Some(polling) = &mut self.0 else { return false };
        if let Some(moment) = polling.look_again.take() {
            while Instant::now() < moment {
                hint::spin_loop();
            }
            return true;
        }
        hint::spin_loop();
        polling.polls += 1;
        if !polling.polls.is_multiple_of(Self::POLLS_PER_CLOCK_READ) {
            return true;
        }
        let now = Instant::now();
        if now >= polling.tight && now < polling.end {
            if polling.yields >= Self::OFFERS_IN_A_CROWD && is_crowded() {
                return false;
            }
            polling.yields += 1;
            // From now on, every look is followed by this.
            polling.polls = Self::POLLS_PER_CLOCK_READ - 1;
            thread::yield_now();
        }
        now < polling.end
    }
}

/// How long to let things gather before they are taken.
///
/// Whoever takes things as soon as there is one takes the line away from those who put them there,
/// once for each, and both sides pay for the transfer. So a take of few makes the pause before the
/// next look longer, and a take of many makes it shorter. A look at nothing ends it: what comes one
/// at a time does not wait. (Backoff that adapts to what was found: A. Agarwal and M. Cherian,
/// *Adaptive backoff synchronization techniques*, 1989.)
#[derive(Debug, Default)]
pub struct Gathering {
    pauses: Cell<u32>,
}

impl Gathering {
    /// Takes of fewer than that are too few.
    const FEW: usize = 16;
    /// Takes of more than that need no pause as long as this.
    const MANY: usize = 28;
    /// The longest pause: that many times what the processor takes for one, which is 10 to 50 ns.
    const LONGEST: u32 = 31;

    /// No pause at first.
    pub const fn new() -> Self {
        Self { pauses: Cell::new(0) }
    }

    /// Pauses before a look.
    #[inline]
    pub fn pause(&self) {
        for _ in 0..self.pauses.get() {
            hint::spin_loop();
        }
    }

    /// So many were there.
    #[inline]
    pub fn found(&self, many: usize) {
        let pauses = self.pauses.get();
        self.pauses.set(match many {
            0 => 0,
            few if few < Self::FEW => (2 * pauses + 1).min(Self::LONGEST),
            many if many > Self::MANY => pauses / 2,
            _ => pauses,
        });
    }
}

/// Tells how long something took.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    #[inline]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How many nanoseconds have passed since the start or the last lap.
    #[inline]
    pub fn lap(&mut self) -> usize {
        let now = Instant::now();
        let passed = now - mem::replace(&mut self.0, now);
        usize::try_from(passed.as_nanos()).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: Duration = Duration::from_micros(1);

    #[test]
    fn as_long_as_a_burst_took_the_line_is_left_alone() {
        assert_eq!(Tempo::burst(100, MICRO, 1_000), Some(MICRO));
        assert_eq!(Tempo::burst(100, 10 * MICRO, 1_000), Some(Tempo::LONGEST_LOOK_AWAY));
    }

    #[test]
    fn the_line_is_looked_at_while_workers_still_have_tasks() {
        assert_eq!(Tempo::burst(100, MICRO, 200), Some(MICRO / 2));
        assert_eq!(Tempo::burst(100, MICRO, 1), Some(Duration::ZERO));
    }

    #[test]
    fn what_comes_one_by_one_or_far_apart_is_looked_for_at_once() {
        assert_eq!(Tempo::burst(1, MICRO / 10, 1_000), None);
        assert_eq!(Tempo::burst(2, MICRO, 1_000), None);
    }
}
