//! The orderings as they stand in the source.

use std::collections::BTreeMap;
use std::fs;

use crate::checker::workspace;

/// The files whose orderings are to be needed: the protocol and the idle protocol.
pub const PROVEN: &[&str] = &[
    "crates/protocol/src/word.rs",
    "crates/protocol/src/queue.rs",
    "crates/protocol/src/signal.rs",
    "crates/photofinish/src/idle.rs",
    "crates/photofinish/src/shared.rs",
];

const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// A source file, line by line, without comments and tests.
#[derive(Debug)]
pub struct Source {
    file: &'static str,
    lines: Vec<String>,
}

impl Source {
    /// Reads one of the [`PROVEN`] files.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub fn read(file: &'static str) -> Self {
        let text = fs::read_to_string(workspace().join(file)).expect("a source file");
        let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
        let lines = text.lines().take_while(|line| !line.contains("#[cfg(test)]")).map(code);
        Self { file, lines: lines.collect() }
    }

    /// Which file it is.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The name of the function that line `line`, from one, is in.
    pub fn function(&self, line: u32) -> &str {
        let above = self.lines[..line as usize].iter().rev();
        let name = above.filter_map(|line| {
            let (_, rest) = line.split_once("fn ")?;
            rest.split(['(', '<']).next()
        });
        name.into_iter().next().unwrap_or("?")
    }

    /// The lines, from one, on which an ordering is used, imports aside.
    pub fn ordering_lines(&self) -> Vec<u32> {
        let uses = |line: &&(usize, &String)| {
            let words = line.1.split(|c: char| !c.is_alphanumeric() && c != '_');
            !line.1.trim_start().starts_with("use ")
                && words.into_iter().any(|word| ORDERINGS.contains(&word))
        };
        let lines: Vec<_> = self.lines.iter().enumerate().collect();
        lines.iter().filter(uses).map(|(at, _)| *at as u32 + 1).collect()
    }
}

/// All [`PROVEN`] files, by name.
pub fn proven() -> BTreeMap<&'static str, Source> {
    PROVEN.iter().map(|file| (*file, Source::read(file))).collect()
}
