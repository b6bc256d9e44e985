//! Results to read: generated ones, and a recorded one where `LENSMOUNT_FIXTURES` names its folder.
#![allow(dead_code, reason = "each benchmark reads some of them")]

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The field on x.
pub const X: &str = "orders.created_month";
/// The field that is read.
pub const Y: &str = "orders.count";

/// A result with a name.
pub struct Sample {
    /// For the table.
    pub name: String,
    /// `json_detail`.
    pub body: Vec<u8>,
}

impl Sample {
    /// The number that is to be read off it.
    pub fn latest(&self) -> anyhow::Result<String> {
        let document: Document<'_> = serde_json::from_slice(&self.body)?;
        Ok(document.latest().context("no rows")?.to_owned())
    }
}

/// What serde_json needs to read the same number: nothing but x and y.
#[derive(Deserialize)]
pub struct Document<'a> {
    /// Rows.
    #[serde(borrow)]
    pub data: Vec<Row<'a>>,
}

impl Document<'_> {
    /// What is read: the number at the greatest x.
    pub fn latest(&self) -> Option<&str> {
        let latest = self.data.iter().max_by_key(|row| row.x.value.get())?;
        Some(latest.y.value.get())
    }
}

/// A row.
#[derive(Deserialize)]
pub struct Row<'a> {
    /// The cell on x.
    #[serde(borrow, rename = "orders.created_month")]
    pub x: Cell<'a>,
    /// The cell that is read.
    #[serde(borrow, rename = "orders.count")]
    pub y: Cell<'a>,
}

/// A cell.
#[derive(Deserialize)]
pub struct Cell<'a> {
    /// As it came.
    #[serde(borrow)]
    pub value: &'a RawValue,
}

/// Results of about 27 KB.
pub fn small() -> Vec<Sample> {
    let mut samples = vec![
        Sample {
            name: "generated, dense".into(),
            body: dense(27_000),
        },
        Sample {
            name: "generated, drill links".into(),
            body: linked(13),
        },
    ];
    if let Some(body) = recorded() {
        samples.push(Sample {
            name: "recorded".into(),
            body,
        });
    }
    samples
}

/// The one of 27 KB that stands for all of them: the recorded one if it is there.
pub fn usual() -> Sample {
    match recorded() {
        Some(body) => Sample {
            name: "recorded".into(),
            body,
        },
        None => Sample {
            name: "generated, drill links".into(),
            body: linked(13),
        },
    }
}

fn head() -> String {
    format!(
        r#"{{"status":"complete","from_cache":true,"ran_at":"9999-01-01T00:00:00+00:00","timezone":"UTC","fields":{{"dimensions":[{{"name":"{X}","label":"Orders Created Month","type":"date_hour","is_timeframe":true,"time_interval":{{"name":"hour","count":1}}}}],"measures":[{{"name":"{Y}","label":"Orders Count","type":"count","is_numeric":true}},{{"name":"orders.revenue","label":"Orders Revenue","type":"sum","is_numeric":true,"value_format":"$#,##0.00"}}],"table_calculations":[],"pivots":[]}},"data":["#
    )
}

/// Rows of three cells and about 270 bytes, one an hour.
pub fn dense(size: usize) -> Vec<u8> {
    let mut body = head();
    let mut row = 0_u32;
    while body.len() < size {
        let comma = if row == 0 { "" } else { "," };
        let (hour, day, month, year) = (
            row % 24,
            row / 24 % 28 + 1,
            row / 672 % 12 + 1,
            1990 + row / 8064,
        );
        let at = format!("{year:04}-{month:02}-{day:02} {hour:02}");
        // Writing to a string does not fail.
        write!(
            body,
            r#"{comma}{{"{X}":{{"value":"{at}","filterable_value":"{at} for 1 hour"}},"{Y}":{{"value":{count},"rendered":"{count}"}},"orders.revenue":{{"value":{count}.4499999999,"rendered":"${count}.45","html":"<span>${count}.45</span>","filterable_value":"{count}.45"}}}}"#,
            count = 100 + row % 9_000,
        )
        .ok();
        row += 1;
    }
    body.push_str("]}");
    body.into_bytes()
}

/// Rows with the drill links that make real results large.
fn linked(rows: u32) -> Vec<u8> {
    let mut body = head();
    for row in 0..rows {
        let comma = if row == 0 { "" } else { "," };
        let at = format!("2019-12-22 {row:02}");
        let link = format!(
            r#"{{"label":"by Created Date","label_prefix":"by","url":"/explore/shop/orders?fields=orders.count,orders.created_date&f[{X}]={at}&sorts=orders.created_date+desc&limit=500&column_limit=50","type":"drill","type_label":"Drill into {at}"}}"#
        );
        let links = vec![link; 7].join(",");
        write!(
            body,
            r#"{comma}{{"{X}":{{"value":"{at}","links":[{links}]}},"{Y}":{{"value":{row},"links":[]}},"orders.revenue":{{"value":{row}.5}}}}"#
        )
        .ok();
    }
    body.push_str("]}");
    body.into_bytes()
}

/// The recorded month chart, if it is there.
pub fn recorded() -> Option<Vec<u8>> {
    let folder = PathBuf::from(std::env::var_os("LENSMOUNT_FIXTURES")?);
    std::fs::read(folder.join("looker/results/actions_month_desc_count.json")).ok()
}
