//@ error: E0373
//! The same for a closure that forgot to move.
use photofinish::Handle;

pub fn borrow(pool: Handle) -> usize {
    let text = String::from("on the stack");
    pool.submit(|| text.len()).join().unwrap()
}
