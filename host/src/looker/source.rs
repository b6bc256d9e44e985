//! What a key result reads: a tile on a dashboard, or a look. Bound by id, never by title.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::wire::Id;

/// A tile on a dashboard, or a look.
#[derive(Serialize, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ToSchema)]
#[serde(untagged)]
pub enum Source {
    /// A tile.
    Tile {
        /// The dashboard: a number, or `model::name` for one written in LookML.
        #[schema(example = "17")]
        dashboard_id: String,
        /// The tile, as the dashboard's list of tiles names it.
        #[schema(example = "123")]
        tile_id: String,
    },
    /// A look.
    Look {
        /// The look.
        #[schema(example = "45")]
        look_id: String,
    },
}

const SHAPE: &str = r#"a source is {"dashboard_id": "17", "tile_id": "123"} or {"look_id": "45"}"#;

// By hand: an untagged enum would let unknown fields pass and answer every slip with "did not match
// any variant".
impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHAPE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Source, A::Error> {
        let (mut dashboard, mut tile, mut look) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            let place = match name.as_str() {
                "dashboard_id" => &mut dashboard,
                "tile_id" => &mut tile,
                "look_id" => &mut look,
                _ => {
                    return Err(de::Error::custom(format!(
                        "unknown field {name:?}; {SHAPE}"
                    )));
                }
            };
            let Id(id) = map.next_value()?;
            if id.is_empty() {
                return Err(de::Error::custom(format!("`{name}` is empty; {SHAPE}")));
            }
            if place.replace(id).is_some() {
                return Err(de::Error::custom(format!(
                    "`{name}` is given twice; {SHAPE}"
                )));
            }
        }
        match (dashboard, tile, look) {
            (Some(dashboard_id), Some(tile_id), None) => Ok(Source::Tile {
                dashboard_id,
                tile_id,
            }),
            (None, None, Some(look_id)) => Ok(Source::Look { look_id }),
            (Some(_), None, None) => {
                Err(de::Error::custom(format!("`tile_id` is missing; {SHAPE}")))
            }
            (None, Some(_), None) => Err(de::Error::custom(format!(
                "`dashboard_id` is missing; {SHAPE}"
            ))),
            (None, None, None) => Err(de::Error::custom(format!("no field is given; {SHAPE}"))),
            (_, _, Some(_)) => Err(de::Error::custom(format!(
                "a look and a tile are given, and a key result reads one of them; {SHAPE}"
            ))),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile {
                dashboard_id,
                tile_id,
            } => {
                write!(f, "tile {tile_id} of dashboard {dashboard_id}")
            }
            Self::Look { look_id } => write!(f, "look {look_id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_and_read_in_one_shape() {
        let tile = Source::Tile {
            dashboard_id: "17".to_owned(),
            tile_id: "123".to_owned(),
        };
        let look = Source::Look {
            look_id: "45".to_owned(),
        };
        let shapes = [
            (&tile, r#"{"dashboard_id":"17","tile_id":"123"}"#),
            (&look, r#"{"look_id":"45"}"#),
        ];
        for (source, text) in shapes {
            assert_eq!(serde_json::to_string(source).unwrap(), text);
            assert_eq!(&serde_json::from_str::<Source>(text).unwrap(), source);
        }
        let numbers: Source = serde_json::from_str(r#"{"tile_id":123,"dashboard_id":17}"#).unwrap();
        assert_eq!(numbers, tile);
    }

    #[test]
    fn what_is_not_a_source_is_refused_in_words() {
        let cases = [
            (r#"{}"#, "no field is given"),
            (r#"{"dashboard_id":"17"}"#, "`tile_id` is missing"),
            (r#"{"tile_id":"1"}"#, "`dashboard_id` is missing"),
            (r#"{"look_id":""}"#, "`look_id` is empty"),
            (r#"{"look_id":"1","look_id":"2"}"#, "given twice"),
            (r#"{"look_id":"1","tile_id":"2"}"#, "reads one of them"),
            (r#"{"look_id":"1","title":"x"}"#, "unknown field \"title\""),
            (r#"{"look_id":1.5}"#, "an id"),
            (r#"{"look_id":null}"#, "an id"),
            (r#""45""#, "a source is"),
        ];
        for (text, expected) in cases {
            let error = serde_json::from_str::<Source>(text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
