//@ error: E0597
//! A canceller could be the last to hold the result, and would drop it.
use photofinish::{Canceller, Pool};

pub fn canceller(pool: &Pool) -> Canceller {
    let text = String::from("borrowed");
    let borrowed = &text;
    pool.scope(|scope| scope.submit(move || borrowed.as_str()).canceller())
}
