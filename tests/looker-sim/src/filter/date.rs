//! Filters on dates: `6 months`, `last 3 weeks`, `this year`, `2 months ago for 2 months`,
//! `before 2026-01-01`, `2026-01-01 to 2026-02-01`, `2026-05`.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Time};

use super::BadFilter;
use unit::Unit;

mod unit;

/// Before all data and after all of it.
const EVER: Range<DateTime> = DateTime::MIN..DateTime::MAX;

/// The spans of local time that an expression names, in order and apart from each other.
pub fn parse(expression: &str, now: DateTime) -> Result<Vec<Range<DateTime>>, BadFilter> {
    let bad = || BadFilter::new("date", expression);
    let mut spans = Vec::new();
    for part in expression.replace(" or ", ",").split(',') {
        let words: Vec<_> = part.split_whitespace().map(str::to_lowercase).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words[..] {
            [] => {}
            ["null"] => spans.push(DateTime::MIN..DateTime::MIN),
            ["not", "null"] | ["any", "time"] => spans.push(EVER),
            _ => spans.push(span(&words, now).ok_or_else(bad)?),
        }
    }
    if spans.is_empty() {
        spans.push(EVER);
    }
    Ok(joined(spans))
}

fn joined(mut spans: Vec<Range<DateTime>>) -> Vec<Range<DateTime>> {
    spans.sort_by_key(|span| span.start);
    let mut joined: Vec<Range<DateTime>> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined.retain(|span| !span.is_empty());
    joined
}

fn span(words: &[&str], now: DateTime) -> Option<Range<DateTime>> {
    match words {
        ["today"] => period(Unit::Day, now, 0, 1),
        ["yesterday"] => period(Unit::Day, now, -1, 1),
        ["tomorrow"] => period(Unit::Day, now, 1, 1),
        ["this", unit] => period(Unit::parse(unit)?, now, 0, 1),
        ["last", unit] => period(Unit::parse(unit)?, now, -1, 1),
        ["next", unit] => period(Unit::parse(unit)?, now, 1, 1),
        ["before", rest @ ..] => Some(DateTime::MIN..point(rest, now)?),
        ["after", rest @ ..] => Some(point(rest, now)?..DateTime::MAX),
        // With the present one as the last of them: "3 days" are today and the two before it.
        [n, unit] | ["last", n, unit] if is_count(n) => {
            let n = count(n)?;
            period(Unit::parse(unit)?, now, 1 - n, n)
        }
        [n, "complete", unit] | ["last", n, "complete", unit] => {
            let n = count(n)?;
            period(Unit::parse(unit)?, now, -n, n)
        }
        [n, unit, "ago"] => period(Unit::parse(unit)?, now, -count(n)?, 1),
        ["next", n, unit] | [n, unit, "from", "now"] => {
            period(Unit::parse(unit)?, now, 1, count(n)?)
        }
        [rest @ .., "for", n, unit] => {
            let start = point(rest, now)?;
            let (n, unit) = (count(n)?, Unit::parse(unit)?);
            Some(start..unit.later(start, n)?)
        }
        _ => {
            if let Some(to) = words.iter().position(|word| *word == "to") {
                return Some(point(&words[..to], now)?..point(&words[to + 1..], now)?);
            }
            let (start, unit) = stated(words)?;
            Some(start..unit.later(start, 1)?)
        }
    }
}

fn period(unit: Unit, now: DateTime, from: i64, count: i64) -> Option<Range<DateTime>> {
    let start = unit.later(unit.start(now)?, from)?;
    Some(start..unit.later(start, count)?)
}

fn point(words: &[&str], now: DateTime) -> Option<DateTime> {
    match words {
        ["now"] => Some(now),
        [n, unit, "ago"] => Unit::parse(unit)?.start_later(now, -count(n)?),
        [one] if matches!(*one, "today" | "yesterday" | "tomorrow") => {
            Some(span(words, now)?.start)
        }
        ["this" | "last" | "next", _] => Some(span(words, now)?.start),
        _ => Some(stated(words)?.0),
    }
}

/// A date written out, and how much time it stands for.
fn stated(words: &[&str]) -> Option<(DateTime, Unit)> {
    let (day, time) = match words {
        [day] => (*day, None),
        [day, time] => (*day, Some(*time)),
        _ => return None,
    };
    let day = day.replace('/', "-");
    let mut parts = day.split('-');
    let year: i16 = digits(parts.next()?)?;
    let month = parts.next().map(digits::<i8>);
    let of_month = parts.next().map(digits::<i8>);
    if parts.next().is_some() {
        return None;
    }
    let unit = match (month, of_month) {
        (None, _) => Unit::Year,
        (Some(_), None) => Unit::Month,
        (Some(_), Some(_)) => Unit::Day,
    };
    let date = Date::new(
        year,
        month.unwrap_or(Some(1))?,
        of_month.unwrap_or(Some(1))?,
    )
    .ok()?;
    match time {
        None => Some((date.to_datetime(Time::midnight()), unit)),
        Some(time) => {
            let (hour, minute) = time.split_once(':').unwrap_or((time, "00"));
            let minute = minute.split(':').next()?;
            let time = Time::new(digits(hour)?, digits(minute)?, 0, 0).ok()?;
            Some((date.to_datetime(time), Unit::Minute))
        }
    }
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn is_count(text: &str) -> bool {
    count(text).is_some()
}

fn count(text: &str) -> Option<i64> {
    digits::<u16>(text).map(i64::from)
}

#[cfg(test)]
mod tests;
