use std::borrow::Cow;

use super::*;
use crate::field::Role;
use crate::shape::Shape;
use crate::walk::Walk;

fn field(json: &str) -> Field<'_> {
    Field::read(
        &mut Walk::strict(json),
        &mut Shape::default(),
        Role::Dimension,
    )
    .unwrap()
}

fn unit(json: &str) -> Option<(Unit, i64)> {
    match said(&field(json)) {
        Said::Time(frame) => Some((frame.unit, frame.count)),
        _ => None,
    }
}

#[test]
fn types_name_units() {
    for (kind, expected) in [
        ("date_year", (Unit::Year, 1)),
        ("date_fiscal_year", (Unit::Year, 1)),
        ("date_quarter", (Unit::Quarter, 1)),
        ("date_fiscal_quarter", (Unit::Quarter, 1)),
        ("date_month", (Unit::Month, 1)),
        ("date_week", (Unit::Week, 1)),
        ("date_date", (Unit::Day, 1)),
        ("date_hour", (Unit::Hour, 1)),
        ("date_hour6", (Unit::Hour, 6)),
        ("date_minute", (Unit::Minute, 1)),
        ("date_minute15", (Unit::Minute, 15)),
        ("date_second", (Unit::Second, 1)),
        ("date_millisecond250", (Unit::Instant, 250)),
        ("date_time", (Unit::Instant, 1)),
        ("date_raw", (Unit::Instant, 1)),
        ("timestamp", (Unit::Instant, 1)),
    ] {
        let json = format!(r#"{{"name":"a.b","type":"{kind}"}}"#);
        assert_eq!(unit(&json), Some(expected), "{kind}");
    }
}

#[test]
fn cycles_durations_and_numbers_are_no_points_in_time() {
    for kind in [
        "date_day_of_week",
        "date_month_name",
        "date_month_num",
        "date_day_of_month",
        "date_hour_of_day",
        "date_week_of_year",
        "date_quarter_of_year",
        "date_day_of_year",
        "date_time_of_day",
        "date_fiscal_month_num",
        "date_fiscal_quarter_of_year",
        "duration_day",
        "number",
        "yesno",
        "tier",
    ] {
        let json = format!(r#"{{"name":"a.b","type":"{kind}","is_timeframe":true}}"#);
        let json = if matches!(kind, "number" | "yesno" | "tier") {
            json.replace("true", "false")
        } else {
            json
        };
        assert!(matches!(said(&field(&json)), Said::NotTime(_)), "{kind}");
    }
}

#[test]
fn intervals_count() {
    let quarter_hour = r#"{"name":"a","type":"date_minute15","is_timeframe":true,"time_interval":{"name":"minute","count":15}}"#;
    assert_eq!(unit(quarter_hour), Some((Unit::Minute, 15)));
    let half_year =
        r#"{"name":"a","is_timeframe":true,"time_interval":{"name":"month","count":6}}"#;
    assert_eq!(unit(half_year), Some((Unit::Month, 6)));
    assert_eq!(
        said(&field(r#"{"name":"a","is_timeframe":true}"#)),
        Said::SomeTime
    );
    assert_eq!(
        said(&field(r#"{"name":"a","type":"string"}"#)),
        Said::Nothing
    );
    assert!(matches!(
        said(&field(
            r#"{"name":"a","type":"string","is_timeframe":false}"#
        )),
        Said::NotTime(_)
    ));
}

#[test]
fn periods_end() {
    for (unit, count, start, end) in [
        (Unit::Year, 1, "2016-01-01", "2017-01-01"),
        (Unit::Quarter, 1, "2017-10-01", "2018-01-01"),
        (Unit::Month, 1, "2016-02-01", "2016-03-01"),
        (Unit::Month, 6, "2016-07-01", "2017-01-01"),
        (Unit::Week, 1, "2022-06-27", "2022-07-04"),
        (Unit::Day, 1, "2019-12-31", "2020-01-01"),
        (Unit::Hour, 1, "2019-12-31T23:00", "2020-01-01"),
        (Unit::Minute, 15, "2019-12-31T23:45", "2020-01-01"),
        (Unit::Instant, 1, "2019-12-31T23:45", "2019-12-31T23:45"),
    ] {
        let frame = Timeframe {
            unit,
            count,
            fiscal: false,
            fiscal_month_offset: 0,
        };
        let at = |text: &str| text.parse::<DateTime>().unwrap();
        assert_eq!(frame.end(at(start)), Some(at(end)), "{unit:?} {count}");
    }
}

#[test]
fn fiscal_years_start_by_their_offset() {
    let frame = |offset| Timeframe {
        unit: Unit::Quarter,
        count: 1,
        fiscal: true,
        fiscal_month_offset: offset,
    };
    for (text, offset, start) in [
        ("FY2024-Q1", 0, "2024-01-01"),
        ("FY2018-Q1", -3, "2017-10-01"),
        ("FY2018-Q1", 15, "2019-04-01"),
        ("FY2024-Q4", 3, "2025-01-01"),
        ("2024-Q2", 1, "2024-05-01"),
        ("2024-05", 1, "2024-05-01"),
        ("FY2024", 3, "2024-04-01"),
        ("2024", 3, "2024-04-01"),
    ] {
        let placed = frame(offset)
            .placed(crate::stamp::parse(text).unwrap())
            .unwrap();
        assert_eq!(placed.start, start.parse().unwrap(), "{text} {offset}");
    }
}

#[test]
fn a_period_is_named_as_finely_as_it_lasts() {
    let frame = Timeframe::by_grain(Grain::Month, 0);
    assert!(!frame.is_named_by(Grain::Year));
    assert!(frame.is_named_by(Grain::Month));
    assert!(!frame.is_named_by(Grain::Day));
    assert_eq!(field(r#"{"name":"a"}"#).name, Cow::Borrowed("a"));
}
