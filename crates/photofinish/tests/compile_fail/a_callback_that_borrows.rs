//@ error: E0597
//! A callback may be called when the caller has long returned: it cannot borrow.
use photofinish::JoinHandle;

pub fn call_back(handle: JoinHandle<u8>) {
    let captured = 1_u8;
    let borrowed = &captured;
    handle.on_complete(move |_| assert_eq!(*borrowed, 1));
}
