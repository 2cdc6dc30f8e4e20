//@ error: E0505
//! A handle may leave the scope, but not what its result borrows.
use photofinish::Pool;

pub fn outlive(pool: &Pool) -> usize {
    let text = String::from("borrowed");
    let handle = pool.scope(|scope| scope.submit(|| text.as_str()));
    drop(text);
    handle.join().unwrap().len()
}
