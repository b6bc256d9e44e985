use super::*;

/// What a read found, and what it came to.
type Read = (Found, Came<'static>);

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// A minute of the hour that everything here happens in.
fn minute(minute: i64) -> Timestamp {
    at("2026-11-18T12:00:00Z") + SignedDuration::from_mins(minute)
}

fn selection() -> BTreeMap<String, String> {
    [("y", "o.count")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn linked(selection: &BTreeMap<String, String>) -> Linked<'_> {
    Linked {
        chart_type: Some("line"),
        selection,
        still_after: Some(SignedDuration::from_mins(10)),
        over: false,
    }
}

fn seen(chart_type: &str) -> Seen {
    Seen {
        chart_type: Some(chart_type.to_owned()),
        read_by: Some("one".to_owned()),
        claimed_by: Some("one".to_owned()),
        chosen: [("y".to_owned(), offered())].into(),
        ..Seen::default()
    }
}

fn offered() -> Offered {
    Offered {
        label: "Count".to_owned(),
        place: 1,
        of: 2,
    }
}

/// A chart whose failed control offers these values, with their labels.
fn offering(values: &[(&str, &str)]) -> Found {
    let pair = |(value, label): &(&str, &str)| ((*value).to_owned(), (*label).to_owned());
    Found::Chart(Seen {
        offers: Some(Offers {
            chosen: values.iter().any(|(value, _)| *value == "o.count"),
            values: values.iter().map(pair).collect(),
        }),
        ..seen("line")
    })
}

fn number(value: &str, field: &'static str, ran_at: Timestamp) -> Came<'static> {
    Came::Number {
        value: value.parse().expect("a number"),
        field: Some(field),
        ran_at: Some(ran_at),
    }
}

fn gone() -> Found {
    Found::Gone {
        words: "Looker has no tile 1".to_owned(),
    }
}

const BAD: Came<'static> = Came::BadSelection {
    control: "y",
    words: "there is no o.count",
};

/// A watch after reads, one a minute.
fn after(reads: &[Read]) -> Watch {
    let selection = selection();
    let mut watch = Watch::begun(minute(0));
    for (n, (found, came)) in reads.iter().enumerate() {
        let now = minute(i64::try_from(n).expect("few"));
        watch = watch.after(linked(&selection), found, came, now);
    }
    watch
}

fn kinds(watch: &Watch) -> Vec<DriftKind> {
    watch.drift.iter().map(|it| it.kind).collect()
}

#[test]
fn drift_lasts_until_a_read_shows_that_it_is_over() {
    use DriftKind::{ChartTypeChanged, FieldRenamed, SourceGone};
    let line = || Found::Chart(seen("line"));
    let good = || (line(), number("1", "o.count", minute(0)));
    let lost = || (gone(), Came::Nothing);
    let unknown = || (Found::Unknown, Came::Nothing);
    let bar = || (Found::Chart(seen("bar")), number("1", "o.count", minute(0)));
    let bad = || (offering(&[("o.n", "Number")]), BAD);
    let bad_somehow = || (line(), BAD);
    let other = || (line(), number("1", "o.total", minute(0)));
    let cases: Vec<(&str, Vec<Read>, &[DriftKind])> = vec![
        ("a good read", vec![good()], &[]),
        ("gone", vec![good(), lost()], &[SourceGone]),
        ("gone from the start", vec![lost()], &[SourceGone]),
        (
            "nobody knows whether it is back",
            vec![lost(), unknown()],
            &[SourceGone],
        ),
        ("back", vec![lost(), good()], &[]),
        (
            "back, with another failure",
            vec![lost(), (line(), Came::Nothing)],
            &[],
        ),
        ("Looker does not answer", vec![good(), unknown()], &[]),
        ("another type", vec![good(), bar()], &[ChartTypeChanged]),
        (
            "another type, then nobody knows",
            vec![bar(), unknown()],
            &[ChartTypeChanged],
        ),
        ("the type it was", vec![bar(), good()], &[]),
        (
            "another type, then gone",
            vec![bar(), lost()],
            &[SourceGone, ChartTypeChanged],
        ),
        ("chosen wrongly from the start", vec![bad()], &[]),
        ("chosen rightly once", vec![good(), bad()], &[FieldRenamed]),
        (
            "then nobody knows",
            vec![good(), bad(), unknown()],
            &[FieldRenamed],
        ),
        ("then it is there again", vec![good(), bad(), good()], &[]),
        (
            "nobody knows whether it is offered",
            vec![good(), bad_somehow()],
            &[],
        ),
        (
            "nobody knows whether it is offered again",
            vec![good(), bad(), bad_somehow()],
            &[FieldRenamed],
        ),
        (
            "another field by default",
            vec![good(), other()],
            &[FieldRenamed],
        ),
        ("the one before", vec![good(), other(), good()], &[]),
    ];
    for (name, reads, expected) in cases {
        assert_eq!(kinds(&after(&reads)), expected, "{name}");
    }
}

#[test]
fn what_lasts_keeps_its_beginning_and_is_told_once() {
    let selection = selection();
    let begun = Watch::begun(minute(0));
    let first = begun.after(linked(&selection), &gone(), &Came::Nothing, minute(1));
    assert_eq!(begun.changes(&first).0.len(), 1);
    let second = first.after(linked(&selection), &gone(), &Came::Nothing, minute(2));
    assert_eq!(second.drift[0].since, minute(1));
    assert_eq!(first.changes(&second), (vec![], vec![]));
    let back = Found::Chart(seen("line"));
    let third = second.after(linked(&selection), &back, &Came::Nothing, minute(3));
    assert_eq!(second.changes(&third), (vec![], vec![&second.drift[0]]));
    // A type that changes on is another drift.
    let bar = third.after(
        linked(&selection),
        &Found::Chart(seen("bar")),
        &Came::Nothing,
        minute(4),
    );
    let pie = bar.after(
        linked(&selection),
        &Found::Chart(seen("pie")),
        &Came::Nothing,
        minute(5),
    );
    let (begun, ended) = bar.changes(&pie);
    assert_eq!(
        (begun[0].to.as_deref(), ended[0].to.as_deref()),
        (Some("pie"), Some("bar"))
    );
    assert_eq!(begun[0].since, minute(5));
}

#[test]
fn a_successor_is_named_where_exactly_one_can_be_meant() {
    let good = (
        Found::Chart(seen("line")),
        number("1", "o.count", minute(0)),
    );
    for (name, now, expected) in [
        (
            "its label",
            &[("o.n", "Count"), ("o.date", "Date")][..],
            Some("o.n"),
        ),
        (
            "its label twice",
            &[("o.n", "Count"), ("o.m", "Count")],
            None,
        ),
        (
            "its place",
            &[("o.date", "Date"), ("o.n", "Number")],
            Some("o.n"),
        ),
        (
            "its place, but there are fewer",
            &[("o.date", "Date")],
            None,
        ),
        (
            "its place, but there are more",
            &[("a", "A"), ("b", "B"), ("c", "C")],
            None,
        ),
        ("nothing", &[], None),
    ] {
        let drift = after(&[good.clone(), (offering(now), BAD)]).drift;
        let [drift] = &drift[..] else {
            panic!("{name}: {drift:?}")
        };
        assert_eq!(drift.to.as_deref(), expected, "{name}");
        assert_eq!(
            (drift.control.as_deref(), drift.from.as_deref()),
            (Some("y"), Some("o.count"))
        );
        let hinted = expected.is_none_or(|to| drift.message.contains(to));
        assert!(
            hinted && drift.message.contains("there is no o.count"),
            "{drift:?}"
        );
    }
    // What is offered still was not renamed, whatever else the extractor has against it.
    let found = offering(&[("o.count", "Count")]);
    assert_eq!(after(&[good, (found, BAD)]).drift, []);
}

#[test]
fn a_guess_that_changes_is_no_drift_that_ends_and_begins() {
    let selection = selection();
    let good = (
        Found::Chart(seen("line")),
        number("1", "o.count", minute(0)),
    );
    let june = after(&[good, (offering(&[("june", "June"), ("may", "May")]), BAD)]);
    assert_eq!(june.drift[0].to.as_deref(), Some("may"));
    let july = offering(&[("july", "July"), ("june", "June")]);
    let july = june.after(linked(&selection), &july, &BAD, minute(5));
    assert_eq!(june.changes(&july), (vec![], vec![]));
    assert_eq!(july.drift[0].since, june.drift[0].since);
    assert_eq!(july.drift[0].to.as_deref(), Some("june"), "the newest");
    assert!(july.drift[0].message.contains("june"), "{july:?}");
}

#[test]
fn a_number_stands_still_once_enough_reads_over_enough_time_have_shown_it() {
    let selection = selection();
    let found = Found::Chart(seen("line"));
    let read = |reads: &[(i64, &str, i64)], still_after, over| {
        let mut watch = Watch::begun(minute(0));
        for (read, value, ran) in reads {
            let came = number(value, "o.count", minute(*ran));
            let linked = Linked {
                still_after,
                over,
                ..linked(&selection)
            };
            watch = watch.after(linked, &found, &came, minute(*read));
        }
        watch
    };
    let ten = Some(SignedDuration::from_mins(10));
    let same = [(0, "5", 0), (5, "5", 5), (10, "5.0", 10)];
    let still = read(&same, ten, false);
    assert_eq!(kinds(&still), [DriftKind::NotMoving]);
    assert!(still.drift[0].message.contains("3 reads"), "{still:?}");
    for (name, watch) in [
        (
            "too soon",
            read(&same, Some(SignedDuration::from_mins(11)), false),
        ),
        ("never too long", read(&same, None, false)),
        ("its period is over", read(&same, ten, true)),
        (
            "too few reads",
            read(&[(0, "5", 0), (20, "5", 20)], ten, false),
        ),
        (
            "it has moved",
            read(&[(0, "4", 0), (5, "5", 5), (10, "5", 10)], ten, false),
        ),
        (
            "it moves again",
            read(
                &[(0, "5", 0), (5, "5", 5), (10, "5", 10), (15, "6", 15)],
                ten,
                false,
            ),
        ),
    ] {
        assert_eq!(kinds(&watch), [], "{name}");
    }
    let cached = read(&[(0, "5", 0), (5, "5", 0), (10, "5", 0)], ten, false);
    assert!(
        cached.drift[0].message.contains("not computed it anew"),
        "{cached:?}"
    );
}

#[test]
fn a_read_that_fails_neither_begins_nor_ends_that_a_number_stands_still() {
    let selection = selection();
    let found = Found::Chart(seen("line"));
    let same = || number("5", "o.count", minute(0));
    let mut watch = Watch::begun(minute(0));
    for read in [0, 5] {
        watch = watch.after(linked(&selection), &found, &same(), minute(read));
    }
    let failing = watch.after(
        linked(&selection),
        &Found::Unknown,
        &Came::Nothing,
        minute(10),
    );
    assert_eq!(kinds(&failing), [], "nobody saw it for so long");
    let still = failing.after(linked(&selection), &found, &same(), minute(11));
    assert_eq!(kinds(&still), [DriftKind::NotMoving]);
    for (found, came) in [(&Found::Unknown, Came::Nothing), (&found, BAD)] {
        let failing = still.after(linked(&selection), found, &came, minute(12));
        assert_eq!(still.changes(&failing), (vec![], vec![]), "{came:?}");
        let again = failing.after(linked(&selection), found, &same(), minute(13));
        assert_eq!(failing.changes(&again), (vec![], vec![]), "{came:?}");
        assert_eq!(again.drift[0].since, minute(11));
        let over = Linked {
            over: true,
            ..linked(&selection)
        };
        let over = failing.after(over, found, &came, minute(13));
        assert_eq!(kinds(&over), [], "its period is over");
    }
}

#[test]
fn a_reading_is_overdue_after_two_slots_and_some_grace() {
    let schedule = |every: Option<&str>, cron: Option<&str>| {
        Schedule::parse(every, cron, None, SignedDuration::from_secs(1)).expect("a schedule")
    };
    let read = at("2026-11-18T12:00:30Z");
    for (schedule, overdue_at) in [
        (schedule(Some("1s"), None), "2026-11-18T12:00:42Z"),
        (schedule(Some("1m"), None), "2026-11-18T12:03:00Z"),
        (schedule(Some("1h"), None), "2026-11-18T14:05:00Z"),
        (schedule(None, Some("0 8 * * *")), "2026-11-20T08:05:00Z"),
    ] {
        let due = at(overdue_at);
        assert_eq!(
            overdue(&schedule, read, due - SignedDuration::from_secs(1)),
            None
        );
        let drift = overdue(&schedule, read, due).expect("overdue");
        assert_eq!((drift.kind, drift.since), (DriftKind::Overdue, due));
    }
}

#[test]
fn how_long_a_number_may_stay_the_same_is_an_interval_or_never() {
    assert_eq!(still_after(None), Ok(Some(STILL_AFTER)));
    assert_eq!(still_after(Some("never")), Ok(None));
    assert_eq!(
        still_after(Some("2d")),
        Ok(Some(SignedDuration::from_hours(48)))
    );
    for wrong in ["", "soon", "0s", "-1d"] {
        assert!(still_after(Some(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_chart_found_elsewhere_is_no_drift_and_its_place_is_kept() {
    let moved = Source::Look {
        look_id: "2".to_owned(),
    };
    let found = Found::Chart(Seen {
        elsewhere: Some(moved.clone()),
        ..seen("line")
    });
    let read = number("1", "o.count", minute(0));
    let watch = after(&[(found, read.clone()), (Found::Unknown, Came::Nothing)]);
    assert_eq!(
        (watch.found.as_ref(), &watch.drift[..]),
        (Some(&moved), &[][..])
    );
    assert_eq!(after(&[(Found::Chart(seen("line")), read)]).found, None);
}

#[test]
fn what_was_stored_before_there_was_drift_opens() {
    use super::super::record::{Integration, ProgressRecord};
    let progress =
        r#"{"current":"5","last_reading":null,"last_failure":null,"slot":null,"next_due":null}"#;
    let progress: ProgressRecord = serde_json::from_str(progress).expect("a record");
    assert_eq!(progress.watch, Watch::default());
    let integration = r#"{"link":{"enabled":true,"connection":"con_0192f0c1a2b37c4d8e5f60718293a4b5",
        "source":{"look_id":"1"},"extractor":null,"selection":{},"filters":{},"every":"1h","cron":null,
        "time_zone":null,"missed":"once"},"poll":"poll_1","called":null,"chart_type":"line"}"#;
    let integration: Integration = serde_json::from_str(integration).expect("a record");
    assert_eq!(
        (integration.reader, integration.link.still_after),
        (None, None)
    );
}
