//! Lists in pages: by key, with a token that stands for "after this one".

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// The most items of a page.
const MOST: usize = 200;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Items on a page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
    /// `next_page_token` of the page before.
    pub page_token: Option<String>,
}

/// The token that stands for "after this".
pub(super) fn token(place: &str) -> String {
    format!("v1.{}", hex::encode(place))
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// Asks for the next page; null on the last.
    pub next_page_token: Option<String>,
}

impl Page {
    /// How many items.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit {
            None => Ok(MOST),
            Some(limit @ 1..=MOST) => Ok(limit),
            Some(limit) => Err(Problem::invalid(
                "/limit",
                format!("{limit} is not between 1 and {MOST}"),
            )),
        }
    }

    /// The key that the page begins after.
    pub fn after(&self) -> Result<Option<String>, Problem> {
        let Some(token) = &self.page_token else {
            return Ok(None);
        };
        let key = token
            .strip_prefix("v1.")
            .and_then(|key| hex::decode(key).ok())
            .and_then(|key| String::from_utf8(key).ok());
        key.map(Some).ok_or_else(|| {
            Problem::invalid(
                "/page_token",
                "it is no token that this server gave; begin again without one",
            )
        })
    }
}

impl<T> List<T> {
    /// A page of `limit` items out of one more, if there is one more. `key` is an item's own.
    pub fn of(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_page_token = items.last().filter(|_| more).map(|last| token(&key(last)));
        Self {
            items,
            next_page_token,
        }
    }
}
