//! The time rule: RFC 3339, epochs by their magnitude, FILETIME and the odd layouts scanners write; else nothing.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use reeve_domain::time::Timestamp;

use crate::json::{Json, Number};

/// Layouts with an offset, tried in order after RFC 3339.
const ZONED: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f %z", // Go: 2022-06-16 10:17:40 -0700 (its zone name is cut off before)
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%a %b %d %H:%M:%S %Y %z",  // git
    "%a, %d %b %Y %H:%M:%S %z", // RFC 2822
];

/// Layouts without an offset: UTC.
const CIVIL: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ", // an hour of one digit
    "%m/%d/%Y %I:%M:%S %p",  // Microsoft diagnostics: 3/24/2022 2:42:35 PM
    "%m/%d/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
];

/// Anything before is a placeholder (`0001-01-01T00:00:00Z`, `1970-01-01`), no time of an alert.
const EARLIEST_SECONDS: i64 = 86_400 * 365;

const FILETIME_EPOCH_SECONDS: i64 = 11_644_473_600;
const FILETIME_RANGE: std::ops::Range<f64> = 1.2e17..1.6e17;

/// The time in a value, if it holds one that can be read.
pub(crate) fn of(json: &Json<'_>) -> Option<Timestamp> {
    match json {
        Json::Text(text) => parse(text),
        Json::Number(Number::Unsigned(number)) => of_number(*number as f64, Some(*number)),
        Json::Number(Number::Float(number)) => of_number(*number, None),
        _ => None,
    }
}

/// The first of some values that holds a time.
pub(crate) fn first_of<'a>(values: impl IntoIterator<Item = &'a Json<'a>>) -> Option<Timestamp> {
    values.into_iter().find_map(of)
}

/// The time in a text, if it can be read.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches(')');
    if text.is_empty() {
        return None;
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return plausible(at);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return of_number(text.parse().ok()?, text.parse().ok());
    }
    odd(text).and_then(plausible)
}

fn odd(text: &str) -> Option<jiff::Timestamp> {
    let zoned = without_zone_name(text);
    if let Some(at) = ZONED
        .iter()
        .find_map(|layout| strtime::parse(layout, zoned).ok()?.to_timestamp().ok())
    {
        return Some(at);
    }
    let civil = CIVIL
        .iter()
        .find_map(|layout| DateTime::strptime(layout, text).ok());
    let civil = civil.or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// Go prints the zone's name after its offset, and the offset again where it has none: `-0700 -0700`, `+0000 UTC`.
fn without_zone_name(text: &str) -> &str {
    match text.rsplit_once(' ') {
        Some((before, _)) if before.contains(" +") || before.contains(" -") => before,
        _ => text,
    }
}

/// Seconds, milliseconds, microseconds, nanoseconds or FILETIME, whichever gives a time of our days.
fn of_number(number: f64, exact: Option<u64>) -> Option<Timestamp> {
    if !number.is_finite() || number <= 0.0 {
        return None;
    }
    if FILETIME_RANGE.contains(&number) {
        let ticks = i64::try_from(exact?).ok()?;
        let nanos = i32::try_from((ticks % 10_000_000) * 100).ok()?;
        return plausible(jiff::Timestamp::new(ticks / 10_000_000 - FILETIME_EPOCH_SECONDS, nanos).ok()?);
    }
    let units_per_second: i64 = match number {
        n if n < 1e11 => 1,
        n if n < 1e14 => 1_000,
        n if n < 1e17 => 1_000_000,
        _ => 1_000_000_000,
    };
    let at = match exact {
        Some(units) => {
            let units = i64::try_from(units).ok()?;
            let nanos = (units % units_per_second) * (1_000_000_000 / units_per_second);
            jiff::Timestamp::new(units / units_per_second, i32::try_from(nanos).ok()?)
        }
        None => jiff::Timestamp::from_millisecond((number / units_per_second as f64 * 1_000.0) as i64),
    };
    plausible(at.ok()?)
}

/// A time of our days; anything else is a placeholder.
pub(crate) fn plausible(at: jiff::Timestamp) -> Option<Timestamp> {
    (at.as_second() >= EARLIEST_SECONDS).then(|| at.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let at = parse(text).map(|at| at.to_string());
        assert_eq!(at.as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn every_layout_of_the_scanners_is_read() {
        check("2021-10-14T17:05:15Z", "2021-10-14T17:05:15Z");
        check("2020-04-04T15:52:59-07:00", "2020-04-04T22:52:59Z");
        check("2023-07-10T11:54:39.123456789Z", "2023-07-10T11:54:39.123456789Z");
        check("2021-10-26T16:28:17.8202975Z)", "2021-10-26T16:28:17.8202975Z");
        check("2022-06-16 10:17:40 -0700 -0700", "2022-06-16T17:17:40Z");
        check("2022-06-16 10:17:40 +0000 UTC", "2022-06-16T10:17:40Z");
        check("2022-06-16 10:17:40 -0700", "2022-06-16T17:17:40Z");
        check("2024-05-24 22:53:24.000000000", "2024-05-24T22:53:24Z");
        check("2022-09-15 13:45:24", "2022-09-15T13:45:24Z");
        check("3/24/2022 2:42:35 PM", "2022-03-24T14:42:35Z");
        check("Mon Jan 3 15:04:05 2022 -0700", "2022-01-03T22:04:05Z");
        check("Mon, 03 Jan 2022 15:04:05 +0000", "2022-01-03T15:04:05Z");
        check("2023-07-10T11:54:39+0000", "2023-07-10T11:54:39Z");
        check("2022-09-09T9:54:27.739Z", "2022-09-09T09:54:27.739Z");
        check("2020-04-04", "2020-04-04T00:00:00Z");
    }

    #[test]
    fn numbers_are_read_by_their_magnitude() {
        check("1691064195", "2023-08-03T12:03:15Z");
        check("1691064195970", "2023-08-03T12:03:15.97Z");
        check("1691064195970000", "2023-08-03T12:03:15.97Z");
        check("1691064195970000000", "2023-08-03T12:03:15.97Z");
        check("133355377959700000", "2023-08-03T12:03:15.97Z");
        check("1691064195.5", "2023-08-03T12:03:15.5Z");
        let float = of(&Json::Number(Number::Float(1.691_064_195_5e9))).map(|at| at.to_string());
        assert_eq!(float.as_deref(), Some("2023-08-03T12:03:15.5Z"));
    }

    #[test]
    fn what_is_no_time_is_nothing() {
        for text in [
            "",
            "null",
            "0001-01-01T00:00:00Z",
            "10-19-2003",
            "soon",
            "0",
            "-1",
            "99999999999999999999999",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
