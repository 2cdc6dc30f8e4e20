//! Asking for memory before it is needed.

/// How many steps ahead.
const AHEAD: isize = 4;

/// In a walk over a chain that another thread has just written: asks for what comes some steps
/// after `here`, if it lies as far on as `here` lies from `before`. It mostly does, because tasks
/// that are neighbours in time are neighbours in memory ([`slab`](crate::slab)); where it does not,
/// nothing happens.
///
/// The processor's own prefetcher needs some steps to see a pattern, which is most of a short chain.
#[inline]
pub(crate) fn ahead<T>(before: *const T, here: *const T) {
    let stride = here.addr().wrapping_sub(before.addr()).cast_signed();
    prefetch(here.wrapping_byte_offset(AHEAD.wrapping_mul(stride)));
}

/// No more than a hint: the address need not be one of an object.
#[inline]
#[cfg(target_arch = "x86_64")]
fn prefetch<T>(address: *const T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch touches no memory that the program could see.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// There is no stable way to ask here.
#[inline]
#[cfg(not(target_arch = "x86_64"))]
fn prefetch<T>(_: *const T) {}
