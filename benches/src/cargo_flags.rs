//! Flags that cargo passes to benches, and ours beside them: what the program is to do at all.

use clap::Args;

/// What the program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Measure, print and write files.
    Measure,
    /// See that everything runs, as `cargo test --benches` wants it.
    Smoke,
    /// Print names.
    List,
}

/// The flags that say it.
///
/// ```
/// use clap::{Args, Command, FromArgMatches};
/// use photofinish_bench::cargo_flags::{CargoFlags, Task};
///
/// let command = CargoFlags::augment_args(Command::new("bench"));
/// let flags = CargoFlags::from_arg_matches(&command.get_matches_from(["bench", "--bench"]))?;
/// assert_eq!(flags.task(), Task::Measure);
/// # Ok::<(), clap::Error>(())
/// ```
#[derive(Args, Clone, Copy, Debug)]
pub struct CargoFlags {
    /// Cargo passes it to benches; without it everything is run once and nothing is measured
    #[arg(long, hide = true)]
    bench: bool,
    /// Run everything once, briefly, and write no files
    #[arg(long)]
    test: bool,
    /// Print the names of what would be run
    #[arg(long)]
    list: bool,
}

impl CargoFlags {
    /// What the program is to do.
    pub fn task(self) -> Task {
        match (self.list, self.test, self.bench) {
            (true, ..) => Task::List,
            (false, true, _) | (false, false, false) => Task::Smoke,
            (false, false, true) => Task::Measure,
        }
    }
}
