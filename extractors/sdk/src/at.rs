//! The `at` control: which point along the axis.

use jiff::civil::DateTime;

use crate::axis::{Axis, Kind};
use crate::chart::{Failure, Note};
use crate::failure::shown;
use crate::json::Token;
use crate::labels;
use crate::plot::Plot;
use crate::points::{Along, Point};
use crate::row::{self, RowChoice};
use crate::sort;
use crate::stamp;

/// The word for the newest value that is not in the future.
pub const LATEST: &str = "latest";

/// The word for the newest value whose period is over.
pub const LATEST_COMPLETE: &str = "latest-complete";

/// What was chosen under `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At<'a> {
    /// The newest value that is not in the future.
    Latest,
    /// The newest value whose period is over.
    LatestComplete,
    /// A value along the axis.
    Given(&'a str),
}

impl<'a> At<'a> {
    /// Reads what was chosen: `latest` by default on an axis of time; elsewhere `bad-selection`
    /// where nothing is chosen, or one of the words that need points in time.
    pub fn read(plot: &Plot<'a>) -> Result<Option<Self>, Failure> {
        let Some(axis) = &plot.axis else {
            return match plot.chosen.at {
                None => Ok(None),
                Some(at) => Err(Failure::bad_selection(
                    "at",
                    format!(
                        "The chart has no x axis, so nothing stands at {}. Leave `at` out.",
                        shown(at)
                    ),
                )),
            };
        };
        let at = match plot.chosen.at {
            Some(LATEST) => At::Latest,
            Some(LATEST_COMPLETE) => At::LatestComplete,
            Some(value) => return Ok(Some(At::Given(value))),
            None if axis.frame().is_some() => At::Latest,
            None => return Err(unchosen(plot, axis)),
        };
        match &axis.kind {
            Kind::Time(_) => Ok(Some(at)),
            Kind::SomeTime(_) if at == At::LatestComplete => Err(Failure::bad_selection(
                "at",
                format!(
                    "Nothing in the result says whether `{}` goes by days, weeks or months, so nothing tells which periods are over. Choose `latest` or a value under `at`.",
                    axis.field.name
                ),
            )),
            Kind::SomeTime(_) => Ok(Some(at)),
            Kind::Category(why) => Err(Failure::bad_selection(
                "at",
                format!("{why}. So there is no latest; choose one of its values under `at`."),
            )),
        }
    }

    /// Picks the point that is meant.
    ///
    /// Failures: `no-data` where there is none, or `incomplete` where it may have been cut off;
    /// `ambiguous` where several rows stand there; `incomplete` where others may stand there; `malformed`
    /// where it is asked how the rows were sorted, and that is not JSON.
    pub fn pick(
        self,
        plot: &Plot<'a>,
        axis: &Axis<'a>,
        points: &Along<'_, 'a>,
        rows: &RowChoice<'a>,
    ) -> Result<(Point<'a>, Vec<Note>), Failure> {
        let (point, notes) = match self {
            At::Given(value) => (given(plot, axis, points, value)?, Vec::new()),
            At::Latest | At::LatestComplete => self.newest(plot, axis, points)?,
        };
        if !axis.is_on_pivots() && plot.document.truncated && !rows.pins_all(plot) {
            return Err(row::unpinned(plot));
        }
        Ok((point, notes))
    }

    fn newest(
        self,
        plot: &Plot<'a>,
        axis: &Axis<'a>,
        points: &Along<'_, 'a>,
    ) -> Result<(Point<'a>, Vec<Note>), Failure> {
        let now = plot.clock.now(plot.zone())?;
        if self == At::LatestComplete && now.is_none() {
            return Err(Failure::bad_selection(
                "at",
                "Neither the context nor the result says when it is, so nothing tells which periods are over. Choose `latest` or a value, or give `now`.",
            ));
        }
        let is_cut = is_cut(plot, axis);
        if is_cut
            && !sort::newest_first(
                &plot.document,
                &plot.query,
                &axis.field.name,
                axis.is_on_pivots(),
            )?
        {
            return Err(Failure::incomplete(format!(
                "Looker cut the result at its limit, and it is not sorted by `{}`, newest first, so the latest may be among what is missing. Sort the tile so, or raise its limit.",
                axis.field.name
            ))
            .blaming("at"));
        }
        // Whether the points that stand at a point in time really come newest first.
        let is_descending = || {
            let starts = points.starts(plot).flatten();
            starts.is_sorted_by(|earlier, later| earlier >= later)
        };
        if is_cut && !axis.is_on_pivots() && !is_descending() {
            return Err(Failure::incomplete(format!(
                "Looker cut the result at its limit, and its rows do not come newest first by `{}` as its sort says, so the latest may be among what is missing. Raise the tile's limit.",
                axis.field.name
            ))
            .blaming("at"));
        }
        let end = |start: DateTime| axis.frame().and_then(|frame| frame.end(start));
        let is_over = |start: DateTime, now: DateTime| end(start).is_some_and(|end| end <= now);
        let in_time = |start: DateTime| match (now, self) {
            (None, _) => true,
            (Some(now), At::LatestComplete) => is_over(start, now),
            (Some(now), _) => start <= now,
        };
        // Where the newest come last, most are older than one that was looked at if that end comes first.
        let is_ascending = {
            let mut ends = points.starts(plot);
            ends.next() < ends.next_back()
        };
        let mut best: Option<DateTime> = None;
        // Of several the first in the document.
        let mut skipped: Option<(DateTime, Token<'a>)> = None;
        let mut look = |place: usize, start: Option<DateTime>| {
            // What is no newer than the newest so far changes nothing, whether there is a number or not.
            let Some(start) = start.filter(|start| best.is_none_or(|best| *start > best)) else {
                return;
            };
            let is_in_time = in_time(start);
            let is_skipped = !is_in_time
                && now.is_some_and(|now| start > now)
                && skipped
                    .is_none_or(|(before, _)| start > before || (is_ascending && start == before));
            if !is_in_time && !is_skipped {
                return;
            }
            let point = points.get(plot, place);
            let Some(x) = point
                .filter(|point| point.number.is_some())
                .and_then(|point| point.x)
            else {
                return;
            };
            if is_in_time {
                best = Some(start);
            } else {
                skipped = Some((start, x));
            }
        };
        let starts = points.starts(plot);
        if is_ascending {
            let last = points.len() - 1;
            let backwards = starts.rev().enumerate();
            backwards.for_each(|(before, start)| look(last - before, start));
        } else {
            starts
                .enumerate()
                .for_each(|(place, start)| look(place, start));
        }
        let Some(best) = best else {
            return Err(nothing(plot, axis, is_cut));
        };
        let at_best = points.starts(plot).enumerate();
        let at_best = at_best.filter(|(_, start)| *start == Some(best));
        let at_best = at_best.filter_map(|(place, _)| points.get(plot, place));
        let point = sole(plot, at_best)?;
        let mut notes = Vec::new();
        if let Some((_, x)) = skipped {
            notes.push(Note::new(
                "forecast-skipped",
                format!(
                    "Values up to {} lie in the future and are passed over.",
                    labels::value(x)
                ),
            ));
        }
        if self == At::Latest
            && let Some(now) = now
            && !is_over(best, now)
        {
            let x = point.x.map(labels::value).unwrap_or_default();
            notes.push(Note::new(
                "partial-period",
                ["The period ", &x, " was not over yet, so its number may still change. `latest-complete` reads the one before."].concat(),
            ));
        }
        Ok((point, notes))
    }
}

/// The point at a value: the same text, or on an axis of time the same period.
fn given<'a>(
    plot: &Plot<'a>,
    axis: &Axis<'a>,
    points: &Along<'_, 'a>,
    value: &str,
) -> Result<Point<'a>, Failure> {
    let with_x = || points.iter(plot).filter(Point::has_x);
    let mut same_text: Vec<_> = with_x()
        .filter(|point| point.x.and_then(Token::text).is_some_and(|x| x == value))
        .collect();
    if let (Some(first), Some(_)) = (same_text.first(), axis.frame()) {
        // Another text may name the same period, and then nothing tells which is meant.
        let start = first.start(plot);
        same_text = with_x()
            .filter(|point| point.start(plot) == start)
            .collect();
    }
    if !same_text.is_empty() {
        return sole(plot, same_text.into_iter());
    }
    if let Some(frame) = axis.frame()
        && let Some(stamp) = stamp::parse(value)
        && frame.is_named_by(stamp.grain)
        && let Some(stamp) = frame.placed(stamp)
    {
        let start = match stamp.offset {
            None => Some(stamp.start),
            Some(_) => stamp.local(plot.zone()),
        };
        let same_period: Vec<_> = with_x()
            .filter(|point| start.is_some() && point.start(plot) == start)
            .collect();
        if !same_period.is_empty() {
            return sole(plot, same_period.into_iter());
        }
    }
    let field = &axis.field.name;
    if is_cut(plot, axis) {
        return Err(Failure::incomplete(format!(
            "`{field}` has no value {}, but Looker cut the result at its limit, so it may be among what is missing. Raise the tile's limit.",
            shown(value)
        ))
        .blaming("at"));
    }
    Err(Failure::no_data(format!(
        "`{field}` has no value {} in this result. Choose another under `at`, or widen the tile's filters.",
        shown(value)
    ))
    .blaming("at"))
}

/// The one point of those that stand at one value.
fn sole<'a>(
    plot: &Plot<'a>,
    mut points: impl Iterator<Item = Point<'a>>,
) -> Result<Point<'a>, Failure> {
    let Some(first) = points.next() else {
        return Err(Failure::internal(
            "a value along the axis was found and then lost",
        ));
    };
    match points.count() {
        0 => Ok(first),
        others => Err(repeated(plot, &first, others + 1)),
    }
}

/// Several points stand at one value of the axis.
pub fn repeated(plot: &Plot<'_>, point: &Point<'_>, count: usize) -> Failure {
    let x = point.x.map(labels::value).unwrap_or_default();
    if point.row.is_some() && !plot.axis.as_ref().is_some_and(|axis| axis.is_on_pivots()) {
        return row::several(plot, count, &format!(" {}", shown(&x)));
    }
    Failure::ambiguous(
        "pivot",
        format!(
            "{count} columns stand at {}, so nothing tells which is meant. Say under `pivot`, or repair the pivots of the tile's query.",
            shown(&x)
        ),
    )
}

/// No value along an axis of categories is chosen, which is the selection's fault only where there
/// is one to choose.
fn unchosen<'a>(plot: &Plot<'a>, axis: &Axis<'a>) -> Failure {
    let field = &axis.field.name;
    if plot.has_values_along(axis) {
        return Failure::bad_selection(
            "at",
            format!("Nothing says which value of `{field}` is meant. Choose one under `at`."),
        );
    }
    if is_cut(plot, axis) || plot.rows.is_empty() {
        return nothing(plot, axis, is_cut(plot, axis));
    }
    Failure::unsupported(format!(
        "No value of `{field}` is a text or a number, so none can be told from another. Choose another field under `x`."
    ))
    .blaming("x")
}

/// Whether values along the axis may be missing.
pub fn is_cut(plot: &Plot<'_>, axis: &Axis<'_>) -> bool {
    if axis.is_on_pivots() {
        plot.document.columns_truncated
    } else {
        plot.document.truncated
    }
}

fn nothing(plot: &Plot<'_>, axis: &Axis<'_>, is_cut: bool) -> Failure {
    let (measure, field) = (&plot.measure.name, &axis.field.name);
    if is_cut {
        return Failure::incomplete(format!(
            "`{measure}` is null at every `{field}` that came, and Looker cut the result at its limit. Raise the tile's limit."
        ));
    }
    if plot.rows.is_empty() {
        return Failure::no_data(format!(
            "The result has no rows, so there is no `{measure}` to read. The tile's filters may leave nothing."
        ));
    }
    Failure::no_data(format!(
        "`{measure}` is null at every `{field}` up to now, so there is no latest. Widen the tile's filters, or choose another `y`."
    ))
}
