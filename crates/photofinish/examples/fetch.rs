//! The URL fetcher of Python's documentation, with files instead of the network: what cannot be
//! read is reported, and the others are not held up by it.
//!
//! ```text
//! cargo run --example fetch -- Cargo.toml README.md no-such-file
//! ```

use std::path::PathBuf;
use std::{env, fs, io};

use photofinish::{BuildError, Pool, as_completed_keyed};

/// Reads all files at once and tells of each as it has been read: the file itself is the key that
/// goes in with its task and comes back with its result.
pub(crate) fn run(files: Vec<PathBuf>, mut print: impl FnMut(String)) -> Result<(), BuildError> {
    // Reading waits more than it computes, so there are more workers than cores.
    let pool = Pool::builder().workers(5).build()?;
    let tasks = files.into_iter().map(|file| {
        let path = file.clone();
        (file, pool.submit(move || -> io::Result<usize> { Ok(fs::read(path)?.len()) }))
    });
    for (file, finished) in as_completed_keyed(tasks) {
        let file = file.display();
        match finished.outcome {
            Ok(Ok(bytes)) => print(format!("{file}: {bytes} bytes")),
            Ok(Err(error)) => print(format!("{file}: {:?}", error.kind())),
            Err(why) => print(format!("{file}: {why}")),
        }
    }
    Ok(())
}

fn main() -> Result<(), BuildError> {
    run(env::args_os().skip(1).map(PathBuf::from).collect(), |line| println!("{line}"))
}
