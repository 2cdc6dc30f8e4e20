//@ error: E0597
//! What the invariance is for.
use photofinish::completer;

pub fn dead() -> &'static str {
    let (end, handle) = completer::<&'static str>();
    let text = String::from("gone");
    end.complete(&text).unwrap();
    handle.join().unwrap()
}
