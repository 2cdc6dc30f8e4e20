//@ error: E0597
//! What a scope within a scope borrows is not lent to the outer one's tasks.
use photofinish::Pool;

pub fn nest(pool: &Pool) {
    pool.scope(|outer| {
        pool.scope(|_inner| {
            let text = String::from("on the stack");
            let borrowed = &text;
            drop(outer.submit(move || borrowed.len()));
        });
    });
}
