//@ error: E0277
//! A set ends only for the moment, so it is no iterator.
use photofinish::CompletionSet;

pub fn iterate(set: CompletionSet<u8>) {
    for finished in set {
        drop(finished);
    }
}
