//! A chart with its result, as an extractor reads it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::catalog::{Catalog, Given, Verdict, Version};
use crate::looker::{Chart, Fetched};
use crate::reading::{self, ExtractorRef, Reading};
use crate::sample::kept::Read;
use crate::sandbox::chart;

use super::error::ChartError;

/// A chart with its result.
pub struct Live {
    chart: Chart,
    fetched: Arc<Fetched>,
    catalog: Arc<Catalog>,
    source: reading::Source,
    read_at: Timestamp,
    now: String,
}

/// Choices as a guest takes them.
type Chosen<'a> = &'a [(&'a str, &'a str)];

impl Live {
    pub(super) fn new(
        chart: Chart,
        fetched: Arc<Fetched>,
        catalog: Arc<Catalog>,
        read_at: Timestamp,
    ) -> Self {
        let source = reading::Source::of(&fetched.body);
        Self {
            chart,
            fetched,
            catalog,
            source,
            read_at,
            now: read_at.to_string(),
        }
    }

    /// The chart.
    #[must_use]
    pub fn chart(&self) -> &Chart {
        &self.chart
    }

    /// What the result says of itself.
    #[must_use]
    pub fn source(&self) -> &reading::Source {
        &self.source
    }

    /// The choices that it offers.
    ///
    /// # Errors
    ///
    /// The extractor's failure, or why it was stopped.
    pub async fn outline(
        &self,
        version: &Version,
        chosen: Chosen<'_>,
    ) -> Result<chart::Offering, ChartError> {
        let context = self.context();
        Ok(self
            .catalog
            .outline(version, self.given(chosen, &context))
            .await?)
    }

    /// The one number that the choices point at. `origin` says what made us read.
    ///
    /// # Errors
    ///
    /// As for [`Live::outline`].
    pub async fn read(
        &self,
        version: &Version,
        chosen: Chosen<'_>,
        origin: &str,
    ) -> Result<Reading, ChartError> {
        let context = self.context();
        let read = self
            .catalog
            .read(version, self.given(chosen, &context))
            .await?;
        Ok(self.told(read, &version.identity().into(), origin))
    }

    /// Keeps the result for versions to be tried on, if one is wanted of this key result. It is
    /// done aside, and that it cannot be done is only logged.
    pub fn keep(&self, version: &Version, key_result: &str, chosen: Chosen<'_>) {
        let kept = self.catalog.kept();
        let Some(ticket) = kept.wants(&version.name, key_result, self.fetched.body.len()) else {
            return;
        };
        let owned = |words: Chosen<'_>| {
            let words = words.iter();
            words
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let read = Read {
            extractor: version.name.clone(),
            key_result: key_result.to_owned(),
            ticket,
            result: self.fetched.body.clone(),
            query: self.chart.query.clone(),
            chosen: owned(chosen),
            context: owned(&self.context()),
        };
        let kept = Arc::clone(kept);
        tokio::spawn(async move {
            if let Err(error) = kept.keep(read).await {
                tracing::warn!(%error, "a result could not be kept to try extractors on");
            }
        });
    }

    /// Every number along x for the same choices, oldest first.
    ///
    /// # Errors
    ///
    /// As for [`Live::outline`].
    pub async fn series(
        &self,
        version: &Version,
        chosen: Chosen<'_>,
        origin: impl Fn(Option<&str>) -> String,
    ) -> Result<Vec<Reading>, ChartError> {
        let context = self.context();
        let series = self
            .catalog
            .series(version, self.given(chosen, &context))
            .await?;
        let by: ExtractorRef = version.identity().into();
        let told = series.into_iter().map(|point| {
            let origin = origin(point.at.as_deref());
            self.told(point, &by, &origin)
        });
        Ok(told.collect())
    }

    /// Whether it can be read, by trying.
    ///
    /// # Errors
    ///
    /// Only when the server itself fails.
    pub async fn verify(&self) -> Result<Verdict, ChartError> {
        let context = self.context();
        Ok(self
            .catalog
            .verify(self.chart.chart_type.as_deref(), self.given(&[], &context))
            .await?)
    }

    /// What the result does not say. The time is the result's own where it has one, because
    /// Looker's "this month" is that of the moment at which it computed.
    fn context(&self) -> Vec<(&str, &str)> {
        let mut context = vec![("title", self.chart.title.as_str())];
        if self.source.ran_at().is_none() {
            context.push(("now", &self.now));
        }
        context
    }

    fn given<'a>(&'a self, chosen: Chosen<'a>, context: Chosen<'a>) -> Given<'a> {
        Given {
            result: &self.fetched.body,
            query: self.chart.query.as_bytes(),
            chosen,
            context,
        }
    }

    fn told(&self, read: chart::Reading, by: &ExtractorRef, origin: &str) -> Reading {
        let mut reading = Reading::preview(read, &self.source, by);
        origin.clone_into(&mut reading.origin);
        reading.read_at = Some(self.read_at);
        if let Some(url) = &self.fetched.explore_url {
            reading
                .why
                .insert("explore_url".to_owned(), url.clone().into());
        }
        reading
    }
}
