//! The calls that are compared, and the rows that make ours.

use serde_json::{Map, Value, json};

/// Why something differs, by its place in the message.
pub type Differs = &'static [(&'static str, &'static str)];

/// A call to the SDK, and how we come to make the same.
pub struct Call {
    pub kind: &'static str,
    /// What goes to the SDK, save for what RudderStack's hub puts in by itself.
    pub message: Value,
    /// The action whose mapper makes it of a row; none where the row holds the call itself.
    pub action: Option<&'static str>,
    /// Where our message differs from theirs, and why, besides what differs for every call.
    pub differs: Differs,
}

/// What RudderStack's hub says of itself in every call.
fn app() -> Value {
    json!({"name": "looker/actions", "version": "dev"})
}

const ROUNDED: &str = "their JavaScript rounds to a double; here every digit stays";
const AS_TEXT: &str = "a number goes out as text, as RudderStack itself makes it before it stores an event";
const NO_ID: &str = "a text without a character is no id, as for the data plane, which trims ids before it looks";
const NOW: Differs = &[("/timestamp", "the rows have no time, so it is that of the run")];

/// Rows of every kind through our mappers: `kind`, what the row holds, what differs.
fn rows() -> Vec<(&'static str, Value, Differs)> {
    let at = "2026-05-13T10:20:30.400Z";
    let everything = json!({
        "users.name": "Zoë \"Z\" O'Neil\\\n\u{1F600}\u{2028}</script>", "users.age": 41, "users.balance": -12.5, "users.tiny": 1.5e-7,
        "users.active": true, "users.gone": false, "users.zero": 0, "users.empty": "", "users.none": null, "users.tags": ["a", 1, null, []],
        "users.address": {"city": "Köln", "geo": {"lat": 50.9, "lon": [6, 9]}, "": {}}, "users.signed_up": "2026-05-13 10:20:30",
        "plain": "calculated",
    });
    vec![
        ("identify", json!({"userId": "ann", "traits": everything, "timestamp": at}), &[]),
        ("group", json!({"userId": "ann", "groupId": "acme", "traits": everything, "timestamp": at}), &[]),
        ("track", json!({"userId": "ann", "event": "Bought \"it\"", "properties": everything, "timestamp": at}), &[]),
        ("identify", json!({"userId": "bob", "traits": {}}), NOW),
        ("identify", json!({"userId": "bob", "anonymousId": "visitor-1", "traits": {"email": "bob@example.com"}, "timestamp": at}), &[]),
        ("identify", json!({"userId": null, "anonymousId": "visitor-2", "traits": {"a": 1}, "timestamp": at}), &[]),
        ("identify", json!({"userId": "bob", "anonymousId": null, "traits": {"email": null}, "timestamp": at}), &[]),
        ("track", json!({"anonymousId": "visitor-3", "event": "Seen", "properties": {"a": [{"b": {}}]}}), NOW),
        ("group", json!({"anonymousId": "visitor-3", "groupId": "acme", "traits": {}, "timestamp": at}), &[]),
        ("identify", json!({"userId": "eve", "groupId": "acme", "traits": {"a": "b"}, "timestamp": at}), &[]),
        ("track", json!({"userId": "eve", "groupId": "acme", "event": "Joined", "properties": {}, "timestamp": at}), &[]),
        ("identify", json!({"userId": 42, "anonymousId": 4.5, "traits": {}, "timestamp": at}), &[]),
        ("identify", json!({"userId": "", "anonymousId": "visitor-4", "traits": {}, "timestamp": at}), &[("/userId", NO_ID)]),
        ("identify", json!({"userId": "large", "traits": {"text": "x".repeat(40_000)}, "timestamp": at}), &[]),
        ("track", json!({"userId": "eve", "event": "Later", "properties": {}, "timestamp": "2026-05-13T12:20:30+02:00"}), &[]),
        ("identify", json!({"userId": 0, "anonymousId": "visitor-5", "traits": {}, "timestamp": at}), &[("/userId", AS_TEXT)]),
        ("group", json!({"userId": "ann", "groupId": 7, "traits": {}, "timestamp": at}), &[("/groupId", AS_TEXT)]),
        (
            "track",
            json!({"userId": "ann", "event": "Paid", "properties": {"cents": 9_007_199_254_740_993_u64}, "timestamp": at}),
            &[("/properties/cents", ROUNDED)],
        ),
        (
            "identify",
            json!({"anonymousId": "a random one", "traits": {"email": "nobody@example.com"}, "timestamp": at}),
            &[("/anonymousId", "their hub makes one up for each row; ours is derived from the email, so that a person keeps it")],
        ),
    ]
}

/// Calls that only a mapper of somebody else makes: with something laid over the message.
fn laid_over() -> Vec<(&'static str, Value)> {
    let context =
        json!({"ip": "1.2.3.4", "locale": "de-DE", "page": {"url": "https://example.com/?a=1&b", "n": [1, 2.5]}, "active": false});
    let integrations = json!({"All": false, "Amplitude": {"session_id": 1}});
    let mine = json!({"app": {"name": "mine", "build": 3}, "library": {"name": "mine", "version": "9"}, "traits": {"b": 2}});
    let at = "2026-05-13T10:20:30Z";
    let name = |kind: &str| if matches!(kind, "page" | "screen") { "name" } else { "event" };
    let mut calls = Vec::new();
    for kind in ["identify", "group", "track", "page", "screen", "alias"] {
        let traits = if matches!(kind, "identify" | "group") { "traits" } else { "properties" };
        let more = match kind {
            "alias" => json!({"previousId": "visitor"}),
            "page" | "screen" => json!({"category": "Docs"}),
            "group" => json!({"groupId": "acme"}),
            _ => json!({}),
        };
        for besides in [
            json!({}),
            json!({"context": context, "integrations": integrations}),
            json!({"context": mine, "anonymousId": "visitor"}),
            json!({"context": {}, "integrations": {}}),
        ] {
            let mut message = json!({"userId": "ann", name(kind): "Said", traits: {"a": {"b": [null, 1]}}, "timestamp": at});
            let members = message.as_object_mut().expect("an object");
            members.extend(more.as_object().expect("an object").clone());
            members.extend(besides.as_object().expect("an object").clone());
            calls.push((kind, message));
        }
    }
    calls
}

pub fn calls() -> Vec<Call> {
    let action = |kind: &str| match kind {
        "identify" => "rudder_event",
        "group" => "rudder_group",
        _ => "rudder_track",
    };
    let mapped = rows().into_iter().map(|(kind, message, differs)| Call { kind, message, action: Some(action(kind)), differs });
    let said = laid_over().into_iter().map(|(kind, message)| Call { kind, message, action: None, differs: &[] });
    mapped.chain(said).collect()
}

impl Call {
    /// What RudderStack's hub would give the SDK: both ids, even where there is none, and itself as the app.
    pub fn of_their_hub(&self) -> Value {
        let mut message = self.message.clone();
        for id in ["userId", "anonymousId"] {
            message[id] = message[id].take();
        }
        let mut context = json!({"app": app()});
        let laid = self.message["context"].as_object().cloned().unwrap_or_default();
        context.as_object_mut().expect("an object").extend(laid);
        message["context"] = context;
        json!({"kind": self.kind, "message": message})
    }

    fn traits(&self) -> &Value {
        let name = if self.message["traits"].is_object() { "traits" } else { "properties" };
        &self.message[name]
    }

    /// A result with the row that a mapper makes this call of.
    pub fn result(&self) -> Value {
        let mut fields = Vec::new();
        let mut row = Map::new();
        let mut add = |name: &str, tag: Option<&str>, value: &Value| {
            fields.push(json!({"name": name, "tags": tag.into_iter().collect::<Vec<_>>()}));
            row.insert(name.to_string(), json!({"value": value}));
        };
        let unknown = self.differs.iter().any(|(place, _)| *place == "/anonymousId");
        for (member, tag) in [("userId", "user_id"), ("anonymousId", "rudder_anonymous_id"), ("groupId", "rudder_group_id")] {
            if let Some(value) = self.message.get(member)
                && !(unknown && member == "anonymousId")
            {
                add(&format!("ids.{tag}"), Some(tag), value);
            }
        }
        for (name, value) in self.traits().as_object().expect("traits") {
            add(name, (name == "email").then_some("email"), value);
        }
        json!({"ran_at": self.message["timestamp"], "fields": {"dimensions": fields}, "data": [row]})
    }

    /// The call as a row of its own.
    pub fn row(&self) -> Value {
        let mut value = json!({"kind": self.kind, "traits": self.traits(), "extra": {}});
        for (name, given) in self.message.as_object().expect("an object") {
            match name.as_str() {
                "event" | "name" => value["name"] = given.clone(),
                "context" | "integrations" | "previousId" | "category" => value["extra"][name] = given.clone(),
                "traits" | "properties" => {}
                _ => value[name] = given.clone(),
            }
        }
        json!({"call": {"value": value}})
    }
}
