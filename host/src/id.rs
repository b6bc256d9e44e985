//! Names of things that are made while the server runs: a prefix that says what it is, and a UUIDv7.
//!
//! They sort by the time of their making, so a list in the order of ids is a list in the order of
//! creation, and a page of it can go on after the last id.

use std::fmt;
use std::str::FromStr;

use uuid::{NoContext, Timestamp, Uuid};

use crate::clock::Clock;

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no id of this kind; one looks like {prefix}0192f0c1a2b37c4d8e5f60718293a4b5")]
pub struct NoId {
    text: String,
    prefix: &'static str,
}

fn fresh(prefix: &str, clock: &dyn Clock) -> String {
    let now = clock.now();
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    let uuid = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos));
    format!("{prefix}{}", uuid.simple())
}

fn checked(prefix: &'static str, text: &str) -> Result<String, NoId> {
    let sound = text.strip_prefix(prefix).is_some_and(|digits| {
        digits.len() == 32
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    if sound {
        return Ok(text.to_owned());
    }
    let text = text.chars().take(80).collect();
    Err(NoId { text, prefix })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// An id that nothing has had before.
            #[must_use]
            pub fn fresh(clock: &dyn Clock) -> Self {
                Self(fresh($prefix, clock))
            }

            /// The id as it stands in URLs and in the store.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NoId;

            fn from_str(text: &str) -> Result<Self, NoId> {
                checked($prefix, text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                String::schema()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// Names a connection to a Looker.
    ConnectionId = "con_";
    /// Names an objective.
    ObjectiveId = "obj_";
    /// Names a key result.
    KeyResultId = "kr_";
    /// Names a webhook.
    WebhookId = "wh_";
    /// Names a run of an action.
    RunId = "run_";
    /// Names a data plane that schedules may send to.
    DestinationId = "dst_";
    /// Names a key of the Action Hub.
    HubKeyId = "hk_";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn an_id_says_what_it_names_and_reads_back() {
        let id = KeyResultId::fresh(&ManualClock::default());
        assert!(id.as_str().starts_with("kr_"), "{id}");
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn ids_sort_by_the_time_of_their_making() {
        let clock = ManualClock::default();
        let earlier = ConnectionId::fresh(&clock);
        clock.advance(jiff::SignedDuration::from_millis(1));
        assert!(earlier < ConnectionId::fresh(&clock));
    }

    #[test]
    fn other_texts_are_refused() {
        let digits = "0192f0c1a2b37c4d8e5f60718293a4b5";
        for text in [
            "",
            "kr_",
            digits,
            &format!("con_{digits}"),
            &format!("kr_{}", digits.to_uppercase()),
            &format!("kr_{digits}0"),
            "kr_0192f0c1-a2b3-7c4d-8e5f-60718293a4b5",
        ] {
            assert!(text.parse::<KeyResultId>().is_err(), "{text}");
        }
    }
}
