//! `json` and `json_label`: rows, and nothing about them.

use serde::Serialize;
use serde_json::Value;

use super::cell::{Bare, Ordered, Slot, shown};
use super::{Fault, Ran, Wishes, envelope, failure};
use crate::evaluate::{Cell, Member, Plan, Table};
use crate::model::{format_of, metadata};

/// Rows, or the one that says why there are none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Rows {
    /// Rows.
    Rows(Vec<Ordered<Slot<Bare>>>),
    /// What went wrong.
    Failed([Value; 1]),
}

/// The rows of an answer, by name or by label.
pub fn rows(ran: &Ran, wishes: Wishes, fault: Fault<'_>, by_label: bool) -> Rows {
    if let Some(row) = failure::row(ran, fault) {
        return Rows::Failed([row]);
    }
    let Ok((plan, table)) = &ran.outcome else {
        return Rows::Rows(Vec::new());
    };
    let names = names(plan, by_label);
    let row = |row: &crate::evaluate::Row| {
        let members = row
            .members
            .iter()
            .map(|member| Slot::Flat(Bare::Member(member.clone())));
        let cells = row.cells.iter().enumerate().map(|(at, cells)| {
            let format = plan.measures.get(at).and_then(|field| format_of(*field));
            slot(
                plan,
                table,
                cells,
                if wishes.formatted { Some(format) } else { None },
            )
        });
        let named = names.iter().cloned().zip(members.chain(cells));
        let count = if wishes.calculations {
            names.len()
        } else {
            names.len() - plan.calculations.len()
        };
        Ordered(named.take(count).collect())
    };
    Rows::Rows(table.rows.iter().map(row).collect())
}

/// The names of dimensions, measures and calculations, in the order their cells come in.
pub fn names(plan: &Plan, by_label: bool) -> Vec<String> {
    let fields = plan.rows.iter().chain(&plan.measures);
    let named = fields.map(|field| match by_label {
        true => metadata(*field)["label"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        false => field.to_string(),
    });
    let calculated = plan.calculations.iter().map(|known| match by_label {
        true => known.label.clone(),
        false => known.name.clone(),
    });
    named.chain(calculated).collect()
}

fn slot(plan: &Plan, table: &Table, cells: &[Cell], formatted: Option<Option<&str>>) -> Slot<Bare> {
    let bare = |cell: &Cell| match formatted {
        Some(format) if !matches!(cell, Cell::Null | Cell::Absent) => {
            Bare::Text(shown(cell, format))
        }
        _ => Bare::from(cell),
    };
    if plan.pivots.is_empty() {
        return Slot::Flat(cells.first().map_or(Bare::Null, bare));
    }
    // By pivot, as far as is known: {"orders.count": {"orders.status": {"complete": 1}}}.
    let columns = table.columns.iter().zip(cells);
    let keyed = columns.map(|(column, cell)| (envelope::key(column, &plan.pivots), bare(cell)));
    let pivots: Vec<_> = plan.pivots.iter().map(ToString::to_string).collect();
    Slot::Named(Ordered(vec![(
        pivots.join("|FIELD|"),
        Ordered(keyed.collect()),
    )]))
}

/// A member as a spreadsheet has it.
pub fn text(member: &Member) -> String {
    match member {
        Member::Null => String::new(),
        other => other.shown(),
    }
}
