//@ error: E0599
//! Many read a shared value at once: it must be `Sync`.
use photofinish::JoinHandle;
use std::cell::Cell;

pub fn share(handle: JoinHandle<Cell<u8>>) {
    drop(handle.shared());
}
