//@ error: E0277
//! What a task captures goes to another thread.
use photofinish::Pool;
use std::rc::Rc;

pub fn submit(pool: &Pool) {
    let counter = Rc::new(1_u8);
    drop(pool.submit(move || *counter));
}
