//! A cause: one source finding behind a task, with what its reports said, in bounded space.

use data_encoding::BASE32_NOPAD;
use reeve_domain::observation::{Exposure, Finding, Location, Validity};
use reeve_domain::task::Cause;
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bounds::{REPORTS_MAX, TEXT_CHARS_MAX, cut, cut_location};
use crate::marks::Marks;

/// Stands in `reference` for all causes of a rule that no longer have a place of their own.
pub(crate) const MORE: &str = "(more)";

/// Identity of a cause within its task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CauseId(String);

impl CauseId {
    /// Of the finding's format, rule, source reference and location.
    pub(crate) fn of(finding: &Finding) -> Self {
        let location = &finding.location;
        let line = location.line.map(|line| line.to_string());
        let place = [
            &location.repository,
            &location.path,
            &line,
            &location.commit,
            &location.resource,
            &location.region,
        ];
        let named = [
            &finding.source.format,
            &finding.source.rule,
            &finding.source.reference,
        ];
        let place = place.into_iter().map(|part| part.as_deref().unwrap_or("\u{1}"));
        Self::hashed(named.into_iter().map(String::as_str).chain(place))
    }

    /// Of all causes of a rule that no longer have a place of their own; no rule: of any rule.
    pub(crate) fn more(format: &str, rule: Option<&str>) -> Self {
        Self::hashed(["\u{2}", format, rule.unwrap_or("\u{1}")].into_iter())
    }

    fn hashed<'a>(parts: impl Iterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
            hash.update([0]);
        }
        Self(BASE32_NOPAD.encode(&hash.finalize()[..10]).to_ascii_lowercase())
    }
}

/// What is known of one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CauseFact {
    /// Format id.
    pub(crate) format: String,
    /// Rule, control or detector; empty for a bucket of several rules.
    pub(crate) rule: String,
    /// The source's own id.
    pub(crate) reference: String,
    /// Where.
    pub(crate) location: Location,
    /// The first report: the earliest wins.
    pub(crate) first_detected_at: Timestamp,
    /// Since when it could have been seen.
    pub(crate) exposed_since: Option<Timestamp>,
    /// When it was observed.
    pub(crate) seen: Marks,
    /// Who could have seen it; the widest that was said.
    pub(crate) exposure: Exposure,
    /// The latest word on validity other than `active` (which is a sign of life of the whole subject).
    pub(crate) validity: Option<(Timestamp, Validity)>,
    /// Hashes of the latest reports it stood in.
    pub(crate) reports: Vec<String>,
    /// Title for people.
    pub(crate) title: String,
    /// A rotation guide the source named.
    pub(crate) guide_url: Option<String>,
    /// A decoy.
    pub(crate) honeytoken: bool,
    /// Hashes of the latest scans (what they covered, and with which rules) that showed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scans: Vec<String>,
}

impl CauseFact {
    /// A cause that nobody has reported yet.
    pub(crate) fn named(finding: &Finding) -> Self {
        Self {
            format: cut(&finding.source.format, TEXT_CHARS_MAX),
            rule: cut(&finding.source.rule, TEXT_CHARS_MAX),
            reference: cut(&finding.source.reference, TEXT_CHARS_MAX),
            location: cut_location(&finding.location),
            first_detected_at: finding.first_detected_at,
            exposed_since: None,
            seen: Marks::default(),
            exposure: finding.exposure,
            validity: None,
            reports: Vec::new(),
            title: cut(&finding.title, TEXT_CHARS_MAX),
            guide_url: guide_of(finding),
            honeytoken: finding.honeytoken,
            scans: Vec::new(),
        }
    }

    /// A bucket for causes of one rule, or of any.
    pub(crate) fn bucket(finding: &Finding, rule: Option<&str>) -> Self {
        Self {
            rule: rule.map(|rule| cut(rule, TEXT_CHARS_MAX)).unwrap_or_default(),
            reference: MORE.to_owned(),
            location: Location::default(),
            ..Self::named(finding)
        }
    }

    /// Remembers the report a sighting stood in.
    pub(crate) fn reported_in(&mut self, report: &str) {
        remember(&mut self.reports, report);
    }

    /// Remembers a scan that showed it; whether it was new.
    pub(crate) fn shown_by(&mut self, scan: &str) -> bool {
        remember(&mut self.scans, scan)
    }

    /// How it stands on the task.
    pub(crate) fn shown(&self, cleared_by: Option<&str>) -> Cause {
        Cause {
            format: self.format.clone(),
            rule: self.rule.clone(),
            reference: self.reference.clone(),
            location: self.location.clone(),
            first_detected_at: self.first_detected_at,
            observed_at: self.seen.last().unwrap_or(self.first_detected_at),
            cleared_by: cleared_by.map(str::to_owned),
        }
    }
}

/// Adds to a short list of hashes, the oldest of which goes.
fn remember(list: &mut Vec<String>, hash: &str) -> bool {
    if list.iter().any(|known| known == hash) {
        return false;
    }
    if list.len() == REPORTS_MAX {
        list.remove(0);
    }
    list.push(hash.to_owned());
    true
}

fn guide_of(finding: &Finding) -> Option<String> {
    let guide = finding.subject.attributes.get("rotation_guide")?;
    (guide.len() <= TEXT_CHARS_MAX).then(|| guide.clone())
}

/// How many can see it; ties between `internal` and `unknown` go to the one that is known.
pub(crate) const fn width(exposure: Exposure) -> u8 {
    match exposure {
        Exposure::Public => 5,
        Exposure::ThirdParty => 4,
        Exposure::Internal => 3,
        Exposure::Unknown => 2,
        Exposure::Private => 1,
        Exposure::Local => 0,
    }
}

/// A short hash of the report an observation stood in.
pub(crate) fn report_of(provenance: &reeve_domain::observation::Provenance) -> String {
    let hash = Sha256::digest(provenance.origin.coordinates());
    BASE32_NOPAD.encode(&hash[..5]).to_ascii_lowercase()
}
