//@ error: E0277
//! Row A15: CPython notices what is not a future at the first `next`.
use photofinish::as_completed;

pub fn numbers() {
    drop(as_completed::<u8>([1_u8, 2, 3]));
}
