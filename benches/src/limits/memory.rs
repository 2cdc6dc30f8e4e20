//! What the allocator charges for a box of 64 bytes.

use std::hint::black_box;
use std::time::Instant;

use crate::limits::median;
use crate::limits::rings::Rings;

type Box64 = Box<[u64; 8]>;

const BATCHES: u32 = 11;

/// Made and freed by this thread.
pub(super) fn here(boxes: u32) -> f64 {
    let batch = (boxes / BATCHES).max(1);
    let batches = (0..BATCHES).map(|_| {
        let begun = Instant::now();
        for number in 0..batch {
            drop(black_box(new(number)));
        }
        begun.elapsed().as_nanos() as f64 / f64::from(batch)
    });
    median(batches).unwrap_or(f64::NAN)
}

/// Made by this thread, and freed by another while this one makes more.
pub(super) fn across(boxes: u32) -> f64 {
    const IN_FLIGHT: u32 = 1_000;
    let mut rings = Rings::new(IN_FLIGHT as usize, |made: Box64| drop(black_box(made)));
    let windows = (boxes / IN_FLIGHT).max(1);
    let windows = (0..windows).map(|_| {
        let begun = Instant::now();
        for number in 0..IN_FLIGHT {
            rings.push(new(number));
        }
        for _ in 0..IN_FLIGHT {
            rings.pop();
        }
        begun.elapsed().as_nanos() as f64 / f64::from(IN_FLIGHT)
    });
    median(windows).unwrap_or(f64::NAN)
}

fn new(number: u32) -> Box64 {
    Box::new([number.into(); 8])
}
