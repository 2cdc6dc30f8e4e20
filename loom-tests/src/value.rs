//! Values that show in a model what becomes of them.

use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;

use loom::alloc::Track;
use loom::cell::Cell;

std::thread_local! {
    /// How often each value of this execution was dropped. All threads of a model share one
    /// operating-system thread.
    static DROPS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Something that has to be dropped once.
#[derive(Debug)]
pub(crate) struct Entry(usize);

impl Entry {
    pub(crate) fn new() -> Self {
        Self(DROPS.with_borrow_mut(|drops| {
            drops.push(0);
            drops.len() - 1
        }))
    }

    /// One more drop; how many there have been.
    fn count(&self) -> usize {
        DROPS.with_borrow_mut(|drops| {
            drops[self.0] += 1;
            drops[self.0]
        })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.count();
    }
}

/// A number on the heap. The checker sees who reads and who drops it, and without a
/// happens-before edge from its maker to them it reports a race; a leak it reports too. How often
/// it is dropped is counted, and a second drop frees nothing again.
pub struct Value {
    number: ManuallyDrop<Box<Cell<u32>>>,
    leak: ManuallyDrop<Track<()>>,
    entry: ManuallyDrop<Entry>,
}

// SAFETY: the threads of a model take turns on one operating-system thread, and the checker sees
// whether their turns happen one before the other. Through a reference the number is only read.
unsafe impl Sync for Value {}

impl Value {
    /// Makes a value on this thread.
    pub fn new(number: u32) -> Self {
        let place = Box::new(Cell::new(0));
        place.set(number);
        Self {
            number: ManuallyDrop::new(place),
            leak: ManuallyDrop::new(Track::new(())),
            entry: ManuallyDrop::new(Entry::new()),
        }
    }

    /// Reads the number.
    pub fn number(&self) -> u32 {
        self.number.get()
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // The protocol contains a panic in a value's Drop, so a second drop is reported after
        // the execution instead.
        if self.entry.count() == 1 {
            self.number.set(0);
            // SAFETY: this is the first drop, and nobody uses the field after it.
            unsafe { ManuallyDrop::drop(&mut self.number) };
            // SAFETY: as above.
            unsafe { ManuallyDrop::drop(&mut self.leak) };
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Value").field(&self.entry.0).finish()
    }
}

/// How many values and wakers of this execution have not been dropped yet.
pub fn live_values() -> usize {
    DROPS.with_borrow(|drops| drops.iter().filter(|drops| **drops == 0).count())
}

pub(crate) fn forget_all() {
    DROPS.take();
}

/// Ends an execution's account.
pub(crate) fn assert_each_dropped_once() {
    for (entry, drops) in DROPS.take().into_iter().enumerate() {
        assert_eq!(drops, 1, "value {entry} of an execution was dropped {drops} times");
    }
}
