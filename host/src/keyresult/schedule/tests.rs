use super::*;

const SHORTEST: SignedDuration = SignedDuration::from_secs(10);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn slots_of_an_interval_are_its_multiples() {
    for (every, now, next) in [
        ("30s", "2026-11-24T10:00:01Z", "2026-11-24T10:00:30Z"),
        ("15m", "2026-11-24T10:00:01Z", "2026-11-24T10:15:00Z"),
        ("15m", "2026-11-24T10:15:00Z", "2026-11-24T10:30:00Z"),
        ("1h", "2026-11-24T10:59:59.999Z", "2026-11-24T11:00:00Z"),
        ("1d", "2026-11-24T10:00:00Z", "2026-11-25T00:00:00Z"),
        ("15m", "1969-12-31T23:50:00Z", "1970-01-01T00:00:00Z"),
    ] {
        let schedule = Schedule::parse(Some(every), None, None, SHORTEST).expect(every);
        assert_eq!(
            schedule.next_after(at(now)),
            Some(at(next)),
            "{every} after {now}"
        );
    }
}

#[test]
fn cron_is_by_the_clock_of_its_zone() {
    for (cron, zone, now, next) in [
        (
            "0 8 * * *",
            None,
            "2026-11-24T08:00:00Z",
            "2026-11-25T08:00:00Z",
        ),
        (
            "0 8 * * *",
            Some("Europe/Berlin"),
            "2026-11-24T06:59:00Z",
            "2026-11-24T07:00:00Z",
        ),
        (
            "0 8 * * *",
            Some("Europe/Berlin"),
            "2026-06-24T05:59:00Z",
            "2026-06-24T06:00:00Z",
        ),
        (
            "*/5 * * * *",
            None,
            "2026-11-24T10:02:00Z",
            "2026-11-24T10:05:00Z",
        ),
        (
            "0 8 * * MON-FRI",
            None,
            "2026-11-27T09:00:00Z",
            "2026-11-30T08:00:00Z",
        ),
    ] {
        let schedule = Schedule::parse(None, Some(cron), zone, SHORTEST).expect(cron);
        assert_eq!(
            schedule.next_after(at(now)),
            Some(at(next)),
            "{cron} after {now}"
        );
    }
}

#[test]
fn a_cron_expression_comes_and_not_too_often() {
    let half_hour = SignedDuration::from_mins(30);
    for (cron, refused) in [
        ("0 * * * *", false),
        ("0,30 * * * *", false),
        ("*/15 * * * *", true),
        ("0,5 3 * * *", true),
        ("0 0 30 2 *", true),
    ] {
        let schedule = Schedule::parse(None, Some(cron), None, SHORTEST).expect(cron);
        let allowed = schedule.allowed(Some(cron), at("2026-11-24T10:00:00Z"), half_hour);
        assert_eq!(allowed.is_err(), refused, "{cron}: {allowed:?}");
    }
}

#[test]
fn a_slot_is_the_schedules_own_or_not() {
    let schedule = Schedule::parse(Some("15m"), None, None, SHORTEST).expect("a schedule");
    assert!(schedule.has_slot(at("2026-11-24T10:15:00Z")));
    assert!(!schedule.has_slot(at("2026-11-24T10:15:00.001Z")));
}

#[test]
fn a_slot_that_the_clock_change_leaves_out_or_repeats_comes_once() {
    let daily = Schedule::parse(None, Some("30 2 * * *"), Some("Europe/Berlin"), SHORTEST);
    let daily = daily.expect("a schedule");
    for (from, days) in [("2026-03-27T12:00:00Z", 4), ("2026-10-23T12:00:00Z", 4)] {
        let (mut moment, end) = (at(from), at(from) + SignedDuration::from_hours(24 * days));
        let mut slots = 0;
        while let Some(next) = daily.next_after(moment).filter(|next| *next < end) {
            assert!(next > moment, "time goes on");
            slots += 1;
            moment = next;
        }
        assert!(
            (days - 1..=days).contains(&slots),
            "{slots} slots in {days} days"
        );
    }
}

#[test]
fn what_is_no_schedule_is_refused_with_its_field() {
    for (every, cron, zone, field) in [
        (Some(""), None, None, "every"),
        (Some("m"), None, None, "every"),
        (Some("15"), None, None, "every"),
        (Some("-5m"), None, None, "every"),
        (Some("1.5h"), None, None, "every"),
        (Some("5s"), None, None, "every"),
        (Some("0s"), None, None, "every"),
        (Some("367d"), None, None, "every"),
        (Some("99999999999999999999d"), None, None, "every"),
        (None, Some(""), None, "cron"),
        (None, Some("* * * *"), None, "cron"),
        (None, Some("* * * * * *"), None, "cron"),
        (None, Some("61 * * * *"), None, "cron"),
        (Some("15m"), Some("0 8 * * *"), None, "cron"),
        (None, Some("0 8 * * *"), Some("Europe/Nowhere"), "time_zone"),
        (Some("15m"), None, Some(""), "time_zone"),
    ] {
        let refused = Schedule::parse(every, cron, zone, SHORTEST).expect_err("no schedule");
        assert_eq!(refused.field(), field, "{refused}");
    }
}

#[test]
fn jitter_is_the_polls_own_and_small() {
    let schedule = Schedule::parse(Some("1m"), None, None, SHORTEST).expect("a schedule");
    let jitters: Vec<_> = (0..100)
        .map(|n| schedule.jitter(&format!("poll_{n}")))
        .collect();
    assert_eq!(jitters[0], schedule.jitter("poll_0"));
    let most = SignedDuration::from_secs(6);
    assert!(
        jitters.iter().all(|it| !it.is_negative() && *it <= most),
        "{jitters:?}"
    );
    let early = jitters.iter().filter(|it| **it < most / 2).count();
    assert!(
        (20..80).contains(&early),
        "{early} of 100 in the first half"
    );
}
