//! loom's atomics, with each operation counted as a step and its ordering chosen at run time.

use std::sync::atomic::Ordering;

use super::hooks::{self, Kind};

#[track_caller]
fn chosen(kind: Kind, ordering: Ordering) -> Ordering {
    hooks::ordering(kind, ordering).expect("only fences can be removed")
}

/// As `std::sync::atomic::fence`.
#[track_caller]
pub fn fence(ordering: Ordering) {
    hooks::step(Kind::Fence);
    if let Some(ordering) = hooks::ordering(Kind::Fence, ordering) {
        loom::sync::atomic::fence(ordering);
    }
}

macro_rules! atomic {
    ($(#[$doc:meta])* $name:ident $(<$parameter:ident>)?, $inner:ty, $value:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$parameter>)? ($inner);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// A new atomic.
            pub fn new(value: $value) -> Self {
                Self(<$inner>::new(value))
            }

            /// As in `std`.
            #[track_caller]
            pub fn load(&self, ordering: Ordering) -> $value {
                hooks::step(Kind::Load);
                self.0.load(chosen(Kind::Load, ordering))
            }

            /// As in `std`.
            #[track_caller]
            pub fn store(&self, value: $value, ordering: Ordering) {
                hooks::step(Kind::Store);
                self.0.store(value, chosen(Kind::Store, ordering));
            }

            /// As in `std`.
            #[track_caller]
            pub fn swap(&self, value: $value, ordering: Ordering) -> $value {
                hooks::step(Kind::Rmw);
                self.0.swap(value, chosen(Kind::Rmw, ordering))
            }

            /// As in `std`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                hooks::step(Kind::Rmw);
                let success = chosen(Kind::Rmw, success);
                self.0.compare_exchange(current, new, success, chosen(Kind::Failure, failure))
            }
        }
    };
}

atomic!(
    /// As `std::sync::atomic::AtomicUsize`.
    AtomicUsize, loom::sync::atomic::AtomicUsize, usize
);
atomic!(
    /// As `std::sync::atomic::AtomicPtr`.
    AtomicPtr<T>, loom::sync::atomic::AtomicPtr<T>, *mut T
);

macro_rules! arithmetic {
    ($($operation:ident),*) => {
        impl AtomicUsize {
            $(
                /// As in `std`.
                #[track_caller]
                pub fn $operation(&self, value: usize, ordering: Ordering) -> usize {
                    hooks::step(Kind::Rmw);
                    self.0.$operation(value, chosen(Kind::Rmw, ordering))
                }
            )*
        }
    };
}

arithmetic!(fetch_add, fetch_sub, fetch_and, fetch_or);
