//! Who the credentials belong to, and which Looker that is.

use serde::Serialize;
use utoipa::ToSchema;

use super::ask::Ask;
use super::connection::Looker;
use super::error::LookerError;
use super::wire::{User, Versions};

/// Who we are in Looker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Identity {
    /// The Looker user that the credentials act as.
    pub user_id: String,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Looker's release.
    #[schema(example = "26.12.3")]
    pub release: Option<String>,
    /// Where the API answers.
    pub api_url: String,
    /// Where people open Looker.
    pub web_url: Option<String>,
}

impl Looker {
    /// Logs in afresh and says who the credentials belong to.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the connection.
    pub async fn identify(&self) -> Result<Identity, LookerError> {
        let deadline = self.api.deadline();
        self.api.base.forget(|_| true);
        self.api.session.forget(|_| true);
        let user = Ask::get("/user".to_owned(), "API user")
            .with("fields", "id,display_name,first_name,last_name,email");
        let user: User = self.api.read(&user, deadline).await?;
        let versions = Ask::get("/versions".to_owned(), "list of versions");
        let versions: Versions = self.api.read(&versions, deadline).await?;
        let base = self.api.base(deadline).await?;
        Ok(Identity {
            name: name(&user),
            user_id: user.id.0,
            email: user.email.filter(|email| !email.is_empty()),
            release: versions.looker_release_version,
            api_url: base.as_str().trim_end_matches('/').to_owned(),
            web_url: versions.web_server_url,
        })
    }
}

fn name(user: &User) -> Option<String> {
    let parts = [&user.first_name, &user.last_name].into_iter().flatten();
    let whole = parts.map(String::as_str).collect::<Vec<_>>().join(" ");
    let told = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    user.display_name
        .as_deref()
        .and_then(told)
        .or_else(|| told(&whole))
}
