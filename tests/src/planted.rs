//! Secrets planted in reports of every built-in format, whole and broken, and a search that finds each in any form.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::alerts::Dice;
use crate::fixtures::{fixture, fixtures, rename, set, single, strings};

/// How many secrets of each of the two kinds are planted.
pub const PLANTED: usize = 50;

const PLANTS_PER_FIXTURE: usize = 3;
const VALUES_PER_SECRET: usize = 2;

/// Where a format carries the value of a secret.
const VALUE_FIELDS: [(&str, &str); 6] = [
    ("gitleaks-v8/report.json", "/Secret"),
    ("gitleaks-v7/report.json", "/offender"),
    ("trufflehog-v3/results.json", "/Raw"),
    ("github-secret-scanning/rest_list.json", "/secret"),
    (
        "gitlab-secret/report.json",
        "/vulnerabilities/0/raw_source_code_extract",
    ),
    ("trufflehog3/report.json", "/secret"),
];

/// A secret that is told by its form wherever it stands.
pub fn token(number: usize) -> String {
    format!("ghp_C4n4ry{number:02}C4n4ry{number:02}C4n4ry{number:02}C4n4ry{number:02}C4n4")
}

/// A secret that looks like nothing: it is known only because a field of its report holds it.
pub fn value(number: usize) -> String {
    format!("Kq9canary{number:02}Vx7Lw3Tz8/\"q w\u{e9}+Nm2Hd6")
}

/// A raw alert, and what is planted in it.
#[derive(Debug, Clone)]
pub struct Planted {
    /// The document.
    pub bytes: Vec<u8>,
    /// The secret it holds, as the scanner would know it.
    pub secret: String,
}

/// Reports that can be read, one line each: tokens in strings and object keys of every fixture; values that recur
/// elsewhere in their report, in titles, paths and user info.
pub fn whole() -> Vec<Planted> {
    let mut planted = Vec::new();
    for (name, document) in fixtures() {
        let mut dice = Dice(name.bytes().map(u64::from).sum());
        for _ in 0..PLANTS_PER_FIXTURE {
            let secret = token(planted.len() % PLANTED);
            let document = plant(&document, &secret, None, &mut dice);
            planted.push(written(&document, secret, &mut dice));
        }
    }
    for number in 0..PLANTED {
        let mut dice = Dice(number as u64);
        planted.push(everywhere(number));
        let fields = VALUE_FIELDS.iter().cycle().skip(number);
        for (name, pointer) in fields.take(VALUES_PER_SECRET) {
            let secret = value(number);
            let mut document = single(fixture(name));
            set(&mut document, pointer, json!(secret));
            let document = plant(&document, &secret, Some(pointer), &mut dice);
            planted.push(written(&document, secret, &mut dice));
        }
    }
    planted
}

/// Reports that cannot be read: cut off, not UTF-8, a name twice, too deep, no JSON; of every fixture and secret.
pub fn broken() -> Vec<Planted> {
    let mut planted: Vec<Planted> = (0..PLANTED).map(everywhere).collect();
    for (number, (_, document)) in fixtures().into_iter().enumerate() {
        let secret = token(number % PLANTED);
        let bytes = json!({ secret.as_str(): document, "Secret": secret }).to_string();
        planted.push(Planted {
            bytes: bytes.into_bytes(),
            secret,
        });
    }
    for (report, how) in planted.iter_mut().zip((0..5).cycle()) {
        damage(report, how);
    }
    planted
}

/// Every secret of both kinds that `text` shows in any form, by its kind and number.
#[derive(Debug)]
pub struct Search {
    automaton: AhoCorasick,
    owners: Vec<String>,
}

impl Default for Search {
    fn default() -> Self {
        let secrets = (0..PLANTED).flat_map(|number| [token(number), value(number)]);
        let traces = secrets.flat_map(|secret| {
            let owner = secret.chars().take(12).collect::<String>();
            traces(&secret)
                .into_iter()
                .map(move |trace| (trace, owner.clone()))
        });
        let (traces, owners): (Vec<String>, Vec<String>) = traces.unzip();
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(traces);
        Self {
            automaton: automaton.expect("the traces are few and short"),
            owners,
        }
    }
}

impl Search {
    /// The first characters of each secret that is there.
    pub fn found(&self, text: &[u8]) -> BTreeSet<&str> {
        let traces = self.automaton.find_overlapping_iter(text);
        traces
            .map(|found| self.owners[found.pattern()].as_str())
            .collect()
    }

    /// Fails the test with the surroundings of the first secret that is there.
    #[track_caller]
    pub fn check_none(&self, what: &str, text: &[u8]) {
        let Some(found) = self.automaton.find(text) else {
            return;
        };
        let around = &text[found.start().saturating_sub(300)..text.len().min(found.end() + 100)];
        let around = String::from_utf8_lossy(around);
        assert!(text.is_empty(), "{what} shows a planted secret: …{around}…");
    }
}

/// One report of gitleaks or TruffleHog with both kinds of secret wherever such a report has free text.
fn everywhere(number: usize) -> Planted {
    let (secret, token) = (value(number), token(number));
    let user = url_form(&secret);
    let document = if number.is_multiple_of(2) {
        let mut report = single(fixture("gitleaks-v8/report.json"));
        report["Secret"] = json!(secret);
        report["Match"] = json!(format!("token = \"{secret}\""));
        report["File"] = json!(format!("ci/{user}/{token}.sh"));
        report["Message"] = json!(format!("use {secret} or {token}"));
        report["Description"] = json!(format!("{token} {secret}"));
        report["Link"] = json!(format!("https://bot:{user}@example.com/acme/{token}"));
        report
    } else {
        let mut report = fixture("trufflehog-v3/results.json");
        report["Raw"] = json!(secret);
        report["RawV2"] = json!("");
        report["Redacted"] = json!(&secret[..18]);
        report["ExtraData"] = json!({ secret.as_str(): secret, "account": token, token.as_str(): "" });
        report["DetectorName"] = json!(format!("Custom {token}"));
        report["SourceMetadata"] = json!({ "Data": { "Github": {
            "repository": format!("https://bot:{user}@github.com/acme/{token}.git"), "file": format!("ci/{user}.sh"),
            "link": format!("https://github.com/acme/x?token={token}"), "line": 3, "commit": "7c1e5a90",
        } } });
        report
    };
    Planted {
        bytes: document.to_string().into_bytes(),
        secret,
    }
}

/// The document with the secret, in one of its forms, at one of its strings or in place of one of its names; the string at
/// `kept`, by which it is known, stays.
fn plant(document: &Value, secret: &str, kept: Option<&str>, dice: &mut Dice) -> Value {
    let mut changed = document.clone();
    let forms = forms(secret);
    let form = &forms[pick(dice, forms.len())];
    let mut strings = strings(document);
    strings.retain(|place| Some(place.as_str()) != kept);
    let place = &strings[pick(dice, strings.len())];
    let old = document
        .pointer(place)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let text = match dice.below(5) {
        0 => form.clone(),
        1 => format!("{old} {form}"),
        2 => format!("{old}/{form}"),
        3 => format!("https://bot:{}@github.com/acme/{old}", url_form(secret)),
        _ => {
            rename(&mut changed, place, form);
            return changed;
        }
    };
    set(&mut changed, place, json!(text));
    changed
}

/// As one line; one in four with the secret's characters as JSON escapes.
fn written(document: &Value, secret: String, dice: &mut Dice) -> Planted {
    let mut text = document.to_string();
    if dice.below(4) == 0 {
        text = text.replace(json_form(&secret).trim_matches('"'), &unicode_form(&secret));
    }
    Planted {
        bytes: text.into_bytes(),
        secret,
    }
}

fn damage(report: &mut Planted, how: u8) {
    let bytes = &mut report.bytes;
    let end = bytes.len() - 1;
    match how {
        0 => bytes.truncate(end - 20),
        1 => bytes.splice(end - 1..end - 1, [b'"', 0xff, 0xfe]).for_each(drop),
        2 => {
            let name = json_form(&report.secret);
            bytes
                .splice(end..end, format!(",{name}:1,{name}:2").into_bytes())
                .for_each(drop);
        }
        3 => {
            let deep = format!(",{}:{}", json_form(&report.secret), "[".repeat(300));
            bytes.splice(end..end, deep.into_bytes()).for_each(drop);
        }
        _ => {
            let word = format!(",\"a\":tru{}", report.secret);
            bytes.splice(end..end, word.into_bytes()).for_each(drop);
        }
    }
}

fn forms(secret: &str) -> [String; 6] {
    [
        secret.to_owned(),
        url_form(secret),
        BASE64.encode(secret.as_bytes()),
        BASE64URL_NOPAD.encode(secret.as_bytes()),
        HEXLOWER.encode(secret.as_bytes()),
        unicode_form(secret),
    ]
}

/// The forms as an output would show them: without their ends, since those of base64 depend on what stands around, and
/// the beginning alone, as a scanner may have cut it.
fn traces(secret: &str) -> Vec<String> {
    let escaped = json_form(secret);
    let all = forms(secret)
        .into_iter()
        .chain([escaped.trim_matches('"').to_owned()]);
    let inner = all.map(|form| form.chars().skip(1).take(form.chars().count() - 4).collect());
    let beginning: String = secret.chars().take(18).collect();
    let plain = inner.chain([beginning]);
    plain
        .flat_map(|trace: String| [json_form(&trace).trim_matches('"').to_owned(), trace])
        .collect()
}

fn url_form(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn json_form(text: &str) -> String {
    Value::from(text).to_string()
}

fn unicode_form(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn pick(dice: &mut Dice, length: usize) -> usize {
    usize::try_from(dice.below(length as u64)).expect("a length is small")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_planted_secret_is_found_where_it_was_planted() {
        let search = Search::default();
        for report in whole().iter().chain(&broken()) {
            assert!(
                !search.found(&report.bytes).is_empty(),
                "{}",
                String::from_utf8_lossy(&report.bytes)
            );
        }
        let all: Vec<u8> = whole().into_iter().flat_map(|report| report.bytes).collect();
        assert_eq!(search.found(&all).len(), 2 * PLANTED);
        assert_eq!(search.found(b"a report without any"), BTreeSet::new());
    }

    #[test]
    fn the_same_reports_are_planted_each_time() {
        let bytes = || whole().into_iter().map(|report| report.bytes).collect::<Vec<_>>();
        assert_eq!(bytes(), bytes());
    }
}
