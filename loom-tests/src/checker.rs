//! Running single models in processes of their own, with a plan.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of the workspace")
}

/// The program with the models, built under `cfg(loom)`.
#[derive(Clone, Debug)]
pub struct Checker(PathBuf);

/// How a run of one model ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it was.
    pub end: End,
    /// What it printed, both streams.
    pub output: String,
    /// How long it took.
    pub time: Duration,
}

/// How a run of one model ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model holds.
    Passed,
    /// Two accesses without an order between them.
    Race,
    /// Everybody waits.
    Deadlock,
    /// An object was never freed.
    Leak,
    /// An object was used or freed after its end.
    UseAfterEnd,
    /// An assertion of the model failed.
    Assertion,
    /// The process broke off without a word from the checker: memory was not what it should be.
    Crash,
    /// Something that has to happen in some execution did not: the model shows too little.
    Witness,
    /// An execution did not end.
    Endless,
    /// The time was up.
    TimedOut,
}

impl End {
    /// Whether the checker found a fault, as opposed to running out of something.
    pub fn is_found(self) -> bool {
        match self {
            Self::Race | Self::Deadlock | Self::Leak | Self::UseAfterEnd => true,
            Self::Assertion | Self::Crash => true,
            Self::Passed | Self::Witness | Self::Endless | Self::TimedOut => false,
        }
    }

    fn of(success: bool, output: &str) -> Self {
        let says = |text: &str| output.contains(text);
        if success {
            Self::Passed
        } else if says("Causality violation") {
            Self::Race
        } else if says("deadlock; threads") {
            Self::Deadlock
        } else if says("use after the end") || says("ended twice") {
            Self::UseAfterEnd
        } else if says("leaked") {
            Self::Leak
        } else if says("in no execution did it happen") {
            Self::Witness
        } else if says("exceeded maximum number of branches") {
            Self::Endless
        } else if says("panicked at") {
            Self::Assertion
        } else {
            Self::Crash
        }
    }
}

impl Checker {
    /// Builds the models.
    ///
    /// # Errors
    ///
    /// What cargo said, if it failed.
    pub fn build() -> Result<Self, String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.current_dir(workspace()).args([
            "test",
            "--release",
            "--no-run",
            "-p",
            "photofinish-loom-tests",
            "--test",
            "models",
            "--config",
            "build.rustflags=['--cfg','loom']",
            "--target-dir",
            "target/loom",
        ]);
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            build.env_remove(name);
        }
        let built = build.output().map_err(|error| format!("cargo does not run: {error}"))?;
        let said = String::from_utf8_lossy(&built.stderr);
        if !built.status.success() {
            return Err(said.into_owned());
        }
        let program = said
            .lines()
            .filter(|line| line.contains("Executable"))
            .find_map(|line| line.rsplit_once('(')?.1.strip_suffix(')'))
            .ok_or_else(|| format!("cargo names no executable:\n{said}"))?;
        Ok(Self(workspace().join(program)))
    }

    /// The names of all models' tests that begin with `prefix`.
    ///
    /// # Errors
    ///
    /// If the program cannot be run.
    pub fn tests(&self, prefix: &str) -> io::Result<Vec<String>> {
        let listed = Command::new(&self.0).args(["--list", "--format", "terse"]).output()?;
        let listed = String::from_utf8_lossy(&listed.stdout);
        let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect())
    }

    /// Runs one model with a plan, for no longer than `limit`.
    ///
    /// # Errors
    ///
    /// If the program cannot be run.
    pub fn run(&self, test: &str, plan: &[(&str, &str)], limit: Duration) -> io::Result<Run> {
        let started = Instant::now();
        // Into a file: a pipe would have to be emptied while the model runs.
        let name = format!("photofinish-{}-{:?}", std::process::id(), thread::current().id());
        let path = env::temp_dir().join(name);
        let file = fs::File::create(&path)?;
        let mut model = Command::new(&self.0)
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .current_dir(workspace())
            .envs(plan.iter().copied())
            .env("RUST_BACKTRACE", "0")
            .stdout(file.try_clone()?)
            .stderr(file)
            .stdin(Stdio::null())
            .spawn()?;
        let ended = loop {
            if let Some(status) = model.try_wait()? {
                break Some(status);
            }
            if started.elapsed() > limit {
                model.kill()?;
                model.wait()?;
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let output = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        fs::remove_file(&path)?;
        let end = match ended {
            Some(status) => End::of(status.success(), &output),
            None => End::TimedOut,
        };
        Ok(Run { end, output, time: started.elapsed() })
    }
}

/// Runs a tool whose only option is `--write`, and reports its complaints.
pub fn tool(run: fn(write: bool) -> Result<(), String>) -> ExitCode {
    let write = match env::args().nth(1).as_deref() {
        None => false,
        Some("--write") => true,
        Some(other) => {
            eprintln!("{other:?} is no option; there is only --write");
            return ExitCode::from(2);
        }
    };
    match run(write) {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaints) => {
            eprintln!("{complaints}");
            ExitCode::FAILURE
        }
    }
}

/// Does `work` on each item, on as many threads as there are cores, and returns the results in
/// the order of the items.
pub fn in_parallel<I: Sync, O: Send>(items: &[I], work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let mut results: Vec<(usize, O)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        let Some(item) = items.get(at) else { return done };
                        done.push((at, work(item)));
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_model_is_what_the_checker_says() {
        assert_eq!(End::of(true, "test result: ok"), End::Passed);
        let race = "panicked at loom: Causality violation: Concurrent accesses";
        assert_eq!(End::of(false, race), End::Race);
        assert_eq!(End::of(false, "panicked at models.rs: left == right"), End::Assertion);
        assert_eq!(End::of(false, "running 1 test"), End::Crash);
    }
}
