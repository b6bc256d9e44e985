//! Drift: what a key result points at is no longer what it was linked to, or no longer tells anything.
//!
//! Everything here is a function of what was known before, what a read came to, and the time. What a
//! read has to find out for it is gathered in [`super::watch`].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decimal::Decimal;
use crate::looker::Source;

use super::schedule::Schedule;

/// Reads that have to show the same number before it is said to stand still.
const FEWEST_READS: u32 = 3;
/// How long a number may stay the same where its link does not say.
const STILL_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How late the second of two slots may be before a reading is overdue: as late as the slots are
/// apart, but enough for jitter and a slow query, and no more than minutes.
const GRACE: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(10), SignedDuration::from_mins(5));

/// The most that is repeated of what Looker or an extractor says, and of the name of a chart type, in
/// characters. What does not fit must not stop the readings of its neighbours.
const MOST_WORDS: usize = 500;
const LONGEST_TYPE: usize = 200;

/// A way in which a key result is no longer what it was when it was linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drift {
    /// Which way.
    pub kind: DriftKind,
    /// Since when that is known.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What has happened, what it means, what to do.
    pub message: String,
    /// The control to choose anew, of `field-renamed`; null where it was left to its default.
    pub control: Option<String>,
    /// What it was when it was linked: the chart type or the field.
    pub from: Option<String>,
    /// What it is now. Of `field-renamed` what the field is called now as far as can be told; it is a
    /// hint and never read in its place by us.
    pub to: Option<String>,
}

/// The ways to drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// The tile or look is not there any more.
    SourceGone,
    /// It is drawn as another type of chart.
    ChartTypeChanged,
    /// A field or value that was chosen is no longer in the result, or another one is read by default.
    FieldRenamed,
    /// The number has been the same for too long.
    NotMoving,
    /// The last reading is older than the schedule allows.
    Overdue,
}

/// What is watched of a link while it is read. It begins anew whenever the link is changed or switched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// When the link was made or switched on.
    pub since: Option<Timestamp>,
    /// Where the chart was found last, where that is not where it was linked: a LookML tile that a
    /// deploy has given another id.
    pub found: Option<Source>,
    /// What is chosen, by control, as it was offered when it was first read well.
    pub chosen: BTreeMap<String, Offered>,
    /// The field that was read first.
    pub field: Option<String>,
    /// The number that was read last, and for how long it has been that.
    pub still: Option<Still>,
    /// How it has drifted by what reads have shown.
    pub drift: Vec<Drift>,
}

/// A number that is the same read after read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Still {
    /// The number.
    pub value: Decimal,
    /// When it was read first.
    pub since: Timestamp,
    /// How many reads have shown it.
    pub reads: u32,
    /// When Looker computed it last.
    pub ran_at: Option<Timestamp>,
    /// How many times Looker is known to have computed it.
    pub runs: u32,
}

/// A value as its control offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// What a form shows for it.
    pub label: String,
    /// Its place among the values.
    pub place: usize,
    /// How many values there are.
    pub of: usize,
}

/// What a link is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linked<'a> {
    /// Of which type the chart was.
    pub chart_type: Option<&'a str>,
    /// What is chosen.
    pub selection: &'a BTreeMap<String, String>,
    /// How long its number may stay the same; none where that is never too long.
    pub still_after: Option<SignedDuration>,
    /// Whether the key result's period is over.
    pub over: bool,
}

/// What a read found at the other end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The chart.
    Chart(Seen),
    /// The chart is not there.
    Gone {
        /// In Looker's words and ours.
        words: String,
    },
    /// Looker did not say: what was known is known still.
    Unknown,
}

/// A chart as a read found it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its type.
    pub chart_type: Option<String>,
    /// Where it was found, if not where it was linked.
    pub elsewhere: Option<Source>,
    /// The extractor that reads it for this link.
    pub read_by: Option<String>,
    /// The extractor that would be chosen for its type now.
    pub claimed_by: Option<String>,
    /// What is chosen, as it is offered; only with the first good read.
    pub chosen: BTreeMap<String, Offered>,
    /// What the control which failed offers; only with a bad selection, and only where it could be had.
    pub offers: Option<Offers>,
}

/// What a control offers after something else was chosen for it than it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// Whether what was chosen is among it.
    pub chosen: bool,
    /// The values with their labels; none where they are too many or too long to look for a successor.
    pub values: Vec<(String, String)>,
}

/// What a read came to.
#[derive(Debug, Clone)]
pub(super) enum Came<'a> {
    /// A number.
    Number {
        /// The number.
        value: Decimal,
        /// The field it is of.
        field: Option<&'a str>,
        /// When Looker computed it.
        ran_at: Option<Timestamp>,
    },
    /// The control names something that is not there.
    BadSelection {
        /// The control.
        control: &'a str,
        /// The extractor's words.
        words: &'a str,
    },
    /// No number, for whatever other reason.
    Nothing,
}

impl Watch {
    /// The watch of a link that is made or switched on at that time.
    pub(super) fn begun(at: Timestamp) -> Self {
        Self {
            since: Some(at),
            ..Self::default()
        }
    }

    /// Whether a read has given a number since the link was made.
    pub(super) fn has_read(&self) -> bool {
        self.still.is_some()
    }

    /// What is known after a read.
    pub(super) fn after(
        &self,
        linked: Linked<'_>,
        found: &Found,
        came: &Came<'_>,
        now: Timestamp,
    ) -> Self {
        let mut watch = self.clone();
        if let Found::Chart(seen) = found {
            watch.found.clone_from(&seen.elsewhere);
        }
        if let Came::Number {
            value,
            field,
            ran_at,
        } = came
        {
            watch.still = Some(still(self.still.as_ref(), value, *ran_at, now));
            if !self.has_read() {
                watch.field = field.map(ToOwned::to_owned);
                if let Found::Chart(seen) = found {
                    watch.chosen.clone_from(&seen.chosen);
                }
            }
        }
        let drift = [
            self.source(found),
            self.chart_type(linked, found),
            self.field(linked, found, came),
            watch.moving(linked, came, now),
        ];
        let drift = drift.into_iter().flatten().map(|mut drift| {
            let known = self.drift.iter().find(|known| known.same(&drift));
            // What is only kept has its time already; what was known before keeps the one it had.
            drift.since = known.map_or(now, |known| known.since);
            drift
        });
        watch.drift = drift.collect();
        watch
    }

    fn source(&self, found: &Found) -> Option<Drift> {
        match found {
            Found::Chart(_) => None,
            Found::Unknown => self.known(DriftKind::SourceGone),
            Found::Gone { words } => Some(Drift::new(
                DriftKind::SourceGone,
                format!(
                    "what it is linked to is gone: {}; the last value stays; link the key result to another chart, or switch its integration off",
                    cut(words, MOST_WORDS)
                ),
            )),
        }
    }

    fn chart_type(&self, linked: Linked<'_>, found: &Found) -> Option<Drift> {
        let Found::Chart(seen) = found else {
            // Nobody saw the chart, so it is what it was last.
            return self.known(DriftKind::ChartTypeChanged);
        };
        let (before, now) = (linked.chart_type?, seen.chart_type.as_deref());
        if now == Some(before) {
            return None;
        }
        let means = match (&seen.read_by, &seen.claimed_by) {
            (Some(by), Some(other)) if by != other => format!(
                "it is read on by {by}, as it was linked, although charts of the new type are read by {other}"
            ),
            (Some(by), Some(_)) => format!("it is read on by {by}"),
            (Some(by), None) => format!(
                "it is read on by {by}, as it was linked, although no extractor reads charts of the new type"
            ),
            (None, _) => "no extractor reads it as it is".to_owned(),
        };
        let before = cut(before, LONGEST_TYPE);
        let now = now.map(|now| cut(now, LONGEST_TYPE));
        let type_now = now.as_deref().unwrap_or("none");
        Some(Drift {
            from: Some(before.clone()),
            to: now.clone(),
            ..Drift::new(
                DriftKind::ChartTypeChanged,
                format!(
                    "the chart was of type {before} when it was linked and is of type {type_now} now; {means}; see whether the number is still the one that is meant, and link the key result anew"
                ),
            )
        })
    }

    fn field(&self, linked: Linked<'_>, found: &Found, came: &Came<'_>) -> Option<Drift> {
        match came {
            Came::Number { field, .. } => {
                let (before, now) = (self.field.as_deref()?, (*field)?);
                (before != now).then(|| Drift {
                    from: Some(before.to_owned()),
                    to: Some(now.to_owned()),
                    ..Drift::new(
                        DriftKind::FieldRenamed,
                        format!(
                            "the number was that of field {before} when it was linked and is that of field {now} now, because the field was left to the extractor's default; see whether that is the one that is meant, and link the key result with a field of your choice"
                        ),
                    )
                })
            }
            // What has never been read well was chosen wrongly, and has not changed.
            Came::BadSelection { control, words } if self.has_read() => {
                let before = linked.selection.get(*control);
                let offers = match found {
                    Found::Chart(seen) => seen.offers.as_ref(),
                    Found::Gone { .. } | Found::Unknown => None,
                };
                let Some(offers) = offers else {
                    // Nobody knows whether it is offered still, so it is as it was last.
                    return self.known(DriftKind::FieldRenamed);
                };
                // What is offered still is not gone, whatever else is wrong with it.
                if offers.chosen {
                    return None;
                }
                let chosen = self.chosen.get(*control);
                let successor = chosen.and_then(|chosen| chosen.successor(&offers.values));
                let hint = successor.as_ref().map_or_else(String::new, |successor| {
                    format!(
                        "; it may be called {successor} now, which is not read before somebody chooses it"
                    )
                });
                Some(Drift {
                    control: Some((*control).to_owned()),
                    from: before.cloned(),
                    to: successor,
                    ..Drift::new(
                        DriftKind::FieldRenamed,
                        format!(
                            "{} was good for control {control} when the key result was linked and is not any more: {}{hint}; the last value stays; choose {control} anew",
                            before.map_or("its default", String::as_str),
                            cut(words, MOST_WORDS),
                        ),
                    )
                })
            }
            Came::BadSelection { .. } => None,
            Came::Nothing => self.known(DriftKind::FieldRenamed),
        }
    }

    fn moving(&self, linked: Linked<'_>, came: &Came<'_>, now: Timestamp) -> Option<Drift> {
        // That of a past period should stand still.
        if linked.over {
            return None;
        }
        // A read that fails does not show that the number moves again, nor that it stands still.
        let Came::Number { .. } = came else {
            return self.known(DriftKind::NotMoving);
        };
        let (still, most) = (self.still.as_ref()?, linked.still_after?);
        if still.reads < FEWEST_READS || now.duration_since(still.since) < most {
            return None;
        }
        let (value, since) = (&still.value, still.since);
        let why = match still.ran_at {
            Some(ran_at) if still.runs < 2 => format!(
                "Looker has not computed it anew since {ran_at}: see whether the cache of its model ever expires"
            ),
            _ => format!(
                "{} reads have shown it: see whether the data behind the chart is still updated and whether its filters still fit",
                still.reads
            ),
        };
        Some(Drift::new(
            DriftKind::NotMoving,
            format!(
                "the number has been {value} since {since}, longer than {most:#}; {why}; where it may stay the same for longer, raise `still_after`"
            ),
        ))
    }

    fn known(&self, kind: DriftKind) -> Option<Drift> {
        self.drift.iter().find(|it| it.kind == kind).cloned()
    }

    /// What has begun and what has ended between two states.
    pub(super) fn changes<'a>(&'a self, now: &'a Self) -> (Vec<&'a Drift>, Vec<&'a Drift>) {
        let lacking = |from: &'a [Drift], of: &'a [Drift]| {
            let lacks = |it: &&Drift| !of.iter().any(|other| other.same(it));
            from.iter().filter(lacks).collect()
        };
        (
            lacking(&now.drift, &self.drift),
            lacking(&self.drift, &now.drift),
        )
    }
}

impl Drift {
    fn new(kind: DriftKind, message: String) -> Self {
        Self {
            kind,
            since: Timestamp::UNIX_EPOCH,
            message,
            control: None,
            from: None,
            to: None,
        }
    }

    /// Whether it is the same drift still, whatever is said of it. What a control might have instead
    /// is said of it: that is guessed anew with each read, and may be another each time.
    fn same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.control == other.control
            && self.from == other.from
            && (self.control.is_some() || self.to == other.to)
    }
}

impl Offered {
    /// What stands now in the place of a value that is gone, where exactly one can be meant: the one
    /// with its label, else the one at its place where there are as many as before.
    fn successor(&self, offers: &[(String, String)]) -> Option<String> {
        let mut named = offers.iter().filter(|(_, label)| *label == self.label);
        match (named.next(), named.next()) {
            (Some((value, _)), None) => Some(value.clone()),
            (Some(_), Some(_)) => None,
            (None, _) => {
                let there = offers.get(self.place).filter(|_| offers.len() == self.of);
                there.map(|(value, _)| value.clone())
            }
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn still(
    before: Option<&Still>,
    value: &Decimal,
    ran_at: Option<Timestamp>,
    now: Timestamp,
) -> Still {
    match before.filter(|before| before.value == *value) {
        None => Still {
            value: value.clone(),
            since: now,
            reads: 1,
            ran_at,
            runs: 1,
        },
        Some(before) => Still {
            reads: before.reads.saturating_add(1),
            runs: before
                .runs
                .saturating_add(u32::from(before.ran_at != ran_at)),
            ran_at,
            ..before.clone()
        },
    }
}

/// How long a number may stay the same, as a link says it: an interval, or `never` too long.
pub(super) fn still_after(
    text: Option<&str>,
) -> Result<Option<SignedDuration>, super::schedule::BadSchedule> {
    match text {
        None => Ok(Some(STILL_AFTER)),
        Some("never") => Ok(None),
        Some(text) => super::schedule::interval(text, SignedDuration::from_secs(1)).map(Some),
    }
}

/// Whether the last good reading is older than the schedule allows: two slots have passed since, and
/// some grace. `read` is when that was, or when the link was made.
pub(super) fn overdue(schedule: &Schedule, read: Timestamp, now: Timestamp) -> Option<Drift> {
    let first = schedule.next_after(read)?;
    let second = schedule.next_after(first)?;
    let (least, most) = GRACE;
    let grace = second.duration_since(first).clamp(least, most);
    let since = second.checked_add(grace).ok()?;
    (now >= since).then(|| Drift {
        since,
        ..Drift::new(
            DriftKind::Overdue,
            format!(
                "it was to be read at {first} and at {second}, and there has been no good reading since {read}; the value may be out of date; its last failure says why, else see whether the server was up and has time for its reads"
            ),
        )
    })
}

#[cfg(test)]
mod tests;
