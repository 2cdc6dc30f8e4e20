//! The control: what the other files do, done right.
use photofinish::{Completer, JoinHandle, Pool, as_completed, completer};
use std::sync::Arc;

pub fn each_handle_once(one: JoinHandle<u8>, other: JoinHandle<u8>) -> usize {
    as_completed([one, other]).count()
}

pub fn owned_captures(pool: &Pool) -> usize {
    let text = Arc::new(String::from("owned"));
    pool.submit(move || text.len()).join().unwrap()
}

pub fn the_same_lifetime<'a>(completer: Completer<&'a str>) -> Completer<&'a str> {
    completer
}

pub fn complete_once() -> u8 {
    let (end, handle) = completer();
    end.complete(1).unwrap();
    handle.join().unwrap()
}

pub fn send_and_sync<T: Send>() {
    fn both<T: Send + Sync>() {}
    both::<JoinHandle<T>>();
    both::<Completer<T>>();
}
