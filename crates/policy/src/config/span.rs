//! A length of time as people write it: `4h`, `3d`, `90s`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

/// Whole seconds, written with a unit: `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

/// A thousand years: longer is a mistake.
const SECONDS_MAX: i64 = 1000 * 366 * 86_400;

impl Span {
    /// That many seconds; negative or absurd lengths are held within the bounds.
    pub const fn of_seconds(seconds: i64) -> Self {
        if seconds < 0 {
            Self(0)
        } else if seconds > SECONDS_MAX {
            Self(SECONDS_MAX)
        } else {
            Self(seconds)
        }
    }

    /// The length in seconds.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text[digits.len()..].trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let seconds = digits.trim().parse::<i64>().ok()?.checked_mul(unit)?;
        (0..=SECONDS_MAX).contains(&seconds).then_some(Self(seconds))
    }
}

/// As people write it, in the largest unit that fits.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s > 86_400 && s % 86_400 == 0 => write!(f, "{} d", s / 86_400),
            s if s > 0 && s % 3_600 == 0 => write!(f, "{} h", s / 3_600),
            s if s > 0 && s % 60 == 0 => write!(f, "{} min", s / 60),
            s => write!(f, "{s} s"),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom("expected a length of time such as `4h`, `3d` or `90s`"))
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn a_length_needs_its_unit() {
        assert_eq!(Span::parse("4h"), Some(Span::of_seconds(14_400)));
        assert_eq!(Span::parse(" 3 d"), Some(Span::of_seconds(259_200)));
        assert_eq!(Span::parse("4"), None);
        assert_eq!(Span::parse("-4h"), None);
        assert_eq!(Span::parse("99999999999999999d"), None);
        assert_eq!(Span::parse("4é"), None);
    }

    #[test]
    fn a_day_is_shown_as_hours_and_three_days_as_days() {
        assert_eq!(Span::of_seconds(86_400).to_string(), "24 h");
        assert_eq!(Span::of_seconds(259_200).to_string(), "3 d");
        assert_eq!(Span::of_seconds(0).to_string(), "0 s");
    }
}
