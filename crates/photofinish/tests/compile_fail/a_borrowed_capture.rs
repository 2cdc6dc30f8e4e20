//@ error: E0597
//! A task may outlive its caller, so it borrows nothing from it.
use photofinish::Pool;

pub fn borrow(pool: &Pool) -> usize {
    let text = String::from("on the stack");
    let borrowed = &text;
    pool.submit(move || borrowed.len()).join().unwrap()
}
