//! Where tasks and queues come from: the thread's [slabs](crate::slab), or for what does not fit
//! a cell, plain allocation.
//!
//! Nothing else in the crate allocates or frees them, so that another source of memory has to
//! be taught to this module only.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::NonNull;

use crate::slab::Slab;
use crate::sync;

thread_local! {
    /// The calling thread's slabs, by [`Source::Slab`].
    static SLABS: [Slab; 4] = const {
        [Slab::of_cells(64), Slab::of_cells(128), Slab::of_cells(256), Slab::of_cells(512)]
    };
}

/// Where a type's objects come from.
enum Source {
    /// The slab of this place, whose cells have this size.
    Slab { place: usize, size: usize },
    /// The allocator.
    Allocator,
}

impl Source {
    const fn of<T>() -> Self {
        let layout = Layout::new::<T>();
        if !sync::SLABS || layout.size() > Slab::LARGEST || layout.align() > Slab::SMALLEST {
            return Self::Allocator;
        }
        let size = layout.size().next_power_of_two();
        let size = if size < Slab::SMALLEST { Slab::SMALLEST } else { size };
        Self::Slab { place: (size / Slab::SMALLEST).trailing_zeros() as usize, size }
    }
}

/// Moves `object` into memory of its own. Aborts the process when there is no memory left, as
/// `Box` does.
///
/// Wait-free while the thread's slab has a cell; otherwise takes the allocator's locks, if it has
/// any.
#[inline]
pub(crate) fn allocate<T>(object: T) -> NonNull<T> {
    let place = match const { Source::of::<T>() } {
        Source::Slab { place, size } => SLABS
            .try_with(|slabs| slabs[place].take())
            .unwrap_or_else(|_| Slab::take_alone(size))
            .cast(),
        Source::Allocator => take_from_allocator(),
    };
    // SAFETY: the place is fresh memory of the type's layout.
    unsafe { place.write(object) };
    place
}

fn take_from_allocator<T>() -> NonNull<T> {
    const { assert!(size_of::<T>() > 0) };
    let layout = Layout::new::<T>();
    // SAFETY: the layout's size is not zero.
    let memory = unsafe { std::alloc::alloc(layout) };
    NonNull::new(memory.cast()).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives the memory of an object back without dropping the object.
///
/// # Safety
///
/// `object` came from [`allocate`] and nobody uses it any more.
#[inline]
pub(crate) unsafe fn free<T>(object: NonNull<T>) {
    match const { Source::of::<T>() } {
        Source::Slab { place, .. } => {
            let cell = object.cast();
            // SAFETY: the object has the same source now as when it was allocated.
            let given = SLABS.try_with(|slabs| unsafe { slabs[place].give_back(cell) });
            if given.is_err() {
                // SAFETY: as above.
                unsafe { Slab::give_back_alone(cell) };
            }
        }
        Source::Allocator => {
            // SAFETY: the memory was allocated with this layout, and by the caller's promise
            // this is its end.
            unsafe { sync::deallocate(object.cast(), Layout::new::<T>()) }
        }
    }
}
