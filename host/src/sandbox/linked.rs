//! A component linked in one engine, with its functions looked up once.

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower,
};
use wasmtime::{Engine, Store};

use super::bindings::chart_world::ChartExtractorPre;
use super::bindings::events_world::EventMapperPre;
use super::engine::Flavour;
use super::lens::World;
use super::state::State;
use super::stopped::StopCode;

/// The interface of each world, and its functions.
const CHART: (&str, &[&str]) = (
    "lensmount:extractor/chart@1.0.0",
    &["read", "outline", "series", "describe", "chart-types"],
);
const EVENTS: (&str, &[&str]) = (
    "lensmount:extractor/events@1.0.0",
    &["convert", "describe", "requirements", "form"],
);
/// The optional one, whichever release of 1.x it is of.
const MANUAL: (&str, &[&str]) = ("lensmount:extractor/manual@1.1.0", &["manual"]);

/// Ready to be instantiated.
#[derive(Clone)]
pub(super) struct Linked {
    pre: InstancePre<State>,
    functions: Vec<(&'static str, ComponentExportIndex)>,
}

impl Linked {
    /// Links a component of a world in its engine.
    pub fn new(flavour: &Flavour, component: &Component, world: World) -> wasmtime::Result<Self> {
        let pre = flavour.linker.instantiate_pre(component)?;
        // The bindings look for every function of the world and say which is missing.
        let (interface, names) = match world {
            World::ChartExtractor => {
                ChartExtractorPre::new(pre.clone())?;
                CHART
            }
            World::EventMapper => {
                EventMapperPre::new(pre.clone())?;
                EVENTS
            }
        };
        let mut functions = functions(component, interface, names);
        functions.extend(self::functions(component, MANUAL.0, MANUAL.1));
        Ok(Self { pre, functions })
    }

    /// The engine that it is linked in.
    pub fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    /// Makes an instance and calls one function of it. Only that function is looked at: the bindings
    /// would check the types of all, for every instance anew.
    pub async fn call<P, R>(
        &self,
        store: &mut Store<State>,
        name: &'static str,
        arguments: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Send + Sync + 'static,
        (R,): ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let known = self.functions.iter().find(|(known, _)| *known == name);
        let Some((_, index)) = known else {
            store.data_mut().stop = Some(StopCode::Incompatible);
            return Err(wasmtime::Error::msg(format!("it has no function `{name}`")));
        };
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let function = instance.get_typed_func::<P, (R,)>(&mut *store, index)?;
        let (answer,) = function.call_async(store, arguments).await?;
        Ok(answer)
    }
}

fn functions(
    component: &Component,
    interface: &str,
    names: &[&'static str],
) -> Vec<(&'static str, ComponentExportIndex)> {
    let Some(interface) = component.get_export_index(None, interface) else {
        return Vec::new();
    };
    let index = |name: &&'static str| {
        let index = component.get_export_index(Some(&interface), name)?;
        Some((*name, index))
    };
    names.iter().filter_map(index).collect()
}
