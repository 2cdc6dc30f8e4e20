//! Weakenings that no model can kill, and why that is right.

/// A weakening that may survive.
#[derive(Debug)]
pub struct Allowed {
    /// The site, as the matrix names it.
    pub site: &'static str,
    /// What stands there instead.
    pub weakened: &'static str,
    /// Why no execution of the declared program depends on the stronger ordering, or why the
    /// checker cannot see one that does.
    pub reason: &'static str,
}

/// All of them. One that is killed after all makes the run fail, too.
pub const ALLOWED: &[Allowed] = &[];
