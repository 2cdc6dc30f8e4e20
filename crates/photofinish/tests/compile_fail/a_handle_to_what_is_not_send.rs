//@ error: E0277
//! A handle to a value that must stay on its thread stays there, too; so does an iterator of such.
use photofinish::{AsCompleted, Completer, CompletionSet, JoinHandle};
use std::rc::Rc;

fn send<T: Send>() {}

pub fn all() {
    send::<JoinHandle<Rc<u8>>>();
    send::<AsCompleted<JoinHandle<Rc<u8>>>>();
    send::<CompletionSet<Rc<u8>>>();
    send::<Completer<Rc<u8>>>();
}
