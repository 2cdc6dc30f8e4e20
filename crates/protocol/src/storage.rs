//! Where tasks and queues come from: plain allocation, one object at a time.
//!
//! Nothing else in the crate allocates or frees them, so that another source of memory has to
//! be taught to this module only.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::NonNull;

use crate::sync;

/// Moves `object` into memory of its own. Takes the allocator's locks, if it has any; aborts
/// the process when there is no memory left, as `Box` does.
pub(crate) fn allocate<T>(object: T) -> NonNull<T> {
    const { assert!(size_of::<T>() > 0) };
    let layout = Layout::new::<T>();
    // SAFETY: the layout's size is not zero.
    let memory = unsafe { std::alloc::alloc(layout) };
    let Some(place) = NonNull::new(memory.cast::<T>()) else { handle_alloc_error(layout) };
    // SAFETY: the place is fresh memory of the type's layout.
    unsafe { place.write(object) };
    place
}

/// Gives the memory of an object back without dropping the object.
///
/// # Safety
///
/// `object` came from [`allocate`] and nobody uses it any more.
pub(crate) unsafe fn free<T>(object: NonNull<T>) {
    // SAFETY: the memory was allocated with this layout, and by the caller's promise this is
    // its end.
    unsafe { sync::deallocate(object.cast(), Layout::new::<T>()) }
}
