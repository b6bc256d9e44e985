//! A result without its rows, as far as an event mapper needs it.

use std::borrow::Cow;

use crate::chart::Failure;
use crate::errors::Complaints;
use crate::events::tags::{TagNames, Tags};
use crate::json::Token;
use crate::scan::{Fault, Scan};

/// What the head of a result says.
#[derive(Clone, Debug, Default)]
pub struct Head<'a> {
    /// The fields that a row may hold: dimensions, measures, filters, parameters and table
    /// calculations, in this order and within each in Looker's. A name that is listed twice stands
    /// where it was first, with the tags of both.
    pub fields: Vec<Listed<'a>>,
    /// Whether values head the columns of its measures.
    pub pivoted: bool,
    /// When Looker computed it, as it wrote it.
    pub ran_at: Option<Cow<'a, str>>,
}

/// One field.
#[derive(Clone, Debug, Default)]
pub struct Listed<'a> {
    /// `view.field`, or the bare name of a calculation.
    pub name: Cow<'a, str>,
    /// The label with its view.
    pub label: Option<Cow<'a, str>>,
    /// The label without its view.
    pub label_short: Option<Cow<'a, str>>,
    /// What it is tagged with.
    pub tags: Tags,
    /// Whether it is one of those that tell the rows of a query apart.
    pub dimension: bool,
}

/// The lists of fields, in the order of [`Head::fields`].
const LISTS: [&str; 5] = [
    "dimensions",
    "measures",
    "filters",
    "parameters",
    "table_calculations",
];

impl<'a> Head<'a> {
    /// Reads a head.
    ///
    /// Failures: `malformed` where it is not JSON or not Looker's shape; `looker-error` where
    /// Looker answered with an error.
    pub fn read(head: &'a [u8], tags: &TagNames) -> Result<Self, Failure> {
        let text = crate::reader::text(head)?;
        let mut scan = Scan::new(text);
        let mut read = Self::default();
        let mut complaints = Complaints::default();
        let whole = scan
            .members(|scan, key| {
                match &*key.text() {
                    "fields" => (read.fields, read.pivoted) = fields(scan, tags)?,
                    "ran_at" => read.ran_at = scan.token()?.filled(),
                    "errors" => complaints.errors = Some(scan.token()?),
                    "error" => complaints.error = Some(scan.token()?),
                    "status" => complaints.status = Some(scan.token()?),
                    _ => drop(scan.token()?),
                }
                Ok::<_, Fault>(())
            })
            .and_then(|_| scan.end());
        whole.map_err(misshapen)?;
        complaints.judge()?;
        Ok(read)
    }
}

fn misshapen(fault: Fault) -> Failure {
    Failure::malformed(format!(
        "The result's head is not of the shape of Looker's `json_detail`: {} at byte {}. Ask Looker for the format `json_detail`.",
        fault.what, fault.at
    ))
}

fn fields<'a>(scan: &mut Scan<'a>, tags: &TagNames) -> Result<(Vec<Listed<'a>>, bool), Fault> {
    let mut lists: [Vec<Listed<'a>>; LISTS.len()] = Default::default();
    let mut pivoted = false;
    if scan.next_byte() == Some(b'n') {
        scan.token()?;
        return Ok((Vec::new(), false));
    }
    scan.members(|scan, key| {
        let key = key.text();
        if key == "pivots" {
            pivoted = scan
                .token()?
                .items()
                .is_some_and(|pivots| !pivots.is_empty());
        } else if let Some(place) = LISTS.iter().position(|list| *list == key) {
            lists[place] = list(scan, tags, place == 0)?;
        } else {
            scan.token()?;
        }
        Ok::<_, Fault>(())
    })?;
    let mut fields: Vec<Listed<'a>> = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    for field in lists.into_iter().flatten() {
        match fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.tags = known.tags.and(field.tags),
            None => fields.push(field),
        }
    }
    Ok((fields, pivoted))
}

/// One list of fields; `null` is an empty one.
fn list<'a>(
    scan: &mut Scan<'a>,
    tags: &TagNames,
    dimension: bool,
) -> Result<Vec<Listed<'a>>, Fault> {
    let mut fields = Vec::new();
    if scan.next_byte() == Some(b'n') {
        scan.token()?;
        return Ok(fields);
    }
    scan.items(|scan| {
        let mut field = Listed {
            dimension,
            ..Listed::default()
        };
        scan.members(|scan, key| {
            match &*key.text() {
                "name" => field.name = scan.token()?.filled().unwrap_or_default(),
                "label" => field.label = scan.token()?.filled(),
                "label_short" => field.label_short = scan.token()?.filled(),
                "tags" => field.tags = tagged(scan.token()?, tags),
                _ => drop(scan.token()?),
            }
            Ok::<_, Fault>(())
        })?;
        // What has no name has no cell either.
        if !field.name.is_empty() {
            fields.push(field);
        }
        Ok::<_, Fault>(())
    })?;
    Ok(fields)
}

/// What a field's list of tags says. Anything but a list of texts says nothing.
fn tagged(list: Token<'_>, names: &TagNames) -> Tags {
    if list.raw() == "[]" {
        return Tags::default();
    }
    let tags = list.items().unwrap_or_default().into_iter();
    tags.filter_map(Token::string)
        .fold(Tags::default(), |tags, tag| tags.and(names.read(&tag)))
}
