//! What a browser and a monitor see. Neither needs a key, and neither learns anything.

use axum::Json;
use axum::response::Html;
use serde_json::{Value, json};

/// That this is an Action Hub, for whoever opens its URL.
pub(super) async fn show() -> Html<&'static str> {
    Html(
        "<!doctype html><meta charset=utf-8><title>Lensmount Action Hub</title>\
         <h1>Lensmount Action Hub</h1>\
         <p>In Looker, add this page's URL under Admin, Platform, Actions, with a key that \
         <code>lensmount hub key add</code> made.</p>",
    )
}

/// That the hub is there.
pub(super) async fn status() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}
