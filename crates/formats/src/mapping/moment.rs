//! A time of a record: a value, and the layouts it may have besides those that every format reads.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use reeve_domain::time::Timestamp;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::path::{self, Path};
use super::scope::Scope;
use super::value::Value;
use super::written::OneOrMany;
use crate::time;

/// Values of which the first that holds a time is it.
#[derive(Clone)]
pub(super) struct Moment(Vec<Source>);

#[derive(Clone)]
struct Source {
    value: Value,
    layouts: Vec<Layout>,
}

/// A layout of `strptime`; without an offset the time is UTC.
#[derive(Clone)]
struct Layout(Box<str>);

impl Moment {
    /// The time, if one of the values holds one that can be read.
    pub(super) fn of(&self, scope: &Scope<'_>) -> Option<Timestamp> {
        self.0.iter().find_map(|source| source.read(scope))
    }
}

impl Source {
    fn read(&self, scope: &Scope<'_>) -> Option<Timestamp> {
        if let (Some(json), true) = (self.value.plain(scope), self.layouts.is_empty()) {
            return time::of(json);
        }
        self.value.search(scope, &mut |text| {
            let own = self.layouts.iter().find_map(|layout| layout.read(text.trim()));
            own.or_else(|| time::parse(&text))
        })
    }
}

impl Layout {
    fn read(&self, text: &str) -> Option<Timestamp> {
        let parsed = strtime::parse(self.0.as_bytes(), text).ok()?;
        let at = parsed.to_timestamp().ok().or_else(|| {
            let civil = parsed.to_datetime().ok();
            let civil = civil.or_else(|| parsed.to_date().ok().map(|date| date.at(0, 0, 0, 0)))?;
            TimeZone::UTC.to_timestamp(civil).ok()
        })?;
        time::plausible(at)
    }
}

impl<'de> Deserialize<'de> for Layout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let layout = Self(text.into());
        let noon: DateTime = Date::constant(2024, 2, 29).at(12, 34, 56, 0);
        let zoned = TimeZone::UTC
            .to_timestamp(noon)
            .map_err(D::Error::custom)?
            .to_zoned_datetime(TimeZone::UTC);
        let shown = strtime::format(layout.0.as_bytes(), &zoned);
        match shown.ok().and_then(|shown| layout.read(&shown)) {
            Some(_) => Ok(layout),
            None => Err(D::Error::custom(
                "expected a layout of strptime with a whole date, such as `%d.%m.%Y %H:%M:%S`",
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMoment {
    at: Option<OneOrMany<Path>>,
    of: Option<Value>,
    #[serde(default)]
    layout: OneOrMany<Layout>,
}

impl RawMoment {
    fn compile(self) -> Result<Vec<Source>, &'static str> {
        let values: Vec<Value> = match (self.at, self.of) {
            (Some(OneOrMany(paths, _)), None) if !paths.is_empty() => {
                paths.into_iter().map(Value::of_path).collect()
            }
            (None, Some(value)) => vec![value],
            _ => return Err("expected one of `at` and `of`"),
        };
        let layouts = self.layout.0;
        let sources = values.into_iter().map(|value| Source {
            value,
            layouts: layouts.clone(),
        });
        Ok(sources.collect())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyForm)
    }
}

struct AnyForm;

impl<'de> Visitor<'de> for AnyForm {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, a list of them, or a map with `at` and `layout`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        let value = path::parse(text).map(Value::of_path).map_err(E::custom)?;
        Ok(Moment(vec![Source {
            value,
            layouts: Vec::new(),
        }]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Moment, A::Error> {
        let mut all = Vec::new();
        while let Some(Moment(sources)) = seq.next_element()? {
            all.extend(sources);
        }
        Ok(Moment(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
        RawMoment::deserialize(MapAccessDeserializer::new(map))?
            .compile()
            .map(Moment)
            .map_err(A::Error::custom)
    }
}
