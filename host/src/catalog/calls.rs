//! Calling a version of the catalog on a result that is at hand.

use std::sync::Arc;

use crate::sandbox::types::{About, Control};
use crate::sandbox::{Lens, World, chart, events};

use super::ask::{self, Given};
use super::error::CatalogError;
use super::live::{Catalog, Version};
use super::resting::Purpose;

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

impl Catalog {
    /// The choices that a chart extractor offers.
    ///
    /// # Errors
    ///
    /// The extractor's failure, why it was stopped, or why it could not be called:
    /// [`CatalogError::Resting`] while it is left alone.
    pub async fn outline(
        &self,
        version: &Version,
        given: Given<'_>,
    ) -> Result<chart::Offering, CatalogError> {
        let lens = self.lens_of(version, World::ChartExtractor).await?;
        let call = ask::outline(&lens, &self.sandbox, given);
        self.settled(version, Purpose::Answer, call).await
    }

    /// The same of an extractor that may not be made for such a chart: that it has to be stopped there
    /// says nothing of how it does elsewhere.
    pub(super) async fn try_outline(
        &self,
        version: &Version,
        given: Given<'_>,
    ) -> Result<chart::Offering, CatalogError> {
        let lens = self.lens_of(version, World::ChartExtractor).await?;
        let call = ask::outline(&lens, &self.sandbox, given);
        self.settled(version, Purpose::Try, call).await
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
        let call = ask::read(&lens, &self.sandbox, given);
        self.settled(version, Purpose::Answer, call).await
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
        let call = ask::series(&lens, &self.sandbox, given);
        self.settled(version, Purpose::Answer, call).await
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
        let call = ask::convert(&lens, &self.sandbox, given);
        self.settled(version, Purpose::Answer, call).await
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
                about: self
                    .settled(version, Purpose::Answer, lens.describe(sandbox))
                    .await?,
                requirements: self
                    .settled(version, Purpose::Answer, lens.requirements(sandbox))
                    .await?,
                form: self
                    .settled(version, Purpose::Answer, lens.form(sandbox))
                    .await?,
            }))
        });
        asked.await.cloned()
    }

    /// What people should know before they use an extractor: Markdown. A version never changes, so it
    /// is asked once.
    ///
    /// # Errors
    ///
    /// [`CatalogError::NoManual`], and as for [`Catalog::outline`].
    pub async fn manual(&self, version: &Version) -> Result<Arc<str>, CatalogError> {
        if !version.record.documented {
            return Err(CatalogError::NoManual {
                name: version.name.clone(),
                version: version.record.version.clone(),
            });
        }
        let asked = version.manual.get_or_try_init(async || {
            let lens = self.lens(version).await?;
            let call = lens.manual(&self.sandbox);
            let manual = self.settled(version, Purpose::Answer, call).await?;
            Ok::<_, CatalogError>(manual.into())
        });
        asked.await.cloned()
    }

    /// Asks an event mapper whether it takes a query with these settings, before any rows.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn judge(&self, version: &Version, run: events::Run<'_>) -> Result<(), CatalogError> {
        let judged = self.batch_of(version, Purpose::Answer, run, b"[]").await;
        judged.map(drop)
    }

    /// The events that an event mapper makes of rows that were taken in: a JSON array. It is asked also
    /// while it rests.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn map_rows(
        &self,
        version: &Version,
        run: events::Run<'_>,
        rows: &[u8],
    ) -> Result<events::Batch, CatalogError> {
        self.batch_of(version, Purpose::Rows, run, rows).await
    }

    /// The same to find out which rows it is that a mapper fails on: a stop says nothing new of it.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::outline`].
    pub async fn search_rows(
        &self,
        version: &Version,
        run: events::Run<'_>,
        rows: &[u8],
    ) -> Result<events::Batch, CatalogError> {
        self.batch_of(version, Purpose::Search, run, rows).await
    }

    async fn batch_of(
        &self,
        version: &Version,
        purpose: Purpose,
        run: events::Run<'_>,
        rows: &[u8],
    ) -> Result<events::Batch, CatalogError> {
        let lens = self.lens_of(version, World::EventMapper).await?;
        let call = lens.convert(&self.sandbox, run, rows);
        self.settled(version, purpose, call).await
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
