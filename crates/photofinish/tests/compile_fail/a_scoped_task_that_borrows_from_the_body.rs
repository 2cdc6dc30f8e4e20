//@ error: E0597
//! The body ends before its tasks do.
use photofinish::Pool;

pub fn borrow(pool: &Pool) {
    pool.scope(|scope| {
        let text = String::from("on the stack");
        let borrowed = &text;
        drop(scope.submit(move || borrowed.len()));
    });
}
