//! One scenario on one design.

use std::thread;
use std::time::Duration;

use photofinish_baselines::{Design, Visit};

use crate::clock::Clock;
use crate::recorder::Recorder;
use crate::roll::{Fault, Roll};
use crate::scenario::{Arrivals, Scenario};
use crate::schedule::Schedule;
use crate::stamps::Stamps;
use crate::work::Work;

/// How a run is conducted, whatever the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// How many workers the pool has.
    pub workers: usize,
    /// Tasks that are due in this time, at the beginning, are run but not recorded.
    pub warm_up: Duration,
    /// For how long tasks are recorded.
    pub duration: Duration,
    /// A result that has not come for so long, with nothing else to do, is lost.
    pub patience: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// What was measured.
    pub recorder: Recorder,
    /// How many tasks were recorded.
    pub recorded: u64,
    /// From the first moment that counted to the last recorded result.
    pub elapsed: Duration,
    /// The design was so far behind that not all tasks were submitted.
    pub cut_short: bool,
}

/// Plays a scenario on any design. One thread submits, keeps the pace and receives.
///
/// Its output is the [`Run`], or the [`Fault`] of the design.
///
/// ```
/// use photofinish_baselines::Entry;
/// use photofinish_bench::run::{Conditions, Play};
/// use photofinish_bench::scenario::{Arrivals, Scenario};
/// use photofinish_bench::work::Work;
/// use std::time::Duration;
///
/// let run = Entry::StdMpsc.visit(Play {
///     scenario: Scenario { arrivals: Arrivals::OpenLoop { rate: 1_000.0 }, work: Work::NONE },
///     conditions: Conditions {
///         workers: 1,
///         warm_up: Duration::from_millis(5),
///         duration: Duration::from_millis(10),
///         patience: Duration::from_secs(10),
///     },
/// });
/// assert!(run.unwrap().recorded <= 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// How tasks are submitted.
    pub scenario: Scenario,
    /// How the run is conducted.
    pub conditions: Conditions,
}

impl Visit<Stamps> for Play {
    type Output = Result<Run, Fault>;

    fn visit<D: Design<Stamps>>(self) -> Self::Output {
        // The threads start before the clock.
        let mut player = Player::<D>::new(self.scenario.work, self.conditions);
        let cut_short = match self.scenario.arrivals {
            Arrivals::OpenLoop { rate } => player.open_loop(rate)?,
            Arrivals::Window { in_flight } => player.window(in_flight)?,
        };
        player.finish(cut_short)
    }
}

struct Player<D> {
    design: D,
    work: Work,
    conditions: Conditions,
    clock: Clock,
    roll: Roll,
    submitted: u64,
    recorder: Recorder,
    recorded: u64,
    /// Tasks that were due before are not recorded.
    record_from: u64,
    last_recorded: u64,
}

impl<D: Design<Stamps>> Player<D> {
    /// An open loop that is so many times behind its plan is hopeless.
    const HOPELESS: u32 = 3;

    fn new(work: Work, conditions: Conditions) -> Self {
        let design = D::with_workers(conditions.workers);
        let clock = Clock::start();
        let record_from = nanoseconds(conditions.warm_up);
        Self {
            design,
            work,
            conditions,
            clock,
            roll: Roll::default(),
            submitted: 0,
            recorder: Recorder::new(),
            recorded: 0,
            record_from,
            last_recorded: record_from,
        }
    }

    /// Submits at `rate`, whether or not the design keeps up. Tells whether it was cut short.
    fn open_loop(&mut self, rate: f64) -> Result<bool, Fault> {
        let plan = self.conditions.warm_up + self.conditions.duration;
        let schedule = Schedule { start: 0, rate };
        let hopeless = nanoseconds(plan * Self::HOPELESS);
        for number in 0..schedule.count(nanoseconds(plan)) {
            let due = schedule.due(number);
            let now = self.receive_until(due)?;
            if now > hopeless {
                return Ok(true);
            }
            self.submit(due, now);
        }
        Ok(false)
    }

    /// Keeps `in_flight` tasks in flight for the planned time.
    fn window(&mut self, in_flight: usize) -> Result<bool, Fault> {
        let end = nanoseconds(self.conditions.warm_up + self.conditions.duration);
        for _ in 0..in_flight {
            let now = self.clock.now();
            self.submit(now, now);
        }
        loop {
            let received = self.receive_one()?;
            if received >= end {
                return Ok(false);
            }
            // The result has made room for the next task at the moment it was received.
            self.submit(received, received);
        }
    }

    /// Receives what is still to come, and checks that all came exactly once.
    fn finish(mut self, cut_short: bool) -> Result<Run, Fault> {
        while self.design.outstanding() > 0 {
            self.receive_one()?;
        }
        // One that comes now has come before.
        while let Some(stamps) = self.design.try_next() {
            self.receive(stamps)?;
        }
        self.roll.complete(self.submitted)?;
        Ok(Run {
            recorder: self.recorder,
            recorded: self.recorded,
            elapsed: Duration::from_nanos(self.last_recorded - self.record_from),
            cut_short,
        })
    }

    fn submit(&mut self, intended: u64, now: u64) {
        self.design.submit(Stamps::task(self.submitted, intended, now, self.work, self.clock));
        self.submitted += 1;
    }

    /// Receives until `due`, asleep in between, and returns the moment that is reached.
    fn receive_until(&mut self, due: u64) -> Result<u64, Fault> {
        let mut now = self.clock.now();
        if now >= due {
            // The pacer is behind. It takes what is ready all the same, so that lateness in
            // submitting does not pass for lateness of delivery.
            while let Some(stamps) = self.design.try_next() {
                self.receive(stamps)?;
            }
            return Ok(self.clock.now());
        }
        while now < due {
            match self.design.next_until(self.clock.moment(due)) {
                Some(stamps) => {
                    self.receive(stamps)?;
                }
                None if self.design.outstanding() > 0 => {}
                None => thread::sleep(Duration::from_nanos(due.saturating_sub(self.clock.now()))),
            }
            now = self.clock.now();
        }
        Ok(now)
    }

    /// Waits for the next result, and returns when it was received.
    fn receive_one(&mut self) -> Result<u64, Fault> {
        let stamps = self.design.try_next().or_else(|| {
            let limit = self.clock.now() + nanoseconds(self.conditions.patience);
            self.design.next_until(self.clock.moment(limit))
        });
        match stamps {
            Some(stamps) => self.receive(stamps),
            None => {
                self.roll.complete(self.submitted)?;
                Err(Fault::Overcounted { by: self.design.outstanding() })
            }
        }
    }

    #[inline]
    fn receive(&mut self, stamps: Stamps) -> Result<u64, Fault> {
        let received = self.clock.now();
        self.roll.note(stamps.number)?;
        if stamps.intended >= self.record_from {
            self.recorder.record(&stamps, received);
            self.recorded += 1;
            self.last_recorded = received;
        }
        Ok(received)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
