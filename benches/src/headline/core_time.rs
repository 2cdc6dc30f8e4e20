//! How much of the cores' time is used.

use std::time::{Duration, Instant};

/// What all threads of the process have used; `None` where the system does not tell.
pub fn of_process() -> Option<Duration> {
    clock::of_process()
}

/// What this thread has used; `None` where the system does not tell.
pub fn of_thread() -> Option<Duration> {
    clock::of_thread()
}

#[cfg(target_os = "linux")]
mod clock {
    use std::time::Duration;

    use nix::time::{ClockId, clock_gettime};

    pub(super) fn of_process() -> Option<Duration> {
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).ok().map(Into::into)
    }

    pub(super) fn of_thread() -> Option<Duration> {
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok().map(Into::into)
    }
}

#[cfg(not(target_os = "linux"))]
mod clock {
    use std::time::Duration;

    pub(super) fn of_process() -> Option<Duration> {
        None
    }

    pub(super) fn of_thread() -> Option<Duration> {
        None
    }
}

/// Looks at the clock and at the use of the cores.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    begun: Instant,
    used: Option<Duration>,
}

impl Watch {
    /// From now on.
    pub fn start() -> Self {
        let used = of_process();
        Self { begun: Instant::now(), used }
    }

    /// What a core has done since the timer's last tick is not known of other threads than the
    /// calling one: a time must be longer than a few ticks to tell anything.
    const SHORTEST: Duration = Duration::from_millis(20);

    /// The time since, and how many cores were in use meanwhile, on average, `aside` left out;
    /// `None` if the time was too short to tell.
    pub fn stop(self, aside: Duration) -> (Duration, Option<f64>) {
        let elapsed = self.begun.elapsed();
        let used = of_process().zip(self.used).filter(|_| elapsed >= Self::SHORTEST);
        let used = used.map(|(now, before)| now.saturating_sub(before).saturating_sub(aside));
        (elapsed, used.map(|used| used.as_secs_f64() / elapsed.as_secs_f64()))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_sleeps_uses_no_core() {
        let (begun, before) = (Instant::now(), of_thread().unwrap());
        while begun.elapsed() < Duration::from_millis(20) {}
        let worked = of_thread().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let slept = of_thread().unwrap();
        assert!(worked - before > slept - worked);
        assert!(of_process().unwrap() >= slept);
    }
}
