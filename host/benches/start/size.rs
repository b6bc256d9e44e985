//! How large the program is.

use std::path::Path;
use std::process::Command;

use super::report::Report;

/// The program as it was built, and without what only debuggers and traces want.
pub fn sizes(report: &mut Report) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let program = Path::new(env!("CARGO_BIN_EXE_lensmount"));
    let mut sizes = vec![("as it is built", std::fs::metadata(program)?.len())];
    let folder = tempfile::tempdir()?;
    let stripped = folder.path().join("stripped");
    let done = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(program)
        .status();
    match done {
        Ok(status) if status.success() => {
            sizes.push(("stripped", std::fs::metadata(stripped)?.len()));
        }
        Ok(status) => report.leave_out(format!("the stripped program: strip ends with {status}")),
        Err(error) => report.leave_out(format!("the stripped program: strip: {error}")),
    }
    Ok(sizes)
}
