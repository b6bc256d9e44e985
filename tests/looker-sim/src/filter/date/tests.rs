use super::*;

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// A Wednesday.
const NOW: &str = "2026-05-13T15:04:05";

#[test]
fn an_expression_names_a_span_of_local_time() {
    for (expression, start, end) in [
        ("today", "2026-05-13T00:00", "2026-05-14T00:00"),
        ("yesterday", "2026-05-12T00:00", "2026-05-13T00:00"),
        ("1 day", "2026-05-13T00:00", "2026-05-14T00:00"),
        ("3 days", "2026-05-11T00:00", "2026-05-14T00:00"),
        ("last 3 days", "2026-05-11T00:00", "2026-05-14T00:00"),
        ("6 months", "2025-12-01T00:00", "2026-06-01T00:00"),
        ("6 month", "2025-12-01T00:00", "2026-06-01T00:00"),
        ("last 12 months", "2025-06-01T00:00", "2026-06-01T00:00"),
        ("3 complete months", "2026-02-01T00:00", "2026-05-01T00:00"),
        ("2 weeks", "2026-05-04T00:00", "2026-05-18T00:00"),
        ("1 quarter", "2026-04-01T00:00", "2026-07-01T00:00"),
        ("2 years", "2025-01-01T00:00", "2027-01-01T00:00"),
        ("24 hours", "2026-05-12T16:00", "2026-05-13T16:00"),
        ("last month", "2026-04-01T00:00", "2026-05-01T00:00"),
        ("this month", "2026-05-01T00:00", "2026-06-01T00:00"),
        ("this week", "2026-05-11T00:00", "2026-05-18T00:00"),
        ("next month", "2026-06-01T00:00", "2026-07-01T00:00"),
        ("2 months ago", "2026-03-01T00:00", "2026-04-01T00:00"),
        (
            "12 months ago for 12 months",
            "2025-05-01T00:00",
            "2026-05-01T00:00",
        ),
        (
            "2026-01-05 for 7 days",
            "2026-01-05T00:00",
            "2026-01-12T00:00",
        ),
        (
            "2026-01-01 to 2026-02-01",
            "2026-01-01T00:00",
            "2026-02-01T00:00",
        ),
        (
            "2026/01/01 to today",
            "2026-01-01T00:00",
            "2026-05-13T00:00",
        ),
        ("2026", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("2026-02", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("2026-02-03", "2026-02-03T00:00", "2026-02-04T00:00"),
        ("2026-02-03 13:45", "2026-02-03T13:45", "2026-02-03T13:46"),
    ] {
        let spans = parse(expression, at(NOW));
        assert_eq!(spans, Ok(vec![at(start)..at(end)]), "{expression}");
    }
}

#[test]
fn an_open_end_reaches_as_far_as_time() {
    for (expression, span) in [
        ("before 2026-01-01", DateTime::MIN..at("2026-01-01T00:00")),
        ("after 2026-01-01", at("2026-01-01T00:00")..DateTime::MAX),
        ("before 2 days ago", DateTime::MIN..at("2026-05-11T00:00")),
        ("any time", EVER),
        ("not null", EVER),
        ("", EVER),
    ] {
        assert_eq!(parse(expression, at(NOW)), Ok(vec![span]), "{expression}");
    }
    assert_eq!(parse("null", at(NOW)), Ok(vec![]));
}

#[test]
fn several_spans_are_joined_where_they_meet() {
    assert_eq!(
        parse("2026-03, 2026-01, 2026-02-01 to 2026-02-10", at(NOW)),
        Ok(vec![
            at("2026-01-01T00:00")..at("2026-02-10T00:00"),
            at("2026-03-01T00:00")..at("2026-04-01T00:00"),
        ])
    );
}

#[test]
fn what_is_no_expression_is_refused() {
    for expression in [
        "soon", "6", "6 moons", "last", "2026-13", "x to y", "before", "-3 days",
    ] {
        // A bare number is a year.
        let refused = parse(expression, at(NOW)).is_err();
        assert_eq!(refused, expression != "6", "{expression}");
    }
}
