//! The forms in which results leave the lab.
//!
//! | module | what it writes |
//! |---|---|
//! | `number` | numbers, as people read them |
//! | [`summary`] | what was found, in sentences |
//! | [`table`] | tables for the terminal |
//! | [`csv`] | a line for each series |
//! | `chart` | charts |
//! | [`page`] | one self-contained page |
//! | [`picture`] | a chart as a file of its own |
//! | [`folder`] | all files of a session |

mod number;

pub mod csv;
pub mod summary;
pub mod table;

mod chart;

pub mod page;

pub mod picture;

pub mod folder;
