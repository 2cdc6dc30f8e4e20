//@ error: E0597
//! A handle that is dropped drops the result, so what that looks at in its Drop must live longer.
use photofinish::{JoinHandle, Pool};

pub struct Reads<'a>(&'a String);

impl Drop for Reads<'_> {
    fn drop(&mut self) {
        assert!(!self.0.is_empty());
    }
}

pub fn outlive(pool: &Pool) {
    let handle: JoinHandle<Reads<'_>>;
    let text = String::from("borrowed");
    handle = pool.scope(|scope| scope.submit(|| Reads(&text)));
    let _later = &handle;
}
