//! Cells come back from several threads at once: the one who brings the last of a chunk has the
//! chunk, alone, after all who used its cells, even if the thread that took them has ended.

use std::ptr::NonNull;

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Mark, Witness, model, spawn};
use photofinish_protocol::slab::Slab;

/// In a model, a chunk holds two cells of this size.
const SIZE: usize = 128;

/// A cell that may be given back on another thread.
struct Cell(NonNull<u8>);

// SAFETY: a cell that is in use belongs to whoever has it, on whatever thread.
unsafe impl Send for Cell {}

impl Cell {
    fn from(slab: &Slab) -> Self {
        Self(slab.take())
    }

    fn back_to(self, slab: &Slab) {
        // SAFETY: the cell came from a slab of the same size, and ends here.
        unsafe { slab.give_back(self.0) };
    }
}

#[test]
fn the_one_who_brings_the_last_cell_back_takes_its_next_cells_from_the_chunk() {
    static HERE: Witness = Witness::new("the last cell came back here, and was taken again");
    static THERE: Witness = Witness::new("the last cell came back on the other thread");
    model("cells_return_from_two_threads", Unbounded, &[&HERE, &THERE], || {
        let slab = Slab::of_cells(SIZE);
        let first = Cell::from(&slab);
        let second = Cell::from(&slab);
        let start = first.0.addr();
        spawn(move || {
            let slab = Slab::of_cells(SIZE);
            second.back_to(&slab);
            let again = Cell::from(&slab);
            THERE.seen_if(again.0.addr() == start);
            again.back_to(&slab);
        });
        first.back_to(&slab);
        let again = Cell::from(&slab);
        HERE.seen_if(again.0.addr() == start);
        again.back_to(&slab);
    });
}

#[test]
fn a_chunk_whose_thread_has_ended_is_freed_by_the_last_cell_that_comes_back() {
    static ENDED: Witness = Witness::new("the slab had ended when the cell came back");
    static LIVED: Witness = Witness::new("the slab had not ended when the cell came back");
    model("cell_outlives_its_slab", Unbounded, &[&ENDED, &LIVED], || {
        let slab = Slab::of_cells(SIZE);
        let cell = Cell::from(&slab);
        let ended = Mark::new();
        let seen = ended.clone();
        spawn(move || {
            let slab = Slab::of_cells(SIZE);
            cell.back_to(&slab);
            drop(slab);
            ENDED.seen_if(seen.is_set());
            LIVED.seen_if(!seen.is_set());
        });
        drop(slab);
        ended.set();
    });
}
