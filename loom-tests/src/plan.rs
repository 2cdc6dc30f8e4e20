//! What a run of the models is asked to do besides passing: the environment says it, so that one
//! build of the models serves `cargo kill` and `cargo freeze` too.
//!
//! | variable | value | effect |
//! |---|---|---|
//! | `PHOTOFINISH_RECORD` | anything | prints a line for each ordering that the model used |
//! | `PHOTOFINISH_MUTANT` | `FILE:LINE:COLUMN KIND ORDERING` | weakens that ordering |
//! | `PHOTOFINISH_FREEZE` | `ROLE STEP` | stops that thread before that step |
//! | `PHOTOFINISH_DEEP` | anything | raises the bounds on preemptions |

use std::env;

use photofinish_protocol::sync::hooks::{self, Freeze};

/// Reads the plan and tells the hooks.
///
/// # Panics
///
/// If the environment says something that cannot be read.
pub(crate) fn follow() {
    if env::var_os("PHOTOFINISH_RECORD").is_some() {
        hooks::record();
    }
    if let Ok(mutant) = env::var("PHOTOFINISH_MUTANT") {
        hooks::mutate(mutant.parse().unwrap_or_else(|wrong| panic!("{wrong}")));
    }
    if let Ok(freeze) = env::var("PHOTOFINISH_FREEZE") {
        let (role, step) = freeze.split_once(' ').expect("PHOTOFINISH_FREEZE is ROLE STEP");
        let number = |text: &str| text.parse().expect("PHOTOFINISH_FREEZE is two numbers");
        hooks::freeze(Freeze { role: number(role), step: number(step) });
    }
}

/// Whether the bounds are to be raised.
pub(crate) fn is_deep() -> bool {
    env::var_os("PHOTOFINISH_DEEP").is_some()
}

/// Prints what was recorded when it is dropped: the place of a wrong ordering is told by the very
/// run that fails for it.
pub(crate) struct Report;

impl Drop for Report {
    fn drop(&mut self) {
        report();
    }
}

fn report() {
    // The test harness has begun a line of its own.
    println!();
    for (site, ordering, hits) in hooks::recorded() {
        println!("site {site} {ordering:?} {hits}");
    }
    for (role, steps) in hooks::most_steps() {
        println!("role {role} takes at most {steps} steps");
    }
    if hooks::frozen_role().is_some() {
        println!("frozen in {} executions", hooks::frozen_executions());
    }
}
