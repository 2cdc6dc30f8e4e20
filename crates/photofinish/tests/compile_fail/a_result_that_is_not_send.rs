//@ error: E0277
//! What a task returns comes from another thread.
use photofinish::Pool;
use std::rc::Rc;

pub fn submit(pool: &Pool) {
    drop(pool.submit(|| Rc::new(1_u8)));
}
