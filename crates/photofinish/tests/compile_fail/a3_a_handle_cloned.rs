//@ error: E0599
//! Row A3: nor can a handle be cloned.
use photofinish::{JoinHandle, as_completed};

pub fn clone(handle: JoinHandle<u8>) {
    drop(as_completed([handle.clone(), handle]));
}
