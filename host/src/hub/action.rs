//! An event mapper as Looker sees it.

use std::sync::Arc;

use crate::catalog::{Introduction, Version};
use crate::sandbox::World;
use crate::sandbox::types::Control;

use super::Hub;
use super::version::Release;

/// The field of every form that says where to send; no control of a mapper can have its name.
pub(super) const DESTINATION: &str = "destination";
/// The attribute that names the earliest Looker that an action is offered to.
const SINCE: &str = "looker-since";

/// An action.
pub(super) struct Action {
    pub version: Arc<Version>,
    pub said: Arc<Introduction>,
}

impl Action {
    /// What the owner of a schedule fills in for the mapper.
    pub fn controls(&self) -> impl Iterator<Item = &Control> {
        let form = self.said.form.iter();
        form.filter(|control| control.name != DESTINATION)
    }

    /// An attribute of its introduction.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let attributes = self.said.about.attributes.iter();
        let mut found = attributes.filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Whether a Looker is new enough. One that does not say is.
    fn is_for(&self, release: Option<Release>) -> bool {
        let since = self.attribute(SINCE).and_then(Release::parse);
        release.is_none_or(|release| release >= since.unwrap_or(Release::ACTIONS))
    }
}

impl Hub {
    /// The actions of a Looker of this release, by name.
    pub(super) async fn actions(&self, release: Option<Release>) -> Vec<Action> {
        let mut actions = Vec::new();
        for version in self.catalog.active() {
            if let Some(action) = self.introduced(version).await
                && action.is_for(release)
            {
                actions.push(action);
            }
        }
        actions
    }

    /// One action.
    pub(super) async fn action(&self, name: &str, release: Option<Release>) -> Option<Action> {
        let version = self.catalog.version(name, None).ok()?;
        let action = self.introduced(version).await?;
        action.is_for(release).then_some(action)
    }

    async fn introduced(&self, version: Arc<Version>) -> Option<Action> {
        if version.record.world != World::EventMapper {
            return None;
        }
        match self.catalog.introduction(&version).await {
            Ok(said) => Some(Action { version, said }),
            Err(error) => {
                tracing::warn!(name = version.name, %error, "an event mapper does not introduce itself, so it is no action");
                None
            }
        }
    }
}
