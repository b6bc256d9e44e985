//! A tile of a dashboard, and where in it the query stands that it shows.

use serde_json::value::RawValue;

use super::query::Object;
use super::source::Source;
use super::wire::{Element, Id, QueryOutline, VisConfig};

/// A tile that shows data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its id, as sources name it.
    pub id: String,
    /// Its title, or the best there is in its place.
    pub title: String,
    /// `vis_config.type`.
    pub chart_type: Option<String>,
    /// What a key result is linked to.
    pub source: Source,
    /// Whether its query can be run, or in words why not.
    pub readable: Result<(), String>,
    /// What it is called in LookML, which outlives its id.
    pub lookml_link_id: Option<String>,
}

/// Where a tile's query comes from.
#[derive(Debug)]
pub(super) enum Origin<'a> {
    /// The tile holds it.
    Here(&'a RawValue),
    /// A stored query.
    Query(&'a str),
    /// A look's own.
    Look(&'a str),
    /// Several queries, whose results are joined.
    Merge(&'a str),
    /// A query written in SQL.
    Statement(&'a str),
}

impl Tile {
    /// What an element of a dashboard is as a tile. Text, buttons and the like are none.
    pub(super) fn of(dashboard_id: &str, element: &Element) -> Option<Self> {
        let origin = origin(element)?;
        let Id(id) = &element.id;
        Some(Self {
            id: id.clone(),
            title: title(element),
            chart_type: vis_config(element).as_deref().and_then(chart_type),
            source: Source::Tile {
                dashboard_id: dashboard_id.to_owned(),
                tile_id: id.clone(),
            },
            readable: origin.map(|_| ()),
            lookml_link_id: element.lookml_link_id.clone(),
        })
    }
}

/// Where the query of a tile comes from, or in words why it has none that can be run. `None` for
/// what is not meant to show data. The order is that of Looker's own bot.
pub(super) fn origin(element: &Element) -> Option<Result<Origin<'_>, String>> {
    let maker = element.result_maker.as_ref();
    let look = element.look.as_ref();
    let here = maker
        .and_then(|maker| maker.query.as_deref())
        .or(element.query.as_deref())
        .or(look.and_then(|look| look.query.as_deref()));
    if let Some(query) = here {
        return Some(Ok(Origin::Here(query)));
    }
    let stored = element
        .query_id
        .as_ref()
        .or(maker.and_then(|maker| maker.query_id.as_ref()));
    if let Some(Id(id)) = stored {
        return Some(Ok(Origin::Query(id)));
    }
    let look = element
        .look_id
        .as_ref()
        .or(look.and_then(|look| look.id.as_ref()));
    if let Some(Id(id)) = look {
        return Some(Ok(Origin::Look(id)));
    }
    let merge = element
        .merge_result_id
        .as_ref()
        .or(maker.and_then(|maker| maker.merge_result_id.as_ref()));
    if let Some(Id(id)) = merge {
        return Some(Ok(Origin::Merge(id)));
    }
    if let Some(Id(slug)) = maker.and_then(|maker| maker.sql_query_id.as_ref()) {
        return Some(Ok(Origin::Statement(slug)));
    }
    matches!(element.kind.as_deref(), Some("vis" | "data")).then(|| {
        Err("the tile has no query; what it showed may have been deleted in Looker".to_owned())
    })
}

/// The first of a tile's possible titles that says something.
pub(super) fn title(element: &Element) -> String {
    let told = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    told(&element.title)
        .or_else(|| told(&element.title_text))
        .or_else(|| told(&element.look.as_ref()?.title))
        .or_else(|| match origin(element)?.ok()? {
            Origin::Here(query) => first_measure(query),
            _ => None,
        })
        .unwrap_or_else(|| "Untitled".to_owned())
}

/// What is probably a query's first measure. A query does not say which of its fields are measures,
/// but it lists dimensions first, and pivots and filled fields are dimensions.
fn first_measure(query: &RawValue) -> Option<String> {
    let outline: QueryOutline = serde_json::from_str(query.get()).ok()?;
    let fields = outline.fields?;
    let known = [outline.pivots, outline.fill_fields]
        .into_iter()
        .flatten()
        .flatten()
        .collect::<Vec<_>>();
    let rest: Vec<&String> = fields
        .iter()
        .filter(|field| !known.contains(field))
        .collect();
    let place = usize::from(known.is_empty() && rest.len() > 1);
    rest.get(place).map(|field| (*field).clone())
}

/// What the tile shows its query with, before that of the query itself.
pub(super) fn vis_config(element: &Element) -> Option<Box<RawValue>> {
    let own = element
        .result_maker
        .as_ref()
        .and_then(|maker| maker.vis_config.clone());
    own.filter(|config| !is_empty(config))
        .or_else(|| match origin(element)?.ok()? {
            Origin::Here(query) => vis_config_of(query.get()),
            _ => None,
        })
}

/// The `vis_config` in a query.
pub(super) fn vis_config_of(query: &str) -> Option<Box<RawValue>> {
    serde_json::from_str::<QueryOutline>(query).ok()?.vis_config
}

/// `vis_config.type`.
pub(super) fn chart_type(vis_config: &RawValue) -> Option<String> {
    serde_json::from_str::<VisConfig>(vis_config.get())
        .ok()?
        .kind
}

fn is_empty(config: &RawValue) -> bool {
    Object::parse(config.get()).is_ok_and(|config| config.names().next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(json: &str) -> Element {
        serde_json::from_str(json).unwrap()
    }

    fn tile(json: &str) -> Option<Tile> {
        Tile::of("17", &element(json))
    }

    const QUERY: &str =
        r#"{"id":"9","fields":["o.month","o.count","o.sum"],"vis_config":{"type":"of-query"}}"#;

    #[test]
    fn the_query_is_looked_for_in_the_order_of_lookers_own_bot() {
        let here = |json: &str| match origin(&element(json)) {
            Some(Ok(Origin::Here(query))) => query.get().to_owned(),
            Some(Ok(Origin::Query(id))) => format!("query {id}"),
            Some(Ok(Origin::Look(id))) => format!("look {id}"),
            Some(Ok(Origin::Merge(id))) => format!("merge {id}"),
            Some(Ok(Origin::Statement(slug))) => format!("statement {slug}"),
            other => format!("{other:?}"),
        };
        let cases = [
            (
                r#"{"id":1,"result_maker":{"query":{"a":1}},"query":{"b":1}}"#,
                r#"{"a":1}"#,
            ),
            (
                r#"{"id":1,"result_maker":{"query":null},"query":{"b":1},"look":{"query":{"c":1}}}"#,
                r#"{"b":1}"#,
            ),
            (
                r#"{"id":1,"look":{"query":{"c":1}},"look_id":"5","query_id":null}"#,
                r#"{"c":1}"#,
            ),
            (r#"{"id":1,"query_id":"7","look_id":"5"}"#, "query 7"),
            (r#"{"id":1,"result_maker":{"query_id":8}}"#, "query 8"),
            (r#"{"id":1,"look_id":"5"}"#, "look 5"),
            (r#"{"id":1,"look":{"id":"6"}}"#, "look 6"),
            (
                r#"{"id":1,"query":{"b":1},"merge_result_id":"m"}"#,
                r#"{"b":1}"#,
            ),
            (r#"{"id":1,"merge_result_id":"m"}"#, "merge m"),
            (
                r#"{"id":1,"result_maker":{"merge_result_id":"m","sql_query_id":"s"}}"#,
                "merge m",
            ),
            (
                r#"{"id":1,"result_maker":{"sql_query_id":"s"}}"#,
                "statement s",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(here(json), expected, "{json}");
        }
    }

    #[test]
    fn what_shows_no_data_is_no_tile() {
        for kind in ["text", "button", "extension", "filter"] {
            assert_eq!(
                tile(&format!(
                    r#"{{"id":"1","type":"{kind}","title_text":"Hello"}}"#
                )),
                None
            );
        }
        assert!(
            tile(&format!(
                r#"{{"id":"1","type":"new-kind","query":{QUERY}}}"#
            ))
            .is_some()
        );
    }

    #[test]
    fn a_tile_without_a_query_says_why() {
        let why = tile(r#"{"id":"1","type":"vis"}"#)
            .unwrap()
            .readable
            .unwrap_err();
        assert!(why.contains("has no query"), "{why}");
    }

    #[test]
    fn a_tile_without_a_title_gets_the_best_there_is() {
        let cases = [
            (r#""title":"A","title_text":"B","look":{"title":"C"}"#, "A"),
            (r#""title":" ","title_text":"B","look":{"title":"C"}"#, "B"),
            (r#""title":null,"look":{"title":"C"}"#, "C"),
            (r#""query":{"fields":["o.month","o.count"]}"#, "o.count"),
            (r#""query":{"fields":["o.count"]}"#, "o.count"),
            (
                r#""query":{"fields":["o.month","o.count","o.sum"],"fill_fields":["o.month"]}"#,
                "o.count",
            ),
            (
                r#""query":{"fields":["o.month","o.region","o.count"],"pivots":["o.region"],"fill_fields":["o.month"]}"#,
                "o.count",
            ),
            (r#""type":"vis""#, "Untitled"),
        ];
        for (members, expected) in cases {
            assert_eq!(
                tile(&format!(r#"{{"id":"1",{members},"merge_result_id":"m"}}"#))
                    .unwrap()
                    .title,
                expected
            );
        }
    }

    #[test]
    fn the_chart_type_is_the_tiles_own_before_the_querys() {
        let own = format!(
            r#"{{"id":"1","query":{QUERY},"result_maker":{{"vis_config":{{"type":"own"}}}}}}"#
        );
        let empty = format!(r#"{{"id":"1","query":{QUERY},"result_maker":{{"vis_config":{{}}}}}}"#);
        assert_eq!(tile(&own).unwrap().chart_type.as_deref(), Some("own"));
        assert_eq!(
            tile(&empty).unwrap().chart_type.as_deref(),
            Some("of-query")
        );
    }
}
