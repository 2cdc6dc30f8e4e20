//! Which thread runs on which core.

use std::collections::BTreeSet;

/// Pins the threads of a design, whoever started them: the calling thread to the first core, the
/// others in turns to the rest. Gives the calling thread its freedom back when dropped, so that
/// the threads of the next design do not inherit the one core.
#[derive(Debug)]
pub struct Pinned {
    #[cfg(target_os = "linux")]
    free: nix::sched::CpuSet,
}

/// The threads of this process, as the system numbers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Threads(BTreeSet<i32>);

impl Threads {
    /// Those that are there now; none where the system does not tell.
    pub fn now() -> Self {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        Self(tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect())
    }
}

#[cfg(target_os = "linux")]
impl Pinned {
    /// Pins the calling thread, and every thread that is not among `others` and does not end
    /// meanwhile. `None` if the system refuses, or there is one core only.
    pub fn all_but(others: &Threads) -> Option<Self> {
        use nix::errno::Errno;
        use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
        use nix::unistd::{Pid, gettid};

        let this = Pid::from_raw(0);
        let free = sched_getaffinity(this).ok()?;
        let usable = |core: &usize| free.is_set(*core).unwrap_or(false);
        let cores: Vec<usize> = (0..CpuSet::count()).filter(usable).collect();
        let [first, rest @ ..] = &cores[..] else { return None };
        if rest.is_empty() {
            return None;
        }
        let pin = |thread: Pid, core: usize| {
            let mut only = CpuSet::new();
            only.set(core).ok()?;
            match sched_setaffinity(thread, &only) {
                // It has ended.
                Ok(()) | Err(Errno::ESRCH) => Some(()),
                Err(_) => None,
            }
        };
        let calling = gettid().as_raw();
        let started = Threads::now().0.into_iter().filter(|&id| id != calling);
        let started = started.filter(|id| !others.0.contains(id));
        for (thread, &core) in started.zip(rest.iter().cycle()) {
            pin(Pid::from_raw(thread), core)?;
        }
        pin(this, *first)?;
        Some(Self { free })
    }
}

#[cfg(not(target_os = "linux"))]
impl Pinned {
    /// Nothing is pinned on this system.
    pub fn all_but(_: &Threads) -> Option<Self> {
        None
    }
}

#[cfg(target_os = "linux")]
impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before.
        let _ = nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &self.free);
    }
}
