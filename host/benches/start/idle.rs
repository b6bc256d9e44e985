//! Memory of a server that nobody asks anything.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::process::Process;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Looks in a row that have to find the same.
const SAME: usize = 3;
/// How long to look before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is resident once that does not change any more, in bytes.
pub fn resident(process: Process) -> anyhow::Result<u64> {
    let began = Instant::now();
    let (mut last, mut same) = (process.resident()?, 1);
    while same < SAME {
        ensure!(
            began.elapsed() < PATIENCE,
            "the server does not come to rest"
        );
        std::thread::sleep(PAUSE);
        let now = process.resident()?;
        same = if now == last { same + 1 } else { 1 };
        last = now;
    }
    Ok(last)
}
