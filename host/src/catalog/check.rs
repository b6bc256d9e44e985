//! The stages that a component passes before it is stored, each with a code of its own.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use crate::problem::StageEnded;
use crate::sample::{Sample, own};
use crate::sandbox::{self, Compiled, Identity, Lens, Sandbox, World, types};
use crate::store::Digest;

use super::interface::{self, Mismatch, Target};
use super::metadata::{self, Metadata};

/// The largest component that is taken: a Python extractor is 18 MB.
pub const LARGEST: usize = 64 << 20;

/// The most bytes of a manual.
const MANUAL: usize = 64 << 10;

/// Why an upload was refused. The text of each is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedCode {
    /// Larger than [`LARGEST`].
    TooLarge,
    /// Machine code; only wasm is taken.
    Precompiled,
    /// Not wasm, or wasm that is no component.
    NotAComponent,
    /// A component that is not valid.
    InvalidComponent,
    /// Not an extractor, or of another version of the contract.
    IncompatibleInterface,
    /// It has to be signed and is not.
    Unsigned,
    /// Its signature is not a known publisher's of these bytes.
    BadSignature,
    /// It imports what no extractor gets.
    ForbiddenImport,
    /// It cannot be compiled.
    CompileLimit,
    /// What it says of itself is not sound, or it does not say it in time.
    BadDescription,
    /// A sample that it carries or that was sent along is unsound, or not met.
    SampleFailed,
    /// That version is taken by other bytes.
    VersionExists,
}

impl RefusedCode {
    /// The stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Precompiled => "precompiled",
            Self::NotAComponent => "not-a-component",
            Self::InvalidComponent => "invalid-component",
            Self::IncompatibleInterface => "incompatible-interface",
            Self::ForbiddenImport => "forbidden-import",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad-signature",
            Self::CompileLimit => "compile-limit",
            Self::BadDescription => "bad-description",
            Self::SampleFailed => "sample-failed",
            Self::VersionExists => "version-exists",
        }
    }
}

/// An upload that was refused, and by which check.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// Which check.
    pub code: RefusedCode,
    /// What is wrong and what to do.
    pub reason: String,
    /// The stages so far; the last is the one that refused.
    pub stages: Vec<Stage>,
}

impl Refused {
    pub(super) fn new(code: RefusedCode, reason: impl fmt::Display) -> Self {
        Self {
            code,
            reason: reason.to_string(),
            stages: Vec::new(),
        }
    }
}

/// One check, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// Its name in the report.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
}

impl Stage {
    /// How it is told, with `passed` or the code with which it refused.
    #[must_use]
    pub fn ended(&self, code: &'static str) -> StageEnded {
        StageEnded {
            stage: self.name,
            code,
            took_us: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// The stages so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Those that were passed.
    pub passed: Vec<Stage>,
    /// The one that was not.
    pub refused: Option<Stage>,
}

impl Report {
    pub(super) fn stage<T>(
        &mut self,
        name: &'static str,
        check: impl FnOnce() -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let began = Instant::now();
        let outcome = check();
        self.ended(name, began, outcome.is_ok());
        outcome
    }

    /// A refusal with the stages that led to it.
    pub(super) fn told(&mut self, mut refused: Refused) -> Refused {
        refused.stages = std::mem::take(&mut self.passed);
        refused.stages.extend(self.refused.take());
        refused
    }

    pub(super) fn ended(&mut self, name: &'static str, began: Instant, passed: bool) {
        let stage = Stage {
            name,
            took: began.elapsed(),
        };
        if passed {
            self.passed.push(stage);
        } else {
            self.refused = Some(stage);
        }
    }
}

/// A component that is sound as wasm.
pub(super) struct Sound {
    pub wasm: Bytes,
    pub digest: Digest,
    pub target: Target,
    /// The samples that it carries.
    pub own: Vec<Sample>,
}

/// A component that is sound as wasm and compiled; what it says of itself comes next.
pub(super) struct Built {
    pub wasm: Bytes,
    pub digest: Digest,
    pub target: Target,
    pub own: Vec<Sample>,
    /// Who vouches for it, if anybody does.
    pub signed_by: Option<String>,
    pub compiled: Compiled,
}

/// The stages that only look at the bytes. They block for as long as that takes.
pub(super) fn look(wasm: Bytes, report: &mut Report) -> Result<Sound, Refused> {
    report.stage("size", || size(&wasm))?;
    report.stage("magic", || magic(&wasm))?;
    report.stage("validate", || validate(&wasm))?;
    let target = report.stage("interface", || {
        interface::target(&wasm).map_err(|mismatch| match mismatch {
            Mismatch::Import(name) => Refused::new(
                RefusedCode::ForbiddenImport,
                format_args!(
                    "the component imports {name}, and an extractor may import `log`, `lines` and `zones` of lensmount:extractor and nothing else; \
                     build it without what needs that import"
                ),
            ),
            Mismatch::Interface(text) => Refused::new(RefusedCode::IncompatibleInterface, text),
        })
    })?;
    let own = report.stage("samples", || {
        own::read(&wasm).map_err(|error| Refused::new(RefusedCode::SampleFailed, error))
    })?;
    let digest = report.stage("digest", || Ok(Digest::of(&wasm)))?;
    Ok(Sound {
        wasm,
        digest,
        target,
        own,
    })
}

/// Compiles what was found sound.
pub(super) async fn compile(
    sandbox: &Arc<Sandbox>,
    sound: Sound,
    signed_by: Option<String>,
    report: &mut Report,
) -> Result<Built, Refused> {
    let began = Instant::now();
    let Sound {
        wasm,
        digest,
        target,
        own,
    } = sound;
    let compiled = sandbox.compiled(wasm.clone()).await;
    report.ended("compile", began, compiled.is_ok());
    let compiled = compiled.map_err(|error| Refused::new(RefusedCode::CompileLimit, error))?;
    Ok(Built {
        wasm,
        digest,
        target,
        own,
        signed_by,
        compiled,
    })
}

fn size(wasm: &[u8]) -> Result<(), Refused> {
    if wasm.len() <= LARGEST {
        return Ok(());
    }
    Err(Refused::new(
        RefusedCode::TooLarge,
        format_args!(
            "the component has {} bytes, and {LARGEST} are the most; strip its debug information",
            wasm.len()
        ),
    ))
}

pub(super) fn magic(wasm: &[u8]) -> Result<(), Refused> {
    if sandbox::is_precompiled(wasm) {
        return Err(Refused::new(
            RefusedCode::Precompiled,
            "this is compiled machine code; upload the component it was made from, the server compiles it itself",
        ));
    }
    let not = |what: &str| {
        Refused::new(
            RefusedCode::NotAComponent,
            format_args!(
                "{what}; upload a WebAssembly component, such as `wasm-tools component new` makes"
            ),
        )
    };
    if !wasm.starts_with(b"\0asm") {
        return Err(not("this does not begin as WebAssembly does"));
    }
    match Parser::new(0).parse_all(wasm).next() {
        Some(Ok(Payload::Version {
            encoding: Encoding::Component,
            ..
        })) => Ok(()),
        Some(Ok(Payload::Version {
            encoding: Encoding::Module,
            ..
        })) => Err(not("this is a core module, not a component")),
        _ => Err(not("this is WebAssembly of a version that is not known")),
    }
}

pub(super) fn validate(wasm: &[u8]) -> Result<(), Refused> {
    // What the engine is built with, so that what it would refuse is refused here, by name.
    let features = WasmFeatures::WASM2
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::COMPONENT_MODEL;
    Validator::new_with_features(features).validate_all(wasm).map(drop).map_err(|error| {
        Refused::new(
            RefusedCode::InvalidComponent,
            format_args!("the component is not valid: {error}; it may have been cut or changed on its way"),
        )
    })
}

/// What a component says of itself, once it has been found sound.
#[derive(Debug)]
pub struct Described {
    /// It, loaded; it knows its name.
    pub lens: Arc<Lens>,
    /// The world that it targets.
    pub world: World,
    /// A semantic version.
    pub version: String,
    /// For people to choose by.
    pub title: String,
    /// A sentence or two.
    pub summary: String,
    /// The `vis_config` types that it reads; none of an event mapper.
    pub chart_types: Vec<String>,
}

/// Asks the component who it is, under the same limits as any call.
pub(super) async fn describe(sandbox: &Sandbox, built: &Built) -> Result<Described, Refused> {
    let bad = |reason: String| Refused::new(RefusedCode::BadDescription, reason);
    let claimed = metadata::read(&built.wasm);
    let provisional = Identity {
        name: claimed
            .name
            .clone()
            .unwrap_or_else(|| "(not described yet)".into()),
        version: claimed.version.clone().unwrap_or_else(|| "?".into()),
        digest: built.digest,
    };
    let world = built.target.world;
    let link = |identity| Lens::link(sandbox, &built.compiled, world, identity);
    let lens = link(provisional)
        .map_err(|error| Refused::new(RefusedCode::IncompatibleInterface, error))?;
    let about = lens
        .describe(sandbox)
        .await
        .map_err(|error| bad(error.to_string()))?
        .value;
    let chart_types = match world {
        World::ChartExtractor => {
            lens.chart_types(sandbox)
                .await
                .map_err(|error| bad(error.to_string()))?
                .value
        }
        World::EventMapper => Vec::new(),
    };
    sound_name(&about.name).map_err(bad)?;
    semver::Version::parse(&about.version).map_err(|error| {
        bad(format!(
            "`describe` gives the version {:?}, which is not a semantic version: {error}",
            about.version
        ))
    })?;
    if about.title.trim().is_empty() {
        return Err(bad(
            "`describe` gives no title; people need one to choose by".into(),
        ));
    }
    if world == World::ChartExtractor
        && (chart_types.is_empty() || chart_types.iter().any(String::is_empty))
    {
        return Err(bad("`chart-types` is empty or holds an empty text; name the vis_config types that it reads".into()));
    }
    brief(&about, &chart_types).map_err(bad)?;
    if built.target.documented {
        let manual = lens.manual(sandbox).await;
        let manual = manual.map_err(|error| bad(error.to_string()))?.value;
        sound_manual(&manual).map_err(bad)?;
    }
    agrees(&claimed, &about.version).map_err(bad)?;
    let identity = Identity {
        name: about.name,
        version: about.version.clone(),
        digest: built.digest,
    };
    let lens =
        link(identity).map_err(|error| Refused::new(RefusedCode::IncompatibleInterface, error))?;
    Ok(Described {
        lens: Arc::new(lens),
        world,
        version: about.version,
        title: about.title,
        summary: about.summary,
        chart_types,
    })
}

/// Whether a text may name an extractor: names stand in URLs, settings and Looker's lists.
#[must_use]
pub fn is_sound_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

fn sound_name(name: &str) -> Result<(), String> {
    if is_sound_name(name) {
        return Ok(());
    }
    Err(format!(
        "`describe` gives the name {name:?}; a name has 1 to 64 of a-z, 0-9, - and _, and begins with a letter"
    ))
}

fn sound_manual(manual: &str) -> Result<(), String> {
    if manual.trim().is_empty() {
        return Err("its `manual` is empty; write one, or build it for a world without".into());
    }
    if manual.len() > MANUAL {
        let has = manual.len();
        return Err(format!(
            "its `manual` has {has} bytes, and {MANUAL} are the most; shorten it"
        ));
    }
    Ok(())
}

/// What an extractor says of itself is kept with every version, and shown in lists.
fn brief(about: &types::About, chart_types: &[String]) -> Result<(), String> {
    let bounds = [
        ("version", about.version.len(), 64),
        ("title", about.title.len(), 200),
        ("summary", about.summary.len(), 1_000),
        ("number of chart types", chart_types.len(), 64),
        (
            "longest chart type",
            chart_types.iter().map(String::len).max().unwrap_or(0),
            128,
        ),
    ];
    match bounds.into_iter().find(|(_, has, most)| has > most) {
        Some((what, has, most)) => Err(format!(
            "the {what} is {has}, and {most} is the most; shorten it"
        )),
        None => Ok(()),
    }
}

/// A version that the author's tools left in the component is the one that `describe` gives.
fn agrees(claimed: &Metadata, version: &str) -> Result<(), String> {
    match &claimed.version {
        Some(inside) if inside != version => Err(format!(
            "`describe` gives the version {version:?}, but the component's metadata says {inside:?}; make them agree"
        )),
        _ => Ok(()),
    }
}
