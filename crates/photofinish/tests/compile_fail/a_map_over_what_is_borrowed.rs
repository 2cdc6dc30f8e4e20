//@ error: E0597
//! The items of a map go to the workers, which may outlive what they were borrowed from.
use photofinish::Pool;

pub fn map(pool: &Pool) -> usize {
    let words = vec![String::from("one"), String::from("two")];
    pool.map(words.iter(), |word: &String| word.len()).count()
}
