//! Memory in cells of one size, handed out in the order of their addresses and recycled a chunk
//! at a time.
//!
//! ```text
//!   Chunk    returned | cells | contents || cell | cell | cell | ...        aligned to CHUNK
//! ```
//!
//! A thread takes cells from the chunk it has, one after the other. They come back from any
//! thread and in any order; the chunk only counts them. Whoever brings the last one back has the
//! chunk: it takes its next cells from there, or frees it. So memory settles with the threads
//! that need it, and no thread ever waits for another to get a cell or to give one back.
//!
//! There is no list of free cells, because it would hand them out in the order they came back: a
//! chain of finished tasks is walked three to ten times as fast where neighbours in time are
//! neighbours in memory.
//!
//! What this costs: one cell that lives on keeps its whole chunk. What is kept beyond that, for
//! each thread and size: the chunk it takes from, the one it gave cells back to last, and up to
//! [`Slab::SPARE`] empty ones.

use std::alloc::{Layout, alloc, handle_alloc_error};
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use crate::id;
use crate::sync::Ordering::{AcqRel, Relaxed};
use crate::sync::{AtomicUsize, CHUNK, Lifetime, UnsafeCell, deallocate};

/// One thread's cells of one size.
///
/// ```
/// use photofinish_protocol::slab::Slab;
///
/// let slab = Slab::of_cells(64);
/// let cell = slab.take();
/// // SAFETY: the cell is not used any more.
/// unsafe { slab.give_back(cell) };
/// ```
#[derive(Debug)]
pub struct Slab {
    /// The next cell of the chunk that cells are taken from; no cell if this is `end`.
    next: Cell<NonNull<u8>>,
    end: Cell<NonNull<u8>>,
    /// The chunk that cells were given back to last, if it is one, and how many of them it has not
    /// been told of.
    returning: Cell<NonNull<Chunk>>,
    untold: Cell<usize>,
    spare: RefCell<Vec<NonNull<Chunk>>>,
    size: usize,
}

/// The head of a chunk.
#[derive(Debug)]
#[repr(C)]
struct Chunk {
    /// How many cells have come back. The chunk is empty when it is all of them.
    returned: AtomicUsize,
    /// How many cells there are.
    cells: usize,
    /// The number of the chunk, this time, from which those of its cells follow. Written before
    /// they are handed out.
    number: UnsafeCell<u64>,
    /// Stands for the cells, so that a model sees who uses them. Nothing in a normal build.
    contents: UnsafeCell<()>,
    lifetime: Lifetime,
}

impl Slab {
    /// How many empty chunks a thread keeps, of each size.
    pub const SPARE: usize = 512;

    /// The smallest size of a cell, and the alignment of all, in bytes.
    pub const SMALLEST: usize = 64;

    /// The largest size of a cell, in bytes.
    pub const LARGEST: usize = 512;

    /// Cells of `size` bytes.
    ///
    /// # Panics
    ///
    /// Unless `size` is a power of two, from [`SMALLEST`](Self::SMALLEST) to
    /// [`LARGEST`](Self::LARGEST).
    pub const fn of_cells(size: usize) -> Self {
        assert!(size.is_power_of_two() && Self::SMALLEST <= size && size <= Self::LARGEST);
        Self {
            next: Cell::new(NonNull::dangling()),
            end: Cell::new(NonNull::dangling()),
            returning: Cell::new(NonNull::dangling()),
            untold: Cell::new(0),
            spare: RefCell::new(Vec::new()),
            size,
        }
    }

    /// Takes a cell, whose contents are arbitrary. Wait-free, except when it is the first of a
    /// chunk that comes from the allocator: that takes the allocator's locks, if it has any, and
    /// aborts the process when there is no memory left.
    #[inline]
    pub fn take(&self) -> NonNull<u8> {
        self.take_at_hand().unwrap_or_else(|| self.take_of_another())
    }

    /// Takes a cell of the chunk at hand, if there is one left; none after the slab's
    /// [`end`](Self::end). Wait-free.
    #[inline]
    pub(crate) fn take_at_hand(&self) -> Option<NonNull<u8>> {
        let next = self.next.get();
        if next == self.end.get() {
            return None;
        }
        // SAFETY: a cell that is not the end lies in the chunk, and so does its end.
        self.next.set(unsafe { next.add(self.size) });
        Some(next)
    }

    /// Gives a cell back. Wait-free, except when the chunk goes back to the allocator.
    ///
    /// # Safety
    ///
    /// The cell came from a slab of the same size, on whatever thread, or from
    /// [`take_alone`](Self::take_alone), and nobody uses it any more.
    #[inline]
    pub unsafe fn give_back(&self, cell: NonNull<u8>) {
        // SAFETY: the caller's promise.
        if !unsafe { self.give_back_at_hand(cell) } {
            // SAFETY: as above.
            unsafe { self.give_back_to_another(cell) };
        }
    }

    /// Gives a cell back if its chunk is the one that the last came back to, and tells whether it
    /// was; it is not after the slab's [`end`](Self::end). Wait-free.
    ///
    /// # Safety
    ///
    /// As for [`give_back`](Self::give_back); the cell stays the caller's unless this is true.
    #[inline]
    #[must_use]
    pub(crate) unsafe fn give_back_at_hand(&self, cell: NonNull<u8>) -> bool {
        // SAFETY: the caller's promise.
        let is_at_hand = unsafe { Chunk::around(cell) } == self.returning.get();
        if is_at_hand {
            self.untold.set(self.untold.get() + 1);
        }
        is_at_hand
    }

    /// The number of a cell in use: no two cells of a process, taken at the same time or one
    /// after the other, share one.
    ///
    /// # Safety
    ///
    /// The cell came from a slab, and has not been given back.
    #[inline]
    pub unsafe fn number(cell: NonNull<u8>) -> u64 {
        // SAFETY: the caller's promise.
        let this = unsafe { Chunk::around(cell) };
        // SAFETY: a chunk lives as long as a cell of it is in use.
        let chunk = unsafe { this.as_ref() };
        // SAFETY: the number is written only while no cell is in use.
        let first = chunk.number.with(|first| unsafe { first.read() });
        first + ((cell.addr().get() - this.addr().get()) / Self::SMALLEST) as u64
    }

    /// Takes the first cell of an empty chunk.
    #[cold]
    fn take_of_another(&self) -> NonNull<u8> {
        self.settle();
        let spare = self.spare.borrow_mut().pop();
        let chunk = spare.unwrap_or_else(|| Chunk::allocate(self.size));
        // SAFETY: the chunk is empty, and this thread's.
        let (next, end) = unsafe { Chunk::open(chunk, self.size) };
        self.next.set(next);
        self.end.set(end);
        self.take_at_hand().expect("a chunk has cells")
    }

    /// Gives back the first of some cells of another chunk.
    ///
    /// # Safety
    ///
    /// As for [`give_back`](Self::give_back).
    #[cold]
    unsafe fn give_back_to_another(&self, cell: NonNull<u8>) {
        self.settle();
        // SAFETY: the caller's promise.
        self.returning.set(unsafe { Chunk::around(cell) });
        self.untold.set(1);
    }

    /// Tells the chunk that cells were given back to how many they were, and keeps or frees it if
    /// it is empty.
    fn settle(&self) {
        let (chunk, untold) = (self.returning.get(), self.untold.take());
        if untold == 0 {
            return;
        }
        // SAFETY: so many cells were given back since the chunk was told last.
        if unsafe { Chunk::count(chunk, untold) } {
            let mut spare = self.spare.borrow_mut();
            if spare.len() < Self::SPARE {
                spare.push(chunk);
            } else {
                // SAFETY: the chunk is empty, and this thread's.
                unsafe { Chunk::free(chunk) };
            }
        }
    }

    /// Takes a cell of `size` bytes without a slab: for a thread whose slabs have ended. Costs a
    /// whole chunk.
    #[cold]
    pub fn take_alone(size: usize) -> NonNull<u8> {
        let slab = Self::of_cells(size);
        slab.take()
    }

    /// Gives a cell back without a slab.
    ///
    /// # Safety
    ///
    /// As [`give_back`](Self::give_back), for cells of any size.
    #[cold]
    pub unsafe fn give_back_alone(cell: NonNull<u8>) {
        // SAFETY: the caller's promise.
        let chunk = unsafe { Chunk::around(cell) };
        // SAFETY: the caller's promise.
        if unsafe { Chunk::count(chunk, 1) } {
            // SAFETY: the chunk is empty, and this thread's.
            unsafe { Chunk::free(chunk) };
        }
    }

    /// Frees what is empty, and what is not handed out counts as returned. From now on, until the
    /// slab takes from another chunk, there is nothing at hand.
    pub(crate) fn end(&self) {
        self.settle();
        self.returning.set(NonNull::dangling());
        let end = self.end.replace(NonNull::dangling());
        let next = self.next.replace(NonNull::dangling());
        if next != end {
            // SAFETY: a cell that is not the end lies in the chunk.
            let chunk = unsafe { Chunk::around(next) };
            let never_taken = (end.addr().get() - next.addr().get()) / self.size;
            // SAFETY: the cells from `next` on were not taken, and will not be.
            if unsafe { Chunk::count(chunk, never_taken) } {
                self.spare.borrow_mut().push(chunk);
            }
        }
        for chunk in self.spare.take() {
            // SAFETY: spare chunks are empty, and this thread's.
            unsafe { Chunk::free(chunk) };
        }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        self.end();
    }
}

impl Chunk {
    /// The allocator's own header fits between two chunks, so that they lie side by side.
    const LAYOUT: Layout = match Layout::from_size_align(CHUNK - 16, CHUNK) {
        Ok(layout) => layout,
        Err(_) => panic!("a chunk has a layout"),
    };

    /// Where the first cell of `size` bytes begins: the head takes the place of whole cells, which
    /// in a normal build is one.
    const fn first(size: usize) -> usize {
        size_of::<Self>().next_multiple_of(size)
    }

    /// How many cells of `size` bytes a chunk has.
    const fn capacity(size: usize) -> usize {
        (Self::LAYOUT.size() - Self::first(size)) / size
    }

    /// A new chunk, empty.
    fn allocate(size: usize) -> NonNull<Chunk> {
        // SAFETY: the layout's size is not zero.
        let memory = unsafe { alloc(Self::LAYOUT) };
        let Some(chunk) = NonNull::new(memory.cast::<Chunk>()) else {
            handle_alloc_error(Self::LAYOUT)
        };
        let head = Chunk {
            returned: AtomicUsize::new(0),
            cells: Self::capacity(size),
            number: UnsafeCell::new(0),
            contents: UnsafeCell::new(()),
            lifetime: Lifetime::begin(),
        };
        // SAFETY: the chunk is fresh memory with room for its head.
        unsafe { chunk.write(head) };
        chunk
    }

    /// The chunk that `cell` lies in.
    ///
    /// # Safety
    ///
    /// `cell` is a chunk's, and not yet freed with it.
    #[inline]
    unsafe fn around(cell: NonNull<u8>) -> NonNull<Chunk> {
        // SAFETY: a chunk is aligned to its size, and the cell lies that far into it.
        unsafe { cell.byte_sub(cell.addr().get() & (CHUNK - 1)) }.cast()
    }

    /// Numbers the cells anew, and tells where the first begins and the last ends.
    ///
    /// # Safety
    ///
    /// The chunk is empty and the caller's, with cells of `size` bytes.
    unsafe fn open(this: NonNull<Chunk>, size: usize) -> (NonNull<u8>, NonNull<u8>) {
        // SAFETY: the caller's promise.
        let chunk = unsafe { this.as_ref() };
        chunk.contents.with_mut(|_| ());
        let number = id::reserve(CHUNK / Slab::SMALLEST);
        // SAFETY: no cell is in use, so nobody reads the number.
        chunk.number.with_mut(|place| unsafe { place.write(number) });
        // SAFETY: the layout has room for the head.
        let first = unsafe { this.cast::<u8>().add(Self::first(size)) };
        // SAFETY: the layout has room for the head and all cells.
        (first, unsafe { first.add(chunk.cells * size) })
    }

    /// So many cells more have come back. Whether the chunk is empty now: then it is the
    /// caller's, and counts from zero again.
    ///
    /// # Safety
    ///
    /// So many cells were given back by this thread, and nobody uses them any more.
    #[must_use]
    unsafe fn count(this: NonNull<Chunk>, cells: usize) -> bool {
        // SAFETY: the chunk lives until all its cells have come back, and these had not.
        let chunk = unsafe { this.as_ref() };
        chunk.lifetime.access();
        chunk.contents.with(|_| ());
        let all = chunk.cells;
        // ORDERING (edge recycling): AcqRel; all uses of the cells, for the one who takes them
        // again or frees the chunk.
        let last = chunk.returned.fetch_add(cells, AcqRel) + cells == all;
        if last {
            // ORDERING (edge recycling): Relaxed; the chunk is the caller's now, and whoever counts
            // next has got a cell of it after this.
            chunk.returned.store(0, Relaxed);
        }
        last
    }

    /// # Safety
    ///
    /// The chunk is empty and the caller's.
    unsafe fn free(this: NonNull<Chunk>) {
        // SAFETY: the caller's promise.
        unsafe { this.as_ref() }.lifetime.end();
        // SAFETY: the chunk was allocated with this layout, and this is its end.
        unsafe { deallocate(this.cast(), Self::LAYOUT) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn cells_come_in_the_order_of_their_addresses() {
        let slab = Slab::of_cells(128);
        let first = slab.take();
        let second = slab.take();
        assert_eq!(second.addr().get() - first.addr().get(), 128);
        assert!(first.addr().get().is_multiple_of(128));
        for cell in [first, second] {
            // SAFETY: the cell is not used any more.
            unsafe { slab.give_back(cell) };
        }
    }

    #[test]
    fn a_window_of_cells_goes_round_in_the_same_chunks() {
        const WINDOW: usize = 1_000;
        let slab = Slab::of_cells(64);
        let mut window: std::collections::VecDeque<_> = (0..WINDOW).map(|_| slab.take()).collect();
        let mut chunks = HashSet::new();
        for _ in 0..100 * WINDOW {
            let oldest = window.pop_front().unwrap();
            // SAFETY: the cell is not used any more.
            unsafe { slab.give_back(oldest) };
            window.push_back(slab.take());
            // SAFETY: the cell's chunk is not freed before the slab and all of its cells have gone.
            chunks.insert(unsafe { Chunk::around(oldest) });
        }
        let needed = WINDOW.div_ceil(Chunk::capacity(64));
        assert!(chunks.len() <= needed + 2, "{} chunks for a window of {needed}", chunks.len());
        for cell in window {
            // SAFETY: the cell is not used any more.
            unsafe { slab.give_back(cell) };
        }
    }

    #[test]
    fn no_two_cells_in_use_have_the_same_number() {
        let mut numbers = HashSet::new();
        for slab in [64, 128, 256, 512].map(Slab::of_cells) {
            let cells: Vec<_> = (0..3 * Chunk::capacity(slab.size)).map(|_| slab.take()).collect();
            for cell in &cells {
                // SAFETY: the cell is in use.
                assert!(numbers.insert(unsafe { Slab::number(*cell) }));
            }
            for cell in cells {
                // SAFETY: the cell is not used any more.
                unsafe { slab.give_back(cell) };
            }
        }
    }

    #[test]
    fn cells_outlive_the_slab_they_came_from() {
        let slab = Slab::of_cells(512);
        let cells: Vec<_> = (0..2 * Chunk::capacity(512) + 1).map(|_| slab.take()).collect();
        drop(slab);
        for cell in &cells {
            // SAFETY: the cell is this test's, and has room for a byte.
            unsafe { cell.write(7) };
        }
        for cell in cells {
            // SAFETY: the cell is not used any more. The leak sanitizer sees that nothing stays.
            unsafe { Slab::give_back_alone(cell) };
        }
    }
}
