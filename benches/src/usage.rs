//! What the process has used of the machine.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Core time and context switches, of all threads of the process together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Nanoseconds in user mode.
    pub user: u64,
    /// Nanoseconds in the kernel.
    pub system: u64,
    /// How often a thread gave its core up, because it had nothing to do.
    pub voluntary: u64,
    /// How often a core was taken from a thread.
    pub involuntary: u64,
}

impl Usage {
    /// Up to now; `None` where the system does not tell.
    #[cfg(target_os = "linux")]
    pub fn now() -> Option<Self> {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::TimeValLike;

        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let nanoseconds = |time: nix::sys::time::TimeVal| time.num_nanoseconds() as u64;
        Some(Self {
            user: nanoseconds(usage.user_time()),
            system: nanoseconds(usage.system_time()),
            voluntary: usage.voluntary_context_switches() as u64,
            involuntary: usage.involuntary_context_switches() as u64,
        })
    }

    /// Up to now; `None` where the system does not tell.
    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Option<Self> {
        None
    }

    /// Core time in both modes.
    pub fn core_time(self) -> Duration {
        Duration::from_nanos(self.user + self.system)
    }

    /// Every context switch.
    pub fn switches(self) -> u64 {
        self.voluntary + self.involuntary
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            user: self.user + other.user,
            system: self.system + other.system,
            voluntary: self.voluntary + other.voluntary,
            involuntary: self.involuntary + other.involuntary,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::work::{Pace, Work};

    #[test]
    fn work_costs_core_time_and_sleep_costs_a_switch() {
        let before = Usage::now().unwrap();
        Work::lasting(Duration::from_millis(50), Pace::measure()).run();
        std::thread::sleep(Duration::from_millis(1));
        let used = Usage::now().unwrap() - before;
        assert!(used.core_time() >= Duration::from_millis(10), "{used:?}");
        assert!(used.voluntary >= 1, "{used:?}");
    }
}
