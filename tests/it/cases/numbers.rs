//! Product 6: when a cell is a number, and how it is carried.

use super::one;
use crate::harness::doc::doc;
use crate::harness::field::{measure, text};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, read};

/// The cell's JSON, and the plain decimal text it is carried as.
const NUMBERS: &[(&str, &str)] = &[
    ("773", "773"),
    ("0", "0"),
    ("-3", "-3"),
    ("-0.4078", "-0.4078"),
    ("10.50", "10.50"),
    ("23670.999996", "23670.999996"),
    ("19.942444999999992", "19.942444999999992"),
    ("0.1", "0.1"),
    ("9007199254740993", "9007199254740993"),
    ("123456789012345678901234567890.000000000000000000001", "123456789012345678901234567890.000000000000000000001"),
    ("1e3", "1000"),
    ("1.5E+2", "150"),
    ("-2e2", "-200"),
    ("12e-3", "0.012"),
    ("1.50e1", "15.0"),
    ("1.25e-2", "0.0125"),
    ("-0", "0"),
    ("\"5\"", "5"),
    ("\"-12.30\"", "-12.30"),
    ("\"9007199254740993\"", "9007199254740993"),
    ("\"1e3\"", "1000"),
    ("\"007\"", "7"),
    ("\"-1.5E-1\"", "-0.15"),
];

/// Cells that hold no number, as JSON.
const NO_NUMBERS: &[&str] = &[
    "\"1,234\"",
    "\"$5\"",
    "\"98%\"",
    "\"NaN\"",
    "\"\"",
    "\" 5\"",
    "\"5 \"",
    "\"+5\"",
    "\".5\"",
    "\"5.\"",
    "\"1e\"",
    "\"1e+\"",
    "\"0x10\"",
    "\"Infinity\"",
    "\"-\"",
    "\"--5\"",
    "\"1_000\"",
    "\"1.2.3\"",
    "\"1 234\"",
    "\"\u{664}\"",
    "\"\u{2212}5\"",
    "\"5\\n\"",
    "\"5\\u0000\"",
    "true",
    "false",
    "[]",
    "[5]",
    "{\"value\":{}}",
    "{\"value\":{\"value\":5}}",
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (token, value) in NUMBERS {
        let name = format!("6 {token} is the number {value}");
        cases.push(read(SINGLE, name, &one(token)).gives(*value).is("/why/raw", *token));
    }
    for token in NO_NUMBERS {
        cases.push(read(SINGLE, format!("6 {token} is no number"), &one(token)).fails(&["not-numeric"]));
    }
    let thousand = format!("1{}", "0".repeat(999));
    let small = format!("0.{}1", "0".repeat(398));
    let along = |name: &str, token: &str| {
        let doc = doc().dim(text("sales.region")).measure(measure("sales.rate", "sum")).row(&["West", token]);
        read(TIMESERIES, format!("6 {name}"), &doc).choose("at", "West")
    };
    cases.extend([
        read(SINGLE, "6 null is no data", &one("null")).fails(&["no-data"]),
        read(SINGLE, "6 an exponent is written out", &one("1e400")).gives(format!("1{}", "0".repeat(400))),
        read(SINGLE, "6 a small exponent is written out", &one("1e-399")).gives(small),
        read(SINGLE, "6 a thousand digits are a number", &one("1e999")).gives(thousand),
        read(SINGLE, "6 an exponent of more than a thousand digits is none", &one("1e5000")).fails(&["not-numeric"]),
        read(SINGLE, "6 nor is a tiny one", &one("1e-5000")).fails(&["not-numeric"]),
        read(SINGLE, "6 an exponent beyond every counter is none", &one("1e99999999999999999999")).fails(&["not-numeric"]),
        read(SINGLE, "6 nor the tiniest", &one("1e-99999999999999999999")).fails(&["not-numeric"]),
        read(SINGLE, "6 an exponent in text, the same", &one("\"1e99999999999999999999\"")).fails(&["not-numeric"]),
        along("the time series carries a number the same", "10.50").gives("10.50").is("/why/raw", "10.50"),
        along("the time series refuses text the same", "1,234").fails(&["not-numeric"]),
        read(PIVOT_TABLE, "6 the table carries a number the same", &one("1.50e1")).gives("15.0"),
        read(PIVOT_TABLE, "6 the table refuses text the same", &one("98%")).fails(&["not-numeric"]),
        read(SINGLE, "6 rendered is shown, never parsed", &one("{\"value\":\"n/a\",\"rendered\":\"5\"}")).fails(&["not-numeric"]),
        read(SINGLE, "6 rendered goes with the value", &one("{\"value\":116.0310256410256,\"rendered\":\"$116.03\"}"))
            .gives("116.0310256410256")
            .is("/rendered", "$116.03"),
        read(SINGLE, "6 a cell without rendered has none", &one("5")).is("/rendered", serde_json::Value::Null),
    ]);
    cases
}
