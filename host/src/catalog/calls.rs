//! Calling an extractor on a result that is at hand.

use std::sync::Arc;

use lensmount_sdk::decimal::Decimal;

use crate::event::frame;
use crate::sandbox::types::{About, Control, Failure, FailureCode};
use crate::sandbox::{CallError, Called, Lens, World, chart, events};

use super::error::CatalogError;
use super::live::{Catalog, Version};

/// What a call is about, lent for as long as it takes. Bodies are copied once, into the guest.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Looker's answer, byte for byte.
    pub result: &'a [u8],
    /// Looker's Query object, or `{}`.
    pub query: &'a [u8],
    /// What a person chose.
    pub chosen: &'a [(&'a str, &'a str)],
    /// What neither result nor query say: `now`, `time-zone`, `title`.
    pub context: &'a [(&'a str, &'a str)],
}

/// What an event mapper says of itself.
#[derive(Debug)]
pub struct Introduction {
    /// Who it is.
    pub about: About,
    /// What a query must carry before the action is offered.
    pub requirements: Vec<events::Requirement>,
    /// What the owner of a schedule fills in.
    pub form: Vec<Control>,
}

impl<'a> Given<'a> {
    fn tile(&self) -> chart::Tile<'a> {
        chart::Tile {
            body: self.result,
            query: self.query,
            context: self.context,
        }
    }
}

impl Catalog {
    /// The choices that a chart extractor offers.
    ///
    /// # Errors
    ///
    /// The extractor's failure, why it was stopped, or why it could not be called.
    pub async fn outline(
        &self,
        version: &Version,
        given: Given<'_>,
    ) -> Result<chart::Offering, CatalogError> {
        let lens = self.lens_of(version, World::ChartExtractor).await?;
        version.settle(
            lens.outline(&self.sandbox, given.tile(), given.chosen)
                .await,
        )
    }

    /// The one number that a selection points at.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn read(
        &self,
        version: &Version,
        given: Given<'_>,
    ) -> Result<chart::Reading, CatalogError> {
        let lens = self.lens_of(version, World::ChartExtractor).await?;
        let read = lens.read(&self.sandbox, given.tile(), given.chosen).await;
        version.settle(read.and_then(|read| numeric(read, std::slice::from_ref)))
    }

    /// Every number along x, oldest first.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn series(
        &self,
        version: &Version,
        given: Given<'_>,
    ) -> Result<Vec<chart::Reading>, CatalogError> {
        let lens = self.lens_of(version, World::ChartExtractor).await?;
        let series = lens.series(&self.sandbox, given.tile(), given.chosen).await;
        version.settle(series.and_then(|series| numeric(series, Vec::as_slice)))
    }

    /// The events that an event mapper makes of a whole result. The selection is its settings.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`]; a result that cannot be told apart into head and rows is the
    /// extractor's `malformed`.
    pub async fn convert(
        &self,
        version: &Version,
        given: Given<'_>,
    ) -> Result<events::Batch, CatalogError> {
        let lens = self.lens_of(version, World::EventMapper).await?;
        let document = frame::split(given.result).map_err(|reason| {
            CatalogError::Call(CallError::Failure(Failure {
                code: FailureCode::Malformed,
                message: reason.to_string(),
                control: None,
                attributes: Vec::new(),
            }))
        })?;
        let run = || events::Run {
            head: &document.head,
            query: given.query,
            settings: given.chosen,
            context: given.context,
        };
        // The contract's promise: a mapper may judge query and settings in a call without rows.
        version.settle(lens.convert(&self.sandbox, run(), b"[]").await)?;
        version.settle(lens.convert(&self.sandbox, run(), document.rows).await)
    }

    /// How an event mapper introduces itself. A version never changes, so it is asked once.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn introduction(&self, version: &Version) -> Result<Arc<Introduction>, CatalogError> {
        let asked = version.introduction.get_or_try_init(async || {
            let lens = self.lens_of(version, World::EventMapper).await?;
            let sandbox = &self.sandbox;
            Ok::<_, CatalogError>(Arc::new(Introduction {
                about: version.settle(lens.describe(sandbox).await)?,
                requirements: version.settle(lens.requirements(sandbox).await)?,
                form: version.settle(lens.form(sandbox).await)?,
            }))
        });
        asked.await.cloned()
    }

    /// Asks an event mapper whether it takes a query with these settings, before any rows.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn judge(&self, version: &Version, run: events::Run<'_>) -> Result<(), CatalogError> {
        self.convert_rows(version, run, b"[]").await.map(drop)
    }

    /// The events that an event mapper makes of some rows: a JSON array.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn convert_rows(
        &self,
        version: &Version,
        run: events::Run<'_>,
        rows: &[u8],
    ) -> Result<events::Batch, CatalogError> {
        let lens = self.lens_of(version, World::EventMapper).await?;
        version.settle(lens.convert(&self.sandbox, run, rows).await)
    }

    async fn lens_of(&self, version: &Version, wanted: World) -> Result<Arc<Lens>, CatalogError> {
        if version.record.world != wanted {
            return Err(CatalogError::OtherWorld {
                name: version.name.clone(),
                version: version.record.version.clone(),
                is: version.record.world,
                wanted,
            });
        }
        self.lens(version).await
    }
}

/// Holds an extractor to the contract: a value is plain decimal text. One that is not would become
/// a wrong number further on, so the whole answer is refused.
fn numeric<T>(
    called: Called<T>,
    readings: impl FnOnce(&T) -> &[chart::Reading],
) -> Result<Called<T>, CallError> {
    let plain = |text: &str| Decimal::parse(text).is_ok_and(|decimal| decimal.to_string() == text);
    let wrong = readings(&called.value)
        .iter()
        .find(|reading| !plain(&reading.value));
    let Some(wrong) = wrong else {
        return Ok(called);
    };
    let text: String = wrong.value.chars().take(80).collect();
    Err(CallError::Failure(Failure {
        code: FailureCode::Internal,
        message: format!(
            "the extractor gave {text:?} for a number, and a number is plain decimal text such as -12.50; \
             nothing was read, tell its author or roll back"
        ),
        control: None,
        attributes: Vec::new(),
    }))
}

impl Version {
    fn settle<T>(&self, outcome: Result<Called<T>, CallError>) -> Result<T, CatalogError> {
        self.tally.count(&outcome);
        Ok(outcome?.value)
    }
}
