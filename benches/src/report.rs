//! The forms in which results leave the lab.
//!
//! | module | what it writes |
//! |---|---|
//! | `number` | numbers, as people read them |
//! | [`summary`] | what was found, in sentences |
//! | [`table`] | tables for the terminal |
//! | [`csv`] | a line for each series |
//! | [`folder`] | all files of a session |

mod number;

pub mod csv;
pub mod folder;
pub mod summary;
pub mod table;
