//@ error: E0597
//! A callback is no task of the scope, which does not wait for it.
use photofinish::Pool;

pub fn call_back(pool: &Pool) {
    let captured = 1_u8;
    pool.scope(|scope| {
        let borrowed = &captured;
        scope.submit(|| 1_u8).on_complete(move |_| assert_eq!(*borrowed, 1));
    });
}
