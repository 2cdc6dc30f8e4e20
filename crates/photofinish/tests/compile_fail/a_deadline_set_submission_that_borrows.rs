//@ error: E0597
//! The same where each task has a deadline: an overdue task runs on.
use photofinish::{DeadlineSet, Pool};
use std::time::Duration;

pub fn borrow(pool: &Pool) {
    let text = String::from("on the stack");
    let borrowed = &text;
    let mut set = DeadlineSet::new();
    set.submit_within(pool, Duration::ZERO, move || borrowed.len());
}
