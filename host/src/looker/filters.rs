//! A dashboard's filters on a tile's query. The query that a tile stores does not hold them: what
//! the dashboard shows comes about only when they are put in.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::Overrides;
use super::error::LookerError;
use super::query::{Object, raw};
use super::wire::{Filter, Filterable, Listen};

/// What putting filters in has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Applied {
    /// The values that apply, by filter.
    pub values: BTreeMap<String, String>,
    /// Overrides that this tile does not listen to.
    pub ignored: Vec<String>,
}

/// The values of a dashboard's filters: the override, else the default.
///
/// # Errors
///
/// When an override names none of them.
pub(super) fn values(
    filters: &[Filter],
    overrides: &Overrides,
) -> Result<BTreeMap<String, String>, LookerError> {
    let default = |filter: &Filter| {
        Some((
            filter.name.clone()?,
            filter.default_value.clone().unwrap_or_default(),
        ))
    };
    let mut values: BTreeMap<String, String> = filters.iter().filter_map(default).collect();
    for (name, value) in &overrides.filters {
        let Some(place) = values.get_mut(name) else {
            let known = values.into_keys().collect();
            return Err(LookerError::NoSuchFilter {
                name: name.clone(),
                known,
            });
        };
        place.clone_from(value);
    }
    Ok(values)
}

impl Filterable {
    /// The filters that it listens to, of those there are.
    pub fn heard<'a>(
        &'a self,
        values: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'a str> {
        let listens = self.listen.iter().flatten();
        let named = listens
            .filter(|listen| listen.field.is_some())
            .filter_map(|listen| listen.dashboard_filter_name.as_deref());
        named.filter(|name| values.contains_key(*name))
    }
}

/// Puts a dashboard's filters into the query of a tile that listens to them: every filter of every
/// filterable.
pub(super) fn listen<'a>(
    query: &mut Object,
    filterables: impl IntoIterator<Item = &'a Filterable>,
    values: &BTreeMap<String, String>,
    overrides: &Overrides,
) -> serde_json::Result<Applied> {
    let mut filters = query.object("filters")?;
    let (mut applied, mut heard) = (BTreeMap::new(), BTreeSet::new());
    let mut constraints = Vec::new();
    for Listen {
        dashboard_filter_name,
        field,
    } in filterables
        .into_iter()
        .filter_map(|filterable| filterable.listen.as_ref())
        .flatten()
    {
        let (Some(name), Some(field)) = (dashboard_filter_name, field) else {
            continue;
        };
        let Some(value) = values.get(name) else {
            continue;
        };
        heard.insert(name);
        // One that says "any value" lifts what the tile has of its own, and not what another filter
        // says of the same field.
        if !set(&mut filters, field, value)? {
            continue;
        }
        constraints.push((field, value));
        applied.insert(name.clone(), value.clone());
    }
    for (field, value) in constraints {
        set(&mut filters, field, value)?;
    }
    // Filters that nothing was put into keep their bytes.
    if !heard.is_empty() {
        query.set("filters", serde_json::value::to_raw_value(&filters)?);
    }
    let ignored = overrides
        .filters
        .keys()
        .filter(|name| !heard.contains(name))
        .cloned()
        .collect();
    Ok(Applied {
        values: applied,
        ignored,
    })
}

/// Puts overrides by field into the query of a look.
///
/// # Errors
///
/// When one names neither a filter of the look nor a field.
pub(super) fn by_field(query: &mut Object, overrides: &Overrides) -> Result<Applied, LookerError> {
    let malformed = || LookerError::malformed("the look's query");
    let mut filters = query.object("filters").map_err(malformed())?;
    for (field, value) in &overrides.filters {
        // Looker ignores what it does not know, and the number would be one of something else.
        if !field.contains('.') && filters.get(field).is_none() {
            let known = filters.names().map(str::to_owned).collect();
            return Err(LookerError::NoSuchFilter {
                name: field.clone(),
                known,
            });
        }
        set(&mut filters, field, value).map_err(malformed())?;
    }
    if !overrides.filters.is_empty() {
        query.set(
            "filters",
            serde_json::value::to_raw_value(&filters).map_err(malformed())?,
        );
    }
    let text = |name: &str| serde_json::from_str::<String>(filters.get(name)?).ok();
    let values = filters
        .names()
        .filter_map(|name| Some((name.to_owned(), text(name)?)))
        .collect();
    Ok(Applied {
        values,
        ignored: Vec::new(),
    })
}

/// Sets the filter of a field; whether it constrains anything.
fn set(filters: &mut Object, field: &str, value: &str) -> serde_json::Result<bool> {
    // "Any value" lifts what the tile itself has, as it does on the dashboard. As an empty text it
    // would ask for blanks.
    if value.trim().is_empty() {
        filters.remove(field);
        return Ok(false);
    }
    filters.set(field, raw(value)?);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(pairs: &[(&str, &str)]) -> Overrides {
        let filters = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Overrides {
            filters: filters.collect(),
            time_zone: None,
        }
    }

    fn dashboard() -> Vec<Filter> {
        serde_json::from_str(
            r#"[{"name":"Date","title":"Date","type":"date_filter","default_value":"6 months"},
                {"name":"Region","default_value":null},{"name":"Status","default_value":""}]"#,
        )
        .unwrap()
    }

    fn filterables() -> Vec<Filterable> {
        serde_json::from_str(
            r#"[{"listen":[{"dashboard_filter_name":"Date","field":"o.created"},
                           {"dashboard_filter_name":"Status","field":"o.status"}]},
                {"listen":null},
                {"listen":[{"dashboard_filter_name":"Date","field":"u.created"},
                           {"dashboard_filter_name":"Gone","field":"u.gone"},
                           {"dashboard_filter_name":null,"field":"u.x"}]}]"#,
        )
        .unwrap()
    }

    fn put(query: &str, pairs: &[(&str, &str)]) -> (String, Applied) {
        let overrides = overrides(pairs);
        let values = values(&dashboard(), &overrides).unwrap();
        let mut query = Object::parse(query).unwrap();
        let applied = listen(&mut query, &filterables(), &values, &overrides).unwrap();
        (query.text().unwrap(), applied)
    }

    #[test]
    fn every_filterable_gets_the_values_it_listens_to() {
        let query = r#"{"filters":{"o.x":"1","o.created":"1 day","o.status":"paid"},"limit":"5"}"#;
        let (text, applied) = put(query, &[]);
        assert_eq!(
            text,
            r#"{"filters":{"o.x":"1","o.created":"6 months","u.created":"6 months"},"limit":"5"}"#
        );
        assert_eq!(
            applied.values,
            BTreeMap::from([("Date".to_owned(), "6 months".to_owned())])
        );
    }

    #[test]
    fn a_filter_of_any_value_does_not_undo_another_on_the_same_field() {
        let filterables: Vec<Filterable> = serde_json::from_str(
            r#"[{"listen":[{"dashboard_filter_name":"Date","field":"o.created"},
                           {"dashboard_filter_name":"Status","field":"o.created"}]}]"#,
        )
        .unwrap();
        let overrides = overrides(&[]);
        let values = values(&dashboard(), &overrides).unwrap();
        let mut query = Object::parse("{}").unwrap();
        listen(&mut query, &filterables, &values, &overrides).unwrap();
        let text = query.text().unwrap();
        assert_eq!(text, r#"{"filters":{"o.created":"6 months"}}"#);
    }

    #[test]
    fn an_override_takes_the_place_of_the_default_and_an_empty_one_lifts_it() {
        let (text, applied) = put(
            r#"{"filters":null}"#,
            &[("Date", ""), ("Status", "a,\"b\"")],
        );
        assert_eq!(text, r#"{"filters":{"o.status":"a,\"b\""}}"#);
        assert_eq!(
            applied.values,
            BTreeMap::from([("Status".to_owned(), "a,\"b\"".to_owned())])
        );
        assert!(applied.ignored.is_empty());
    }

    #[test]
    fn an_override_that_the_tile_does_not_listen_to_is_told() {
        assert_eq!(put("{}", &[("Region", "EMEA")]).1.ignored, ["Region"]);
    }

    #[test]
    fn an_override_of_a_filter_that_is_not_there_names_those_that_are() {
        let error = values(&dashboard(), &overrides(&[("region", "EMEA")])).unwrap_err();
        assert_eq!(error.code(), "invalid-input");
        let message = error.to_string();
        assert!(
            message.contains(r#""region""#) && message.contains(r#"["Date", "Region", "Status"]"#),
            "{message}"
        );
    }

    #[test]
    fn a_look_is_overridden_by_field() {
        let mut query = Object::parse(r#"{"filters":{"o.a":"1","plain":"2"}}"#).unwrap();
        let applied = by_field(
            &mut query,
            &overrides(&[("o.b", "x"), ("plain", "3"), ("o.a", "")]),
        )
        .unwrap();
        assert_eq!(
            query.text().unwrap(),
            r#"{"filters":{"plain":"3","o.b":"x"}}"#
        );
        assert_eq!(applied.values.len(), 2);
        let error = by_field(&mut query, &overrides(&[("Region", "x")])).unwrap_err();
        assert!(error.to_string().contains("plain"), "{error}");
        let untouched = r#"{"filters": {"o.a" : "1"}}"#;
        let mut query = Object::parse(untouched).unwrap();
        by_field(&mut query, &Overrides::default()).unwrap();
        assert_eq!(query.get("filters"), Some(r#"{"o.a" : "1"}"#));
    }
}
