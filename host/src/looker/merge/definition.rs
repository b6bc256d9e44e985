//! What a merge is made of, as Looker tells it.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use serde_json::value::RawValue;

use super::calculated::calculated;
use super::refused;
use crate::looker::ask::{Ask, segment};
use crate::looker::connection::Looker;
use crate::looker::error::LookerError;
use crate::looker::query::Object;
use crate::looker::recent::Terms;
use crate::looker::wire::{Id, MergeQuery, QueryOutline, ResultMaker, SourceQuery};

/// The most queries that are joined: the results of all are held at once.
const MOST_SOURCES: usize = 10;

/// A merge that can be joined, as far as can be told before its queries are run.
pub(in crate::looker) struct Merged {
    pub(super) parts: Vec<Part>,
    pub(super) limit: Option<usize>,
    pub(super) vis_config: Option<Box<RawValue>>,
}

/// One of its queries, as it is stored.
pub(super) struct Part {
    pub name: String,
    pub query: Object,
    pub outline: QueryOutline,
    pub on: Vec<(String, String)>,
}

impl Looker {
    /// What a merged tile is made of.
    ///
    /// # Errors
    ///
    /// [`LookerError::Unsupported`] where it cannot be joined, or what the way to Looker answered.
    pub(in crate::looker) async fn merge(
        &self,
        id: &str,
        maker: Option<&ResultMaker>,
        terms: Terms,
    ) -> Result<Merged, LookerError> {
        let what = format!("merge {id}");
        let Some(path) = segment(id) else {
            return Err(LookerError::NotFound { what });
        };
        let ask = Ask::get(format!("/merge_queries/{path}"), what);
        let found: MergeQuery = self.api.look_up(ask, terms).await?;
        let mut computed = calculated(found.dynamic_fields.as_deref())?;
        computed.extend(calculated(
            maker.and_then(|maker| maker.dynamic_fields.as_deref()),
        )?);
        if !computed.is_empty() {
            let names: BTreeSet<String> = computed.into_iter().collect();
            return Err(refused(format!(
                "it computes {names:?} after joining, and only Looker can do that; take that out, or \
                 compute it in LookML or in the source query"
            )));
        }
        if found.pivots.is_some_and(|pivots| !pivots.is_empty()) {
            return Err(refused(
                "it pivots the joined result, and only Looker can do that; take the pivot out",
            ));
        }
        let sources = found.source_queries.unwrap_or_default();
        if sources.is_empty() || sources.len() > MOST_SOURCES {
            return Err(refused(format!(
                "it has {} queries, and between 1 and {MOST_SOURCES} can be joined",
                sources.len()
            )));
        }
        let parts = sources.into_iter().enumerate();
        let parts = parts.map(|(nth, source)| self.part(nth, source, terms));
        Ok(Merged {
            parts: try_join_all(parts).await?,
            limit: limit(found.limit)?,
            vis_config: found.vis_config,
        })
    }

    async fn part(
        &self,
        nth: usize,
        source: SourceQuery,
        terms: Terms,
    ) -> Result<Part, LookerError> {
        let name = source
            .name
            .clone()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| format!("query {}", nth + 1));
        let on = rules(nth, &name, &source)?;
        let query = match (&source.query_id, &source.query_slug) {
            (Some(Id(id)), _) => self.stored("/queries", id, terms).await?,
            (None, Some(slug)) => self.stored("/queries/slug", slug, terms).await?,
            (None, None) => {
                return Err(refused(format!(
                    "its source {name:?} has no query any more; edit the merge in Looker"
                )));
            }
        };
        let text = query.text();
        let outline: QueryOutline =
            text.and_then(|text| serde_json::from_str(&text))
                .map_err(LookerError::malformed(format!(
                    "source {name:?} of the merge"
                )))?;
        if outline
            .pivots
            .as_ref()
            .is_some_and(|pivots| !pivots.is_empty())
        {
            return Err(refused(format!(
                "its source {name:?} pivots, and Looker documents no way to join that; take the \
                 pivot out of the source"
            )));
        }
        Ok(Part {
            name,
            query,
            outline,
            on,
        })
    }
}

/// The fields that a source is joined by: its own and the primary query's.
fn rules(
    nth: usize,
    name: &str,
    source: &SourceQuery,
) -> Result<Vec<(String, String)>, LookerError> {
    let rules = source.merge_fields.iter().flatten();
    let on: Option<Vec<(String, String)>> = rules
        .map(|rule| {
            let (own, primary) = (rule.source_field_name.as_ref()?, rule.field_name.as_ref()?);
            Some((own.clone(), primary.clone()))
        })
        .collect();
    match (nth, on) {
        (0, Some(on)) if on.iter().all(|(own, primary)| own == primary) => Ok(Vec::new()),
        (0, _) => Err(refused(format!(
            "its primary query {name:?} gives its fields other names, which Looker does not document"
        ))),
        (_, Some(on)) if !on.is_empty() => Ok(on),
        (_, _) => Err(refused(format!(
            "no merge rule says by which fields {name:?} is joined; add one in Looker"
        ))),
    }
}

/// The row limit of a merge. Looker writes -1 where there is none.
fn limit(limit: Option<Id>) -> Result<Option<usize>, LookerError> {
    match limit.as_ref().map(|Id(text)| text.as_str()) {
        None | Some("" | "-1") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            refused(format!(
                "its row limit {text:?} is no number; set it again in Looker"
            ))
        }),
    }
}
