//@ error: E0277
//! A scoped task runs on another thread as all others.
use photofinish::Pool;
use std::cell::Cell;

pub fn send(pool: &Pool) {
    let cell = Cell::new(0);
    pool.scope(|scope| drop(scope.submit(|| cell.set(1))));
}
