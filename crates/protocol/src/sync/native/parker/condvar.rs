//! A bed for systems without a futex in reach: a flag under a lock, and a condition variable.

use std::sync::{Condvar, Mutex, PoisonError};

use super::Deadline;

#[derive(Debug, Default)]
pub(super) struct Bed {
    token: Mutex<bool>,
    left: Condvar,
}

impl Bed {
    /// Takes the token, sleeping until there is one or `deadline` has passed.
    pub(super) fn sleep(&self, deadline: Deadline) {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if !*token {
            token = match deadline.remaining() {
                None => self.left.wait(token).unwrap_or_else(PoisonError::into_inner),
                Some(limit) => {
                    let woken = self.left.wait_timeout(token, limit);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *token = false;
    }

    /// Leaves a token.
    pub(super) fn wake(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.left.notify_one();
    }
}
