//! Where a schedule sends to: a named destination that it chose, or what the action's settings say.

use secrecy::ExposeSecret as _;

use crate::event::destination::{
    DestinationError, SERVER_URL, SETTINGS, Setting, Target, WRITE_KEY,
};

use super::Hub;
use super::action::DESTINATION;
use super::answer::Refusal;
use super::envelope::Request;

/// The choice that stands for the action's settings.
pub(super) const BY_SETTINGS: &str = "settings";

impl Hub {
    /// Whether an action has to be told by its settings where to send: until there is a named
    /// destination to choose.
    pub(super) async fn settings_required(&self) -> Result<bool, DestinationError> {
        let some = self.destinations.list(None, 1).await;
        if let Err(error) = &some {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "destinations cannot be read"
            );
        }
        Ok(some?.is_empty())
    }

    /// Where a request is to send.
    pub(super) async fn target(&self, request: &Request) -> Result<Target, Refusal> {
        if let Some(id) = request
            .param(DESTINATION)
            .filter(|choice| choice != BY_SETTINGS)
        {
            return match self.destinations.resolve(&id).await {
                Ok(target) => Ok(target),
                Err(DestinationError::NotFound { .. }) => Err(Refusal::field(
                    DESTINATION,
                    "The destination that the schedule chose is no longer there; edit the schedule and choose another.",
                )),
                Err(error) => Err(Refusal::ours(&error)),
            };
        }
        match (
            request.setting(WRITE_KEY.name),
            request.setting(SERVER_URL.name),
        ) {
            (Some(write_key), Some(server_url)) => Ok(Target {
                destination: None,
                server_url: server_url.expose_secret().to_owned(),
                write_key,
            }),
            _ if self
                .settings_required()
                .await
                .map_err(|error| Refusal::ours(&error))? =>
            {
                Err(Refusal::new(missing(request).unwrap_or_default()))
            }
            _ => Err(Refusal::field(
                DESTINATION,
                "Choose where the events go: edit the schedule and choose a destination.",
            )),
        }
    }
}

/// What is said of the first setting that is not filled in.
pub(super) fn missing(request: &Request) -> Option<String> {
    let empty = |setting: &&Setting| request.setting(setting.name).is_none();
    let first = SETTINGS.iter().find(empty)?;
    Some(format!(
        "Required setting \"{}\" not specified in action settings.",
        first.label
    ))
}
