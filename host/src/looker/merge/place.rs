//! A merge in its place on a dashboard: with the dashboard's filters, as it is run.

use super::definition::{Merged, Part};
use super::{Merge, Source, refused};
use crate::looker::chart::{Chart, Work};
use crate::looker::error::LookerError;
use crate::looker::filters::{self, Applied};
use crate::looker::frame::{Frame, Setting, posted};
use crate::looker::tile;
use crate::looker::wire::Filterable;

impl Merged {
    /// `vis_config.type` of the merge, for a tile without one of its own.
    pub fn chart_type(&self) -> Option<String> {
        self.vis_config.as_deref().and_then(tile::chart_type)
    }

    /// The chart of a tile that shows it on a dashboard.
    pub fn in_place(
        mut self,
        mut frame: Frame,
        setting: &Setting<'_>,
    ) -> Result<Chart, LookerError> {
        frame.vis_config = frame.vis_config.or_else(|| self.vis_config.take());
        let applied = self.listen(setting)?;
        let mut sources = Vec::with_capacity(self.parts.len());
        let mut primary = None;
        for part in self.parts {
            let what = format!("source {:?} of {}", part.name, frame.source);
            let query = posted(part.query, setting.zones).map_err(LookerError::malformed(&what))?;
            sources.push(Source {
                name: part.name,
                post: query.text().map_err(LookerError::malformed(&what))?,
                on: part.on,
            });
            primary.get_or_insert(query);
        }
        let mut shown = primary.unwrap_or_default();
        // That of a source says nothing of what the tile shows.
        shown.remove("vis_config");
        let merge = Merge {
            sources,
            limit: self.limit,
        };
        frame.chart(shown, Work::Merge(merge), applied)
    }

    /// Puts the dashboard's filters into the queries that the tile says listen to them.
    fn listen(&mut self, setting: &Setting<'_>) -> Result<Applied, LookerError> {
        let mut of_parts: Vec<Vec<&Filterable>> = self.parts.iter().map(|_| Vec::new()).collect();
        for filterable in setting.filterables {
            let Some(filter) = filterable.heard(setting.values).next() else {
                continue;
            };
            let Some(listening) = self.named(filterable).and_then(|nth| of_parts.get_mut(nth))
            else {
                return Err(refused(format!(
                    "it does not say clearly to which of its queries the filter {filter:?} goes; \
                     set the tile's filters again in Looker"
                )));
            };
            listening.push(filterable);
        }
        let mut all: Option<Applied> = None;
        for (part, filterables) in self.parts.iter_mut().zip(of_parts) {
            let (values, overrides) = (setting.values, setting.overrides);
            let what = format!("the filters of {:?}", part.name);
            let applied = filters::listen(&mut part.query, filterables, values, overrides)
                .map_err(LookerError::malformed(what))?;
            all = Some(match all {
                None => applied,
                Some(mut all) => {
                    all.values.extend(applied.values);
                    all.ignored.retain(|name| applied.ignored.contains(name));
                    all
                }
            });
        }
        Ok(all.unwrap_or_default())
    }

    /// Which query a filterable is about: the one of its name, else the only one of its explore.
    fn named(&self, filterable: &Filterable) -> Option<usize> {
        let explore = (&filterable.model, &filterable.view);
        let of_explore = |part: &Part| (&part.outline.model, &part.outline.view) == explore;
        let only = |fits: &dyn Fn(&Part) -> bool| {
            let mut fitting = self.parts.iter().enumerate().filter(|(_, part)| fits(part));
            let (nth, _) = fitting.next()?;
            fitting.next().is_none().then_some(nth)
        };
        let name = filterable.name.as_deref().filter(|name| !name.is_empty());
        let by_name = |part: &Part| name == Some(part.name.as_str());
        match self.parts.iter().any(by_name) {
            // Two of one name, or one of another explore, leave a doubt.
            true => only(&by_name).filter(|nth| {
                let told = explore.0.is_some() && explore.1.is_some();
                !told || self.parts.get(*nth).is_some_and(of_explore)
            }),
            false => only(&of_explore),
        }
    }
}
