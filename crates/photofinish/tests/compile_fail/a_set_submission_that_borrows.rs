//@ error: E0597
//! A set can be dropped while its tasks run, so they borrow nothing.
use photofinish::{CompletionSet, Pool};

pub fn borrow(pool: &Pool) {
    let text = String::from("on the stack");
    let borrowed = &text;
    let mut set = CompletionSet::new();
    set.submit(pool, move || borrowed.len());
}
