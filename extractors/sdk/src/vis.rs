//! Looker's Query object and the `vis_config` in it: what the tile shows of the result, and how.

use std::borrow::Cow;

use crate::chart::Failure;
use crate::json::{Object, Token};

/// The Query object of a tile. Whatever it does not say is none.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    /// The sort keys, `"field desc 0"`.
    pub sorts: Option<Token<'a>>,
    /// `query_timezone`
    pub timezone: Option<Cow<'a, str>>,
    vis: Object<'a>,
}

/// The `vis_config`; none where there is none. One that cannot be read is `malformed`: what it
/// hides would be read otherwise.
fn vis_config<'a>(query: &Object<'a>) -> Result<Object<'a>, Failure> {
    let unreadable = |what: &str| {
        Failure::malformed(format!(
            "The tile's `{what}` is not what Looker documents, so nothing tells what the chart hides. Send Looker's Query object as it is."
        ))
    };
    let present = |object: &Object<'a>, key| object.get(key).filter(|token| !token.is_null());
    let Some(token) = present(query, "vis_config") else {
        return Ok(Object::default());
    };
    let vis = token.object().ok_or_else(|| unreadable("vis_config"))?;
    for list in ["hidden_fields", "hidden_points_if_no", "hidden_series"] {
        if present(&vis, list).is_some_and(|token| token.items().is_none()) {
            return Err(unreadable(list));
        }
    }
    Ok(vis)
}

impl<'a> Query<'a> {
    /// Reads a Query object; `malformed` where it is none. Nothing at all is an empty one.
    pub fn read(query: &'a [u8]) -> Result<Self, Failure> {
        let text = crate::reader::text(query)?;
        if matches!(text.trim_ascii(), "" | "null") {
            return Ok(Self::default());
        }
        let object = Token::parse(text).and_then(Token::object).ok_or_else(|| {
            Failure::malformed(
                "The tile's query is not a JSON object. Send Looker's Query object, or `{}` where there is none.",
            )
        })?;
        Ok(Self {
            sorts: object.get("sorts"),
            timezone: object.get("query_timezone").and_then(Token::filled),
            vis: vis_config(&object)?,
        })
    }

    /// `vis_config.type`, e.g. "looker_line".
    pub fn chart_type(&self) -> Option<Cow<'a, str>> {
        self.text("type")
    }

    /// A text of the `vis_config`; none where it is empty, which is Looker's way to say not set.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.vis.get(key).and_then(Token::filled)
    }

    /// A switch of the `vis_config`.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.vis.get(key).and_then(Token::flag)
    }

    /// A member of an object of the `vis_config`, e.g. of `series_labels`.
    pub fn member(&self, key: &str, member: &str) -> Option<Token<'a>> {
        self.vis.get(key)?.object()?.get(member)
    }

    /// The texts of a list of the `vis_config`.
    pub fn texts(&self, key: &str) -> Vec<Cow<'a, str>> {
        let items = self.vis.get(key).and_then(Token::items).unwrap_or_default();
        items.into_iter().filter_map(Token::filled).collect()
    }

    /// Whether the chart does not draw a field.
    pub fn hides(&self, field: &str) -> bool {
        self.vis.get("hidden_fields").is_some()
            && self
                .texts("hidden_fields")
                .iter()
                .any(|hidden| hidden == field)
    }

    /// Whether the chart does not draw a column: the whole of it, or the series in it.
    pub fn hides_series(&self, pivot_key: &str, pivot_label: &str, field: &str) -> bool {
        let series = format!("{pivot_label} - {field}");
        if self
            .texts("hidden_series")
            .iter()
            .any(|hidden| *hidden == series)
        {
            return true;
        }
        let Some(pivots) = self.vis.get("hidden_pivots").and_then(Token::object) else {
            return false;
        };
        let hidden = pivots
            .get(pivot_key)
            .or_else(|| pivots.get(pivot_label))
            .and_then(Token::object);
        let Some(hidden) = hidden else { return false };
        hidden.get("is_entire_pivot_hidden").and_then(Token::flag) == Some(true)
            || hidden
                .get("measure_names")
                .and_then(Token::items)
                .is_some_and(|names| {
                    names
                        .into_iter()
                        .filter_map(Token::string)
                        .any(|name| name == field)
                })
    }

    /// The label of the only y axis, or of the one that the field stands on.
    pub fn y_axis_label(&self, field: &str) -> Option<Cow<'a, str>> {
        let axes = self.vis.get("y_axes")?.items()?;
        let label = |axis: &Token<'a>| axis.object()?.get("label")?.filled();
        let carries = |axis: &&Token<'a>| {
            let series = axis
                .object()
                .and_then(|axis| axis.get("series")?.items())
                .unwrap_or_default();
            series.into_iter().filter_map(Token::object).any(|series| {
                ["id", "axisId"].iter().any(|key| {
                    series
                        .get(key)
                        .and_then(Token::string)
                        .is_some_and(|name| name == field)
                })
            })
        };
        match axes.as_slice() {
            [axis] => label(axis),
            axes => axes.iter().find(carries).and_then(label),
        }
    }
}
