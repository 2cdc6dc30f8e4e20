//@ error: E0382
//! Rows F20 and F21: a second result, or a second error, cannot be set.
use photofinish::Completer;

pub fn twice(completer: Completer<u8>) {
    completer.complete(1).unwrap();
    completer.complete(2).unwrap();
}

pub fn once_and_fail(completer: Completer<u8>) {
    completer.complete(1).unwrap();
    completer.panic(Box::new("too late"));
}
