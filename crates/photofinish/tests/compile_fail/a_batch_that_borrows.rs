//@ error: E0597
//! A batch outlives its caller as each of its tasks does.
use photofinish::Pool;

pub fn borrow(pool: &Pool) -> usize {
    let text = String::from("on the stack");
    let borrowed = &text;
    pool.submit_batch((0..3).map(move |_| move || borrowed.len())).len()
}
