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

pub fn for_less_long<'a>(handle: JoinHandle<&'static str>) -> JoinHandle<&'a str> {
    handle
}

pub fn scoped_results_as_long_as_what_they_borrow(pool: &Pool) -> usize {
    let text = String::from("borrowed");
    let results = pool.scope(|scope| as_completed([scope.submit(|| text.as_str())]));
    results.map(|finished| finished.outcome.unwrap().len()).sum()
}

pub fn maps_over_what_is_owned(pool: &Pool) -> usize {
    let words = vec![String::from("one"), String::from("two")];
    let offset = 1_usize;
    pool.map(words, move |word: String| word.len() + offset).count()
}

pub fn send_and_sync<T: Send>() {
    fn both<T: Send + Sync>() {}
    both::<JoinHandle<T>>();
    both::<Completer<T>>();
}
