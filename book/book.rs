#![doc = include_str!(concat!(env!("OUT_DIR"), "/contents.md"))]

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
