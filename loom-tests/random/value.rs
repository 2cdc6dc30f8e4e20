//! Values that tell what became of them.

use std::cell::RefCell;

std::thread_local! {
    /// How often each value of this execution was dropped. All threads of an execution share one
    /// operating-system thread.
    static DROPS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A number on the heap, of which is counted how often it is dropped.
#[derive(Debug)]
pub(crate) struct Value {
    number: Box<usize>,
    entry: usize,
}

impl Value {
    /// Makes a value.
    pub(crate) fn new(number: usize) -> Self {
        let entry = DROPS.with_borrow_mut(|drops| {
            drops.push(0);
            drops.len() - 1
        });
        Self { number: Box::new(number), entry }
    }

    /// Reads the number.
    pub(crate) fn number(&self) -> usize {
        *self.number
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        DROPS.with_borrow_mut(|drops| drops[self.entry] += 1);
    }
}

/// Ends an execution's account.
pub(crate) fn assert_each_dropped_once() {
    for (entry, drops) in DROPS.take().into_iter().enumerate() {
        assert_eq!(drops, 1, "value {entry} of an execution was dropped {drops} times");
    }
}
