//! What is counted of extractors' calls, version by version, as it stands when it is asked for.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::catalog::{Catalog, Counted, Seen, Stand};

/// Every version that answers somebody or was called since the server started.
#[derive(Debug)]
pub(super) struct Extractors(Vec<Version>);

#[derive(Debug)]
struct Version {
    extractor: String,
    version: String,
    counted: Counted,
    rests: bool,
}

/// Labels: names and what they stand for.
type Labels<'a, const N: usize> = [(&'static str, &'a str); N];

impl Version {
    fn labels(&self) -> Labels<'_, 2> {
        [("extractor", &self.extractor), ("version", &self.version)]
    }

    /// With the word that tells its numbers apart.
    fn labels_and(&self, name: &'static str, word: &'static str) -> Labels<'_, 3> {
        let [extractor, version] = self.labels();
        [extractor, version, (name, word)]
    }
}

/// How many of what is counted make one of what is told: times are counted in microseconds.
const MICROS: f64 = 1e6;
const PARTS: f64 = 1e3;

/// A name and what it is, the unit in which it is told and how many of those that are counted make
/// one of it, and where it is found.
type Spreads = [(&'static str, &'static str, Unit, f64, fn(&Counted) -> &Seen)];

impl Extractors {
    pub fn of(catalog: &Catalog) -> Self {
        let versions = catalog.counted().into_iter().map(|version| Version {
            extractor: version.name.clone(),
            version: version.record.version.clone(),
            counted: version.tally.counted(),
            rests: catalog.health(&version).stand != Stand::Answering,
        });
        Self(versions.collect())
    }

    /// One counter for each version.
    fn counter(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        (name, help, unit): (&str, &str, Option<&Unit>),
        of: impl Fn(&Counted) -> u64,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, unit, MetricType::Counter)?;
        for version in &self.0 {
            count(&mut family, &version.labels(), of(&version.counted))?;
        }
        Ok(())
    }

    fn outcomes(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Calls of extractors since the server started, by version and end";
        let kind = MetricType::Counter;
        let mut family = encoder.encode_descriptor("extractor_calls", help, None, kind)?;
        for version in &self.0 {
            let counted = &version.counted;
            let stopped = counted.stopped.iter().map(|(_, count)| count).sum();
            for (outcome, number) in [
                ("answered", counted.answered),
                ("failed", counted.failed),
                ("stopped", stopped),
            ] {
                let labels = version.labels_and("outcome", outcome);
                count(&mut family, &labels, number)?;
            }
        }
        let help = "Calls of extractors that were stopped, by version and the code of why";
        let mut family = encoder.encode_descriptor("extractor_stops", help, None, kind)?;
        for version in &self.0 {
            for (code, number) in &version.counted.stopped {
                let labels = version.labels_and("code", code.as_str());
                count(&mut family, &labels, *number)?;
            }
        }
        Ok(())
    }

    fn spreads(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let spreads: &Spreads = &[
            (
                "extractor_time",
                "Time of calls of extractors, waits included",
                Unit::Seconds,
                MICROS,
                |counted| &counted.took,
            ),
            (
                "extractor_cpu",
                "Processor time of calls of extractors",
                Unit::Seconds,
                MICROS,
                |counted| &counted.cpu,
            ),
            (
                "extractor_wait",
                "Time that calls of extractors waited for a slot",
                Unit::Seconds,
                MICROS,
                |counted| &counted.waited,
            ),
            (
                "extractor_memory_peak",
                "The most memory that calls of extractors held at once",
                Unit::Bytes,
                1.0,
                |counted| &counted.memory,
            ),
            (
                "extractor_nearest_limit",
                "How much of the limit that they came nearest to calls of extractors used; beyond 0.999 it was reached",
                Unit::Ratios,
                PARTS,
                |counted| &counted.nearest,
            ),
        ];
        for (name, help, unit, in_one, of) in spreads {
            let kind = MetricType::Histogram;
            let mut family = encoder.encode_descriptor(name, help, Some(unit), kind)?;
            for version in &self.0 {
                let seen = of(&version.counted);
                let buckets = seen
                    .up_to
                    .iter()
                    .map(|(bound, n)| (told(*bound, *in_one), *n));
                let beyond = (f64::INFINITY, seen.beyond);
                let buckets: Vec<_> = buckets.chain([beyond]).collect();
                let labels = version.labels();
                let mut metric = family.encode_family(&labels)?;
                let sum = told(seen.sum, *in_one);
                metric.encode_histogram::<NoLabelSet>(sum, seen.count(), &buckets, None)?;
            }
        }
        Ok(())
    }

    fn rests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Whether a version rests, because its calls had to be stopped one after the other: 1 if it does";
        let kind = MetricType::Gauge;
        let mut family = encoder.encode_descriptor("extractor_resting", help, None, kind)?;
        for version in &self.0 {
            let labels = version.labels();
            let rests = u64::from(version.rests);
            family.encode_family(&labels)?.encode_gauge(&rests)?;
        }
        Ok(())
    }

    fn most(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help =
            "The most of each limit that a call of an extractor has used since the server started";
        let (name, unit) = ("extractor_limit_used", Unit::Ratios);
        let mut family = encoder.encode_descriptor(name, help, Some(&unit), MetricType::Gauge)?;
        for version in &self.0 {
            for (limit, most) in version.counted.most {
                let labels = version.labels_and("limit", limit);
                family
                    .encode_family(&labels)?
                    .encode_gauge(&told(most, PARTS))?;
            }
        }
        Ok(())
    }
}

impl Collector for Extractors {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.outcomes(encoder)?;
        self.spreads(encoder)?;
        self.most(encoder)?;
        let bytes = Some(&Unit::Bytes);
        self.rests(encoder)?;
        let refused = "Calls of extractors that were not made because the version rested";
        let refused = ("extractor_refused", refused, None);
        self.counter(encoder, refused, |it| it.refused)?;
        let input = "Bytes that calls of extractors were given";
        self.counter(encoder, ("extractor_input", input, bytes), |it| it.input)?;
        let output = "Bytes that calls of extractors gave";
        self.counter(encoder, ("extractor_output", output, bytes), |it| it.output)?;
        let dropped = "Lines that extractors wrote to the log beyond what is kept";
        let dropped = ("extractor_log_lines_dropped", dropped, None);
        self.counter(encoder, dropped, |it| it.log_dropped)
    }
}

fn count(family: &mut MetricEncoder<'_>, of: &impl EncodeLabelSet, count: u64) -> fmt::Result {
    let mut metric = family.encode_family(of)?;
    metric.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are told as doubles, and these numbers are far below what one tells apart"
)]
fn told(counted: u64, in_one: f64) -> f64 {
    counted as f64 / in_one
}
