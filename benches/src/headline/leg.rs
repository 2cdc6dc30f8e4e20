//! One run of somebody who takes part, in a process of its own.

use std::error::Error;
use std::fmt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::allocator::Allocator;
use crate::headline::entrant::Entrant;
use crate::headline::figure::{Reading, Workload};
use crate::headline::play::Conditions;
use crate::machine::TimerSlack;
use crate::roll::Fault;

/// What one process plays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Leg {
    /// Who.
    pub entrant: Entrant,
    /// Under which conditions.
    pub conditions: Conditions,
    /// What, in this order.
    pub workloads: Vec<Workload>,
}

/// The hidden argument that makes the program run a leg, and only that.
pub const ARGUMENT: &str = "--leg";

/// Whoever needs more time than this has lost a result, and waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Leg {
    /// The same under another allocator, if it is run apart.
    pub fn served_by(self, allocator: Allocator) -> Self {
        Self { conditions: Conditions { allocator, ..self.conditions }, ..self }
    }

    /// Plays it in this process.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a result was lost or duplicated.
    pub fn run(&self) -> Result<Vec<Reading>, Failure> {
        let mut readings = Vec::new();
        for workload in &self.workloads {
            let played = workload.play(self.entrant, self.conditions);
            readings.extend(played.map_err(|fault| self.fails(Cause::Fault(*workload, fault)))?);
        }
        Ok(readings)
    }

    /// Plays it in a process of its own.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a result was lost or duplicated, if the process never ended or broke off.
    pub fn run_apart(&self) -> Result<Vec<Reading>, Failure> {
        let broken = |why: String| self.fails(Cause::Broken(why));
        let leg = serde_json::to_string(self).map_err(|error| broken(error.to_string()))?;
        let program = std::env::current_exe().map_err(|error| broken(error.to_string()))?;
        let mut program = Command::new(program);
        let output = self
            .conditions
            .allocator
            .serve(program.args([ARGUMENT, &leg]))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| broken(error.to_string()))?;
        if !output.status.success() {
            let last_words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(broken(format!("{}: {last_words}", output.status)));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| broken(error.to_string()))
    }

    /// The main function of that process.
    pub fn main(&self) -> ExitCode {
        TimerSlack::least();
        thread::spawn(|| {
            thread::sleep(PATIENCE);
            eprintln!("not finished after {PATIENCE:?}: a result was lost, or the machine is slow");
            std::process::exit(1);
        });
        let played = self.run().map_err(|failure| failure.cause.to_string());
        let printed = played.and_then(|readings| {
            serde_json::to_string(&readings).map_err(|error| error.to_string())
        });
        match printed {
            Ok(readings) => {
                println!("{readings}");
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        }
    }

    fn fails(&self, cause: Cause) -> Failure {
        Failure { entrant: self.entrant.name(), workers: self.conditions.workers, cause }
    }
}

/// A leg that came to nothing.
#[derive(Debug)]
pub struct Failure {
    /// Who ran it.
    pub entrant: &'static str,
    /// With how many workers.
    pub workers: usize,
    /// Why.
    pub cause: Cause,
}

/// Why a leg came to nothing.
#[derive(Debug)]
pub enum Cause {
    /// A result was lost or duplicated.
    Fault(Workload, Fault),
    /// The process did not end well.
    Broken(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(workload, fault) => write!(f, "{fault} ({workload:?})"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entrant, workers, cause } = self;
        write!(f, "{entrant}, workers {workers}: {cause}")
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headline::entrant::Path;
    use crate::headline::play::Extent;
    use crate::work::Pace;

    fn leg() -> Leg {
        let (extent, pace) = (Extent::Smoke, Pace::measure());
        let allocator = Allocator::System;
        let conditions = Conditions { workers: 1, extent, pinned: false, allocator, pace };
        let workloads = vec![Workload::Windows, Workload::Outstanding(3)];
        Leg { entrant: Entrant::Path(Path::B), conditions, workloads }
    }

    #[test]
    fn a_leg_is_the_same_in_another_process() {
        let text = serde_json::to_string(&leg()).unwrap();
        let read: Leg = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert!(serde_json::from_str::<Leg>(&text.replace("photofinish B", "nobody")).is_err());
    }

    #[test]
    fn a_leg_comes_to_the_figures_of_its_workloads() {
        let readings = leg().run().unwrap();
        let figures: Vec<_> = readings.iter().map(|reading| reading.figure).collect();
        let expected: Vec<_> = leg().workloads.into_iter().flat_map(Workload::figures).collect();
        assert_eq!(figures, expected);
    }

    #[test]
    fn a_failure_names_who_and_what() {
        let fault = Fault::Twice { number: 7 };
        let failure = leg().fails(Cause::Fault(Workload::Windows, fault));
        let said = "photofinish B, workers 1: delivered task 7 twice (Windows)";
        assert_eq!(failure.to_string(), said);
    }
}
