//! A point in time as data: RFC 3339 in UTC on the wire; there is no way to read a clock from here.

use std::ops::{Add, Deref, Sub};
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::fmt::temporal::DateTimePrinter;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// A UTC instant, written `2026-01-31T12:00:00Z` with as many fractional digits as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

const PRINTER: DateTimePrinter = DateTimePrinter::new();

/// How far a record's own time may lie in the future before it is clamped.
pub const FUTURE_MAX: SignedDuration = SignedDuration::from_mins(5);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The instant `ms` milliseconds after the epoch; saturates at the ends of the calendar.
    pub fn from_millis(ms: i64) -> Self {
        let end = if ms < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(jiff::Timestamp::from_millisecond(ms).unwrap_or(end))
    }

    /// Milliseconds since the epoch, rounded towards zero.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Seconds from `earlier` to this instant; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_secs()
    }

    /// This instant plus whole seconds, saturating.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self + SignedDuration::from_secs(seconds)
    }

    /// A record's own time, held under `now` + 5 minutes; `true` if it had to be clamped.
    pub fn clamped(self, now: Self) -> (Self, bool) {
        let latest = now + FUTURE_MAX;
        if self > latest { (now, true) } else { (self, false) }
    }
}

/// Written in one piece: a serializer looks through every piece for what it has to escape.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&PRINTER.timestamp_to_string(&self.0))
    }
}

impl Deref for Timestamp {
    type Target = jiff::Timestamp;
    fn deref(&self) -> &jiff::Timestamp {
        &self.0
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at)
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Add<SignedDuration> for Timestamp {
    type Output = Self;
    fn add(self, span: SignedDuration) -> Self {
        let end = if span.is_negative() {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(self.0.checked_add(span).unwrap_or(end))
    }
}

impl Sub for Timestamp {
    type Output = SignedDuration;
    fn sub(self, earlier: Self) -> SignedDuration {
        self.0.duration_since(earlier.0)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_far_in_the_future_is_clamped_to_now() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        assert_eq!(now.plus_seconds(299).clamped(now), (now.plus_seconds(299), false));
        assert_eq!(now.plus_seconds(301).clamped(now), (now, true));
    }

    #[test]
    fn it_is_written_with_z_and_read_back() {
        let text = "\"2026-01-31T12:00:00.5Z\"";
        let at: Timestamp = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&at).unwrap(), text);
    }

    #[test]
    fn arithmetic_saturates_instead_of_panicking() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus_seconds(i64::MAX), end);
    }
}
