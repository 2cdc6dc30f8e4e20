//! In a normal build nothing is left of the seam: what it exports is what `std` exports, and what
//! it adds has no size.

#![cfg(not(any(loom, shuttle)))]

use std::any::TypeId;

use photofinish_protocol::sync::{self, SIDE, Side};

/// The type of a value that cannot be named, such as a function's own type.
fn type_of<T: 'static>(_: T) -> TypeId {
    TypeId::of::<T>()
}

macro_rules! assert_same {
    ($($ours:ty = $theirs:ty),* $(,)?) => {
        $(assert_eq!(TypeId::of::<$ours>(), TypeId::of::<$theirs>(), stringify!($ours));)*
    };
}

#[test]
fn the_types_of_a_normal_build_are_those_of_std() {
    assert_eq!(SIDE, Side::Native);
    assert_same!(
        sync::AtomicUsize = std::sync::atomic::AtomicUsize,
        sync::AtomicPtr<u8> = std::sync::atomic::AtomicPtr<u8>,
        sync::Ordering = std::sync::atomic::Ordering,
        sync::Arc<u8> = std::sync::Arc<u8>,
        sync::mpsc::Sender<u8> = std::sync::mpsc::Sender<u8>,
        sync::mpsc::Receiver<u8> = std::sync::mpsc::Receiver<u8>,
        sync::thread::JoinHandle<u8> = std::thread::JoinHandle<u8>,
    );
    assert_eq!(type_of(sync::fence), type_of(std::sync::atomic::fence));
    assert_eq!(type_of(sync::hint::spin_loop), type_of(std::hint::spin_loop));
}

#[test]
fn what_a_normal_build_adds_has_no_size() {
    assert_eq!(size_of::<sync::Lifetime>(), 0);
    assert_eq!(size_of::<sync::UnsafeCell<u64>>(), size_of::<u64>());
    assert_eq!(align_of::<sync::UnsafeCell<u64>>(), align_of::<u64>());
}
