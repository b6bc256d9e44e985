//! Merged tiles: tiles drawn from several queries whose results Looker joins.
//!
//! Looker's API tells what a merge is made of but has no call that runs it. So its queries are run
//! one by one, each as hot as it is on its own, and joined here as Looker documents it:
//!
//! - The first query is the primary one. Each other is left-joined to it by the fields that its
//!   merge rules name; rows that the primary query lacks are not shown.
//! - Matched fields stand once, by the primary query's names. Where nothing matches, the other
//!   query's fields are null. A field whose name is taken gets the prefix `q{n}_` of its query.
//! - Table calculations of the queries become dimensions.
//! - Dashboard filters reach each query by the name that the tile gives it.
//!
//! A number that Looker might show otherwise is never told. Refused are, in words:
//!
//! - table calculations and custom fields of the merge itself: Looker computes them after joining;
//! - pivots, a merge without rules, and a row limit of the merge that has a say;
//! - values to be joined that are not surely equal or surely different: null, fractions, texts that
//!   differ in case or surrounding space, a text and a number, fields of different types;
//! - a row that several rows of another query match: Looker repeats it;
//! - another query that was cut short where the missing rows could change what is shown;
//! - queries in different time zones, with more rows than Looker joins, or with an error.
//!
//! Which row Looker shows first is not documented, and sorts of the merge itself are not applied: the
//! joined result says that it is `unordered`, so that no extractor reads its first row as the chart's.
//! Totals are not told: Looker takes those of the merge's queries, which count rows that the join
//! leaves out.

mod answer;
mod calculated;
mod definition;
mod document;
mod join;
mod key;
mod part;
mod place;
mod run;

use std::fmt::Write as _;

use super::error::LookerError;

/// Queries to run, and how to join their results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The primary one first.
    sources: Vec<Source>,
    /// The most rows that the merge shows.
    limit: Option<usize>,
}

/// One of the queries.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    /// What the tile calls it.
    name: String,
    /// The body that is sent to `/queries`.
    post: String,
    /// What it is joined by: its own field, and the primary query's.
    on: Vec<(String, String)>,
}

impl Merge {
    /// All that has a say in the result, so written that different merges are different texts.
    pub(super) fn in_full(&self) -> String {
        let mut text = format!("merge {:?}", self.limit);
        for Source { name, post, on } in &self.sources {
            let pairs = on.iter().flat_map(|(own, primary)| [own, primary]);
            let _ = write!(text, " {}", on.len());
            for piece in [name, post].into_iter().chain(pairs) {
                let _ = write!(text, " {}:{piece}", piece.len());
            }
        }
        text
    }
}

/// Why a merged tile is not read.
fn refused(why: impl AsRef<str>) -> LookerError {
    LookerError::Unsupported {
        why: format!("the merged tile cannot be joined: {}", why.as_ref()),
    }
}
