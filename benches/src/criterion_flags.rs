//! Flags of criterion, which shares the command line of `cargo bench` with our programs.

use clap::{Arg, ArgAction, Command};

/// Those without a value. They mean nothing here.
const FLAGS: [(&str, Option<char>); 9] = [
    ("verbose", Some('v')),
    ("quiet", None),
    ("noplot", Some('n')),
    ("discard-baseline", None),
    ("ignored", None),
    ("exact", None),
    ("nocapture", None),
    ("show-output", None),
    ("include-ignored", None),
];

/// Those that take a value.
const VALUES: [(&str, Option<char>); 16] = [
    ("color", Some('c')),
    ("save-baseline", Some('s')),
    ("baseline", Some('b')),
    ("baseline-lenient", None),
    ("load-baseline", None),
    ("format", None),
    ("profile-time", None),
    ("sample-size", None),
    ("warm-up-time", None),
    ("measurement-time", None),
    ("nresamples", None),
    ("noise-threshold", None),
    ("confidence-level", None),
    ("significance-level", None),
    ("output-format", None),
    ("plotting-backend", None),
];

/// Makes `command` accept and ignore them.
///
/// ```
/// use photofinish_bench::criterion_flags;
///
/// let command = criterion_flags::ignored_by(clap::Command::new("bench"));
/// assert!(command.try_get_matches_from(["bench", "--sample-size", "10", "--noplot"]).is_ok());
/// ```
pub fn ignored_by(command: Command) -> Command {
    let hidden = |(name, short): (&'static str, Option<char>), action: ArgAction| {
        let argument = Arg::new(name).long(name).hide(true).action(action);
        short.into_iter().fold(argument, Arg::short)
    };
    let flags = FLAGS.map(|flag| hidden(flag, ArgAction::SetTrue));
    command.args(flags).args(VALUES.map(|value| hidden(value, ArgAction::Set)))
}
