//! An extractor as the API shows it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::canary::Bounds;
use crate::catalog::{
    Catalog, Counted, Counts, ExtractorRecord, Health, Origin, Overrides, Stand as Standing,
    State as Stand, VersionRecord,
};
use crate::sandbox::{Limits, World};

/// An extractor and its versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Extractor {
    /// The key in URLs and settings.
    #[schema(example = "tide-table")]
    pub(super) name: String,
    /// What it is called, by its active or newest version.
    title: String,
    /// What it does.
    summary: String,
    /// The world of the contract that it targets.
    world: World,
    /// The version that answers; null while none does.
    active: Option<ActiveVersion>,
    /// The version that is tried on a part of the callers; null while none is.
    canary: Option<OnTrial>,
    /// The newest first.
    versions: Vec<ExtractorVersion>,
    /// Where several read a chart type, the lowest goes first; those without one come last.
    order: Option<i32>,
    /// What one call of it may use, and how many may run at once.
    limits: CallLimits,
    /// Calls of all its versions that run just now.
    under_way: usize,
}

/// The version that answers.
#[derive(Debug, Serialize, ToSchema)]
struct ActiveVersion {
    /// Which.
    version: String,
    /// A pinned version stays when a newer server brings a newer built-in.
    pinned: bool,
}

/// A version that answers for a part of the callers.
#[derive(Debug, Serialize, ToSchema)]
struct OnTrial {
    /// Which.
    version: String,
    /// The part of callers, in percent. Which they are goes by key result or schedule, and stays.
    percent: u8,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When it is taken back by itself.
    bounds: Bounds,
    /// What it has done; since this server started, if that was later.
    done: Done,
    /// What the active version has done meanwhile.
    beside: Done,
}

/// What a version has done during a trial.
#[derive(Debug, Serialize, ToSchema)]
struct Done {
    /// Calls.
    calls: u64,
    /// Of them, those that failed or were stopped.
    failed: u64,
    /// Microseconds that one took on average; null where there was none.
    mean_us: Option<u64>,
}

impl From<Counts> for Done {
    fn from(counts: Counts) -> Self {
        let mean = counts.mean();
        Self {
            calls: counts.calls,
            failed: counts.failed,
            mean_us: mean.map(|mean| u64::try_from(mean.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

/// One version of an extractor.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExtractorVersion {
    /// A semantic version.
    version: String,
    /// Of the component's bytes.
    #[schema(example = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    digest: String,
    /// Bytes.
    size: u64,
    /// How far it has come.
    state: Stand,
    /// Where it came from.
    origin: Origin,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The chart types that it reads.
    chart_types: Vec<String>,
    /// The release of the contract that it is built against.
    #[schema(example = "1.0.0")]
    contract: String,
    /// Whether it has a manual.
    documented: bool,
    /// The publisher that vouched for it when it came; null where nobody did, or nobody asked.
    signed_by: Option<String>,
    /// Calls since this server started.
    calls: u64,
    /// Of them, those that ended in the extractor's own failure.
    failures: u64,
    /// Of them, those that were stopped.
    stopped: u64,
    /// Calls beside these that were refused because the version rested.
    refused: u64,
    /// Whether it is called just now.
    breaker: Breaker,
    /// What they used.
    #[serde(rename = "use")]
    used: Use,
}

/// Whether a version is called. One whose calls had to be stopped five times in a row rests: calls are
/// refused with `resting` until one, when the rest is over, shows that it answers again.
#[derive(Debug, Serialize, ToSchema)]
struct Breaker {
    /// `answering`, `resting`, or `probing`: a call is under way that will tell.
    #[schema(example = "answering")]
    state: &'static str,
    /// When its rest is over; null where it does not rest.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Calls that had to be stopped since it answered last.
    stops: u32,
}

impl From<Health> for Breaker {
    fn from(Health { stand, stops }: Health) -> Self {
        let (state, until) = match stand {
            Standing::Answering => ("answering", None),
            Standing::Resting(until) => ("resting", Some(until)),
            Standing::Probing => ("probing", None),
        };
        Self {
            state,
            until,
            stops,
        }
    }
}

/// What the calls of a version used since this server started.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Use {
    /// Microseconds that one took on average, waits included; null where there was none.
    mean_us: Option<u64>,
    /// Microseconds that the slowest took.
    worst_us: u64,
    /// Microseconds of processor time that the dearest used.
    worst_cpu_us: u64,
    /// Bytes of memory that the largest held at once.
    memory_peak_bytes: u64,
    /// The most of each limit that any of them used.
    percent_of_limit: PercentOfLimit,
}

/// Percent of the limits that calls ran under.
#[derive(Debug, Default, Serialize, ToSchema)]
struct PercentOfLimit {
    cpu: f64,
    wall: f64,
    memory: f64,
    output: f64,
}

impl Use {
    fn of(counted: &Counted) -> Self {
        let mut percent = PercentOfLimit::default();
        for (limit, thousandths) in counted.most {
            let place = match limit {
                "cpu" => &mut percent.cpu,
                "wall" => &mut percent.wall,
                "memory" => &mut percent.memory,
                _ => &mut percent.output,
            };
            *place = f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 10.0;
        }
        Self {
            mean_us: counted.took.mean(),
            worst_us: counted.took.most,
            worst_cpu_us: counted.cpu.most,
            memory_peak_bytes: counted.memory.most,
            percent_of_limit: percent,
        }
    }
}

/// What one call may use: the server's own limits, save for those that are set for the extractor.
#[derive(Debug, Serialize, ToSchema)]
struct CallLimits {
    /// Milliseconds of processor time.
    cpu_ms: u64,
    /// Milliseconds from call to answer.
    wall_ms: u64,
    /// Bytes over all memories.
    memory_bytes: usize,
    /// Bytes of an answer.
    output_bytes: usize,
    /// Log lines that are kept.
    log_lines: usize,
    /// Bytes of log text that are kept.
    log_bytes: usize,
    /// Bytes of stack; the same for all extractors of a server.
    stack_bytes: usize,
    /// Calls that may run at once, over all versions.
    concurrency: usize,
    /// Those that are set for this extractor, in the words of an edit.
    overridden: Overrides,
}

impl CallLimits {
    fn of(limits: &Limits, overridden: Overrides) -> Self {
        Self {
            cpu_ms: millis(limits.cpu),
            wall_ms: millis(limits.wall),
            memory_bytes: limits.memory,
            output_bytes: limits.output,
            log_lines: limits.log_lines,
            log_bytes: limits.log_bytes,
            stack_bytes: limits.stack,
            concurrency: overridden.at_once(),
            overridden,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn extractor(catalog: &Catalog, record: &ExtractorRecord) -> Extractor {
    let newest = record.newest_first();
    let shown = record.active().or(newest.first().copied());
    Extractor {
        name: record.name.clone(),
        title: shown.map_or_else(String::new, |version| version.title.clone()),
        summary: shown.map_or_else(String::new, |version| version.summary.clone()),
        world: shown.map_or(World::ChartExtractor, |version| version.world),
        active: record.active.as_ref().map(|active| ActiveVersion {
            version: active.version.clone(),
            pinned: active.pinned,
        }),
        canary: record.canary.as_ref().map(|canary| {
            let (beside, done) = catalog.trial(&record.name).unwrap_or_default();
            OnTrial {
                version: canary.version.clone(),
                percent: canary.percent,
                since: canary.since,
                bounds: canary.bounds,
                done: done.into(),
                beside: beside.into(),
            }
        }),
        versions: newest
            .into_iter()
            .map(|version| described(catalog, record, version))
            .collect(),
        order: record.order,
        limits: CallLimits::of(
            &record.limits.over(catalog.sandbox().limits()),
            record.limits,
        ),
        under_way: catalog.under_way(&record.name),
    }
}

pub(super) fn described(
    catalog: &Catalog,
    record: &ExtractorRecord,
    version: &VersionRecord,
) -> ExtractorVersion {
    let live = catalog.version(&record.name, Some(&version.version)).ok();
    let tally = live.as_ref().map(|live| &live.tally);
    let counted = tally.map(|tally| tally.counted());
    ExtractorVersion {
        version: version.version.clone(),
        digest: version.digest.to_string(),
        size: version.size,
        state: record.state(&version.version),
        origin: version.origin,
        created_at: version.created_at,
        chart_types: version.chart_types.clone(),
        contract: version.contract.clone(),
        documented: version.documented,
        signed_by: version.signed_by.clone(),
        calls: tally.map_or(0, |tally| tally.calls()),
        failures: tally.map_or(0, |tally| tally.failures()),
        stopped: tally.map_or(0, |tally| tally.stopped()),
        refused: counted.as_ref().map_or(0, |counted| counted.refused),
        breaker: live
            .as_ref()
            .map_or_else(Health::default, |live| catalog.health(live))
            .into(),
        used: counted.as_ref().map_or_else(Use::default, Use::of),
    }
}
