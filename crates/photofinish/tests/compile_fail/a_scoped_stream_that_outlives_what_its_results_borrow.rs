//@ error: E0505
//! So does a stream.
use photofinish::{Pool, as_completed};

pub fn outlive(pool: &Pool) -> usize {
    let text = String::from("borrowed");
    let results = pool.scope(|scope| as_completed([scope.submit(|| text.as_str())]));
    let stream = results.into_stream();
    drop(text);
    stream.remaining()
}
