//! Looker's Query objects, changed where they have to be and kept byte for byte everywhere else:
//! the key of Looker's cache covers every detail of a query.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// What a stored query has and a query to be stored does not.
const OF_THE_STORED: &[&str] = &[
    "id",
    "can",
    "slug",
    "url",
    "share_url",
    "expanded_share_url",
    "has_table_calculations",
];

/// What would take precedence over the filters, or tie the query to somebody's browser.
const RESET: &[&str] = &["filter_config", "client_id"];

/// A JSON object whose members keep their order and their text.
#[derive(Debug, Clone, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

/// The most members of an object. Looker has a few dozen; each is compared with those before it.
const MOST_MEMBERS: usize = 5_000;

impl Object {
    /// Reads an object; what is none, or null, is an error.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.get())
    }

    /// Sets a member, where it stands or at the end.
    pub fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The object as text.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// A stored query as it is posted: without what belongs to the stored one.
    pub fn into_new(mut self) -> Self {
        self.0
            .retain(|(name, _)| !OF_THE_STORED.contains(&name.as_str()));
        for name in RESET {
            self.set(name, RawValue::NULL.to_owned());
        }
        self
    }

    /// The object that a member holds; an empty one where it is null or absent.
    pub fn object(&self, name: &str) -> serde_json::Result<Self> {
        match self.get(name) {
            None | Some("null") => Ok(Self::default()),
            Some(text) => Self::parse(text),
        }
    }
}

/// A value as the text that goes into an [`Object`].
pub(super) fn raw(value: &str) -> serde_json::Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value)
}

/// What equal queries share.
pub(super) fn identity(post: &str) -> String {
    hex::encode(Sha256::digest(post.as_bytes()))
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Object(Vec::with_capacity(map.size_hint().unwrap_or(32)));
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    // Of a name given twice the last counts, as it does for Looker.
                    members.set(&name, value);
                    if members.0.len() > MOST_MEMBERS {
                        let told = format_args!("an object has more than {MOST_MEMBERS} members");
                        return Err(serde::de::Error::custom(told));
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STORED: &str = concat!(
        r#"{"can":{"run":true},"id":"138","view":"orders","model":"shop","fields":["a.b", "c.d"],"#,
        r#""pivots":null,"fill_fields":[],"filters":{"z.z":"1 ,2","a.a":"\u00e9 days"},"#,
        r#""filter_config":{"a.a":[{"type":"past"}]},"limit":"500","column_limit":"50","#,
        r#""row_total":"right","dynamic_fields":"[{\"table_calculation\":\"yoy\", \"x\":1.10}]","#,
        r#""vis_config":{"w":9007199254740993,"v":1.50,"e":1E400},"slug":"s","client_id":"c","#,
        r#""share_url":"u","expanded_share_url":"u","url":"/q","has_table_calculations":true}"#,
    );

    #[test]
    fn a_stored_query_becomes_a_new_one_and_nothing_else_changes() {
        let posted = Object::parse(STORED).unwrap().into_new().text().unwrap();
        assert_eq!(
            posted,
            concat!(
                r#"{"view":"orders","model":"shop","fields":["a.b", "c.d"],"#,
                r#""pivots":null,"fill_fields":[],"filters":{"z.z":"1 ,2","a.a":"\u00e9 days"},"#,
                r#""filter_config":null,"limit":"500","column_limit":"50","#,
                r#""row_total":"right","dynamic_fields":"[{\"table_calculation\":\"yoy\", \"x\":1.10}]","#,
                r#""vis_config":{"w":9007199254740993,"v":1.50,"e":1E400},"client_id":null}"#,
            )
        );
        assert_eq!(identity(&posted), identity(&posted.clone()));
        assert_eq!(identity("").len(), 64);
    }

    #[test]
    fn members_are_set_where_they_stand() {
        let mut object = Object::parse(r#"{"b":1.0,"a":{},"b":2.00}"#).unwrap();
        assert_eq!(object.text().unwrap(), r#"{"b":2.00,"a":{}}"#);
        object.set("a", raw("x\"y").unwrap());
        object.set("c", RawValue::NULL.to_owned());
        object.remove("b");
        assert_eq!(object.text().unwrap(), r#"{"a":"x\"y","c":null}"#);
        assert!(object.object("c").unwrap().text().unwrap() == "{}");
        assert!(object.object("a").is_err());
        assert!(Object::parse("null").is_err() && Object::parse("[]").is_err());
    }

    /// JSON text as no serialiser of ours would write it.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
            "\"([a-zA-Zé ]|\\\\u00e9|\\\\/|\\\\n){0,12}\"",
            Just("null".to_owned()),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|all| format!("[{}]", all.join(" , "))),
                prop::collection::vec(inner, 0..4).prop_map(|all| {
                    let members: Vec<_> = all
                        .iter()
                        .enumerate()
                        .map(|(n, v)| format!("\"m{n}\" : {v}"))
                        .collect();
                    format!("{{ {} }}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_not_changed_keeps_its_bytes(values in prop::collection::vec(value(), 1..12)) {
            let members: Vec<String> =
                values.iter().enumerate().map(|(n, value)| format!("\"k{n}\":{value}")).collect();
            let text = format!("{{{}}}", members.join(","));
            let mut object = Object::parse(&text).unwrap();
            prop_assert_eq!(&object.text().unwrap(), &text);
            object.set("id", RawValue::TRUE.to_owned());
            object.set("k0", RawValue::FALSE.to_owned());
            let rest: Vec<&str> = members.iter().skip(1).map(String::as_str).collect();
            let expected = ["\"k0\":false"].into_iter().chain(rest)
                .chain(["\"filter_config\":null", "\"client_id\":null"]).collect::<Vec<_>>().join(",");
            prop_assert_eq!(object.into_new().text().unwrap(), format!("{{{expected}}}"));
        }
    }
}
