//! TruffleHog v3, one result a line.
//!
//! `Verified: true` is a sign of life. `Verified: false` is **unknown**, never inactive: with `--no-verification` and
//! for detectors without a verifier it never meant anything. Where it may mean something (a verifier, no error) an
//! `inactive` goes along as a candidate, which the ledger counts only as a change from live to not live of the same
//! source. The time in the record is the commit's or page's, not the scan's. What the scanner logs in between is no
//! result.

use std::borrow::Cow;

use reeve_domain::key::{Rel, aws, gcp, github};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement, Validity};
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::secret::{ValueHints, base64_text};

mod forms;
mod pairs;
mod places;

use super::Format;
use crate::draft::{Also, Draft, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use forms::{behind_separator, rest_of};
use pairs::{Behind, PLAIN_PARTS, is_sid, secret_behind};
use places::{exposure, metadata, page, place};

/// TruffleHog 3.
pub(super) const TRUFFLEHOG_V3: Format = Format {
    id: "trufflehog-v3",
    version: 3,
    tool: "trufflehog",
    names: &[
        "SourceMetadata",
        "Data",
        "SourceID",
        "SourceType",
        "SourceName",
        "DetectorType",
        "DetectorName",
        "DetectorDescription",
        "DecoderName",
        "Verified",
        "VerificationError",
        "VerificationFromCache",
        "Raw",
        "RawV2",
        "SecretParts",
        "Redacted",
        "ExtraData",
        "StructuredData",
        "account",
        "arn",
        "user_id",
        "is_canary",
        "rotation_guide",
        "project",
        "private_key_id",
    ],
    statements: &[
        (Statement::Active, EvidenceLevel::E3),
        (Statement::Inactive, EvidenceLevel::E3),
    ],
    detect: |json| json.has_all(&["DetectorName", "SourceMetadata"]) || is_log(json),
    records: |json| Ok(Report::one(json)),
    read,
};

/// Detectors whose `Verified: false` says nothing, as nobody can be asked.
const WITHOUT_VERIFIER: &[&str] = &["PrivateKey", "Generic", "CustomRegex", "JDBC", "JWT"];

/// A line of its log, which stands between the results where both streams go to one file.
fn is_log(json: &Json<'_>) -> bool {
    json.has_all(&["level", "ts", "logger", "msg"]) && json.get("logger").text() == Some("trufflehog")
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if is_log(json) {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let detector = json.require_text(&["DetectorName"])?;
    let raw = raw(json)?;
    let behind = secret_behind(json, detector, &raw);
    let secrets = secrets(json, &raw, behind.as_ref());
    let subject = subject(json, detector, raw, behind);
    let (kind, metadata) = metadata(json);
    let source = SourceOf {
        rule: detector.into(),
        url: page(metadata),
        ..SourceOf::default()
    };
    let place = place(kind, metadata);
    let title = match &place.path {
        Some(path) => format!("{detector} secret in {path}"),
        None => format!("{detector} secret"),
    };
    let problem = Problem {
        validity: validity(json),
        exposure: exposure(kind, metadata),
        honeytoken: is_canary(json),
        ..Problem::new(IssueType::SecretExposed, title)
    };
    let draft = Draft {
        also: also(json),
        attributes: attributes(json),
        place,
        times: Times {
            exposed_since: time::of(metadata.get("timestamp")),
            ..Times::default()
        },
        problem: Some(problem),
        statements: statements(json, detector, &subject),
        ..Draft::new(subject, source)
    };
    Ok(Reading::observed(secrets, vec![draft]))
}

/// What was found. Early versions wrote it in base64: those that do not name the decoder.
fn raw<'d>(json: &'d Json<'d>) -> Result<Cow<'d, str>, Reject> {
    let (raw, whole) = (json.get("Raw").text(), json.get("RawV2").text());
    let raw = match whole.filter(|whole| is_key_file(whole)).or(raw).or(whole) {
        Some(raw) => raw,
        None => json.require_text(&["Raw"])?,
    };
    Ok(as_reported(json, raw))
}

/// The key file of a service account, of which `Raw` is the address alone.
fn is_key_file(whole: &str) -> bool {
    whole.trim_start().starts_with('{') && whole.contains("private_key")
}

fn as_reported<'d>(json: &Json<'_>, raw: &'d str) -> Cow<'d, str> {
    if json.has("DecoderName") {
        return Cow::Borrowed(raw);
    }
    base64_text(raw).map_or(Cow::Borrowed(raw), |text| Cow::Owned(text.expose().to_string()))
}

fn subject<'d>(
    json: &'d Json<'d>,
    detector: &str,
    raw: Cow<'d, str>,
    behind: Option<Behind<'d>>,
) -> SubjectOf<'d> {
    let key_id = json.at(&["ExtraData", "private_key_id"]).text();
    let is_google = detector.eq_ignore_ascii_case("GCP") && !raw.trim_start().starts_with('{');
    if let Some(id) = key_id.filter(|_| is_google) {
        return SubjectOf::Named(Named::new([id], |texts| gcp::service_account_key(texts[0], None)));
    }
    let half = secret_half(json, &raw);
    let value = match behind {
        None => raw,
        Some(Behind::Name(value) | Behind::Part(value)) => value,
        Some(Behind::Nothing) => return SubjectOf::Place,
    };
    SubjectOf::Value {
        value,
        half,
        hints: ValueHints {
            account: json.at(&["ExtraData", "account"]).text(),
            ..ValueHints::default()
        },
        otherwise: None,
    }
}

/// For an access key `Raw` is its public id; the secret half stands behind it in `RawV2`, and behind that the token of
/// a session.
fn secret_half<'d>(json: &'d Json<'d>, raw: &str) -> Option<Cow<'d, str>> {
    let pair = json.get("RawV2").text().filter(|_| aws::is_access_key_id(raw))?;
    let rest = behind_separator(pair.strip_prefix(raw)?);
    let half = rest.split(':').next().unwrap_or_default();
    Some(half).filter(|half| !half.is_empty()).map(Cow::Borrowed)
}

/// Everything that holds key material, but not what a client is called; `Redacted` of a private key is its first 64
/// bytes, of a service account its address, which is none.
fn secrets<'d>(json: &'d Json<'d>, raw: &Cow<'d, str>, behind: Option<&Behind<'d>>) -> Vec<Cow<'d, str>> {
    let (first, name) = match behind {
        None | Some(Behind::Nothing) => (raw, None),
        Some(Behind::Name(value)) => (value, Some(raw).filter(|raw| is_sid(raw))),
        Some(Behind::Part(value)) => (value, None),
    };
    let mut secrets = vec![first.clone()];
    secrets.extend(
        ["Raw", "RawV2", "Redacted"]
            .iter()
            .filter_map(|field| json.get(field).text())
            .filter(|text| !text.ends_with(".gserviceaccount.com"))
            .map(Cow::Borrowed),
    );
    let whole = json.get("RawV2").text().map(|text| as_reported(json, text));
    let rest = whole.as_deref().and_then(|whole| rest_of(whole, raw));
    secrets.extend(rest.filter(|rest| !is_plain(json, rest)).map(owned));
    secrets.extend(whole.filter(|whole| matches!(whole, Cow::Owned(_))));
    let parts = json
        .get("SecretParts")
        .entries()
        .iter()
        .filter(|(name, _)| !PLAIN_PARTS.contains(&name.as_ref()))
        .filter_map(|(_, part)| part.text());
    secrets.extend(parts.map(Cow::Borrowed));
    let analyzed = json.get("AnalysisInfo").entries().iter();
    secrets.extend(analyzed.filter_map(|(_, part)| part.text()).map(Cow::Borrowed));
    secrets.retain(|secret| Some(secret) != name);
    secrets
}

/// Whether a text is a part that tells where the secret is used.
fn is_plain(json: &Json<'_>, text: &str) -> bool {
    let parts = json.get("SecretParts").entries();
    parts
        .iter()
        .any(|(name, part)| PLAIN_PARTS.contains(&name.as_ref()) && part.text() == Some(text))
}

fn owned<'d>(text: &str) -> Cow<'d, str> {
    Cow::Owned(text.to_owned())
}

fn validity(json: &Json<'_>) -> Validity {
    match json.get("Verified").bool() {
        Some(true) => Validity::Active,
        _ => Validity::Unknown,
    }
}

/// Of a place nothing is said: one dead secret there says nothing of the others.
fn statements(json: &Json<'_>, detector: &str, subject: &SubjectOf<'_>) -> Vec<(Statement, EvidenceScope)> {
    let failed = json.get("VerificationError").text().is_some();
    let has_verifier = !WITHOUT_VERIFIER.contains(&detector);
    let is_place = matches!(subject, SubjectOf::Place);
    match json.get("Verified") {
        Json::Bool(false) if has_verifier && !failed && !is_place => {
            vec![(Statement::Inactive, EvidenceScope::WholeSubject)]
        }
        _ => Vec::new(),
    }
}

fn is_canary(json: &Json<'_>) -> bool {
    let extra = json.get("ExtraData");
    let by_name = extra
        .get("arn")
        .text()
        .is_some_and(|arn| arn.contains("canarytokens"));
    extra.get("is_canary").bool() == Some(true) || by_name
}

/// The principal behind an access key, and the account that a key lets in at GitHub.
fn also<'d>(json: &'d Json<'d>) -> Vec<Also<'d>> {
    let arn = json.at(&["ExtraData", "arn"]).text();
    let arn = arn.map(|arn| Named::new([arn], |texts| aws::from_arn(texts[0], None)));
    let keys = json.at(&["StructuredData", "github_ssh_key"]).elements().iter();
    let users = keys.filter_map(|key| key.get("user").text());
    let users = users.map(|user| Named::new([user], |texts| github::login(None, texts[0])));
    arn.into_iter()
        .chain(users)
        .map(|named| Also::Link(Rel::Authenticates, named))
        .collect()
}

fn attributes<'d>(json: &'d Json<'d>) -> Vec<(&'static str, Cow<'d, str>)> {
    let extra = json.get("ExtraData");
    let named = [
        ("rotation_guide", "rotation_guide"),
        ("project", "project"),
        ("team", "team"),
        ("user_id", "user_id"),
    ];
    named
        .iter()
        .filter_map(|(field, name)| Some((*name, Cow::Borrowed(extra.get(field).text()?))))
        .collect()
}
