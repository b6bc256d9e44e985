//! Real payloads of Looker, where the folder that holds them is given by `LENSMOUNT_FIXTURES`.
//!
//! Nothing of them is copied here: what is asserted is what their own README says.

use crate::harness::server::shared;
use crate::table::{Case, TIMESERIES, call};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The text of a payload, or nothing and a line that says so.
fn payload(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("LENSMOUNT_FIXTURES") else {
        println!("not checked: LENSMOUNT_FIXTURES does not name the folder of real payloads ({file})");
        return None;
    };
    let path = PathBuf::from(folder).join("looker/results").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// A case whose result goes in both ways: as JSON, and as Looker's raw answer text.
fn both(name: &str, how: &'static str, body: &str, case: impl Fn(Case) -> Case) {
    let client = shared().admin();
    for (way, result) in [("as JSON", body.to_string()), ("as text", json!(body).to_string())] {
        let case = case(call(how, TIMESERIES, format!("{name}, {way}"), result));
        let answer = case.send(&client);
        let faults = case.faults(&answer);
        assert!(faults.is_empty(), "{}: {faults:?}\n{answer}", case.name);
    }
}

#[test]
fn a_month_axis_newest_first() {
    let Some(body) = payload("actions_month_desc_count.json") else { return };
    let choose = |case: Case| case.choose("x", "orders.created_month").choose("y", "orders.count");
    both("latest", "read", &body, |case| choose(case).choose("at", "latest").gives("773").at("2017-07"));
    both("nothing chosen", "read", &body, |case| case.gives("773").at("2017-07"));

    let points = readings("series", &body, json!({"x": "orders.created_month", "y": "orders.count"}));
    assert_eq!(points.len(), 13);
    assert_eq!(points[0]["at"], "2016-07");
    assert_eq!(points[12]["at"], "2017-07");
    assert_eq!(points[12]["value"], "773");
}

#[test]
fn a_day_axis_with_a_null_cell() {
    let Some(body) = payload("visadapters_day_flat_null.json") else { return };
    let day = |case: Case| case.choose("x", "orders.created_date").choose("at", "2019-12-22");
    both("the count", "read", &body, |case| day(case).choose("y", "orders.count").gives("39"));
    both("the average", "read", &body, |case| {
        day(case).choose("y", "orders.average_total_amount_of_order_usd").gives("116.0310256410256").is("/rendered", "$116.03")
    });
    // 50 rows; the README counts the points of the count, of which one cell is null.
    let rows = serde_json::from_str::<Value>(&body).unwrap();
    let numbers = rows["data"].as_array().unwrap().iter().filter(|row| row["orders.count"]["value"].is_number());
    let points = readings("series", &body, json!({"x": "orders.created_date", "y": "orders.count"}));
    assert_eq!(points.len(), numbers.count());
}

#[test]
fn a_pivot_with_null_cells() {
    let Some(body) = payload("visadapters_day_pivot_status_nulls.json") else { return };
    let status = |case: Case, value: &str| {
        case.choose("x", "orders.created_date")
            .choose("y", "orders.count")
            .choose("at", "2019-12-22")
            .choose("pivot", json!({"orders.status": value}).to_string())
    };
    both("cancelled", "read", &body, |case| status(case, "cancelled").gives("1"));
    both("pending", "read", &body, |case| status(case, "pending").gives("38"));
    both("complete", "read", &body, |case| status(case, "complete").fails(&["no-data"]));
}

#[test]
fn the_settings_of_a_line_chart() {
    let (Some(body), Some(vis)) = (payload("visadapters_day_flat_null.json"), payload("visadapters_vis_config_line.json")) else {
        return;
    };
    let vis: Value = serde_json::from_str(&vis).unwrap();
    let hidden = "orders.average_total_amount_of_order_usd";
    both("its labels", "read", &body, |case| case.vis(vis.clone()).choose("at", "2019-12-22").gives("39").is("/label", "Total Orders"));
    both("its hidden field", "outline", &body, |case| case.vis(vis.clone()).groups("y", hidden, "Hidden").default("y", "orders.count"));
    both("a hidden field may be chosen", "read", &body, |case| {
        case.vis(vis.clone()).choose("y", hidden).choose("at", "2019-12-22").gives("116.0310256410256").is("/label", "Average Order Price")
    });
}

fn readings(how: &'static str, body: &str, selection: Value) -> Vec<Value> {
    let mut case = call(how, TIMESERIES, "points", body.to_string());
    case.selection = selection.as_object().unwrap().clone();
    let answer = case.send(&shared().admin()).expect(200);
    answer["readings"].as_array().unwrap().clone()
}
