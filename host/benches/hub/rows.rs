//! Results as Looker streams them, in files.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::people::FIELDS;

/// The number of the first user; each row is another one.
pub const FIRST: usize = 1_000_000;

/// A result in a file.
pub struct Result {
    /// Where.
    pub path: PathBuf,
    /// How many rows it has.
    pub rows: usize,
}

impl Result {
    /// Writes one with so many rows of eight cells.
    pub fn write(folder: &Path, name: &str, rows: usize) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let mut file = BufWriter::new(File::create(&path)?);
        write!(
            file,
            r#"{{"ran_at":"2026-11-25T04:00:00Z","truncated":false,"sql":null,"fields":{FIELDS},"data":["#
        )?;
        for row in 0..rows {
            let comma = if row == 0 { "" } else { "," };
            write!(
                file,
                r#"{comma}{{"users.id":{{"value":{id}}},"users.email":{{"value":"person{id}@example.com"}},"users.name":{{"value":"Person Number {id}"}},"users.city":{{"value":"{city}"}},"users.created_date":{{"value":"2026-11-{day:02}"}},"orders.count":{{"value":{count}}},"orders.total":{{"value":{row}.4499999999}},"orders.returned":{{"value":null}}}}"#,
                id = FIRST + row,
                city = ["Wien", "Graz", "Linz", "Bregenz", "Klagenfurt"][row % 5],
                day = row % 28 + 1,
                count = row * 7919 % 1000,
            )?;
        }
        file.write_all(b"]}")?;
        file.into_inner()?.sync_all()?;
        Ok(Self { path, rows })
    }

    /// How large it is.
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |it| it.len())
    }
}
