//! How far a key result has come, and how far it should be.

use bigdecimal::RoundingMode;
use jiff::Timestamp;

use crate::decimal::Decimal;

/// Digits after the point of a percentage that is shown.
const SHOWN_PLACES: i64 = 1;

/// The part of the way from start to target that has been gone, as a fraction: 0.5 is half of it.
/// Not clamped: it is negative where a value moved away from its target, and above 1 beyond it.
/// Rounded towards zero, so that it is 1 only once the target is reached. None where there is no way
/// to go.
#[must_use]
pub fn progress(start: &Decimal, target: &Decimal, current: &Decimal) -> Option<Decimal> {
    current
        .minus(start)
        .over_by(&target.minus(start), RoundingMode::Down)
}

/// A fraction as the percentage that people are shown: within 0 and 100, and rounded towards zero,
/// so that 100 is shown only once the target is reached.
#[must_use]
pub fn shown_percent(fraction: &Decimal) -> Decimal {
    let percent = fraction.times(&Decimal::from(100));
    percent
        .clamp(Decimal::zero(), Decimal::from(100))
        .rounded_by(SHOWN_PLACES, RoundingMode::Down)
}

/// The part of a period that has passed at `now`, within 0 and 1: what the progress should be by
/// then. None where the period has no beginning or no end.
#[must_use]
pub fn expected(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Option<Decimal> {
    let (from, to) = (from?, to?);
    let micros = |moment: Timestamp| Decimal::from(moment.as_microsecond());
    let passed = micros(now).minus(&micros(from));
    let part = passed.over(&micros(to).minus(&micros(from)))?;
    Some(part.clamp(Decimal::zero(), Decimal::from(1)))
}

/// The weighted mean of the progress of key results. One without a value yet counts as not having
/// begun, since an objective is not further because less of it is known. Rounded towards zero, as
/// progress is. None where nothing has any weight.
#[must_use]
pub fn mean<'a>(
    parts: impl IntoIterator<Item = (&'a Decimal, Option<&'a Decimal>)>,
) -> Option<Decimal> {
    let (mut sum, mut weights) = (Decimal::zero(), Decimal::zero());
    for (weight, progress) in parts {
        weights = weights.plus(weight);
        if let Some(progress) = progress {
            sum = sum.plus(&progress.times(weight));
        }
    }
    sum.over_by(&weights, RoundingMode::Down)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn progress_is_the_part_of_the_way_from_start_to_target() {
        for (start, target, current, fraction, percent) in [
            ("0", "100", "50", "0.5", "50"),
            ("98", "99.5", "98.75", "0.5", "50"),
            ("98", "99.5", "99.5", "1", "100"),
            // Shrinking.
            ("20", "5", "12.5", "0.5", "50"),
            ("20", "5", "20", "0", "0"),
            ("20", "5", "2", "1.2", "100"),
            ("20", "5", "23", "-0.2", "0"),
            // Negative.
            ("-10", "10", "0", "0.5", "50"),
            ("-5", "-20", "-8", "0.2", "20"),
            ("0", "-3", "-1", "0.333333333333", "33.3"),
            // No dust, and never 100 before it is reached.
            ("0", "0.3", "0.1", "0.333333333333", "33.3"),
            ("0", "3", "2.9999", "0.999966666666", "99.9"),
            ("0", "0.7", "0.07", "0.1", "10"),
            (
                "0",
                "9007199254740993",
                "9007199254740992",
                "0.999999999999",
                "99.9",
            ),
        ] {
            let found = progress(&decimal(start), &decimal(target), &decimal(current));
            let found = found.expect("there is a way to go");
            let way = format!("{start} to {target} at {current}");
            assert_eq!(found.to_string(), fraction, "{way}");
            assert_eq!(shown_percent(&found).to_string(), percent, "{way}");
        }
        assert_eq!(
            progress(&decimal("5"), &decimal("5.0"), &decimal("5")),
            None
        );
    }

    #[test]
    fn what_is_expected_is_the_part_of_the_period_that_has_passed() {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let (from, to) = (at("2026-10-01T00:00:00Z"), at("2026-10-31T00:00:00Z"));
        for (now, part) in [
            ("2026-09-01T00:00:00Z", "0"),
            ("2026-10-01T00:00:00Z", "0"),
            ("2026-10-16T00:00:00Z", "0.5"),
            ("2026-10-31T00:00:00Z", "1"),
            ("2027-01-01T00:00:00Z", "1"),
        ] {
            let found = expected(from, to, at(now).expect("a time"));
            assert_eq!(
                found.map(|it| it.to_string()).as_deref(),
                Some(part),
                "{now}"
            );
        }
        assert_eq!(
            expected(None, to, at("2026-10-16T00:00:00Z").expect("a time")),
            None
        );
        assert_eq!(expected(from, from, from.expect("a time")), None);
    }

    #[test]
    fn an_objective_is_the_weighted_mean() {
        let mean_of = |parts: &[(&str, Option<&str>)]| {
            let parts: Vec<_> = parts
                .iter()
                .map(|(weight, progress)| (decimal(weight), progress.map(decimal)))
                .collect();
            mean(
                parts
                    .iter()
                    .map(|(weight, progress)| (weight, progress.as_ref())),
            )
            .map(|it| it.to_string())
        };
        for (parts, expected) in [
            (&[("1", Some("0.5")), ("1", Some("1"))][..], Some("0.75")),
            (&[("3", Some("1")), ("1", Some("0"))], Some("0.75")),
            (&[("1", Some("1")), ("1", None)], Some("0.5")),
            (&[("0", Some("1")), ("2", Some("0.1"))], Some("0.1")),
            (&[("1", Some("0.1")), ("1", Some("0.2"))], Some("0.15")),
            (
                &[("1", Some("1")), ("1", Some("0")), ("1", Some("0"))],
                Some("0.333333333333"),
            ),
            (&[("0", Some("1"))], None),
            (&[], None),
        ] {
            assert_eq!(mean_of(parts).as_deref(), expected, "{parts:?}");
        }
    }

    proptest! {
        #[test]
        fn start_is_nothing_and_target_is_all_of_it(start in -1000_i64..1000, target in -1000_i64..1000) {
            prop_assume!(start != target);
            let (start, target) = (Decimal::from(start), Decimal::from(target));
            prop_assert_eq!(progress(&start, &target, &start), Some(Decimal::zero()));
            prop_assert_eq!(progress(&start, &target, &target), Some(Decimal::from(1)));
        }

        #[test]
        fn what_is_shown_is_a_percentage(fraction in "-?[0-9]{1,4}(\\.[0-9]{1,20})?") {
            let shown = shown_percent(&decimal(&fraction));
            prop_assert!(shown >= Decimal::zero() && shown <= Decimal::from(100));
        }
    }
}
