//! What Looker is told of the actions there are.

use std::sync::Arc;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::event::destination::{SETTINGS, Setting};
use crate::sandbox::events::Requirement;

use super::Hub;
use super::action::Action;
use super::door::{Looker, failed, json};
use super::reading;
use super::version::Release;

/// The hub's name in Looker.
const LABEL: &str = "Lensmount";
/// Shown beside actions that bring no icon.
const ICON: &str = include_str!("icon.svg");
/// The largest icon that is passed on.
const LARGEST_ICON: usize = 64 << 10;

/// The list.
#[derive(Serialize)]
struct List {
    integrations: Vec<Definition>,
    label: &'static str,
}

/// An action.
#[derive(Serialize)]
pub(super) struct Definition {
    name: String,
    label: String,
    description: String,
    url: String,
    form_url: Option<String>,
    icon_data_uri: String,
    params: Vec<Param>,
    required_fields: Vec<RequiredField>,
    supported_action_types: [&'static str; 1],
    supported_formats: [&'static str; 1],
    supported_formattings: [&'static str; 1],
    supported_visualization_formattings: [&'static str; 1],
    supported_download_settings: [&'static str; 1],
    uses_oauth: bool,
    delegate_oauth: bool,
}

/// A setting that an admin fills in.
#[derive(Serialize)]
pub(super) struct Param {
    name: &'static str,
    label: &'static str,
    description: &'static str,
    required: bool,
    sensitive: bool,
}

/// What a query must carry.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequiredField {
    AnyTag(Vec<String>),
    AllTags(Vec<String>),
}

/// All actions.
pub(super) async fn all(State(hub): State<Arc<Hub>>, looker: Looker) -> Response {
    let Ok(required) = hub.settings_required().await else {
        return failed(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.");
    };
    let actions = hub.actions(looker.release).await;
    let define = |action: &Action| definition(action, &looker, required);
    let own = reading::is_for(looker.release).then(|| reading::definition(&looker));
    let integrations = actions.iter().map(define);
    let integrations = integrations.chain(own);
    json(&List {
        integrations: integrations.collect(),
        label: LABEL,
    })
}

/// One action.
pub(super) async fn one(
    State(hub): State<Arc<Hub>>,
    looker: Looker,
    Path(name): Path<String>,
) -> Response {
    if name == reading::NAME && reading::is_for(looker.release) {
        return json(&reading::definition(&looker));
    }
    let Some(action) = hub.action(&name, looker.release).await else {
        return failed(StatusCode::NOT_FOUND, &unknown(&name));
    };
    match hub.settings_required().await {
        Ok(required) => json(&definition(&action, &looker, required)),
        Err(_) => failed(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error."),
    }
}

/// What is said of an action that there is not.
pub(super) fn unknown(name: &str) -> String {
    format!("No action found with name {name}.")
}

fn definition(action: &Action, looker: &Looker, required: bool) -> Definition {
    let (about, streams) = (&action.said.about, looker.release >= Some(Release::STREAMS));
    let param = |setting: Setting| Param {
        name: setting.name,
        label: setting.label,
        description: setting.description,
        required,
        sensitive: setting.sensitive,
    };
    let field = |requirement: &Requirement| match requirement {
        Requirement::AnyTag(tags) => RequiredField::AnyTag(tags.clone()),
        Requirement::AllTags(tags) => RequiredField::AllTags(tags.clone()),
    };
    define(
        looker,
        Manner {
            name: &action.version.name,
            label: &about.title,
            description: &about.summary,
            icon: action.attribute("icon"),
            format: if streams {
                "json_detail_lite_stream"
            } else {
                "json_detail"
            },
            params: SETTINGS.map(param).into(),
            required_fields: action.said.requirements.iter().map(field).collect(),
        },
    )
}

/// What sets actions apart.
pub(super) struct Manner<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub description: &'a str,
    pub icon: Option<&'a str>,
    pub format: &'static str,
    pub params: Vec<Param>,
    pub required_fields: Vec<RequiredField>,
}

/// An action with all that is the same of each.
pub(super) fn define(looker: &Looker, manner: Manner<'_>) -> Definition {
    let place = format!("{}/hub/actions/{}", looker.reached, manner.name);
    Definition {
        name: manner.name.to_owned(),
        label: manner.label.to_owned(),
        description: manner.description.to_owned(),
        url: format!("{place}/execute"),
        // A form may also only say where to send, which can be added to while Looker runs.
        form_url: Some(format!("{place}/form")),
        icon_data_uri: icon(manner.icon),
        params: manner.params,
        required_fields: manner.required_fields,
        supported_action_types: ["query"],
        supported_formats: [manner.format],
        supported_formattings: ["unformatted"],
        supported_visualization_formattings: ["noapply"],
        supported_download_settings: ["url"],
        uses_oauth: false,
        delegate_oauth: false,
    }
}

fn icon(own: Option<&str>) -> String {
    match own.map(str::trim).filter(|icon| icon.len() <= LARGEST_ICON) {
        Some(icon) if icon.starts_with("data:image/") => icon.to_owned(),
        Some(icon) if icon.starts_with('<') => svg(icon),
        _ => svg(ICON.trim()),
    }
}

fn svg(icon: &str) -> String {
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(icon))
}
