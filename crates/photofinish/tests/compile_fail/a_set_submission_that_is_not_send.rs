//@ error: E0277
//! The same for a task that is submitted into a set.
use photofinish::{CompletionSet, Pool};
use std::rc::Rc;

pub fn submit(pool: &Pool) {
    CompletionSet::new().submit(pool, || Rc::new(1_u8));
}
