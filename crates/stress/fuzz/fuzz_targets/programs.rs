//! The random programs of the stress binary, made from the bytes of a fuzzer that looks for new ways
//! through the library. An input fails if an outcome is not one that the oracle allows, or the books
//! of the tasks and payloads are not in order; libFuzzer itself says when one hangs.
//!
//! `.ci/fuzz` builds and runs it. With `PHOTOFINISH_FUZZ_FORGETS` set, the books are not told of
//! dropped handles: a seeded bug, to see that it is found.

#![no_main]

// The harness of the stress binary, as it is there.
#[allow(dead_code, reason = "the rounds of the stress binary use more of it")]
#[path = "../../src/executor.rs"]
mod executor;
#[allow(dead_code, reason = "the rounds of the stress binary use more of it")]
#[path = "../../src/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "the stress binary makes programs from seeds, too")]
#[path = "../../src/program.rs"]
mod program;
#[path = "../../src/run.rs"]
mod run;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

use ledger::Intended;
use program::{Decisions, Operation, Program};

/// The most operations of a program.
const OPERATIONS: usize = 64;

/// A byte for each decision.
struct Bytes<'a>(&'a [u8]);

impl Decisions for Bytes<'_> {
    fn below(&mut self, limit: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first) % limit
    }
}

fn program(bytes: &[u8]) -> Program {
    let mut bytes = Bytes(bytes);
    let workers = 1 + bytes.below(3);
    let mut operations = Vec::new();
    while !bytes.0.is_empty() && operations.len() < OPERATIONS {
        operations.push((operations.len(), Operation::any(&mut bytes)));
    }
    Program { seed: 0, without: Vec::new(), workers, operations }
}

/// Panics that are intended say nothing; all others abort, as the fuzzer wants it. Tells whether the
/// books are to be kept badly.
fn set_up() -> bool {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Intended>() && !run::may_panic() {
            eprintln!("{info}");
            std::process::abort();
        }
    }));
    std::env::var_os("PHOTOFINISH_FUZZ_FORGETS").is_some()
}

fuzz_target!(|bytes: &[u8]| {
    static FORGETS: OnceLock<bool> = OnceLock::new();
    let forgets = *FORGETS.get_or_init(set_up);
    let program = program(bytes);
    if let Err(refused) = run::run(&program, forgets) {
        eprintln!("no pool for {program}: {refused}");
        return;
    }
    ledger::close_round();
    let (totals, is_sound) = ledger::totals();
    assert!(is_sound, "{program}{totals}");
});
