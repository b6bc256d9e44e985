//! A key result that a schedule of its look moves: what the look shows is pushed to the hub.

use anyhow::Context;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Url};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::super::client::Server;
use super::super::output::cell;
use super::push::{Caller, show};
use super::story::{self, Pick};
use super::{Looker, story::moves};

/// How often it is read besides: hardly ever.
const EVERY: &str = "24h";

/// Links a key result to a look, pushes the look's result, and says what Looker is told.
pub(super) async fn push(
    server: &Server,
    caller: &Caller,
    action: &Value,
    looker: &Looker,
) -> anyhow::Result<()> {
    let connections = server.all(&["v1", "connections"], &[]).await?;
    let connection = cell(&connections[0]["id"]);
    let looks = ["v1", "connections", &connection, "looks"];
    let looks = server.all(&looks, &[]).await?;
    let mut found = None;
    for look in looks.as_array().map_or(&[][..], Vec::as_slice) {
        if look["extractor"].is_string() && moves(server, &connection, look).await? {
            found = Some(look.clone());
            break;
        }
    }
    let look = found.context("no look of the simulated Looker can be read")?;
    let id = cell(&look["source"]["look_id"]);
    let pick = Pick {
        dashboard: String::new(),
        tile: look,
    };
    let linked = story::link(server, &connection, &Value::Null, &pick, EVERY).await?;
    let (query, result) = computed(looker, &id).await?;
    let request = json!({
        "type": "query",
        "scheduled_plan": { "scheduled_plan_id": 2, "title": linked["title"], "type": "Look", "query": query },
        "attachment": { "mimetype": "application/json", "extension": "json", "data": result },
        "data": {},
        "form_params": { "key_result": linked["id"] },
    });
    let answer = caller.post(&cell(&action["url"]), &request).await?;
    show(action, &answer["looker"])
}

/// What Looker computes for a look, with the query that it is of.
async fn computed(looker: &Looker, look: &str) -> anyhow::Result<(Value, String)> {
    let client = Client::builder()
        .build()
        .context("no HTTP client can be made")?;
    let at = |path: &str| -> anyhow::Result<Url> {
        let path = format!("api/4.0/{path}");
        looker.url.join(&path).context("a path of Looker's API")
    };
    let secret = looker.client_secret.expose_secret();
    let credentials = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &looker.client_id)
        .append_pair("client_secret", secret)
        .finish();
    let request = client.post(at("login")?).body(credentials);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let login = request.send().await?;
    let login: Value = login.error_for_status()?.json().await?;
    let token = format!("token {}", cell(&login["access_token"]));
    let get = async |path: String| {
        let request = client.get(at(&path)?).header(AUTHORIZATION, &token);
        let answer = request.send().await?.error_for_status()?;
        anyhow::Ok(answer.text().await?)
    };
    let about: Value = serde_json::from_str(&get(format!("looks/{look}")).await?)?;
    let result = get(format!("looks/{look}/run/json_detail")).await?;
    Ok((about["query"].clone(), result))
}
