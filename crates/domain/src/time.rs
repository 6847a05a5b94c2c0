//! A point in time as data: RFC 3339 in UTC on the wire; there is no way to read a clock from here.

use std::ops::{Add, Deref, Sub};
use std::str::FromStr;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// A UTC instant, written `2026-01-31T12:00:00Z` with as many fractional digits as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

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

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Written::of(*self) {
            Some(written) => serializer.serialize_str(written.text()),
            None => self.0.serialize(serializer),
        }
    }
}

/// A time in the spelling of the wire: the printer of the calendar can do any other too, and takes ten times as long.
struct Written {
    bytes: [u8; 30],
    length: usize,
}

impl Written {
    /// None before year 0 and after 9999, which are written with a sign.
    fn of(at: Timestamp) -> Option<Self> {
        let civil = jiff::tz::Offset::UTC.to_datetime(at.0);
        let year = u32::try_from(civil.year()).ok()?;
        let mut written = Self {
            bytes: *b"0000-00-00T00:00:00.000000000Z",
            length: 30,
        };
        let fields = [
            (0, 4, year),
            (5, 2, field(civil.month())),
            (8, 2, field(civil.day())),
            (11, 2, field(civil.hour())),
            (14, 2, field(civil.minute())),
            (17, 2, field(civil.second())),
            (20, 9, civil.subsec_nanosecond().unsigned_abs()),
        ];
        for (place, width, value) in fields {
            written.put(place, width, value);
        }
        written.trim();
        Some(written)
    }

    fn put(&mut self, place: usize, width: usize, mut value: u32) {
        for byte in self.bytes[place..place + width].iter_mut().rev() {
            *byte = b'0' + u8::try_from(value % 10).unwrap_or_default();
            value /= 10;
        }
    }

    /// As many fractional digits as it needs.
    fn trim(&mut self) {
        let digits = self.bytes[20..29].iter().rposition(|digit| *digit != b'0');
        let end = digits.map_or(19, |last| 21 + last);
        self.bytes[end] = b'Z';
        self.length = end + 1;
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

const fn field(value: i8) -> u32 {
    value.unsigned_abs() as u32
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
    fn it_is_written_as_the_calendar_writes_it() {
        let mut at = -62_135_596_800_000_i64 * 1_000;
        while at < 253_402_300_799_000_000 {
            let instant = Timestamp(jiff::Timestamp::from_microsecond(at).unwrap());
            assert_eq!(serde_json::to_string(&instant).unwrap(), format!("\"{instant}\""));
            at += 86_399_917_001_001;
        }
        for text in [
            "-000009-01-01T00:00:00Z",
            "9999-12-30T22:00:00.123456789Z",
            "0001-01-01T00:00:00.1Z",
        ] {
            let instant: Timestamp = text.parse().unwrap();
            assert_eq!(serde_json::to_string(&instant).unwrap(), format!("\"{instant}\""));
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_panicking() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus_seconds(i64::MAX), end);
    }
}
