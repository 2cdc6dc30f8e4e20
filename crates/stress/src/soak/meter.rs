//! What the system says of this process. On Linux, where `/proc` says it; elsewhere nothing.

use std::fmt;
use std::fs;
use std::time::Duration;

/// A size, in bytes, that reads in MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MiB", self.0 as f64 / f64::from(1 << 20))
    }
}

/// How much memory the process has resident.
pub(crate) fn resident() -> Option<Bytes> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kibibytes << 10))
}

/// The CPU time that the process has used, the user's and the system's, in steps of 10 ms.
pub(crate) fn cpu_time() -> Option<Duration> {
    // The unit of these numbers is USER_HZ, which is 100 per second on every Linux.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything.
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut numbers = numbers.split_whitespace().skip(11).map(str::parse::<u32>);
    let ticks = numbers.next()?.ok()? + numbers.next()?.ok()?;
    Some(TICK * ticks)
}
