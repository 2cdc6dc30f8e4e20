//@ error: E0505
//! The result lives in the task: a reference to it holds the handle.
use photofinish::SharedHandle;

pub fn outlive(handle: SharedHandle<String>) -> usize {
    let text = handle.result().unwrap();
    drop(handle);
    text.len()
}
