//@ error: E0505
//! A future of a set's next result borrows the set.
use photofinish::CompletionSet;

pub fn outlive(mut set: CompletionSet<u8>) {
    let next = set.next_async();
    drop(set);
    drop(next);
}
