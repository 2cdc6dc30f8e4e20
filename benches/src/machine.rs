//! Where the numbers come from, and what else went on there.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::allocator::Allocator;

/// The machine and the build, as far as they tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// How many threads can run at once.
    pub cores: usize,
    /// The processor's architecture.
    pub architecture: String,
    /// The operating system and its version.
    pub system: String,
    /// What the monotonic clock reads.
    pub clock_source: String,
    /// Frequency governor, simultaneous threads, huge pages, as far as the system tells.
    pub power: String,
    /// The compiler.
    pub compiler: String,
    /// How the lab was compiled.
    pub flags: String,
    /// What serves the program's allocations.
    #[serde(default)]
    pub allocator: Allocator,
    /// The version of the source.
    pub commit: String,
    /// The crates that are measured, with their versions.
    pub crates: Vec<String>,
    /// The load of the last minutes.
    pub load: String,
}

/// The crates whose versions are noted, if the build has them.
const CRATES: [&str; 17] = [
    "async-executor",
    "crossbeam-channel",
    "crossbeam-deque",
    "crossbeam-utils",
    "flume",
    "futures-executor",
    "futures-util",
    "hdrhistogram",
    "kanal",
    "libmimalloc-sys",
    "parking_lot",
    "photofinish",
    "rayon-core",
    "rusty_pool",
    "smol",
    "threadpool",
    "tokio",
];

impl Machine {
    /// Looks around.
    pub fn here() -> Self {
        let unknown = || "unknown".to_owned();
        let model = read("/proc/cpuinfo").and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let clock_source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        let kernel = read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown);
        let optimized = if cfg!(debug_assertions) { "debug assertions ON" } else { "optimized" };
        let flags = option_env!("RUSTFLAGS").filter(|flags| !flags.is_empty());
        Self {
            cpu: model.unwrap_or_else(unknown),
            cores: cores(),
            architecture: std::env::consts::ARCH.to_owned(),
            system: format!("{} {kernel}", std::env::consts::OS),
            clock_source: read(clock_source).unwrap_or_else(unknown),
            power: power(),
            compiler: answer("rustc", &["-V"]).unwrap_or_else(unknown),
            flags: format!("{optimized}, RUSTFLAGS {}", flags.unwrap_or("not set")),
            allocator: Allocator::here(),
            commit: answer("git", &["describe", "--always", "--dirty", "--exclude=*"])
                .unwrap_or_else(unknown),
            crates: versions(include_str!("../../Cargo.lock")),
            load: read("/proc/loadavg").unwrap_or_else(unknown),
        }
    }

    /// Whether numbers from here and from `other` can be compared.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.cpu, self.cores, &self.architecture, self.allocator)
            == (&other.cpu, other.cores, &other.architecture, other.allocator)
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).ok()
}

fn power() -> String {
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let threads = read("/sys/devices/system/cpu/smt/active").map(|active| match active.as_str() {
        "1" => "on".to_owned(),
        _ => "off".to_owned(),
    });
    let pages = read("/sys/kernel/mm/transparent_hugepage/enabled")
        .and_then(|choices| Some(choices.split_once('[')?.1.split_once(']')?.0.to_owned()));
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let [governor, threads, pages] = [governor, threads, pages].map(or_unknown);
    format!("governor {governor}, simultaneous threads {threads}, huge pages {pages}")
}

/// The versions that the lock file holds of the crates in [`CRATES`].
fn versions(lock: &str) -> Vec<String> {
    let named = |line: &str, key: &str| {
        Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned())
    };
    let packages = lock.split("[[package]]").filter_map(|package| {
        let find = |key| package.lines().find_map(|line| named(line, key));
        let name = find("name")?;
        CRATES.contains(&name.as_str()).then(|| Some(format!("{name} {}", find("version")?)))?
    });
    packages.collect()
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, architecture, system, clock_source, power, .. } = self;
        let Self { compiler, flags, allocator, commit, crates, load, .. } = self;
        writeln!(f, "machine   {cpu}, {cores} cores, {architecture}")?;
        writeln!(f, "system    {system}, clock source {clock_source}, {power}")?;
        writeln!(f, "build     commit {commit}, {compiler}, {flags}, {allocator} malloc")?;
        writeln!(f, "crates    {}", crates.join(", "))?;
        write!(f, "load      {load}")
    }
}

/// How many threads can run at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

/// How much memory the process holds, in bytes; `None` where the system does not tell.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The build's own folder, `target` as a rule: the nearest above the running program that has this
/// name or is marked as a cache.
pub fn target_folder() -> PathBuf {
    let marked =
        |folder: &&Path| folder.ends_with("target") || folder.join("CACHEDIR.TAG").exists();
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().skip(1).find(marked).unwrap_or(Path::new("target")).to_owned()
}

/// What the cores have done since the machine started, in ticks; Linux only.
#[derive(Clone, Copy, Debug)]
pub struct CoreTime {
    own: u64,
    busy: u64,
    stolen: u64,
    total: u64,
}

/// Parts of the cores' time, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// Spent on other programs of this system.
    pub others: f64,
    /// Spent by the host on other guests while this one wanted to run.
    pub stolen: f64,
}

impl CoreTime {
    /// Up to now; `None` where the system does not tell.
    pub fn now() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        Self::parse(&read("/proc/stat")?, &read("/proc/self/stat")?)
    }

    fn parse(system: &str, own: &str) -> Option<Self> {
        let line = system.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_whitespace().map_while(|n| n.parse().ok()).collect();
        // Time spent for guests is part of user time already.
        let [user, nice, system, idle, io_wait, interrupts, soft, stolen, ..] = ticks[..] else {
            return None;
        };
        // After the program's name, which ends with the last parenthesis and may contain spaces,
        // the twelfth and thirteenth columns are its time in user and in system mode, and the two
        // after them that of the processes it has started and waited for.
        let columns = own.rsplit_once(')')?.1.split_whitespace();
        let own = columns.skip(11).take(4).filter_map(|n| n.parse::<u64>().ok()).sum();
        let busy = user + nice + system + interrupts + soft;
        Some(Self { own, busy, stolen, total: busy + idle + io_wait + stolen })
    }

    /// The parts of the time since `earlier`.
    pub fn since(self, earlier: Self) -> Shares {
        let total = (self.total - earlier.total).max(1) as f64;
        let others = (self.busy - earlier.busy).saturating_sub(self.own - earlier.own);
        Shares {
            others: others as f64 / total,
            stolen: (self.stolen - earlier.stolen) as f64 / total,
        }
    }

    /// How busy others keep the machine: sleeps for `time` and looks.
    pub fn while_asleep(time: Duration) -> Option<Shares> {
        let before = Self::now()?;
        thread::sleep(time);
        Some(Self::now()?.since(before))
    }
}

impl Shares {
    /// Whether this much disturbs what is measured.
    pub fn disturb(self) -> bool {
        const TOLERABLE: f64 = 0.05;
        self.others + self.stolen > TOLERABLE
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [others, stolen] = [self.others, self.stolen].map(|share| 100.0 * share);
        write!(
            f,
            "{others:.1} % of the cores' time went to other programs, {stolen:.1} % to other guests"
        )
    }
}

/// How exactly the main thread's timers fire.
#[derive(Debug)]
pub struct TimerSlack {
    nanoseconds: Option<u64>,
}

impl TimerSlack {
    /// Asks the kernel to wake the main thread when it is due, and not, as is the default, up to
    /// 50 us later to save power. It is the pacer: what it oversleeps is charged to every design.
    pub fn least() -> Self {
        const FILE: &str = "/proc/self/timerslack_ns";
        // Where this is refused the default stays, and is printed.
        let _ = fs::write(FILE, "1");
        let text = fs::read_to_string(FILE).ok();
        Self { nanoseconds: text.and_then(|text| text.trim().parse().ok()) }
    }
}

impl fmt::Display for TimerSlack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nanoseconds {
            Some(nanoseconds) => write!(f, "timer slack {nanoseconds} ns"),
            None => f.write_str("timer slack unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_tells_the_versions() {
        let lock = "version = 4\n\n[[package]]\nname = \"tokio\"\nversion = \"1.2.3\"\n\n\
            [[package]]\nname = \"tokio-util\"\nversion = \"4.5.6\"\n";
        assert_eq!(versions(lock), ["tokio 1.2.3"]);
        assert!(Machine::here().crates.iter().any(|known| known.starts_with("photofinish ")));
    }

    #[test]
    fn shares_of_core_time_are_read_from_the_first_line() {
        let stat = |own| format!("1 (a (very) odd name) S 1 1 1 0 -1 0 0 0 0 0 {own} 0 0 20");
        let before = "cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 1 1\n";
        let before = CoreTime::parse(before, &stat("3 4")).unwrap();
        let after = "cpu  20 5 15 120 20 5 5 10 9 0\n";
        let after = CoreTime::parse(after, &stat("10 7")).unwrap();
        assert_eq!(after.since(before), Shares { others: 0.2, stolen: 0.1 });
        assert!(CoreTime::parse("intr 1 2 3", &stat("1 1")).is_none());
    }
}
