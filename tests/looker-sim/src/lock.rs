//! Locks that outlive a panic: what they guard is consistent after each statement.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The guarded value. Never held across an await: guards stay within one statement or block.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
