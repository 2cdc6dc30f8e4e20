//@ error: E0597
//! So does its function.
use photofinish::Pool;

pub fn map(pool: &Pool) -> usize {
    let offset = 1_usize;
    let borrowed = &offset;
    pool.map(0..10_usize, move |n| n + *borrowed).count()
}
