//@ error: E0499
//! Two tasks do not write to one variable.
use photofinish::Pool;

pub fn twice(pool: &Pool) {
    let mut count = 0;
    pool.scope(|scope| {
        drop(scope.submit(|| count += 1));
        drop(scope.submit(|| count += 1));
    });
}
