//! The most memory that something takes beyond what was there before.

use super::process::Process;

/// A mark that memory is measured from.
pub struct Mark {
    this: Process,
    resident: u64,
}

impl Mark {
    /// Has the kernel forget the greatest size so far; none where it cannot.
    pub fn set() -> Option<Self> {
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
        let this = Process(std::process::id());
        Some(Self {
            this,
            resident: this.resident().ok()?,
        })
    }

    /// The most that was resident since beyond what was at the mark, in bytes.
    pub fn most(&self) -> anyhow::Result<u64> {
        Ok(self.this.peak()?.saturating_sub(self.resident))
    }
}
