//! The command line.

use std::time::Duration;

use crate::canary::Canary;

/// What is valid, for whoever got it wrong.
const VALID: &str = "\
valid: --seconds N   how long to go on beginning rounds (default 10; 0: one round)
       --soak        instead of rounds, one pool under load (default 60 seconds)
       --seed N      the seed of all decisions (default: a random one, which is printed)
       --workers N   the most workers a pool has, from 1 to 256 (default 4)
       --program N   runs only the random program of this seed, many times
       --without A,B that program less the operations at these places
       --canary race | leak | use-after-free | lost | program
                     runs a bug that is seeded in the harness, to see that it is found;
                     with --soak: leak | lost | twice | awake";

const NAMES: [&str; 7] =
    ["--soak", "--seconds", "--seed", "--workers", "--program", "--without", "--canary"];

/// The command line, parsed.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) soak: bool,
    pub(crate) duration: Duration,
    pub(crate) seed: u64,
    pub(crate) workers: usize,
    pub(crate) program: Option<u64>,
    pub(crate) without: Vec<usize>,
    pub(crate) canary: Option<Canary>,
}

impl Arguments {
    /// # Errors
    ///
    /// What is wrong, and what is valid.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut seconds = None;
        let mut parsed = Self {
            soak: false,
            duration: Duration::ZERO,
            seed: fastrand::u64(..),
            workers: 4,
            program: None,
            without: Vec::new(),
            canary: None,
        };
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            if !NAMES.contains(&name.as_str()) {
                return Err(complain(&format!("unknown argument {name:?}")));
            }
            if name == "--soak" {
                parsed.soak = true;
                continue;
            }
            let Some(value) = arguments.next() else {
                return Err(complain(&format!("{name} needs a value")));
            };
            let valid = if name == "--seconds" {
                seconds = value.parse::<u32>().ok();
                seconds.is_some()
            } else {
                parsed.set(&name, &value).is_some()
            };
            if !valid {
                return Err(complain(&format!("{value:?} is not valid for {name}")));
            }
        }
        let seconds = seconds.unwrap_or(if parsed.soak { 60 } else { 10 });
        parsed.duration = Duration::from_secs(seconds.into());
        parsed.check()?;
        Ok(parsed)
    }

    /// Sets the argument of that name, unless the value is not valid for it.
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "--seed" => self.seed = value.parse().ok()?,
            "--program" => self.program = Some(value.parse().ok()?),
            "--without" => {
                let places = value.split(',').filter(|place| !place.is_empty());
                self.without = places.map(str::parse).collect::<Result<_, _>>().ok()?;
            }
            "--workers" => {
                self.workers = value.parse().ok().filter(|workers| (1..=256).contains(workers))?;
            }
            _ => self.canary = Some(Canary::named(value)?),
        }
        Some(())
    }

    /// Whether the arguments go together.
    fn check(&self) -> Result<(), String> {
        if self.soak && self.program.is_some() {
            return Err(complain("a soak runs no --program"));
        }
        if let Some(canary) = self.canary.filter(|canary| !canary.is_for(self.soak)) {
            let what = if self.soak { "has no place in a soak" } else { "needs --soak" };
            return Err(complain(&format!("the canary {canary:?} {what}")));
        }
        if self.program.is_none() && !self.without.is_empty() {
            return Err(complain("--without says which operations of a --program to leave out"));
        }
        Ok(())
    }
}

fn complain(what: &str) -> String {
    format!("{what}\n{VALID}")
}
