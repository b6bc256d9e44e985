//! Rows pushed to every action of the hub, as a Looker pushes them: with a key of its own, by the list
//! and the forms that it is given.

use std::io::Write;

use anyhow::{Context, bail};
use reqwest::header::{AUTHORIZATION, USER_AGENT};
use reqwest::{Client, Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::hub::READING;

use super::super::client::{Body, Server};
use super::super::output::cell;
use super::plane::Plane;
use super::{Looker, reading};

/// What the schedule is called.
const TITLE: &str = "New customers";
/// What the data plane knows us by; it takes any.
const WRITE_KEY: &str = "demo";

/// A Looker that has been given the hub.
pub(super) struct Caller {
    client: Client,
    key: SecretString,
}

/// Pushes rows to each action, and a chart's to the one that reads them, and says what came of it; the key that they were pushed with.
pub(super) async fn all(
    server: &Server,
    url: &Url,
    plane: &Plane,
    looker: &Looker,
) -> anyhow::Result<SecretString> {
    let name = Body::Json(json!({ "name": "Demo" }));
    let made = server
        .send(Method::POST, &["v1", "hub", "keys"], name)
        .await?;
    let key = made["key"].as_str().context("a key is shown once")?;
    let caller = Caller {
        client: Client::builder()
            .build()
            .context("no HTTP client can be made")?,
        key: key.into(),
    };
    let hub = url.join("hub").context("the hub has no URL")?;
    let list = caller.post(hub.as_str(), &json!({})).await?;
    let actions = list["integrations"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if actions.is_empty() {
        bail!("the hub has no actions");
    }
    let document = document();
    for action in actions {
        if action["name"] == READING {
            reading::push(server, &caller, action, looker).await?;
            continue;
        }
        let before = plane.recorded();
        let answer = caller.run(action, plane, &document).await?;
        let recorded = plane.recorded();
        let grown = recorded.counts.into_iter().filter_map(|(kind, count)| {
            let count = count - before.counts.get(&kind).copied().unwrap_or_default();
            (count > 0).then(|| format!("{count} × {kind}"))
        });
        let grown: Vec<String> = grown.collect();
        show(action, &answer["looker"])?;
        let mut out = std::io::stdout();
        writeln!(out, "  received  {}", grown.join(", "))?;
        if let Some(last) = recorded.last.back().filter(|_| !grown.is_empty()) {
            writeln!(out, "  the last  {last}")?;
        }
    }
    Ok(caller.key)
}

impl Caller {
    /// Fills in what an action wants to know and runs it on a result.
    async fn run(&self, action: &Value, plane: &Plane, document: &str) -> anyhow::Result<Value> {
        let settings = settings(&action["params"], plane);
        let asked = json!({ "type": "query", "data": settings });
        let form = self.post(&cell(&action["form_url"]), &asked).await?;
        let request = json!({
            "type": "query",
            "scheduled_plan": {
                "scheduled_plan_id": 1,
                "title": TITLE,
                "type": "Look",
                "query": { "model": "shop", "view": "users", "vis_config": {} },
                "download_url": null,
            },
            "attachment": {
                "mimetype": "application/json",
                "extension": "json",
                "data": document,
            },
            "data": settings,
            "form_params": filled_in(&form["fields"]),
        });
        self.post(&cell(&action["url"]), &request).await
    }

    pub async fn post(&self, url: &str, body: &Value) -> anyhow::Result<Value> {
        let token = format!("Token token=\"{}\"", self.key.expose_secret());
        let request = self.client.post(url).header(AUTHORIZATION, token);
        let request = request
            .header(USER_AGENT, "LookerOutgoingWebhook/26.12.3")
            .header("x-looker-instance", "demo");
        let answer = request.json(body).send().await;
        let answer = answer.with_context(|| format!("{url} does not answer"))?;
        let answer = answer
            .error_for_status()
            .context("the hub refuses its Looker")?;
        // Newlines come while it is waited for.
        answer
            .json()
            .await
            .context("the hub's answer is not whole JSON")
    }
}

/// What an admin fills in: the one secret is the write key, the rest says where the data plane is.
fn settings(params: &Value, plane: &Plane) -> Value {
    let params = params.as_array().map_or(&[][..], Vec::as_slice);
    let filled = params.iter().map(|param| {
        let value = if param["sensitive"] == true {
            WRITE_KEY.to_owned()
        } else {
            plane.url.to_string()
        };
        (cell(&param["name"]), value.into())
    });
    Value::Object(filled.collect::<Map<_, _>>())
}

/// What whoever schedules fills in: only what is needed.
fn filled_in(fields: &Value) -> Value {
    let fields = fields.as_array().map_or(&[][..], Vec::as_slice);
    let needed = fields.iter().filter(|field| field["required"] == true);
    let filled = needed.map(|field| {
        let value = match (&field["default"], &field["options"][0]["name"]) {
            (Value::String(default), _) => default.clone(),
            (_, Value::String(first)) => first.clone(),
            _ => TITLE.to_owned(),
        };
        (cell(&field["name"]), value.into())
    });
    Value::Object(filled.collect::<Map<_, _>>())
}

/// A result as Looker streams it, with the tags that say which fields hold ids.
fn document() -> String {
    let field = |name: &str, label: &str, kind: &str, tags: &[&str]| json!({ "name": name, "label": label, "label_short": label, "type": kind, "tags": tags, "hidden": false });
    let rows = [
        (1, "ada@example.com", "Analytical Engines", 3, "129.90"),
        (
            2,
            "grace@example.com",
            "Compilers Inc",
            1,
            "9007199254740993",
        ),
        (3, "edsger@example.com", "Shortest Paths", 7, "1042.00"),
    ];
    let rows = rows.map(|(id, email, company, orders, spent)| {
        format!(
            r#"{{"users.id":{{"value":{id}}},"users.email":{{"value":"{email}"}},"users.company":{{"value":"{company}"}},"orders.count":{{"value":{orders}}},"orders.total":{{"value":{spent}}}}}"#
        )
    });
    let fields = json!({
        "dimensions": [
            field("users.id", "ID", "number", &["user_id"]),
            field("users.email", "Email", "string", &["email"]),
            field("users.company", "Company", "string", &["rudder_group_id"]),
        ],
        "measures": [
            field("orders.count", "Orders", "count", &[]),
            field("orders.total", "Total Spent", "sum", &[]),
        ],
        "table_calculations": [],
        "pivots": [],
    });
    format!(
        r#"{{"errors":[],"fields":{fields},"data":[{}]}}"#,
        rows.join(",")
    )
}

/// Says what Looker was told.
pub(super) fn show(action: &Value, told: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let outcome = if told["success"] == true {
        "success"
    } else {
        "failure"
    };
    writeln!(
        out,
        "\n{} ({}), pushed as Looker pushes it",
        cell(&action["label"]),
        cell(&action["name"]),
    )?;
    writeln!(out, "  answered  {outcome}: {}", cell(&told["message"]))?;
    Ok(())
}
