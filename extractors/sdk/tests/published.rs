//! Published payloads of Looker's own projects, where the folder that holds them is at hand.

#![allow(
    clippy::print_stdout,
    reason = "a test that finds nothing to read says so"
)]

mod support;

use std::path::PathBuf;

use lensmount_sdk::layout::Layout;
use support::Case;

fn payload(name: &str) -> Option<String> {
    let folder = std::env::var_os("LENSMOUNT_FIXTURES").map(PathBuf::from);
    let path = folder.map(|folder| folder.join("looker/results").join(name));
    let text = path.and_then(|path| std::fs::read_to_string(path).ok());
    if text.is_none() {
        println!(
            "{name} is not here: set LENSMOUNT_FIXTURES to the folder that holds looker/results"
        );
    }
    text
}

#[test]
fn months_newest_first() {
    let Some(body) = payload("actions_month_desc_count.json") else {
        return;
    };
    let case = Case::raw(Layout::Axis, body);
    case.check(&[], "773@2017-07");
    let series = case.series(&[]).unwrap();
    assert_eq!(series.len(), 13);
    assert_eq!(series[0].at.as_deref(), Some("2016-07"));
}

#[test]
fn days_with_a_null() {
    let Some(body) = payload("visadapters_day_flat_null.json") else {
        return;
    };
    let case = Case::raw(Layout::Axis, body);
    case.check(&[("at", "2019-12-22")], "39@2019-12-22");
    let average = case
        .read(&[
            ("y", "orders.average_total_amount_of_order_usd"),
            ("at", "2019-12-22"),
        ])
        .unwrap();
    assert_eq!(average.value, "116.0310256410256");
    assert_eq!(average.rendered.as_deref(), Some("$116.03"));
    // Fifty rows, of which one count is null and left out.
    assert_eq!(case.series(&[]).unwrap().len(), 49);
    assert_eq!(
        case.series(&[("y", "orders.average_total_amount_of_order_usd")])
            .unwrap()
            .len(),
        50
    );
}

#[test]
fn days_by_status() {
    let Some(body) = payload("visadapters_day_pivot_status_nulls.json") else {
        return;
    };
    let case = Case::raw(Layout::Table, body);
    for (status, expected) in [
        ("cancelled", "1@2019-12-22"),
        ("complete", "NoData"),
        ("pending", "38@2019-12-22"),
    ] {
        let pivot = format!(r#"{{"orders.status":"{status}"}}"#);
        case.check(&[("at", "2019-12-22"), ("pivot", &pivot)], expected);
    }
}

#[test]
fn what_a_line_chart_hides_and_names() {
    let (Some(body), Some(vis)) = (
        payload("visadapters_day_flat_null.json"),
        payload("visadapters_vis_config_line.json"),
    ) else {
        return;
    };
    let case = Case::raw(Layout::Axis, body).vis(serde_json::from_str(&vis).unwrap());
    assert_eq!(case.read(&[]).unwrap().label, "Total Orders");
    let outline = case.outline(&[]).unwrap();
    assert_eq!(
        support::control(&outline, "y").unwrap().label,
        "Axis name (1)"
    );
    assert_eq!(
        support::values(&outline, "y"),
        [
            "orders.count",
            "Hidden: orders.average_total_amount_of_order_usd"
        ]
    );
}
