//! A server with a connection to a simulated Looker.

use super::client::{Answer, Client};
use super::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use super::server::{Place, Server};
use super::until;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What lets a server read a Looker on this machine, every second if need be.
pub const LOCAL: &[(&str, &str)] = &[("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8,::1"), ("LENSMOUNT_MIN_EVERY", "1")];

/// How long things may take that happen by themselves.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A slot that no test meets but on New Year's Eve: what is linked so is read at once, and from then on
/// by hand only. The next hour or day may begin amid a test.
pub const SELDOM: &str = "0 0 1 1 *";

/// A Looker, a server, and the connection between them.
pub struct World {
    pub looker: Looker,
    pub place: Place,
    pub server: Server,
    pub client: Client,
    pub connection: String,
}

impl World {
    pub fn new() -> Self {
        Self::around(Looker::start())
    }

    pub fn around(looker: Looker) -> Self {
        let place = Place::new();
        let server = Server::start_with(&place.data(), LOCAL);
        let client = server.admin();
        let connection = connect(&client, &looker, "Looker", json!({}));
        Self { looker, place, server, client, connection }
    }

    /// Starts the server again on its folder, after kill -9.
    pub fn again(self) -> Self {
        let Self { looker, place, server, connection, .. } = self;
        server.kill();
        let server = Server::start_with(&place.data(), LOCAL);
        let client = server.admin();
        Self { looker, place, server, client, connection }
    }

    /// All dashboards.
    pub fn dashboards(&self) -> Vec<Value> {
        self.client.items(&format!("/v1/connections/{}/dashboards", self.connection))
    }

    /// The tiles of a dashboard.
    pub fn tiles(&self, dashboard: &Value) -> Vec<Value> {
        let id = encoded(&text(&dashboard["id"]));
        self.client.items(&format!("/v1/connections/{}/dashboards/{id}/tiles", self.connection))
    }

    /// All looks.
    pub fn looks(&self) -> Vec<Value> {
        self.client.items(&format!("/v1/connections/{}/looks", self.connection))
    }

    /// Every chart that an extractor reads: tiles and looks, each with its source.
    pub fn charts(&self) -> Vec<Value> {
        let tiles = self.dashboards().iter().flat_map(|dashboard| self.tiles(dashboard)).collect::<Vec<_>>();
        tiles.into_iter().chain(self.looks()).filter(|chart| chart["extractor"].is_string()).collect()
    }

    /// A chart as requests name it.
    pub fn chart(&self, source: &Value) -> Value {
        json!({ "connection_id": self.connection, "source": source })
    }

    /// A chart with the defaults that its outline offers, and the first choice where there is none.
    /// One that has no outline is left without choices.
    pub fn with_defaults(&self, source: &Value) -> Value {
        with_defaults(&self.client, &self.connection, source)
    }

    /// The first chart whose defaults give a number other than zero.
    pub fn some_chart(&self) -> Value {
        with_number(&self.client, &self.connection)
    }

    /// Makes a key result that is linked to a chart; `chart` is what requests name it by.
    pub fn link(&self, chart: &Value, more: Value) -> String {
        let made = self.try_link(chart, more).expect(201);
        text(&made["id"])
    }

    pub fn try_link(&self, chart: &Value, more: Value) -> Answer {
        let mut integration = chart.clone();
        integration["enabled"] = true.into();
        for (name, value) in more.as_object().expect("an object") {
            integration[name] = value.clone();
        }
        self.client.post("/v1/key-results", &json!({ "title": "Linked", "start": 0, "target": 1_000_000, "integration": integration }))
    }

    /// A key result as it is now.
    pub fn key_result(&self, id: &str) -> Value {
        self.client.get(&format!("/v1/key-results/{id}")).expect(200)
    }

    /// Waits until a key result is as wanted.
    pub fn until(&self, id: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(what, PATIENCE, || Some(self.key_result(id)).filter(|it| wanted(it)))
    }

    /// All readings of a key result, the newest first.
    pub fn readings(&self, id: &str) -> Vec<Value> {
        self.client.items(&format!("/v1/key-results/{id}/readings"))
    }
}

/// Makes a connection to a Looker, with fields in place of the usual ones.
pub fn connect(client: &Client, looker: &Looker, name: &str, more: Value) -> String {
    let mut connection = json!({ "name": name, "server_url": looker.url(), "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    for (field, value) in more.as_object().expect("an object") {
        connection[field] = value.clone();
    }
    text(&client.post("/v1/connections", &connection).expect(201)["id"])
}

fn with_defaults(client: &Client, connection: &str, source: &Value) -> Value {
    let mut chart = json!({ "connection_id": connection, "source": source });
    let outline = client.post("/v1/charts/outline", &chart);
    if outline.status == 200 {
        chart["selection"] = defaults(&outline.json());
    }
    chart
}

/// The first tile of a connection whose defaults give a number other than zero.
pub fn with_number(client: &Client, connection: &str) -> Value {
    for dashboard in client.items(&format!("/v1/connections/{connection}/dashboards")) {
        let id = encoded(&text(&dashboard["id"]));
        for tile in client.items(&format!("/v1/connections/{connection}/dashboards/{id}/tiles")) {
            if tile["extractor"].is_string() {
                let chart = with_defaults(client, connection, &tile["source"]);
                let read = client.post("/v1/charts/read", &chart);
                if read.status == 200 && read.json()["value"] != "0" {
                    return chart;
                }
            }
        }
    }
    panic!("no chart of the simulated Looker has a number");
}

/// The default of each control of an outline; where a needed one has none, its first choice.
pub fn defaults(outline: &Value) -> Value {
    let controls = outline["controls"].as_array().cloned().unwrap_or_default();
    let picks = controls.iter().filter_map(|control| {
        let value = match &control["default"] {
            Value::Null if control["required"] == true => control["choices"][0]["value"].clone(),
            Value::Null => return None,
            default => default.clone(),
        };
        Some((text(&control["name"]), value))
    });
    Value::Object(picks.collect::<Map<_, _>>())
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_string()
}

/// A name as a segment of a path.
pub fn encoded(name: &str) -> String {
    name.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
