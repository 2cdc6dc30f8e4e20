//! The orderings as they stand in the source, and names for the places where they stand.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::checker::workspace;

/// The files whose orderings are to be needed: the protocol and the idle protocol.
pub const PROVEN: &[&str] = &[
    "crates/protocol/src/word.rs",
    "crates/protocol/src/queue.rs",
    "crates/protocol/src/signal.rs",
    "crates/protocol/src/waker_slot.rs",
    "crates/protocol/src/waiters.rs",
    "crates/protocol/src/slab.rs",
    "crates/protocol/src/inbox.rs",
    "crates/protocol/src/run_buffer.rs",
    "crates/protocol/src/scope.rs",
    "crates/protocol/src/claims.rs",
    "crates/photofinish/src/idle.rs",
    "crates/photofinish/src/life.rs",
    "crates/photofinish/src/shared.rs",
];

const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// The Rust sources in a folder, and in all below it.
///
/// # Panics
///
/// If there is no such folder.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// A source file, line by line, without comments and tests.
#[derive(Debug)]
pub struct Source {
    file: String,
    lines: Vec<String>,
}

impl Source {
    /// Reads a file, given from the root of the workspace.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub fn read(file: &str) -> Self {
        Self::of(file, &fs::read_to_string(workspace().join(file)).expect("a source file"))
    }

    /// A source file of that name, with this text.
    pub fn of(file: &str, text: &str) -> Self {
        let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
        let lines = text.lines().take_while(|line| !line.contains("#[cfg(test)]")).map(code);
        Self { file: file.to_owned(), lines: lines.collect() }
    }

    /// Which file it is.
    pub fn file(&self) -> &str {
        &self.file
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

/// An atomic operation in the source, as the hooks of the models name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the root of the workspace.
    pub file: String,
    /// The line, from one.
    pub line: u32,
    /// The column, from one.
    pub column: u32,
    /// What the operation does.
    pub kind: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{} {}", self.file, self.line, self.column, self.kind)
    }
}

impl FromStr for Place {
    type Err = String;

    /// Reads what `Display` writes: `FILE:LINE:COLUMN KIND`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (place, kind) = text.split_once(' ')?;
            let mut parts = place.rsplitn(3, ':');
            let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Self {
                file: file.to_owned(),
                line: line.parse().ok()?,
                column: column.parse().ok()?,
                kind: kind.to_owned(),
            })
        };
        parse().ok_or_else(|| format!("{text:?} is not of the form FILE:LINE:COLUMN KIND"))
    }
}

/// Gives each place a name that stays when lines move: its file, its function and its kind, and
/// a number where there are several.
pub fn names<'a>(places: impl IntoIterator<Item = &'a Place>) -> BTreeMap<Place, String> {
    let mut sources: BTreeMap<&str, Source> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_unstable();
    places.dedup();
    let name = |place: &'a Place| {
        let Place { file, line, kind, .. } = place;
        let source = sources.entry(file).or_insert_with(|| Source::read(file));
        let short = file.rsplit('/').next().unwrap_or_default();
        let base = format!("{short} {} {kind}", source.function(*line));
        let number = counts.entry(base.clone()).or_default();
        *number += 1;
        let name = if *number == 1 { base } else { format!("{base} {number}") };
        (place.clone(), name)
    };
    places.into_iter().map(name).collect()
}
