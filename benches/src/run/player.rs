//! The thread that submits, keeps the pace and receives.

use std::hint;
use std::time::Duration;

use photofinish_baselines::Design;

use super::{Conditions, Run};
use crate::affinity::{Pinned, Threads};
use crate::allocations::Counting;
use crate::clock::Time;
use crate::recorder::Recorder;
use crate::roll::{Fault, Roll};
use crate::scenario::{Scenario, Waiting};
use crate::schedule::Schedule;
use crate::stamps::{Load, Stamps, carrying};
use crate::usage::Usage;
use crate::work::{Work, nanoseconds};

/// How long a pool has nothing to do before each burst.
const PAUSE: Duration = Duration::from_millis(1);

/// A run in progress.
pub(super) struct Player<D, C> {
    design: D,
    scenario: Scenario,
    conditions: Conditions,
    clock: C,
    waiting: Waiting,
    roll: Roll,
    submitted: u64,
    recorder: Recorder,
    recorded: u64,
    /// Tasks that were due before are not recorded.
    record_from: u64,
    last_recorded: u64,
    places: Vec<Vec<u64>>,
    used_before: Option<Usage>,
    /// The threads that were there before the design's.
    others: Threads,
    pinned: Option<Pinned>,
    /// The count of allocations, and how many tasks had been submitted when it began.
    counting: Option<(Counting, u64)>,
    is_warm: bool,
}

impl<D: Design<Stamps>, C: Time> Player<D, C> {
    /// An open loop that is so many times behind its plan is hopeless.
    const HOPELESS: u32 = 3;

    pub(super) fn new(scenario: Scenario, conditions: Conditions) -> Self {
        let workers = conditions.workers.max(scenario.arrivals.least_workers());
        let others = Threads::now();
        // The threads start before the clock.
        let design = D::with_workers(workers);
        let record_from = nanoseconds(conditions.warm_up);
        Self {
            design,
            scenario,
            conditions,
            used_before: Usage::now(),
            clock: C::start(),
            waiting: Waiting::Parked,
            roll: Roll::default(),
            submitted: 0,
            recorder: Recorder::new(),
            recorded: 0,
            record_from,
            last_recorded: record_from,
            places: Vec::new(),
            others,
            pinned: None,
            counting: None,
            is_warm: false,
        }
    }

    /// Submits at `rate`, whether or not the design keeps up. Tells whether it was cut short.
    pub(super) fn open_loop(&mut self, rate: f64, waiting: Waiting) -> Result<bool, Fault> {
        self.waiting = waiting;
        let plan = self.conditions.warm_up + self.conditions.duration;
        let schedule = Schedule { start: 0, rate };
        let hopeless = nanoseconds(plan * Self::HOPELESS);
        for number in 0..schedule.count(nanoseconds(plan)) {
            let due = schedule.due(number);
            let now = self.receive_until(due)?;
            if now > hopeless {
                return Ok(true);
            }
            self.warm(due);
            self.submit(due, now, self.scenario.work);
        }
        Ok(false)
    }

    /// Keeps `in_flight` tasks in flight for the planned time.
    pub(super) fn window(&mut self, in_flight: usize) -> Result<bool, Fault> {
        let end = nanoseconds(self.conditions.warm_up + self.conditions.duration);
        for _ in 0..in_flight {
            let now = self.clock.now();
            self.submit(now, now, self.scenario.work);
        }
        loop {
            let received = self.receive_one()?;
            if received >= end {
                return Ok(false);
            }
            self.warm(received);
            // The result has made room for the next task at the moment it was received.
            self.submit(received, received, self.scenario.work);
        }
    }

    /// Submits `size` tasks at once, receives them all and pauses, for the planned time.
    pub(super) fn bursts(&mut self, size: usize) -> Result<bool, Fault> {
        let end = nanoseconds(self.conditions.warm_up + self.conditions.duration);
        // Room for as many bursts as there can be: growing would count as an allocation.
        let most = (self.conditions.duration.as_nanos() / PAUSE.as_nanos()) as usize + 1;
        self.places = (0..size).map(|_| Vec::with_capacity(most)).collect();
        let mut places = Vec::with_capacity(size);
        loop {
            let begun = self.clock.now();
            if begun >= end {
                return Ok(false);
            }
            self.warm(begun);
            for place in 0..size {
                self.submit(begun, self.clock.now(), self.scenario.work_at(place));
            }
            places.clear();
            for _ in 0..size {
                places.push(self.receive_one()? - begun);
            }
            if begun >= self.record_from {
                self.recorder.record_burst(&places);
                self.places.iter_mut().zip(&places).for_each(|(all, &place)| all.push(place));
            }
            self.clock.sleep_until(self.clock.now() + nanoseconds(PAUSE));
        }
    }

    /// Receives what is still to come, and checks that all came exactly once.
    pub(super) fn finish(mut self, cut_short: bool) -> Result<Run, Fault> {
        while self.design.outstanding() > 0 {
            self.receive_one()?;
        }
        // One that comes now has come before.
        while let Some(stamps) = self.design.try_next() {
            self.receive(stamps)?;
        }
        self.roll.complete(self.submitted)?;
        let allocated = self
            .counting
            .take()
            .and_then(|(counting, before)| Some(counting.end()?.per_task(self.submitted - before)));
        let used = self.used_before.and_then(|before| Some(Usage::now()? - before));
        Ok(Run {
            recorder: self.recorder,
            recorded: self.recorded,
            elapsed: Duration::from_nanos(self.last_recorded - self.record_from),
            cut_short,
            lasted: Duration::from_nanos(self.clock.now()),
            submitted: self.submitted,
            allocated,
            usage: used,
            places: self.places,
        })
    }

    fn submit(&mut self, intended: u64, now: u64, work: Work) {
        let number = self.submitted;
        let body = Stamps::task(number, intended, now, work, self.clock);
        match self.scenario.load {
            Load::None => self.design.submit(body),
            Load::Bytes8 => self.design.submit(carrying::<1>(number, body)),
            Load::Bytes64 => self.design.submit(carrying::<8>(number, body)),
            Load::Bytes256 => self.design.submit(carrying::<32>(number, body)),
        }
        self.submitted += 1;
    }

    /// Once the warm-up is over, pins threads and counts allocations, if that is asked for.
    fn warm(&mut self, now: u64) {
        if self.is_warm || now < self.record_from {
            return;
        }
        self.is_warm = true;
        if self.conditions.pinned {
            self.pinned = Pinned::all_but(&self.others);
        }
        if self.conditions.counted {
            self.counting = Some((Counting::begin(), self.submitted));
        }
    }

    /// Receives until `due`, and returns the moment that is reached.
    fn receive_until(&mut self, due: u64) -> Result<u64, Fault> {
        let mut now = self.clock.now();
        if now >= due {
            // The pacer is behind. It takes what is ready all the same, so that lateness in
            // submitting does not pass for lateness of delivery.
            self.receive_ready()?;
            return Ok(self.clock.now());
        }
        while now < due {
            match self.waiting {
                Waiting::Spinning => {
                    self.receive_ready()?;
                    hint::spin_loop();
                }
                Waiting::Parked => match self.design.next_until(self.clock.moment(due)) {
                    Some(stamps) => {
                        self.receive(stamps)?;
                    }
                    None if self.design.outstanding() > 0 => {}
                    None => self.clock.sleep_until(due),
                },
            }
            now = self.clock.now();
        }
        Ok(now)
    }

    fn receive_ready(&mut self) -> Result<(), Fault> {
        while let Some(stamps) = self.design.try_next() {
            self.receive(stamps)?;
        }
        Ok(())
    }

    /// Waits for the next result, and returns when it was received.
    fn receive_one(&mut self) -> Result<u64, Fault> {
        match self.design.try_next().or_else(|| self.wait_for_one()) {
            Some(stamps) => self.receive(stamps),
            None => {
                self.roll.complete(self.submitted)?;
                Err(Fault::Overcounted { by: self.design.outstanding() })
            }
        }
    }

    /// Waits for a result as the scenario waits, for as long as there is patience.
    fn wait_for_one(&mut self) -> Option<Stamps> {
        let patience = self.conditions.patience + self.scenario.longest_work().length();
        let limit = self.clock.now() + nanoseconds(patience);
        match self.waiting {
            Waiting::Parked => self.design.next_until(self.clock.moment(limit)),
            Waiting::Spinning => loop {
                let stamps = self.design.try_next();
                if stamps.is_some() || self.clock.now() >= limit {
                    return stamps;
                }
                hint::spin_loop();
            },
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
