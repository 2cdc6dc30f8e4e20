//@ error: E0597
//! The canceller of a shared handle may drop the result whenever that is: there is none of what borrows.
use photofinish::Pool;

pub fn share(pool: &Pool) -> usize {
    let text = String::from("borrowed");
    let borrowed = &text;
    pool.scope(|scope| {
        let shared = scope.submit(move || borrowed.as_str()).shared();
        shared.result().unwrap().len()
    })
}
