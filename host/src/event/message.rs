//! One event as a data plane of RudderStack takes it: the message of its own Node SDK for the same
//! call, save for the ids, which are stable here, and the name of the library.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::sandbox::events::{Event, Kind};

/// The most bytes a message may have: a request takes no more, and holds a few words besides.
pub const LARGEST: usize = 4_000 * 1_024 - 256;
/// What the documentation of the data plane names as the most for a message. It takes more.
pub const DOCUMENTED: usize = 32 * 1_024;

/// Makes anonymous ids that are the same next time, and tell nothing of whom they stand for.
pub trait Anonymous: Send + Sync {
    /// The id for what makes a person the same.
    fn id(&self, identity_key: &str) -> Uuid;
}

/// Writes the messages of a run.
pub struct Wording<'a> {
    run: Uuid,
    at: &'a str,
    anonymous: &'a dyn Anonymous,
    /// The time that was written last, as it came and as it goes: that of most events is the
    /// result's.
    last: Option<(String, String)>,
    /// Room for the name that a message's id is derived from.
    name: String,
}

/// How a data plane writes a time: UTC with milliseconds.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Members of a JSON object, byte for byte.
type Members<'a> = std::collections::BTreeMap<String, &'a RawValue>;

/// What of an event is laid over its message.
struct Extra<'a> {
    context: Members<'a>,
    others: Members<'a>,
}

impl<'a> Extra<'a> {
    fn read(extra: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut others: Members<'a> = serde_json::from_slice(extra)?;
        let context = match others.remove("context") {
            None => Members::new(),
            Some(context) => serde_json::from_str(context.get())?,
        };
        Ok(Self { context, others })
    }
}

/// What an event may say besides, in the order in which it is written.
const BESIDES: [&str; 3] = ["integrations", "previousId", "category"];

impl<'a> Wording<'a> {
    /// For a run, which message ids are derived from. `at` is when it began, as a data plane writes
    /// it: the time of events that have none.
    pub fn new(run: Uuid, at: &'a str, anonymous: &'a dyn Anonymous) -> Self {
        Self {
            run,
            at,
            anonymous,
            last: None,
            name: String::new(),
        }
    }

    /// Adds the message of an event at the end of `into`. `row` is its number in the result, the
    /// first being 0, and `n` counts the events of that row.
    ///
    /// # Errors
    ///
    /// Why the event cannot be a message; nothing is added then.
    pub fn write(
        &mut self,
        event: &Event,
        row: u64,
        n: u32,
        into: &mut Vec<u8>,
    ) -> Result<(), String> {
        let begin = into.len();
        let done = self.try_write(event, row, n, into);
        if done.is_err() {
            into.truncate(begin);
        }
        done
    }

    fn try_write(
        &mut self,
        event: &Event,
        row: u64,
        n: u32,
        into: &mut Vec<u8>,
    ) -> Result<(), String> {
        let begin = into.len();
        let user = event.user_id.as_deref();
        let derived;
        let anonymous = match (&event.anonymous_id, user, &event.identity_key) {
            (Some(id), ..) => Some(id.as_str()),
            (None, Some(user), _) if !is_blank(user) => None,
            (None, _, Some(key)) => {
                derived = self.anonymous.id(key).to_string();
                Some(derived.as_str())
            }
            (None, ..) => None,
        };
        if user.is_none_or(is_blank) && anonymous.is_none_or(is_blank) {
            return Err("it has neither a user id nor anything to tell the person by".to_owned());
        }
        let (word, traits) = match event.kind {
            Kind::Identify => ("identify", "traits"),
            Kind::Group => ("group", "traits"),
            Kind::Track => ("track", "properties"),
            Kind::Page => ("page", "properties"),
            Kind::Screen => ("screen", "properties"),
            Kind::Alias => ("alias", "properties"),
        };
        let missing = |what: &str| Err(format!("a {word} call needs {what}"));
        match event.kind {
            Kind::Group if event.group_id.as_deref().is_none_or(str::is_empty) => {
                return missing("a group id");
            }
            Kind::Track if event.name.as_deref().is_none_or(str::is_empty) => {
                return missing("the name of its event");
            }
            _ => {}
        }
        let extra = match &event.extra {
            None => None,
            Some(extra) => {
                let extra = Extra::read(extra)
                    .map_err(|error| format!("what is to be laid over it is no object: {error}"))?;
                Some(extra)
            }
        };
        object(&event.traits)?;
        if let Some(text) = &event.timestamp
            && self.last.as_ref().is_none_or(|(came, _)| came != text)
        {
            let at: Timestamp = text.parse().map_err(|_| {
                format!("{:?} is no time", text.chars().take(80).collect::<String>())
            })?;
            self.last = Some((text.clone(), time(at)));
        }

        into.extend_from_slice(b"{\"userId\":");
        text(into, user);
        into.extend_from_slice(b",\"anonymousId\":");
        text(into, anonymous);
        let called = match event.kind {
            Kind::Page | Kind::Screen => "name",
            _ => "event",
        };
        for (name, value) in [("groupId", &event.group_id), (called, &event.name)] {
            if let Some(value) = value {
                member(into, name);
                text(into, Some(value));
            }
        }
        member(into, traits);
        into.extend_from_slice(&event.traits);
        into.extend_from_slice(b",\"context\":{");
        let laid = extra.as_ref().map(|extra| &extra.context);
        let mut first = true;
        let mut part = |into: &mut Vec<u8>, name: &str, value: &[u8]| {
            if !std::mem::take(&mut first) {
                into.push(b',');
            }
            text(into, Some(name));
            into.push(b':');
            into.extend_from_slice(value);
        };
        let traits = matches!(event.kind, Kind::Identify).then_some(event.traits.as_slice());
        // What a mapper lays over it takes its place, save for what the SDK writes over by itself.
        let is_ours = |name: &str| name == "library" || (name == "traits" && traits.is_some());
        for (name, value) in [
            ("app", Some(APP)),
            ("traits", traits),
            ("library", Some(LIBRARY)),
        ] {
            if let Some(value) = value
                && (is_ours(name) || !laid.is_some_and(|laid| laid.contains_key(name)))
            {
                part(into, name, value);
            }
        }
        for (name, value) in laid.into_iter().flatten() {
            if !is_ours(name) {
                part(into, name, value.get().as_bytes());
            }
        }
        into.push(b'}');
        if let Some(extra) = &extra {
            for name in BESIDES {
                if let Some(value) = extra.others.get(name) {
                    member(into, name);
                    into.extend_from_slice(value.get().as_bytes());
                }
            }
        }
        let id = id(&self.run, row, n, &mut self.name);
        let at = match (&event.timestamp, &self.last) {
            (Some(_), Some((_, at))) => at,
            _ => self.at,
        };
        let mut hyphenated = Uuid::encode_buffer();
        let id = &*id.hyphenated().encode_lower(&mut hyphenated);
        for part in [
            ",\"timestamp\":\"",
            at,
            "\",\"type\":\"",
            word,
            "\",\"channel\":\"server\",\"originalTimestamp\":\"",
            self.at,
            "\",\"messageId\":\"",
            id,
            "\",\"sentAt\":\"",
            self.at,
            "\"}",
        ] {
            into.extend_from_slice(part.as_bytes());
        }
        let size = into.len() - begin;
        if size > LARGEST {
            return Err(format!(
                "it makes a message of {size} bytes, and a request takes {LARGEST}"
            ));
        }
        Ok(())
    }
}

const APP: &[u8] = br#"{"name":"looker/actions","version":"dev"}"#;
const LIBRARY: &[u8] = concat!(
    "{\"name\":\"lensmount\",\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\"}"
)
.as_bytes();

/// A data plane trims ids before it looks whether there are any.
fn is_blank(id: &str) -> bool {
    id.trim().is_empty()
}

fn member(into: &mut Vec<u8>, name: &str) {
    into.push(b',');
    text(into, Some(name));
    into.push(b':');
}

fn text(into: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => into.extend_from_slice(b"null"),
        // Most need no escapes, and to see that takes a moment.
        Some(text)
            if text
                .bytes()
                .all(|it| it >= b' ' && it != b'"' && it != b'\\') =>
        {
            into.push(b'"');
            into.extend_from_slice(text.as_bytes());
            into.push(b'"');
        }
        // Texts can always be written, and so can bytes into memory.
        Some(text) => drop(serde_json::to_writer(into, text)),
    }
}

/// Holds a guest to its contract: whatever it gave as an object must not break the batch around it.
fn object(bytes: &[u8]) -> Result<(), String> {
    let is_object = bytes.first() == Some(&b'{')
        && std::str::from_utf8(bytes)
            .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    if is_object {
        return Ok(());
    }
    Err("the mapper gave it traits that are no JSON object; tell the mapper's author".to_owned())
}

/// The id of a row's `n`th event: the same however often the row is mapped. `name` is where it is put
/// together.
pub(super) fn id(run: &Uuid, row: u64, n: u32, name: &mut String) -> Uuid {
    name.clear();
    // A text that cannot fail to be written to.
    let _ = write!(name, "{row}/{n}");
    Uuid::new_v5(run, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    struct Fixed;

    impl Anonymous for Fixed {
        fn id(&self, key: &str) -> Uuid {
            Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes())
        }
    }

    fn event(kind: Kind) -> Event {
        Event {
            kind,
            user_id: Some("u".to_owned()),
            anonymous_id: None,
            identity_key: None,
            group_id: None,
            name: None,
            traits: br#"{"a":9007199254740993.10,"b":null}"#.to_vec(),
            timestamp: None,
            extra: None,
            row: 0,
        }
    }

    fn text(event: &Event, row: u64, n: u32) -> Result<String, String> {
        let at = time("2026-11-25T01:02:03.004567Z".parse().unwrap());
        let mut wording = Wording::new(Uuid::nil(), &at, &Fixed);
        let mut into = b"before".to_vec();
        let done = wording.write(event, row, n, &mut into);
        let text = String::from_utf8(into).unwrap();
        let text = text.strip_prefix("before").unwrap().to_owned();
        assert!(done.is_ok() || text.is_empty(), "{text}");
        done.map(|()| text)
    }

    fn message(event: &Event) -> Value {
        serde_json::from_str(&text(event, 3, 0).unwrap()).unwrap()
    }

    #[test]
    fn an_identify_has_the_fields_of_the_sdk_in_its_order_and_every_digit() {
        let text = text(&event(Kind::Identify), 3, 0).unwrap();
        let id = Uuid::new_v5(&Uuid::nil(), b"3/0");
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            text,
            format!(
                r#"{{"userId":"u","anonymousId":null,"traits":{{"a":9007199254740993.10,"b":null}},"context":{{"app":{{"name":"looker/actions","version":"dev"}},"traits":{{"a":9007199254740993.10,"b":null}},"library":{{"name":"lensmount","version":"{version}"}}}},"timestamp":"2026-11-25T01:02:03.004Z","type":"identify","channel":"server","originalTimestamp":"2026-11-25T01:02:03.004Z","messageId":"{id}","sentAt":"2026-11-25T01:02:03.004Z"}}"#
            )
        );
    }

    #[test]
    fn group_and_track_have_what_is_theirs() {
        let group = Event {
            group_id: Some("g".to_owned()),
            ..event(Kind::Group)
        };
        let group = message(&group);
        assert_eq!(
            (&group["type"], &group["groupId"]),
            (&json!("group"), &json!("g"))
        );
        assert!(group["traits"].is_object() && group["context"]["traits"].is_null());
        let track = Event {
            name: Some("Bought".to_owned()),
            timestamp: Some("2017-07-28T04:25:19+02:00".to_owned()),
            ..event(Kind::Track)
        };
        let track = message(&track);
        assert_eq!(
            (&track["type"], &track["event"]),
            (&json!("track"), &json!("Bought"))
        );
        assert!(track["properties"].is_object() && track["traits"].is_null());
        assert_eq!(track["timestamp"], "2017-07-28T02:25:19.000Z");
    }

    #[test]
    fn whoever_has_no_id_gets_one_that_stays_the_same() {
        let nobody = Event {
            user_id: None,
            identity_key: Some("a@b.c".to_owned()),
            ..event(Kind::Identify)
        };
        let id = message(&nobody)["anonymousId"].clone();
        assert_eq!(id, json!(Fixed.id("a@b.c").to_string()));
        assert_eq!(message(&nobody)["userId"], Value::Null);
        let known = Event {
            anonymous_id: Some("n".to_owned()),
            ..nobody
        };
        assert_eq!(message(&known)["anonymousId"], "n");
    }

    #[test]
    fn the_ids_of_messages_go_by_row_and_number() {
        let id = |row, n| {
            let text = text(&event(Kind::Identify), row, n).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["messageId"].clone()
        };
        assert_eq!(id(1, 0), id(1, 0));
        assert_ne!(id(1, 0), id(1, 1));
        assert_ne!(id(1, 0), id(10, 0));
    }

    #[test]
    fn what_a_mapper_lays_over_a_message_is_in_it() {
        let extra = br#"{"context":{"ip":"1.2.3.4","page":{"a":1.0},"app":{"name":"mine"},"library":{"name":"mine"},"traits":{"mine":1}},"integrations":{"All":false},"unknown":1}"#;
        let message = message(&Event {
            extra: Some(extra.to_vec()),
            ..event(Kind::Identify)
        });
        assert_eq!(message["context"]["ip"], "1.2.3.4");
        assert_eq!(message["context"]["library"]["name"], "lensmount");
        assert_eq!(message["context"]["app"], json!({"name": "mine"}));
        assert_eq!(message["integrations"], json!({"All": false}));
        assert_eq!(message["context"]["traits"], message["traits"]);
        assert!(message["unknown"].is_null());
    }

    #[test]
    fn what_would_break_a_batch_is_refused_by_row() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(LARGEST));
        let cases: Vec<(Event, &str)> = vec![
            (
                Event {
                    user_id: None,
                    ..event(Kind::Identify)
                },
                "neither a user id",
            ),
            (
                Event {
                    user_id: Some(String::new()),
                    ..event(Kind::Identify)
                },
                "neither a user id",
            ),
            (event(Kind::Group), "a group id"),
            (event(Kind::Track), "the name of its event"),
            (
                Event {
                    traits: b"[]".to_vec(),
                    ..event(Kind::Identify)
                },
                "no JSON object",
            ),
            (
                Event {
                    traits: b"{\"a\":1},{\"b\":2}".to_vec(),
                    ..event(Kind::Identify)
                },
                "no JSON object",
            ),
            (
                Event {
                    traits: b"{\"a\":\"\xff\"}".to_vec(),
                    ..event(Kind::Identify)
                },
                "no JSON object",
            ),
            (
                Event {
                    extra: Some(b"1".to_vec()),
                    ..event(Kind::Identify)
                },
                "no object",
            ),
            (
                Event {
                    timestamp: Some("soon".to_owned()),
                    ..event(Kind::Identify)
                },
                "is no time",
            ),
            (
                Event {
                    traits: long.into_bytes(),
                    ..event(Kind::Identify)
                },
                "a request takes",
            ),
        ];
        for (event, words) in cases {
            let error = text(&event, 0, 0).expect_err(words);
            assert!(error.contains(words), "{error}");
        }
    }
}
