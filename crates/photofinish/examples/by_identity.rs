//! The dictionary from futures to what they stand for, for a set to which tasks are added while it
//! is consumed: words are counted, and those of each word's length in turn.
//!
//! ```text
//! cargo run --example by_identity
//! ```

use std::collections::HashMap;

use photofinish::{BuildError, CompletionSet, Pool};

/// Follows each word to its length in words, and on, until nothing changes.
pub(crate) fn run(words: &[&'static str]) -> Result<Vec<(String, usize)>, BuildError> {
    let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let pool = Pool::new()?;
    let mut set = CompletionSet::new();
    let mut origin = HashMap::new();
    for &word in words {
        origin.insert(set.submit(&pool, move || word.len()), (word, 0));
    }
    let mut steps = Vec::new();
    while let Some(finished) = set.next_finished() {
        let (word, so_far) = origin.remove(&finished.id).expect("each task was noted");
        let length = finished.outcome.expect("counting does not fail");
        match names.get(length).copied() {
            // "four" has four letters: nothing changes any more.
            Some("four") | None => steps.push((word.to_owned(), so_far)),
            Some(name) => {
                origin.insert(set.submit(&pool, move || name.len()), (word, so_far + 1));
            }
        }
    }
    Ok(steps)
}

fn main() -> Result<(), BuildError> {
    for (word, steps) in run(&["photo", "finish", "in", "order"])? {
        println!("{word}: {steps} steps to four");
    }
    Ok(())
}
