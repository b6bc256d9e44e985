//! A loaded extractor: linked once, called as often as wanted, by any number of threads.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::{Component, ComponentExportIndex};

use crate::store::Digest;

use super::bindings::chart_world::{ChartExtractor, ChartExtractorPre};
use super::bindings::events_world::{EventMapper, EventMapperPre};
use super::bindings::{chart, events, types};
use super::compile::Compiled;
use super::engine::{SLOTS_EACH, Sandbox};
use super::limits::Limits;
use super::output::Weigh as _;
use super::run::{CallError, Called, settle};
use super::share::Share;
use super::state::State;
use super::stopped::StopCode;

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
    pub(super) fits_pool: bool,
    /// What its calls may use.
    pub(super) share: Arc<Share>,
    exports: Exports,
    /// Where its manual is, if it has one.
    manual: Option<ComponentExportIndex>,
}

#[derive(Clone)]
enum Exports {
    Chart(ChartExtractorPre<State>),
    Events(EventMapperPre<State>),
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
        let linker = &sandbox.flavour(compiled.fits_pool).linker;
        let instance = linker
            .instantiate_pre(&compiled.component)
            .map_err(refused)?;
        let exports = match world {
            World::ChartExtractor => {
                Exports::Chart(ChartExtractorPre::new(instance).map_err(refused)?)
            }
            World::EventMapper => Exports::Events(EventMapperPre::new(instance).map_err(refused)?),
        };
        Ok(Self {
            identity,
            fits_pool: compiled.fits_pool,
            share: Arc::new(Share::new(sandbox.limits().clone(), SLOTS_EACH)),
            exports,
            manual: manual(&compiled.component),
        })
    }

    /// What kind of extractor it is.
    #[must_use]
    pub fn world(&self) -> World {
        match self.exports {
            Exports::Chart(_) => World::ChartExtractor,
            Exports::Events(_) => World::EventMapper,
        }
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
            exports: self.exports.clone(),
            manual: self.manual,
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
        self.run(sandbox, "manual", 0, async |store| {
            let Some(manual) = &self.manual else {
                store.data_mut().stop = Some(StopCode::Incompatible);
                return Err(wasmtime::Error::msg("it has no function `manual`"));
            };
            // By name and type rather than by bindings: what is optional has none in the world.
            let instance = match &self.exports {
                Exports::Chart(pre) => pre.instance_pre().instantiate_async(&mut *store).await?,
                Exports::Events(pre) => pre.instance_pre().instantiate_async(&mut *store).await?,
            };
            let manual = instance.get_typed_func::<(), (String,)>(&mut *store, manual)?;
            let (text,) = manual.call_async(&mut *store, ()).await?;
            Ok(text)
        })
        .await
    }

    /// `describe`, of either world.
    ///
    /// # Errors
    ///
    /// When the call is stopped.
    pub async fn describe(&self, sandbox: &Sandbox) -> Result<Called<types::About>, CallError> {
        self.run(sandbox, "describe", 0, async |store| match &self.exports {
            Exports::Chart(pre) => {
                pre.instantiate_async(&mut *store)
                    .await?
                    .lensmount_extractor_chart()
                    .call_describe(store)
                    .await
            }
            Exports::Events(pre) => {
                pre.instantiate_async(&mut *store)
                    .await?
                    .lensmount_extractor_events()
                    .call_describe(store)
                    .await
            }
        })
        .await
    }
}

/// The function of the optional interface, whichever release of 1.x it is of.
fn manual(component: &Component) -> Option<ComponentExportIndex> {
    let interface = component.get_export_index(None, "lensmount:extractor/manual@1.1.0")?;
    component.get_export_index(Some(&interface), "manual")
}

/// The functions of one world: name, arguments and answer of each, called in a fresh instance.
macro_rules! calls {
    ($exports:ident, $instance:ident, $guest:ident: $($(#[$doc:meta])* $name:ident = $function:literal, $call:ident
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
                let called = self.run(sandbox, $function, input, async |store| match &self.exports {
                    Exports::$exports(pre) => {
                        let instance: $instance = pre.instantiate_async(&mut *store).await?;
                        instance.$guest().$call(store $(, $argument)*).await
                    }
                    _ => {
                        store.data_mut().stop = Some(StopCode::Incompatible);
                        Err(wasmtime::Error::msg(concat!("it has no function `", $function, "`")))
                    }
                })
                .await?;
                $(let called = $settle(called)?;)?
                Ok(called)
            })*
        }
    };
}

calls! { Chart, ChartExtractor, lensmount_extractor_chart:
    /// The `vis_config.type` values that it reads.
    chart_types = "chart-types", call_chart_types() -> Vec<String>;
    /// The choices that a tile offers.
    outline = "outline", call_outline(tile: chart::Tile<'_>, chosen: &[(&str, &str)]) -> chart::Offering, settle;
    /// The one number that a selection points at.
    read = "read", call_read(tile: chart::Tile<'_>, chosen: &[(&str, &str)]) -> chart::Reading, settle;
    /// Every number along x, oldest first.
    series = "series", call_series(tile: chart::Tile<'_>, chosen: &[(&str, &str)]) -> Vec<chart::Reading>, settle;
}

calls! { Events, EventMapper, lensmount_extractor_events:
    /// What a query must carry before the action is offered.
    requirements = "requirements", call_requirements() -> Vec<events::Requirement>;
    /// What the owner of a schedule fills in.
    form = "form", call_form() -> Vec<types::Control>;
    /// Whole rows in, events out.
    convert = "convert", call_convert(run: events::Run<'_>, rows: &[u8]) -> events::Batch, settle;
}
