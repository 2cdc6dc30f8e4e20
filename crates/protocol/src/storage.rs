//! Where tasks and queues come from: the thread's [slabs](crate::slab), or for what does not fit
//! a cell, plain allocation. Where an object lies also says which number it has.
//!
//! Nothing else in the crate allocates or frees them, so that another source of memory has to
//! be taught to this module only.

use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use crate::slab::Slab;
use crate::{id, sync};

thread_local! {
    /// The calling thread's slabs, by [`Source::Slab`]. Nothing is dropped here, so that it takes no
    /// check to reach them, even when the thread ends; after [`LIFE`] they have nothing at hand.
    static SLABS: ManuallyDrop<[Slab; 4]> = const {
        ManuallyDrop::new([
            Slab::of_cells(64),
            Slab::of_cells(128),
            Slab::of_cells(256),
            Slab::of_cells(512),
        ])
    };
    /// Ends the slabs with the thread. Looked at whenever they take from another chunk, or give
    /// back to another.
    static LIFE: Life = const { Life };
}

/// The life of a thread's slabs.
struct Life;

impl Drop for Life {
    fn drop(&mut self) {
        SLABS.with(|slabs| slabs.iter().for_each(Slab::end));
    }
}

/// Takes a cell when there is none at hand.
#[cold]
fn take_of_another(place: usize, size: usize) -> NonNull<u8> {
    LIFE.try_with(|_| SLABS.with(|slabs| slabs[place].take()))
        .unwrap_or_else(|_| Slab::take_alone(size))
}

/// Gives back a cell whose chunk is not at hand.
///
/// # Safety
///
/// The cell came from a slab of this place, and nobody uses it any more.
#[cold]
unsafe fn give_back_to_another(place: usize, cell: NonNull<u8>) {
    // SAFETY: the caller's promise.
    let given = LIFE.try_with(|_| SLABS.with(|slabs| unsafe { slabs[place].give_back(cell) }));
    if given.is_err() {
        // SAFETY: as above.
        unsafe { Slab::give_back_alone(cell) };
    }
}

/// Where a type's objects come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// The slab of this place, whose cells have this size.
    Slab { place: usize, size: usize },
    /// The allocator.
    Allocator,
}

impl Source {
    pub(crate) const fn of<T>() -> Self {
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
            .with(|slabs| slabs[place].take_at_hand())
            .unwrap_or_else(|| take_of_another(place, size)),
        Source::Allocator => Alone::<T>::allocate(),
    };
    let place = place.cast();
    // SAFETY: the place is fresh memory of the type's layout.
    unsafe { place.write(object) };
    place
}

/// Gives the memory of an object back without dropping the object.
///
/// # Safety
///
/// `object` came from [`allocate`] and nobody uses it any more.
#[inline]
pub(crate) unsafe fn free<T>(object: NonNull<T>) {
    let object = object.cast();
    match const { Source::of::<T>() } {
        Source::Slab { place, .. } => {
            // SAFETY: the object came from this source, which its type determines.
            if !SLABS.with(|slabs| unsafe { slabs[place].give_back_at_hand(object) }) {
                // SAFETY: as above.
                unsafe { give_back_to_another(place, object) };
            }
        }
        // SAFETY: as above.
        Source::Allocator => unsafe { Alone::<T>::free(object) },
    }
}

/// The number of a live object: no two of a process, dead or alive, share one.
///
/// # Safety
///
/// The object came from [`allocate`], from this source, and is live.
#[inline]
pub(crate) unsafe fn number(object: NonNull<u8>, source: Source) -> u64 {
    match source {
        // SAFETY: the object is a cell, and not given back.
        Source::Slab { .. } => unsafe { Slab::number(object) },
        Source::Allocator => {
            // SAFETY: the object came from the allocator, behind its number.
            let number = unsafe { number_before(object) };
            // SAFETY: the number does not change.
            unsafe { number.read() }
        }
    }
}

/// Where the number of an object from the allocator is.
///
/// # Safety
///
/// The object lies in memory of [`Alone::LAYOUT`], at [`Alone::OFFSET`].
#[inline]
unsafe fn number_before(object: NonNull<u8>) -> NonNull<u64> {
    // SAFETY: the offset has room for the number.
    unsafe { object.sub(size_of::<u64>()) }.cast()
}

/// Memory for one object, with its number right before it.
struct Alone<T>(PhantomData<T>);

impl<T> Alone<T> {
    const OFFSET: usize = max(align_of::<T>(), size_of::<u64>());
    const LAYOUT: Layout = {
        let align = max(align_of::<T>(), align_of::<u64>());
        match Layout::from_size_align(Self::OFFSET + size_of::<T>(), align) {
            Ok(layout) => layout,
            Err(_) => panic!("the object is too large"),
        }
    };

    fn allocate() -> NonNull<u8> {
        // SAFETY: the layout's size is not zero.
        let memory = unsafe { std::alloc::alloc(Self::LAYOUT) };
        let Some(memory) = NonNull::new(memory) else { handle_alloc_error(Self::LAYOUT) };
        // SAFETY: the offset lies in the layout.
        let object = unsafe { memory.add(Self::OFFSET) };
        // SAFETY: as above.
        let number = unsafe { number_before(object) };
        // SAFETY: the memory is fresh, and nobody's yet.
        unsafe { number.write(id::reserve(1)) };
        object
    }

    /// # Safety
    ///
    /// The object came from [`allocate`](Self::allocate), and nobody uses it any more.
    unsafe fn free(object: NonNull<u8>) {
        // SAFETY: the object begins so far into its memory.
        let memory = unsafe { object.sub(Self::OFFSET) };
        // SAFETY: the memory was allocated with this layout, and this is its end.
        unsafe { sync::deallocate(memory, Self::LAYOUT) };
    }
}

const fn max(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}
