//@ error: E0382
//! Row A3: CPython yields a duplicate once; a handle is unique, so there are no duplicates.
use photofinish::{JoinHandle, as_completed};

pub fn twice(handle: JoinHandle<u8>) {
    drop(as_completed([handle, handle]));
}
