//! Servers, clients and guests for the tests.

pub mod client;
pub mod closed;
pub mod doc;
pub mod field;
pub mod guests;
pub mod hub;
pub mod listener;
pub mod looker;
#[path = "../../looker-sim/tests/sdk/made.rs"]
pub mod made;
#[path = "../../looker-sim/tests/sdk/npm.rs"]
pub mod npm;
pub mod receiver;
pub mod server;
pub mod sink;
pub mod source;
pub mod wire;
pub mod world;

use std::time::{Duration, Instant};

/// Polls until `look` answers with something; panics with `what` when it has not in time.
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
