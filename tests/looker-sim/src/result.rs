//! Answers, written in Looker's formats.

use std::sync::Arc;

use jiff::Timestamp;

use crate::evaluate::{Plan, Problem, Table};
use crate::query::Stored;

mod bi;
mod cell;
mod csv;
mod detail;
mod envelope;
mod failure;
mod plain;
pub mod statement;

/// A query that was run.
#[derive(Debug)]
pub struct Ran {
    /// What this answer is called.
    pub id: String,
    /// The query.
    pub stored: Arc<Stored>,
    /// What came of it.
    pub outcome: Result<(Plan, Table), Problem>,
    /// When.
    pub ran_at: Timestamp,
    /// How long it took, in milliseconds.
    pub runtime_ms: u128,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With everything there is to say about it.
    JsonDetail,
    /// With what is needed to draw it.
    JsonBi,
    /// Rows by field name.
    Json,
    /// Rows by label.
    JsonLabel,
    /// Comma-separated, by label.
    Csv,
    /// Tab-separated, by label.
    Txt,
    /// The statement that would be sent to a database.
    Sql,
}

impl Format {
    /// The format of this name; `None` for those that are not simulated.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "json_detail" => Self::JsonDetail,
            "json_bi" => Self::JsonBi,
            "json" | "inline_json" | "json_fe" => Self::Json,
            "json_label" => Self::JsonLabel,
            "csv" => Self::Csv,
            "txt" => Self::Txt,
            "sql" => Self::Sql,
            _ => return None,
        })
    }

    /// The media type of a body in it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::JsonDetail | Self::JsonBi | Self::Json | Self::JsonLabel => "application/json",
            Self::Csv => "text/csv;charset=UTF-8",
            Self::Txt | Self::Sql => "text/plain;charset=UTF-8",
        }
    }
}

/// What a caller wants of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Table calculations too.
    pub calculations: bool,
    /// Links to drill down by.
    pub links: bool,
    /// Values as they are shown, where a format has only values.
    pub formatted: bool,
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Freshness {
    /// It was there already.
    pub from_cache: bool,
    /// It is older than answers are kept.
    pub expired: bool,
}

/// A fault in an answer that is otherwise fine: an error in a body that came with status 200.
pub type Fault<'a> = Option<&'a str>;

/// Writes an answer.
pub fn write(
    ran: &Ran,
    format: Format,
    wishes: Wishes,
    fresh: Freshness,
    fault: Fault<'_>,
) -> Vec<u8> {
    let written = match format {
        Format::JsonDetail => serde_json::to_vec(&detail::detail(ran, wishes, fresh, fault)),
        Format::JsonBi => serde_json::to_vec(&bi::bi(ran, wishes, fault)),
        Format::Json => serde_json::to_vec(&plain::rows(ran, wishes, fault, false)),
        Format::JsonLabel => serde_json::to_vec(&plain::rows(ran, wishes, fault, true)),
        Format::Csv => return csv::separated(ran, wishes, fault, ',').into_bytes(),
        Format::Txt => return csv::separated(ran, wishes, fault, '\t').into_bytes(),
        Format::Sql => return envelope::sql(ran).into_bytes(),
    };
    // Maps with texts as keys and numbers that are written by us always become JSON.
    written.unwrap_or_else(|error| format!("[{{\"looker_error\":\"{error}\"}}]").into_bytes())
}
