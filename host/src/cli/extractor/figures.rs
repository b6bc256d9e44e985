//! What a call used, as cells of a table.

use std::time::Duration;

use serde_json::Value;

use super::super::output::{cell, red};

/// Time, memory and size of an answer, each with its part of the limit, red where it was reached.
/// `made` has the figures by the names that the API gives them.
pub(super) fn cells(made: &Value) -> [String; 3] {
    let number = |name: &str| made[name].as_u64().unwrap_or(0);
    let of_limit = |amount: String, name: &str| {
        let text = format!("{amount} ({} %)", cell(&made[name]));
        if number(name) >= 100 {
            red(&text)
        } else {
            text
        }
    };
    let micros = number("cpu_us");
    let time = format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10);
    [
        of_limit(time, "cpu_percent"),
        of_limit(format!("{} KiB", number("memory") >> 10), "memory_percent"),
        of_limit(format!("{} B", number("output")), "output_percent"),
    ]
}

/// Whole microseconds.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
