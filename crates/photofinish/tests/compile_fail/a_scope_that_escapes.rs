//@ error: E0521
//! Nothing is submitted to a scope that has ended.
use photofinish::Pool;

pub fn escape(pool: &Pool) {
    let mut kept = None;
    pool.scope(|scope| kept = Some(scope));
    drop(kept);
}
