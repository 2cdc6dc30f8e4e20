//@ error: E0505
//! An iterator over handles of a scope may leave it, but holds what their results borrow.
use photofinish::{Pool, as_completed};

pub fn outlive(pool: &Pool) -> usize {
    let text = String::from("borrowed");
    let results = pool.scope(|scope| as_completed([scope.submit(|| text.as_str())]));
    drop(text);
    results.count()
}
