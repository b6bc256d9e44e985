//! How a query was sorted: where a result is cut short, only that tells which end is missing.

use std::borrow::Cow;

use crate::chart::Failure;
use crate::document::Document;
use crate::json::Token;
use crate::vis::Query;

/// One sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key<'a> {
    field: Cow<'a, str>,
    descending: bool,
}

/// Whether the rows (`on_pivots` false) or columns are surely sorted by the field first, greatest
/// first.
///
/// The query, the fields and the sorts that Looker added each may say how; those that say anything
/// must agree. The sort keys of pivot fields order the columns, the others the rows. `malformed` where
/// what Looker added is not JSON.
pub fn newest_first(
    document: &Document<'_>,
    query: &Query<'_>,
    field: &str,
    on_pivots: bool,
) -> Result<bool, Failure> {
    let of_columns = |key: &Key<'_>| {
        document
            .fields
            .pivots
            .iter()
            .any(|pivot| pivot.name == key.field)
    };
    let mut said = false;
    for source in [
        listed(query.sorts),
        by_fields(document),
        listed(document.added_sorts()?),
    ] {
        let Some(keys) = source else { continue };
        let Some(first) = keys.iter().find(|key| of_columns(key) == on_pivots) else {
            // A source that sorts only the other way says nothing of this one.
            continue;
        };
        if first.field != field || !first.descending {
            return Ok(false);
        }
        said = true;
    }
    Ok(said)
}

/// A list of `"field desc 0"`; none where it is empty, which stands for Looker's own choice.
fn listed(sorts: Option<Token<'_>>) -> Option<Vec<Key<'_>>> {
    let items = sorts?.items()?;
    let keys: Vec<_> = items
        .into_iter()
        .filter_map(Token::filled)
        .map(key)
        .collect();
    (!keys.is_empty()).then_some(keys)
}

fn key(text: Cow<'_, str>) -> Key<'_> {
    let mut words = text.split_ascii_whitespace();
    let field = words.next().unwrap_or_default().to_owned();
    let descending = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("desc"));
    Key {
        field: Cow::Owned(field),
        descending,
    }
}

fn by_fields<'a>(document: &Document<'a>) -> Option<Vec<Key<'a>>> {
    let mut keys: Vec<_> = document
        .fields
        .all()
        .filter_map(|field| {
            let sorted = field.sorted?;
            let key = Key {
                field: field.name.clone(),
                descending: sorted.descending,
            };
            Some((sorted.index, key))
        })
        .collect();
    keys.sort_by_key(|(index, _)| *index);
    match keys.first() {
        None => None,
        Some((0, _)) => Some(keys.into_iter().map(|(_, key)| key).collect()),
        // The first sort key is a field that the answer does not list, so nothing is sure.
        Some(_) => Some(vec![Key {
            field: Cow::Borrowed(""),
            descending: false,
        }]),
    }
}
