//@ error: E0597
//! What a task returns may be dropped long after its caller has left, so it borrows nothing either.
use photofinish::{JoinHandle, Runnable, task};

pub fn borrow() -> usize {
    let text = String::from("on the stack");
    let borrowed = &text;
    let (runnable, handle): (Runnable, JoinHandle<&str>) = task(move || borrowed.as_str());
    runnable.run();
    handle.join().unwrap().len()
}
