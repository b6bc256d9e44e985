//! Product 4: the period that holds `now`, in the result's time zone, hour to year.

use super::{along, sales};
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{count, time};
use crate::table::{Case, TIMESERIES, read};
use serde_json::json;

fn at(name: &str, doc: &Doc, which: &str, now: &str) -> Case {
    read(TIMESERIES, format!("4 {which}: {name}"), doc).choose("at", which).now(now)
}

pub fn cases() -> Vec<Case> {
    let zone = |zone: &str| sales().row(&["2024-05", "50"]).top("timezone", zone);
    let nameless = sales().row(&["2024-05", "50"]).without(&["timezone"]);
    let hours = along("hour", &[&["2024-04-15 12", "1"], &["2024-04-15 13", "2"], &["2024-04-15 14", "3"]]);
    let days = along("date", &[&["2024-04-14", "1"], &["2024-04-15", "2"], &["2024-04-16", "3"]]);
    let weeks = along("week", &[&["2024-04-08", "1"], &["2024-04-15", "2"], &["2024-04-22", "3"]]);
    let quarters = along("quarter", &[&["2024-01", "1"], &["2024-04", "2"], &["2024-07", "3"]]);
    let years = along("year", &[&["2022", "1"], &["2023", "2"], &["2024", "3"], &["2025", "4"]]);
    let summer = along("date", &[&["2024-03-09", "1"], &["2024-03-10", "2"], &["2024-03-11", "3"]]).top("timezone", "America/New_York");
    let slices = doc()
        .dim(time("sales.day", "minute").with("time_interval", json!({"name": "minute", "count": 15})))
        .measure(count("sales.count"))
        .rows(&[&["2024-04-15 13:00", "1"], &["2024-04-15 13:15", "2"], &["2024-04-15 13:30", "3"]]);
    let halves = doc()
        .dim(time("sales.day", "month").with("time_interval", json!({"name": "month", "count": 6})))
        .measure(count("sales.count"))
        .rows(&[&["2023-07", "1"], &["2024-01", "2"], &["2024-07", "3"]]);

    vec![
        at("May has not begun in Los Angeles", &zone("America/Los_Angeles"), "latest", "2024-05-01T05:00:00Z").gives("40").at("2024-04"),
        at("April is not over in Los Angeles", &zone("America/Los_Angeles"), "latest-complete", "2024-05-01T05:00:00Z").gives("30"),
        at("May has begun in Tokyo", &zone("Asia/Tokyo"), "latest", "2024-04-30T16:00:00Z").gives("50").at("2024-05"),
        at("April is over in Tokyo", &zone("Asia/Tokyo"), "latest-complete", "2024-04-30T16:00:00Z").gives("40"),
        at("an instant with an offset is that instant", &zone("UTC"), "latest-complete", "2024-04-30T22:00:00-05:00").gives("40"),
        at("a fraction of a second does no harm", &zone("UTC"), "latest-complete", "2024-05-01T00:00:00.000001Z").gives("40"),
        read(TIMESERIES, "4 ran_at with an offset is that instant", &zone("UTC").ran_at("2024-05-01T01:00:00+02:00"))
            .choose("at", "latest")
            .gives("40"),
        at("the context's zone serves where the result has none", &nameless, "latest", "2024-04-30T16:00:00Z")
            .context("time-zone", "Asia/Tokyo")
            .gives("50"),
        at("the result's zone wins over the context's", &zone("UTC"), "latest", "2024-04-30T16:00:00Z")
            .context("time-zone", "Asia/Tokyo")
            .gives("40"),
        at("the query's zone serves where the result has none", &nameless, "latest", "2024-04-30T17:00:00Z")
            .query(json!({"query_timezone": "Asia/Tokyo", "vis_config": {"type": "looker_line"}}))
            .gives("50"),
        at("a zone that nobody knows is said, and UTC serves", &zone("Mars/Olympus"), "latest", "2024-04-30T23:00:00Z")
            .gives("40")
            .notes("unknown-time-zone"),
        at("half an hour into an hour", &hours, "latest", "2024-04-15T13:30:00Z").gives("2").at("2024-04-15 13"),
        at("the hour before", &hours, "latest-complete", "2024-04-15T13:30:00Z").gives("1").at("2024-04-15 12"),
        at("an hour ends on the hour", &hours, "latest-complete", "2024-04-15T14:00:00Z").gives("2"),
        at("today", &days, "latest", "2024-04-15T23:59:59Z").gives("2").at("2024-04-15"),
        at("yesterday", &days, "latest-complete", "2024-04-15T23:59:59Z").gives("1").at("2024-04-14"),
        at("a day ends at midnight", &days, "latest-complete", "2024-04-16T00:00:00Z").gives("2"),
        at("a day of 23 hours is not over at four", &summer, "latest-complete", "2024-03-11T03:59:59Z").gives("1"),
        at("a day of 23 hours ends at midnight over there", &summer, "latest-complete", "2024-03-11T04:00:00Z").gives("2"),
        at("this week", &weeks, "latest", "2024-04-21T23:59:59Z").gives("2").at("2024-04-15"),
        at("last week", &weeks, "latest-complete", "2024-04-21T23:59:59Z").gives("1").at("2024-04-08"),
        at("a week ends after seven days", &weeks, "latest-complete", "2024-04-22T00:00:00Z").gives("2"),
        at("this quarter", &quarters, "latest", "2024-06-30T23:59:59Z").gives("2").at("2024-04"),
        at("last quarter", &quarters, "latest-complete", "2024-06-30T23:59:59Z").gives("1").at("2024-01"),
        at("a quarter ends after three months", &quarters, "latest-complete", "2024-07-01T00:00:00Z").gives("2"),
        at("this year", &years, "latest", "2024-12-31T23:59:59Z").gives("3").at("2024"),
        at("last year", &years, "latest-complete", "2024-12-31T23:59:59Z").gives("2").at("2023"),
        at("a year ends with December", &years, "latest-complete", "2025-01-01T00:00:00Z").gives("3"),
        at("a quarter of an hour", &slices, "latest", "2024-04-15T13:20:00Z").gives("2"),
        at("the quarter of an hour before", &slices, "latest-complete", "2024-04-15T13:29:59Z").gives("1"),
        at("half a year is not over", &halves, "latest-complete", "2024-06-30T00:00:00Z").gives("1"),
        at("half a year is over", &halves, "latest-complete", "2024-07-01T00:00:00Z").gives("2"),
    ]
}
