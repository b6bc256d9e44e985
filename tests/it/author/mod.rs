//! What an author of extractors has: a component looked at, checked and tried without a server.

mod exact;
mod examples;
mod guide;
mod looked_at;
mod project;
mod samples;

use crate::harness::server::Place;

/// A file in a place, as a command names it.
pub fn file(place: &Place, name: &str, bytes: &[u8]) -> String {
    std::fs::write(place.file(name), bytes).expect("a file");
    place.file(name).to_str().expect("a path in UTF-8").to_owned()
}
