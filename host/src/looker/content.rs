//! Finding dashboards, and what finding looks shares with it.

use std::collections::HashSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::ask::{Ask, segment};
use super::connection::Looker;
use super::deadline::Deadline;
use super::error::LookerError;
use super::link::{dashboard_id_in, is_link};
use super::wire::DashboardItem;

/// How many are asked for at a time.
const PAGE: usize = 200;

/// What is asked for of each.
const FIELDS: &str = "id,title,folder(name),deleted";

/// Which dashboards or looks are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// A title, or a pasted URL or id; all without it.
    pub title: Option<String>,
    /// How the title has to fit.
    pub match_: Match,
    /// How many at most.
    pub limit: usize,
    /// How many to leave out before them.
    pub offset: usize,
}

/// How a title has to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The whole title; case does not matter, as in Looker.
    Complete,
    /// Some part of the title.
    Part,
}

/// Where a dashboard is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Made by people, in folders.
    User,
    /// Written in LookML; its id is `model::name`.
    Lookml,
}

/// A dashboard as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DashboardSummary {
    /// Its id.
    #[schema(example = "17")]
    pub id: String,
    /// Its title. Titles repeat across folders.
    pub title: String,
    /// The folder's name.
    pub folder: Option<String>,
    /// Where it is kept.
    pub kind: Kind,
}

impl Kind {
    /// What an id tells.
    pub(super) fn of(id: &str) -> Self {
        if id.contains("::") {
            Self::Lookml
        } else {
            Self::User
        }
    }
}

impl From<DashboardItem> for DashboardSummary {
    fn from(item: DashboardItem) -> Self {
        Self {
            kind: Kind::of(&item.id.0),
            id: item.id.0,
            title: item.title.unwrap_or_else(|| "Untitled".to_owned()),
            folder: item.folder.and_then(|folder| folder.name),
        }
    }
}

impl Find {
    /// What is wanted, without blanks around it.
    pub(super) fn title(&self) -> Option<&str> {
        self.title
            .as_deref()
            .map(str::trim)
            .filter(|title| !title.is_empty())
    }

    /// What Looker is asked for: at least all that fits. Its wildcards in a title let more through,
    /// which [`Find::fits`] takes out again; a backslash might take their meaning from them, so it
    /// becomes one itself.
    fn pattern(&self) -> Option<String> {
        let title = self.title()?.replace('\\', "_");
        Some(match self.match_ {
            Match::Complete => title,
            Match::Part => format!("%{title}%"),
        })
    }

    fn fits(&self, title: &str) -> bool {
        let Some(wanted) = self.title() else {
            return true;
        };
        let (wanted, title) = (wanted.to_lowercase(), title.trim().to_lowercase());
        match self.match_ {
            Match::Complete => title == wanted,
            Match::Part => title.contains(&wanted),
        }
    }
}

impl Looker {
    /// Finds dashboards: those that people made, then those written in LookML.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn dashboards(&self, find: &Find) -> Result<Vec<DashboardSummary>, LookerError> {
        let deadline = self.api.deadline();
        let wanted = find.offset.saturating_add(find.limit);
        let mut found = Vec::new();
        if let Some(title) = find.title() {
            if let Some(id) = dashboard_id_in(title) {
                found.extend(self.dashboard_by_id(&id, deadline).await?);
            }
            if is_link(title) {
                return Ok(page(found, find));
            }
        }
        // User-defined dashboards only; those in LookML have a search of their own.
        for path in ["/dashboards/search", "/dashboards/lookml/search"] {
            let search = Search {
                path,
                what: "list of dashboards",
                fields: FIELDS,
            };
            let summary = |item: DashboardItem| Some(DashboardSummary::from(item));
            self.search(&search, find, wanted, &mut found, summary, deadline)
                .await?;
        }
        Ok(page(found, find))
    }

    async fn dashboard_by_id(
        &self,
        id: &str,
        deadline: Deadline,
    ) -> Result<Option<DashboardSummary>, LookerError> {
        let Some(id) = segment(id) else {
            return Ok(None);
        };
        let ask = Ask::get(format!("/dashboards/{id}"), format!("dashboard {id}"));
        match self
            .api
            .read::<DashboardItem>(&ask.with("fields", FIELDS), deadline)
            .await
        {
            Ok(item) if item.deleted == Some(true) => Ok(None),
            Ok(item) => Ok(Some(item.into())),
            Err(LookerError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds what fits, until there are as many as wanted or no more. Looker is asked page after page,
    /// as many as it has: what fits may stand on the last.
    pub(super) async fn search<W: DeserializeOwned, S: Titled>(
        &self,
        search: &Search,
        find: &Find,
        wanted: usize,
        found: &mut Vec<S>,
        summary: impl Fn(W) -> Option<S>,
        deadline: Deadline,
    ) -> Result<(), LookerError> {
        let mut seen: HashSet<String> = found.iter().map(|item| item.id().to_owned()).collect();
        for offset in (0..).step_by(PAGE) {
            if found.len() >= wanted {
                break;
            }
            let mut ask = Ask::get(search.path.to_owned(), search.what)
                .with("fields", search.fields)
                .with("deleted", "false")
                .with("sorts", "title,id")
                .with("limit", PAGE.to_string())
                .with("offset", offset.to_string());
            if let Some(pattern) = find.pattern() {
                ask = ask.with("title", pattern);
            }
            let items: Vec<W> = self.api.read(&ask, deadline).await?;
            let (came, before) = (items.len(), seen.len());
            let new = items.into_iter().filter_map(&summary);
            found.extend(
                new.filter(|item| seen.insert(item.id().to_owned()) && find.fits(item.title())),
            );
            // A server that does not know paging sends the same again and again.
            if came < PAGE || seen.len() == before {
                break;
            }
        }
        Ok(())
    }
}

/// A search of Looker's.
pub(super) struct Search {
    pub path: &'static str,
    pub what: &'static str,
    /// What is asked for of each.
    pub fields: &'static str,
}

/// Something that a search finds.
pub(super) trait Titled {
    fn id(&self) -> &str;
    fn title(&self) -> &str;
}

impl Titled for DashboardSummary {
    fn id(&self) -> &str {
        &self.id
    }

    fn title(&self) -> &str {
        &self.title
    }
}

/// The part of what was found that was asked for.
pub(super) fn page<S>(found: Vec<S>, find: &Find) -> Vec<S> {
    found
        .into_iter()
        .skip(find.offset)
        .take(find.limit)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(title: &str, match_: Match) -> Find {
        Find {
            title: Some(title.to_owned()),
            match_,
            limit: 10,
            offset: 0,
        }
    }

    #[test]
    fn a_complete_title_fits_itself_in_any_case_and_nothing_that_wildcards_would_let_in() {
        let cases = [
            ("Q3_sales", "Q3_sales", true),
            ("Q3_sales", "q3_SALES", true),
            ("Q3_sales", "Q3-sales", false),
            ("100% uptime", "100% uptime", true),
            ("100% uptime", "100 days uptime", false),
            (" Sales ", "Sales", true),
            ("Sales", "Sales 2", false),
            ("ÜBERSICHT 📈", "Übersicht 📈", true),
        ];
        for (wanted, title, fits) in cases {
            assert_eq!(
                find(wanted, Match::Complete).fits(title),
                fits,
                "{wanted} {title}"
            );
        }
    }

    #[test]
    fn a_part_is_found_anywhere_and_means_itself() {
        assert!(find("3_s", Match::Part).fits("Q3_sales"));
        assert!(!find("3_s", Match::Part).fits("Q3-sales"));
        assert_eq!(
            find("a\\b%", Match::Part).pattern().as_deref(),
            Some("%a_b%%")
        );
        assert_eq!(find("  ", Match::Part).pattern(), None);
        assert!(find("", Match::Complete).fits("anything"));
    }
}
