//@ error: E0277
//! A callback is called on the thread that completes the task: it must be `Send`.
use photofinish::JoinHandle;
use std::rc::Rc;

pub fn call_back(handle: JoinHandle<u8>) {
    let captured = Rc::new(1);
    handle.on_complete(move |_| drop(captured));
}
