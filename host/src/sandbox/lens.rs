//! A loaded extractor: linked once, called as often as wanted, by any number of threads.

use std::fmt;
use std::sync::{Arc, OnceLock};

use tokio::sync::SemaphorePermit;
use wasmtime::component::Component;

use crate::store::Digest;

use super::bindings::{chart, events, types};
use super::compile::{Compiled, revive};
use super::engine::{Flavour, SLOTS_EACH, Sandbox};
use super::limits::Limits;
use super::linked::Linked;
use super::output::Weigh as _;
use super::pool::ROOMY_FROM;
use super::run::{CallError, Called, settle};
use super::share::Share;

/// Who an extractor is, as errors and readings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The key in URLs and settings.
    pub name: String,
    /// A semantic version.
    pub version: String,
    /// Of the component's bytes.
    pub digest: Digest,
}

/// What kind of extractor a component is: the world of the contract that it targets.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// One chart type in, one number out.
    ChartExtractor,
    /// Rows in, customer events out.
    EventMapper,
}

impl World {
    /// The name in the WIT.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChartExtractor => "chart-extractor",
            Self::EventMapper => "event-mapper",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A component that does not link, although it was checked.
#[derive(Debug, thiserror::Error)]
#[error("the component does not link as a {world}: {reason}")]
pub struct LoadError {
    world: World,
    reason: String,
}

/// A loaded extractor.
pub struct Lens {
    pub(super) identity: Identity,
    world: World,
    fits_pool: bool,
    /// What its calls may use.
    pub(super) share: Arc<Share>,
    linked: Linked,
    component: Component,
    /// The same in the engine for large bodies, once there was one; none where it cannot be had.
    roomy: Arc<OnceLock<Option<Linked>>>,
}

impl fmt::Debug for Lens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lens")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl Lens {
    /// Links compiled code as an extractor of `world`.
    ///
    /// # Errors
    ///
    /// When an import or export does not fit the contract.
    pub fn link(
        sandbox: &Sandbox,
        compiled: &Compiled,
        world: World,
        identity: Identity,
    ) -> Result<Self, LoadError> {
        let refused = |error: wasmtime::Error| LoadError {
            world,
            reason: format!("{error:#}"),
        };
        let flavour = sandbox.flavour(compiled.fits_pool);
        Ok(Self {
            identity,
            world,
            fits_pool: compiled.fits_pool,
            share: Arc::new(Share::new(sandbox.limits().clone(), SLOTS_EACH)),
            linked: Linked::new(flavour, &compiled.component, world).map_err(refused)?,
            component: compiled.component.clone(),
            roomy: Arc::default(),
        })
    }

    /// What kind of extractor it is.
    #[must_use]
    pub fn world(&self) -> World {
        self.world
    }

    /// Whether its calls get their instances from the pool, which is what makes a fresh one cheap.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.fits_pool
    }

    /// What its next call may use.
    #[must_use]
    pub fn limits(&self) -> Arc<Limits> {
        self.share.limits()
    }

    /// The same code, called within a share that others may have a part in. Until then its calls have
    /// the sandbox's own limits and a share of their own.
    #[must_use]
    pub fn within(&self, share: Arc<Share>) -> Self {
        Self {
            identity: self.identity.clone(),
            fits_pool: self.fits_pool,
            share,
            world: self.world,
            linked: self.linked.clone(),
            component: self.component.clone(),
            roomy: Arc::clone(&self.roomy),
        }
    }

    /// Who it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// `manual`, of either world, where the component is built for one that has it.
    ///
    /// # Errors
    ///
    /// When the call is stopped; `incompatible` where there is none.
    pub async fn manual(&self, sandbox: &Sandbox) -> Result<Called<String>, CallError> {
        self.run(sandbox, "manual", 0, async |linked, store| {
            linked.call(store, "manual", ()).await
        })
        .await
    }

    /// `describe`, of either world.
    ///
    /// # Errors
    ///
    /// When the call is stopped.
    pub async fn describe(&self, sandbox: &Sandbox) -> Result<Called<types::About>, CallError> {
        self.run(sandbox, "describe", 0, async |linked, store| {
            linked.call(store, "describe", ()).await
        })
        .await
    }

    /// Where a call with so many bytes of input runs, and its slot there if it has one of its own.
    pub(super) fn place<'a>(
        &'a self,
        sandbox: &'a Sandbox,
        input: usize,
    ) -> (&'a Linked, Option<SemaphorePermit<'a>>) {
        if self.fits_pool
            && input >= ROOMY_FROM
            && let Some((flavour, slot)) = sandbox.roomy()
            && let Some(linked) = self.roomy.get_or_init(|| self.linked_in(flavour))
        {
            return (linked, Some(slot));
        }
        (&self.linked, None)
    }

    /// The same code in another engine. Nothing is compiled: code of one engine runs in all.
    fn linked_in(&self, flavour: &Flavour) -> Option<Linked> {
        let linked = self.component.serialize().map_err(Some).and_then(|code| {
            let component = revive(&flavour.engine, &code).ok_or(None)?;
            Linked::new(flavour, &component, self.world).map_err(Some)
        });
        linked
            .inspect_err(|error| {
                let Identity { name, version, .. } = &self.identity;
                tracing::warn!(extractor = %name, %version, ?error, "it cannot be had in the pool for large bodies; its large calls will be slower");
            })
            .ok()
    }
}

/// What a function of the contract gives back: an answer, or an answer or the extractor's failure.
macro_rules! given {
    ($answer:ty) => { $answer };
    ($answer:ty, $settle:ident) => { Result<$answer, types::Failure> };
}

/// The functions of one world: name, arguments and answer of each, called in a fresh instance.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident = $function:literal
        ($($argument:ident: $type:ty),*) -> $answer:ty $(, $settle:ident)?;)*) => {
        impl Lens {
            $($(#[$doc])*
            ///
            /// # Errors
            ///
            /// The extractor's own failure, or why the call was stopped. A lens of another world
            /// is `incompatible`.
            pub async fn $name(&self, sandbox: &Sandbox $(, $argument: $type)*) -> Result<Called<$answer>, CallError> {
                let input = 0 $(+ $argument.weight())*;
                let called = self.run(sandbox, $function, input, async |linked, store| {
                    linked.call::<_, given!($answer $(, $settle)?)>(store, $function, ($($argument,)*)).await
                })
                .await?;
                $(let called = $settle(called)?;)?
                Ok(called)
            })*
        }
    };
}

calls! {
    /// The `vis_config.type` values that it reads.
    chart_types = "chart-types"() -> Vec<String>;
    /// The choices that a tile offers.
    outline = "outline"(tile: chart::Tile<'_>, chosen: &[(&str, &str)]) -> chart::Offering, settle;
    /// The one number that a selection points at.
    read = "read"(tile: chart::Tile<'_>, chosen: &[(&str, &str)]) -> chart::Reading, settle;
    /// Every number along x, oldest first.
    series = "series"(tile: chart::Tile<'_>, chosen: &[(&str, &str)]) -> Vec<chart::Reading>, settle;
}

calls! {
    /// What a query must carry before the action is offered.
    requirements = "requirements"() -> Vec<events::Requirement>;
    /// What the owner of a schedule fills in.
    form = "form"() -> Vec<types::Control>;
    /// Whole rows in, events out.
    convert = "convert"(run: events::Run<'_>, rows: &[u8]) -> events::Batch, settle;
}
