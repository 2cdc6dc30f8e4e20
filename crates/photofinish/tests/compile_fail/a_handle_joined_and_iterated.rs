//@ error: E0382
//! A handle that is in an iterator cannot be joined beside it.
use photofinish::{JoinHandle, as_completed};

pub fn both(handle: JoinHandle<u8>) {
    let mut results = as_completed([handle]);
    handle.join().unwrap();
    results.next();
}
