//! The `looker-sim` program.

fn main() {}
