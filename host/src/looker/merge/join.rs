//! Joins the results of a merge's queries into one document of `json_detail`.
//!
//! Every cell is the text that Looker sent: nothing is computed, so nothing is rounded.

use bytes::Bytes;

use super::answer::Answer;
use super::part::Part;
use super::{Merge, document, refused};
use crate::looker::error::LookerError;

/// Joins results, which stand in the order of the merge's sources.
///
/// # Errors
///
/// When the joined result might not be the one that Looker shows.
pub(super) fn join(merge: &Merge, bodies: &[Bytes]) -> Result<Bytes, LookerError> {
    let mut parts = Vec::with_capacity(bodies.len());
    for (source, body) in merge.sources.iter().zip(bodies) {
        parts.push(Part {
            source,
            answer: Answer::read(body, &source.name)?,
            index: None,
        });
    }
    same_zone(&parts)?;
    let Some((primary, others)) = parts.split_first_mut() else {
        return Err(refused("it has no queries"));
    };
    let rows = primary.answer.rows.len();
    if let Some(limit) = merge.limit.filter(|limit| rows > *limit) {
        return Err(refused(format!(
            "it shows {limit} rows of {rows}, and which is Looker's choice; raise its row limit"
        )));
    }
    for other in others {
        other.index = Some(other.indexed(&primary.answer)?);
    }
    document::write(&parts).map(Bytes::from)
}

fn same_zone(parts: &[Part<'_>]) -> Result<(), LookerError> {
    let zones = || parts.iter().map(|part| part.answer.timezone.as_deref());
    let first = zones().next().flatten();
    if zones().all(|zone| zone == first) {
        return Ok(());
    }
    let named: Vec<_> = zones().map(|zone| zone.unwrap_or("none")).collect();
    Err(refused(format!(
        "its sources are in different time zones ({}), where a day is not the same day; pin one \
         with `time_zone`",
        named.join(", ")
    )))
}

#[cfg(test)]
mod tests;
