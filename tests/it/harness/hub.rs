//! A server as a Looker meets its Action Hub, beside a data plane that keeps what it is sent.

use super::client::{Answer, Client};
use super::receiver::{Receiver, Request};
use super::server::{Place, Server};
use super::sink::Sink;
use super::until;
use super::world::{PATIENCE, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha512;
use std::io::Read as _;

/// What keys are made with.
pub const SECRET: &str = "the hub's secret, with a comma and a ü";
/// What the data plane knows us by.
pub const WRITE_KEY: &str = "2aWriteKey";

/// The key of a nonce, as any hub makes it.
pub fn key(secret: &str, nonce: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).expect("any key will do");
    mac.update(nonce.as_bytes());
    format!("{nonce}/{}", hex::encode(mac.finalize().into_bytes()))
}

/// A client that sends what a Looker of a recent release sends, with a key.
pub fn looker(server: &Server, key: &str) -> Client {
    server.stranger().with("Authorization", format!("Token token=\"{key}\"")).with("User-Agent", "LookerOutgoingWebhook/24.0.0")
}

/// A server, a Looker with a key, and a data plane.
pub struct HubWorld {
    pub place: Place,
    pub server: Server,
    pub client: Client,
    pub looker: Client,
    pub plane: Receiver,
    environment: Vec<(String, String)>,
}

impl HubWorld {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With more in the server's environment.
    pub fn with(environment: &[(&str, &str)]) -> Self {
        let place = Place::new();
        let always = [("LENSMOUNT_HUB_SECRET", SECRET), ("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8,::1")];
        let environment = always.iter().chain(environment).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::on(place, Receiver::start(), environment)
    }

    fn on(place: Place, plane: Receiver, environment: Vec<(String, String)>) -> Self {
        let all: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let server = Server::start_with(&place.data(), &all);
        let (client, looker) = (server.admin(), looker(&server, &key(SECRET, "n")));
        Self { place, server, client, looker, plane, environment }
    }

    /// Kills the server with -9, if that has not been done, and starts it again on its folder.
    pub fn again(self) -> Self {
        let Self { place, server, plane, environment, .. } = self;
        server.kill();
        Self::on(place, plane, environment)
    }

    /// A request that sends rows to a sink, which knows us by a key.
    pub fn order(&self, sink: &Sink, key: &str, result: &str) -> Value {
        let mut order = self.request(result);
        order["data"] = json!({"rudder_write_key": key, "rudder_server_url": sink.url()});
        order
    }

    /// A run as its page shows it.
    pub fn run(&self, id: &str) -> Value {
        let run = self.client.get(&format!("/v1/runs/{id}")).expect(200);
        let (rows, mapped) = (number(&run["rows"]), number(&run["mapped"]));
        let parts = number(&run["delivered"]) + number(&run["waiting"]) + number(&run["dead"]);
        assert!(mapped <= rows && parts == number(&run["events"]), "a page that does not add up: {run}");
        run
    }

    /// A run when it is done.
    pub fn done(&self, id: &str) -> Value {
        until("the run is done", PATIENCE * 3, || Some(self.run(id)).filter(|run| run["state"] == "done"))
    }

    /// All runs there are.
    pub fn runs(&self) -> Vec<Value> {
        self.client.items("/v1/runs")
    }

    /// The id of the one run there is, as soon as it is there: an answer that has to be given sooner
    /// does not name it.
    pub fn only_run(&self) -> String {
        let run = until("there is a run", PATIENCE, || self.runs().pop());
        text(&run["id"])
    }

    /// How many results lie on the disk.
    pub fn spooled(&self) -> usize {
        std::fs::read_dir(self.place.data().join("spool")).map_or(0, Iterator::count)
    }

    /// The data plane's URL.
    pub fn plane_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.plane.port())
    }

    /// What an admin has filled in.
    pub fn settings(&self) -> Value {
        json!({"rudder_write_key": WRITE_KEY, "rudder_server_url": self.plane_url()})
    }

    /// A request with rows as Looker attaches them.
    pub fn request(&self, result: &str) -> Value {
        json!({
            "type": "query",
            "scheduled_plan": {"scheduled_plan_id": 17, "title": "Every morning", "type": "Look", "query": {"id": 1, "vis_config": {}}},
            "attachment": {"mimetype": "application/json", "extension": "json", "data": result},
            "data": self.settings(),
            "form_params": {},
        })
    }

    /// Runs an action; its answer's `looker`.
    pub fn execute(&self, action: &str, request: &Value) -> Value {
        outcome(&self.looker.post(&format!("/hub/actions/{action}/execute"), request))
    }

    /// All messages that the data plane was sent, each with the write key it came with.
    pub fn messages(&self) -> Vec<(String, Value)> {
        self.plane.came().iter().flat_map(batch).collect()
    }

    /// The user ids of all messages, in order.
    pub fn users(&self) -> Vec<String> {
        let mut users: Vec<String> = self.messages().iter().map(|(_, it)| it["userId"].as_str().unwrap_or("-").to_string()).collect();
        users.sort();
        users
    }
}

/// What an answer of 200 tells Looker.
pub fn outcome(answer: &Answer) -> Value {
    assert_eq!((answer.status, answer.kind.as_str()), (200, "application/json"), "{answer}");
    let looker = answer.json()["looker"].clone();
    assert!(looker["success"].is_boolean() && looker["message"].is_string() && looker["validation_errors"].is_object(), "{answer}");
    assert_eq!(looker["refresh_query"], false, "{answer}");
    looker
}

/// The messages of a request to a data plane.
fn batch(request: &Request) -> Vec<(String, Value)> {
    assert_eq!(request.path, "/v1/batch");
    let basic = request.header("authorization");
    let basic = STANDARD.decode(basic.strip_prefix("Basic ").expect("Basic")).expect("base64");
    let key = String::from_utf8(basic).expect("text").strip_suffix(':').expect("no password").to_string();
    unzipped(request)["batch"].as_array().expect("a batch").iter().map(|it| (key.clone(), it.clone())).collect()
}

/// The body of a request to a data plane.
pub fn unzipped(request: &Request) -> Value {
    let mut body = String::new();
    GzDecoder::new(request.body.as_ref()).read_to_string(&mut body).expect("gzip");
    serde_json::from_str(&body).expect("JSON")
}

/// The message of an answer.
pub fn message(outcome: &Value) -> &str {
    outcome["message"].as_str().expect("a message")
}

/// The run that an answer names.
pub fn run_of(outcome: &Value) -> String {
    let named = message(outcome).rsplit_once("Run ").unwrap_or_else(|| panic!("no run in {outcome}"));
    named.1.trim_end_matches('.').to_owned()
}

/// A count in a page.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// The ids of some people.
pub fn crowd(name: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |n| format!("{name}-{n}"))
}

/// A result with a row for each of these people.
pub fn rows(people: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = people.map(|id| format!(r#"{{"u.id":{{"value":"{id}"}},"u.n":{{"value":1.50}}}}"#)).collect();
    let fields = r#"{"dimensions":[{"name":"u.id","tags":["user_id"]},{"name":"u.n","tags":[]}]}"#;
    format!(r#"{{"fields":{fields},"data":[{}]}}"#, rows.join(","))
}

/// A result with a row for each user.
pub fn users(ids: &[&str]) -> String {
    let rows: Vec<Value> = ids.iter().map(|id| json!({"u.id": {"value": id}, "u.n": {"value": 1}})).collect();
    let fields = json!({"dimensions": [{"name": "u.id", "tags": ["user_id"]}, {"name": "u.n"}]});
    json!({"fields": fields, "data": rows}).to_string()
}
