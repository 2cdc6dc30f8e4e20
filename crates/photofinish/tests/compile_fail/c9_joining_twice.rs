//@ error: E0382
//! Row C9: the outcome is taken by value, once.
use photofinish::JoinHandle;

pub fn twice(handle: JoinHandle<String>) {
    handle.join().unwrap();
    handle.join().unwrap();
}
