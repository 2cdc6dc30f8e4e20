//@ error: E0505
//! So does a set.
use photofinish::{CompletionSet, Pool};

pub fn outlive(pool: &Pool) -> usize {
    let text = String::from("borrowed");
    let mut set = CompletionSet::new();
    pool.scope(|scope| drop(set.add(scope.submit(|| text.as_str()))));
    drop(text);
    set.remaining()
}
