//! What Looker says went wrong. A failed query is answered with 200, `errors` and no rows.

use crate::chart::{Failure, Note};
use crate::json::Token;

/// The two notes that Looker puts among the errors although the numbers are sound.
const DEVELOPMENT_MODE: [&str; 2] = [
    "derived tables with Development Mode filters",
    "derived tables with conditional SQL for Development Mode",
];

/// How both begin; an error may quote them.
const NOTE: &str = "Note: This query contains ";

/// What stands under `errors`, `error` and `status`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Complaints<'a> {
    /// A list of objects with `message` and `message_details`.
    pub errors: Option<Token<'a>>,
    /// A text, in some answers, e.g. "View Not Found".
    pub error: Option<Token<'a>>,
    /// "complete" where all is well.
    pub status: Option<Token<'a>>,
}

impl Complaints<'_> {
    /// The notes among them, or `looker-error` where one is an error.
    pub fn judge(self) -> Result<Vec<Note>, Failure> {
        let mut notes = Vec::new();
        for entry in self.errors.map(entries).unwrap_or_default() {
            let (message, details) = words(entry);
            let is_note = message.trim_start().starts_with(NOTE);
            if is_note && DEVELOPMENT_MODE.iter().any(|note| message.contains(note)) {
                notes.push(Note::new("development-mode", message));
            } else {
                return Err(failed(&message, details.as_deref()));
            }
        }
        if let Some(error) = self.error.filter(|error| error.says_so()) {
            let (message, details) = words(error);
            return Err(failed(&message, details.as_deref()));
        }
        if let Some(status) = self.status.filter(|status| !status.is_null())
            && let status = status.string().unwrap_or(status.raw().into())
            && !status.eq_ignore_ascii_case("complete")
        {
            return Err(Failure::looker_error(format!(
                "Looker's query did not complete: its status is `{status}`. There is no result to read; run the query again."
            )));
        }
        Ok(notes)
    }
}

/// The `looker_error` in an answer that is a list, as those in Looker's plain formats are.
pub fn in_list(items: &[Token<'_>]) -> Option<Failure> {
    items.iter().find_map(|item| {
        let error = item.object()?.get("looker_error")?;
        Some(failed(&words(error).0, None))
    })
}

fn failed(message: &str, details: Option<&str>) -> Failure {
    let details = details
        .map(|details| format!(" ({details})"))
        .unwrap_or_default();
    Failure::looker_error(format!(
        "Looker could not run the query: {message}{details}. Open the tile in Looker and repair it there."
    ))
}

fn entries(errors: Token<'_>) -> Vec<Token<'_>> {
    if !errors.says_so() {
        return Vec::new();
    }
    errors.items().unwrap_or_else(|| vec![errors])
}

/// An entry's message and details. One of another shape than documented is told as it came.
fn words(entry: Token<'_>) -> (String, Option<String>) {
    if let Some(object) = entry.object() {
        let word = |key| object.get(key).and_then(Token::filled);
        let details = word("message_details").map(|text| text.into_owned());
        if let Some(message) = word("message").or_else(|| word("error")) {
            return (message.into_owned(), details);
        }
        if let Some(details) = details {
            return (details, None);
        }
    }
    match entry.string() {
        Some(text) => (text.into_owned(), None),
        None => (entry.raw().to_owned(), None),
    }
}
