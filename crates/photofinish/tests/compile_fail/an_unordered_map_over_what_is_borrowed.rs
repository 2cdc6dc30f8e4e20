//@ error: E0597
//! The same where results come as they are ready: a dropped iterator does not wait for the workers.
use photofinish::Pool;

pub fn map(pool: &Pool) -> usize {
    let words = vec![String::from("one"), String::from("two")];
    pool.map_unordered(words.iter(), |word: &String| word.len()).count()
}
