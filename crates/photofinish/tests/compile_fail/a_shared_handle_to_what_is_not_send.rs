//@ error: E0277
//! A shared handle can cancel, which drops what the task captured: it must be `Send`.
use photofinish::JoinHandle;
use std::rc::Rc;

fn sync<T: Sync>() {}

pub fn handle() {
    sync::<JoinHandle<Rc<u8>>>();
}
