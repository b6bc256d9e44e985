//! Changing which version answers.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::access::By;
use crate::store::{Change, Expected, Kind, StoreError};

use super::error::CatalogError;
use super::limits::LimitsEdit;
use super::live::Catalog;
use super::open::parse;
use super::record::{Active, ExtractorRecord, Origin};

/// What an operator may say of an extractor; what is left out stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edit {
    /// Where it stands among those that read the same chart types.
    pub order: Option<Option<i32>>,
    /// What its calls may use.
    pub limits: Option<LimitsEdit>,
}

/// How often a change is tried against others' changes before the caller is told.
const TRIES: usize = 8;

impl Catalog {
    /// Makes a version the one that answers. Calls in flight finish on the one they began with.
    /// It is pinned unless `pinned` is false: then it gives way to a newer built-in at an upgrade.
    ///
    /// # Errors
    ///
    /// When there is no such version, or it does not load: then nothing changes.
    pub async fn activate(
        self: &Arc<Self>,
        name: &str,
        version: &str,
        pinned: bool,
        by: By,
    ) -> Result<ExtractorRecord, CatalogError> {
        // Loaded before it answers: a version that does not load never becomes active, and the
        // first call does not wait for it.
        let found = self.version(name, Some(version))?;
        self.lens(found.as_ref()).await?;
        let (catalog, name, version) = (Arc::clone(self), name.to_owned(), version.to_owned());
        let activate = async move {
            let next = Active {
                version: version.clone(),
                pinned,
            };
            let changed = catalog
                .change(&name, by, "extractor.activate", &version, |record| {
                    if record.version(&next.version).is_none() {
                        return Err(CatalogError::NoVersion {
                            name: record.name.clone(),
                            version: next.version.clone(),
                        });
                    }
                    record.activate(next.clone());
                    Ok(record.clone())
                })
                .await?;
            // Whoever activates it wants it called, whatever it did before.
            found.rest.breaker.begin_anew();
            Ok(changed)
        };
        tokio::spawn(activate).await?
    }

    /// Takes back the version on trial, if there is one. Else goes back to what was active before,
    /// pinned: the operator has made a choice that an upgrade must not undo.
    ///
    /// # Errors
    ///
    /// [`CatalogError::NoEarlier`] when nothing was.
    pub async fn rollback(
        self: &Arc<Self>,
        name: &str,
        by: By,
    ) -> Result<ExtractorRecord, CatalogError> {
        if let Some(canary) = self.get(name)?.canary {
            let (catalog, name) = (Arc::clone(self), name.to_owned());
            return tokio::spawn(async move { catalog.take_back(&name, &canary, None, by).await })
                .await?;
        }
        let previous = earlier(&self.get(name)?)?;
        self.lens(self.version(name, Some(&previous))?.as_ref())
            .await?;
        let (catalog, name) = (Arc::clone(self), name.to_owned());
        let rollback = async move {
            catalog
                .change(&name, by, "extractor.rollback", &previous, |record| {
                    if earlier(record)? != previous {
                        // Somebody else rolled back or out in between; what was loaded is not
                        // what would answer.
                        return Err(CatalogError::Contended {
                            name: record.name.clone(),
                        });
                    }
                    while record
                        .history
                        .pop()
                        .is_some_and(|step| step.version != previous)
                    {}
                    record.active = Some(Active {
                        version: previous.clone(),
                        pinned: true,
                    });
                    Ok(record.clone())
                })
                .await
        };
        tokio::spawn(rollback).await?
    }

    /// Edits what an operator may say of an extractor. `seen` is the version of its document that the
    /// caller has looked at; without it any will do.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Stale`] when it has changed since, [`CatalogError::Limit`] for limits that
    /// cannot be.
    pub async fn edit(
        self: &Arc<Self>,
        name: &str,
        edit: Edit,
        seen: Option<u64>,
        by: By,
    ) -> Result<(ExtractorRecord, u64), CatalogError> {
        let active = self.get(name)?.active;
        if let Some(limits) = &edit.limits {
            limits.fits(self.sandbox.limits())?;
        }
        let version = active.map_or_else(|| "-".into(), |active| active.version);
        let (catalog, name) = (Arc::clone(self), name.to_owned());
        let edited = async move {
            let mut detail = json!({ "version": version });
            let mut action = "extractor.order";
            if let Some(limits) = edit.limits {
                action = "extractor.limits";
                detail["limits"] = limits.told();
                if let Some(order) = edit.order {
                    detail["order"] = order.into();
                }
            }
            catalog
                .change_told(&name, seen, by, action, detail, |record| {
                    if record.versions.is_empty() {
                        return Err(CatalogError::NoExtractor {
                            name: record.name.clone(),
                        });
                    }
                    if let Some(order) = edit.order {
                        record.order = order;
                    }
                    if let Some(limits) = &edit.limits {
                        record.limits = record.limits.edited(limits);
                    }
                    Ok(record.clone())
                })
                .await
        };
        tokio::spawn(edited).await?
    }

    /// Deletes a version that does not answer.
    ///
    /// # Errors
    ///
    /// [`CatalogError::InUse`] for the active one, [`CatalogError::BuiltIn`] for one that would be
    /// back at the next start.
    pub async fn delete(
        self: &Arc<Self>,
        name: &str,
        version: &str,
        by: By,
    ) -> Result<(), CatalogError> {
        let (catalog, name, version) = (Arc::clone(self), name.to_owned(), version.to_owned());
        let delete = async move {
            let digest = catalog.version(&name, Some(&version))?.record.digest;
            let brought = &catalog.brought;
            catalog
                .change(&name, by, "extractor.delete", &version, |record| {
                    let Some(found) = record.version(&version) else {
                        return Err(CatalogError::NoVersion {
                            name: record.name.clone(),
                            version: version.clone(),
                        });
                    };
                    let (name, version) = (record.name.clone(), version.clone());
                    if record
                        .active
                        .as_ref()
                        .is_some_and(|active| active.version == version)
                    {
                        return Err(CatalogError::InUse { name, version });
                    }
                    if record
                        .canary
                        .as_ref()
                        .is_some_and(|it| it.version == version)
                    {
                        return Err(CatalogError::OnTrial { name, version });
                    }
                    if found.origin == Origin::BuiltIn && brought.contains(&found.digest) {
                        return Err(CatalogError::BuiltIn { name, version });
                    }
                    record.versions.retain(|kept| kept.version != version);
                    record.history.retain(|step| step.version != version);
                    record.answered.remove(&version);
                    Ok(())
                })
                .await?;
            let _turn = catalog.intake.acquire().await;
            catalog.discard(digest).await;
            Ok(())
        };
        tokio::spawn(delete).await?
    }

    /// Changes one extractor's document in one atomic step, with its audit entry, and puts it in
    /// place. `edit` runs again when somebody else was quicker; an edit that changes nothing writes
    /// nothing. An extractor without versions is removed.
    pub(super) async fn change<T>(
        &self,
        name: &str,
        by: By,
        action: &str,
        version: &str,
        edit: impl Fn(&mut ExtractorRecord) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        let detail = json!({ "version": version });
        let changed = self.change_told(name, None, by, action, detail, edit).await;
        changed.map(|(answer, _)| answer)
    }

    /// [`Catalog::change`] of a document that must not have changed since it was `seen`, with the
    /// document's version afterwards. `detail` is what the audit and listeners are told of it.
    pub(super) async fn change_told<T>(
        &self,
        name: &str,
        seen: Option<u64>,
        by: By,
        action: &str,
        detail: Value,
        edit: impl Fn(&mut ExtractorRecord) -> Result<T, CatalogError>,
    ) -> Result<(T, u64), CatalogError> {
        let mut audit = by.entry(action, format!("extractor:{name}"));
        audit.detail = Some(detail.clone());
        let mut told = json!({ "extractor": name, "action": action });
        if let (Some(told), Some(detail)) = (told.as_object_mut(), detail.as_object()) {
            told.extend(detail.clone());
        }
        for _ in 0..TRIES {
            let (before, expected) = match self.store.get(Kind::Extractor, name).await? {
                Some(document) => (parse(&document)?, Expected::Version(document.version)),
                None => (ExtractorRecord::new(name), Expected::Absent),
            };
            if seen.is_some_and(|seen| expected != Expected::Version(seen)) {
                return Err(CatalogError::Stale {
                    name: name.to_owned(),
                });
            }
            let mut record = before.clone();
            let answer = edit(&mut record)?;
            if record == before {
                let unchanged = match expected {
                    Expected::Version(version) => version,
                    Expected::Absent | Expected::Any => 0,
                };
                return Ok((answer, unchanged));
            }
            let change = if record.versions.is_empty() {
                Change::new().delete(Kind::Extractor, name, expected)
            } else {
                let body = serde_json::to_vec(&record).map_err(|source| CatalogError::Record {
                    name: name.to_owned(),
                    source,
                })?;
                Change::new().put(Kind::Extractor, name, expected, body)
            };
            // A roll-out is a change that listeners care for, whichever way it went.
            let change = change
                .tell("roll-out", told.to_string())
                .audited(audit.clone());
            match self.store.commit(change).await {
                Ok(committed) => {
                    self.apply(committed.version, &record);
                    return Ok((answer, committed.version));
                }
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CatalogError::Contended {
            name: name.to_owned(),
        })
    }
}

/// The version that was active before the one that is, skipping what has been deleted since.
fn earlier(record: &ExtractorRecord) -> Result<String, CatalogError> {
    let active = record.active.as_ref().map(|active| active.version.as_str());
    record
        .history
        .iter()
        .rev()
        .map(|step| step.version.as_str())
        .find(|version| Some(*version) != active && record.version(version).is_some())
        .map(ToOwned::to_owned)
        .ok_or_else(|| CatalogError::NoEarlier {
            name: record.name.clone(),
        })
}
