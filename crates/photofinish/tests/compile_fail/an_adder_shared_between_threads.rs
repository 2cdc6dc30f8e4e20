//@ error: [E0277]

use photofinish::CompletionSet;

/// An adder is cloned for each thread, not shared.
pub fn share() {
    let mut set = CompletionSet::<u8>::new();
    let adder = set.adder();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(adder.clone()));
    });
}
