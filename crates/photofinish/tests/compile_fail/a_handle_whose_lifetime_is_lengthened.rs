//@ error: lifetime may not live long enough

use photofinish::JoinHandle;

/// A handle gives what borrows for no longer than it says.
pub fn lengthen<'long: 'short, 'short>(handle: JoinHandle<&'short str>) -> JoinHandle<&'long str> {
    handle
}
