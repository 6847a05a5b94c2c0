//! The samples of a mapping: what goes in, and what must come out before the mapping is used.

use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::observation::{EvidenceLevel, Observation, Statement};
use reeve_domain::secret::HmacKeys;
use reeve_domain::text::clean;
use reeve_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::Value as Output;

use super::Mappings;
use super::fault::Faults;
use super::written::{OneOrMany, Pairs};
use crate::explain::explain;
use crate::parse::parse;
use crate::parsed::{Item, Parsed};
use crate::settings::{EvidenceLevels, Settings};

/// The key of the keyed hashes while samples are checked; no secret, and used for nothing else.
const SAMPLE_KEY: &[u8] = b"a key for the samples of mappings, no secret";

/// When samples are received.
const SAMPLE_RECEIVED_AT: &str = "2030-01-01T00:00:00Z";

/// Longest piece of an output that an error repeats.
const SHOWN_CHARS_MAX: usize = 120;

/// Names for what is often looked at.
const SHORT: &[(&str, &str)] = &[
    ("subject", "subject/key"),
    ("rule", "source/rule"),
    ("tool", "source/tool"),
    ("reference", "source/reference"),
    ("severity", "source_severity/score"),
];

/// Every field that a sample may expect, but for attributes.
const FIELDS: &[&str] = &[
    "kind",
    "subject",
    "rule",
    "tool",
    "reference",
    "severity",
    "issue_type",
    "title",
    "validity",
    "exposure",
    "honeytoken",
    "exposed_since",
    "first_detected_at",
    "observed_at",
    "time_quality",
    "statement",
    "scope",
    "level",
    "aliases",
    "links",
    "dropped",
    "rejected",
];

/// Fields whose names begin so are taken as they are.
const ROOMS: &[&str] = &["subject.", "source.", "source_severity.", "location."];

/// A sample that can be run.
pub(super) struct Sample {
    pointer: String,
    pub(super) input: String,
    expect: Vec<Pairs<OneOrMany<String>>>,
}

/// A sample as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSample {
    /// For people; kept nowhere.
    #[serde(default, rename = "name")]
    _name: String,
    input: String,
    expect: Vec<Expected>,
}

/// One thing that comes out, by some of its fields.
struct Expected(Pairs<OneOrMany<String>>);

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Pairs::<OneOrMany<String>>::deserialize(deserializer)?;
        let unknown = pairs.0.iter().find(|(field, _)| !is_field(field));
        match unknown {
            None => Ok(Self(pairs)),
            Some(_) => Err(serde::de::Error::custom(format!(
                "a field that no output has; expected `{}`, `subject.attributes.<name>` or `location.<name>`",
                FIELDS.join("`, `")
            ))),
        }
    }
}

fn is_field(field: &str) -> bool {
    FIELDS.contains(&field) || ROOMS.iter().any(|room| field.starts_with(room))
}

impl Sample {
    /// Every sample of a file, with its place.
    pub(super) fn all(raw: OneOrMany<RawSample>) -> Vec<Self> {
        let pointers: Vec<String> = (0..raw.0.len()).map(|at| raw.pointer("/samples", at)).collect();
        let samples = raw.0.into_iter().zip(pointers).map(|(raw, pointer)| Self {
            pointer,
            input: raw.input,
            expect: raw.expect.into_iter().map(|expected| expected.0).collect(),
        });
        samples.collect()
    }
}

/// Settings under which samples are read.
pub(super) fn settings(mappings: &Mappings) -> Option<Settings> {
    let keys = HmacKeys::new(SAMPLE_KEY).ok()?;
    let said = mappings.names().flat_map(|name| {
        Statement::ALL
            .iter()
            .map(move |said| (name.to_owned(), *said, EvidenceLevel::E3))
    });
    Some(Settings {
        levels: said.collect::<EvidenceLevels>(),
        mappings: mappings.clone(),
        ..Settings::new(keys)
    })
}

/// Runs the samples of the mapping called `name`; `all` are the mappings that are used together.
pub(super) fn check(name: &str, samples: &[Sample], all: &Mappings, faults: &mut Faults) {
    let Some(settings) = settings(all) else { return };
    for sample in samples {
        check_one(name, sample, &settings, faults);
    }
}

fn check_one(name: &str, sample: &Sample, settings: &Settings, faults: &mut Faults) {
    let pointer = &sample.pointer;
    let Ok(received_at) = SAMPLE_RECEIVED_AT.parse::<Timestamp>() else {
        return;
    };
    let alert = RawAlert {
        value: sample.input.as_bytes(),
        headers: &[],
        origin: Origin::File {
            file: "sample".into(),
        },
        received_at,
    };
    let input = format!("{pointer}/input");
    if let Some(reason) = claimed_wrongly(name, &alert, settings) {
        return faults.push(input, reason);
    }
    let outputs = outputs(&parse(&alert, settings));
    for (at, expected) in sample.expect.iter().enumerate() {
        let here = format!("{pointer}/expect/{at}");
        match outputs.get(at) {
            None => faults.push(here, format!("nothing more comes out: {} in all", outputs.len())),
            Some(output) => compare(expected, output, &here, faults),
        }
    }
    if let Some(more) = outputs.get(sample.expect.len()) {
        let count = outputs.len() - sample.expect.len();
        let message = format!(
            "{count} more come out than are expected, the first of them: {}",
            summary(more)
        );
        faults.push(format!("{pointer}/expect"), message);
    }
}

/// Each object of a sample belongs to its own mapping and to no other.
fn claimed_wrongly(name: &str, alert: &RawAlert<'_>, settings: &Settings) -> Option<String> {
    let objects = explain(alert, settings);
    if objects.is_empty() {
        return Some("no JSON object in this sample can be read; put it behind `input: |`".to_owned());
    }
    objects.iter().find_map(|object| {
        let claiming: Vec<_> = object.verdicts.iter().filter(|verdict| verdict.claims).collect();
        let other = claiming.iter().find(|verdict| verdict.format != name);
        let own = object.verdicts.iter().find(|verdict| verdict.format == name)?;
        match other {
            Some(other) if other.is_built_in => Some(format!(
                "the built-in format `{}` claims this sample too",
                other.format
            )),
            Some(other) => Some(format!("the mapping `{}` claims this sample too", other.format)),
            None if own.claims => None,
            None => Some(format!("`detect` does not claim this sample: {}", own.why)),
        }
    })
}

/// Everything that comes out, in order, as JSON.
fn outputs(parsed: &Parsed) -> Vec<Output> {
    let items = parsed.items.iter().flat_map(|item| match item {
        Item::Observed { observations, .. } => observations.iter().map(output).collect(),
        Item::Dropped { reason, .. } => vec![serde_json::json!({ "dropped": reason.as_str() })],
        Item::Rejected(reject) => vec![serde_json::json!({ "rejected": reject.reason.as_str() })],
    });
    items.collect()
}

fn output(observation: &Observation) -> Output {
    serde_json::to_value(observation).unwrap_or_default()
}

fn compare(expected: &Pairs<OneOrMany<String>>, output: &Output, pointer: &str, faults: &mut Faults) {
    for (field, wanted) in &expected.0 {
        let found = found(output, field);
        let fits = wanted.0.len() == found.len()
            && wanted
                .0
                .iter()
                .all(|wanted| found.iter().any(|found| is_like(wanted, found)));
        if !fits {
            faults.push(format!("{pointer}/{field}"), differing(field, &found, output));
        }
    }
}

/// A `*` at the end stands for the rest: keyed hashes depend on the key.
fn is_like(wanted: &str, found: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => found.starts_with(start),
        None => wanted == found,
    }
}

fn differing(field: &str, found: &[String], output: &Output) -> String {
    match found {
        [] if field == "dropped" || field == "rejected" => format!("it comes out: {}", summary(output)),
        [] => format!("`{field}` has no value in {}", summary(output)),
        found => format!("`{field}` is `{}`", clean(&found.join("`, `"), SHOWN_CHARS_MAX)),
    }
}

/// An output in a few words.
fn summary(output: &Output) -> String {
    let parts = [
        "dropped",
        "rejected",
        "kind",
        "issue_type",
        "statement",
        "subject",
    ];
    let parts = parts.iter().flat_map(|field| found(output, field));
    clean(&parts.collect::<Vec<_>>().join(" "), SHOWN_CHARS_MAX)
}

/// The texts of a field: of a list one for each element.
fn found(output: &Output, field: &str) -> Vec<String> {
    let short = SHORT.iter().find(|(short, _)| *short == field);
    let path = match short {
        Some((_, path)) => (*path).to_owned(),
        None => field.replace('.', "/"),
    };
    match output.pointer(&format!("/{path}")) {
        None | Some(Output::Null) => Vec::new(),
        Some(Output::Array(all)) => all.iter().map(text).collect(),
        Some(one) => vec![text(one)],
    }
}

fn text(output: &Output) -> String {
    match output {
        Output::String(text) => text.clone(),
        Output::Object(object) => object.get("key").map(text).unwrap_or_default(),
        other => other.to_string(),
    }
}
