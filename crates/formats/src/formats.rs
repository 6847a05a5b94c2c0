//! The scanner formats: one file each, all of one shape.
//!
//! # Adding a format
//!
//! 1. Write `formats/<name>.rs`, in this order: the module sentence, a `pub(super) const <NAME>: Format`,
//!    `detect`, `records`, findings, evidence, tables, tests. Add it to [`ALL`].
//! 2. Put hand-written samples into `fixtures/<format id>/*.json` (never a copy of somebody's file). The tests in
//!    `tests/` find them by themselves: golden output, poison, canaries, one detector a file.
//!
//! A format is data and three plain functions over a [`Json`] tree. It never sees envelopes, arrays, lines or
//! compression (those are peeled before it), never builds an observation, never scrubs, never makes a keyed hash:
//! it says in [`Draft`]s what a record means, and `observe` does the rest in one place.
//!
//! * `detect(object)`: is this object mine? By content alone, and so narrow that no other format says yes. It is
//!   called with every object: begin with a key that others do not have. Elements of an array are asked one by one.
//! * `records(object)`: which results the object holds. [`Report::one`] where the object is the result itself.
//!   Every result of a report becomes exactly one item: what is skipped here is lost, so skip nothing.
//!   A scan with a scope also gives its receipts here.
//! * `read(record)`: what one result means: `Ok(Reading::observed(secrets, drafts))`, `Ok(Reading::Dropped(why))`,
//!   or `Err(reject)`, made by `json.require_text(&["path", "of", "names"])?` and its like. A field that is only
//!   nice to have and has a wrong type is taken as absent; only what no observation can be made without is required.
//!
//! # What to keep in mind
//!
//! * **Secrets**: every value that is or holds a secret goes into `secrets`, also those that are not used. Everything
//!   else that a draft carries is scrubbed of them, in whatever encoding, before it is keyed or shown. A secret as a
//!   subject is [`SubjectOf::Value`]; any other subject is [`SubjectOf::Named`]: raw texts and the builder of
//!   `reeve_domain::key` that takes them, so that they can be scrubbed before they become a key.
//! * **Not my business**: a builder that answers `NotASubject` for every draft makes the record a drop
//!   (`not_identity_relevant`), any other error a reject (`no_subject`); one subject found is enough.
//! * **Times**: leave `observed_at` empty where the record does not say it; the broker's time is taken and marked.
//! * **Evidence**: only what is listed in the format's `statements` can be said; levels are set from there or from
//!   the configuration, never by the input.
//! * **Unknown words** (a new enum value, a new rule) degrade to `unknown` or to the table's default with
//!   `unmapped: true`, they never reject.

mod access_analyzer;
mod asff;
mod cloudtrail;
mod crowdstrike;
mod defender;
mod detect_secrets;
mod entra;
mod entra_audit;
mod gcp_audit;
mod ggshield;
mod gitguardian;
mod github_audit;
mod github_code_scanning;
mod github_dependabot;
mod github_secret_scanning;
mod gitlab_secret;
mod gitleaks;
mod google_scc;
mod guardduty;
mod k8s_audit;
mod k8s_objects;
mod kubescape;
mod leak;
mod microsoft;
mod noseyparker;
mod ocsf;
mod okta;
mod sarif;
mod semgrep;
mod sentinel;
mod trivy;
mod trufflehog;
mod trufflehog_v2;
mod vault_audit;
mod wiz;

use reeve_domain::observation::{EvidenceLevel, Statement};
use reeve_domain::reject::Reject;

use crate::draft::{Reading, Record, Report};
use crate::envelope;
use crate::json::Json;

/// A scanner format: what it is called, how it is told, how it is read.
pub(crate) struct Format {
    /// Its id on the wire, in configuration and in metrics: `gitleaks-v8`.
    pub(crate) id: &'static str,
    /// Version of this reader; goes up when the same input gives other observations.
    pub(crate) version: u32,
    /// The product, where the record does not name it.
    pub(crate) tool: &'static str,
    /// Keys that may stand in a pointer of a reject; any other key is shown as `*`, as it could be a secret.
    pub(crate) names: &'static [&'static str],
    /// What it may say as evidence, and the default level of each.
    pub(crate) statements: &'static [(Statement, EvidenceLevel)],
    /// Whether an object is of this format.
    pub(crate) detect: fn(&Json<'_>) -> bool,
    /// The results in an object of this format.
    pub(crate) records: for<'d> fn(&'d Json<'d>) -> Result<Report<'d>, Reject>,
    /// What one result means.
    pub(crate) read: for<'d> fn(&Record<'d>) -> Result<Reading<'d>, Reject>,
}

/// Every format, the more frequent ones first.
static ALL: &[Format] = &[
    gitleaks::GITLEAKS_V8,
    trufflehog::TRUFFLEHOG_V3,
    github_secret_scanning::GITHUB_SECRET_SCANNING,
    asff::ASFF,
    cloudtrail::CLOUDTRAIL,
    sarif::SARIF,
    semgrep::SEMGREP,
    ocsf::OCSF,
    guardduty::GUARDDUTY,
    access_analyzer::ACCESS_ANALYZER,
    okta::OKTA,
    entra::ENTRA,
    k8s_audit::K8S_AUDIT,
    kubescape::KUBESCAPE,
    github_audit::GITHUB_AUDIT,
    gcp_audit::GCP_AUDIT,
    entra_audit::ENTRA_AUDIT,
    vault_audit::VAULT_AUDIT,
    gitleaks::GITLEAKS_V7,
    github_code_scanning::GITHUB_CODE_SCANNING,
    github_dependabot::GITHUB_DEPENDABOT,
    detect_secrets::DETECT_SECRETS,
    gitlab_secret::GITLAB_SECRET,
    gitguardian::GITGUARDIAN,
    ggshield::GGSHIELD,
    noseyparker::NOSEYPARKER,
    trufflehog_v2::TRUFFLEHOG_V2,
    trufflehog_v2::TRUFFLEHOG3,
    trivy::TRIVY,
    trivy::TRIVY_OPERATOR,
    wiz::WIZ,
    wiz::audit::WIZ_AUDIT,
    google_scc::GOOGLE_SCC,
    crowdstrike::CROWDSTRIKE,
    sentinel::SENTINEL,
    defender::DEFENDER,
];

/// Every format.
pub(crate) fn all() -> &'static [Format] {
    ALL
}

/// The ids of every format, for configuration and metrics.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|format| format.id)
}

/// The ids of the formats that claim an object; more than one is a defect of theirs, which a test looks for.
#[doc(hidden)]
pub fn claims(json: &Json<'_>) -> Vec<&'static str> {
    ALL.iter()
        .filter(|format| (format.detect)(json))
        .map(|format| format.id)
        .collect()
}

/// The format of an object.
pub(crate) fn of(json: &Json<'_>) -> Option<&'static Format> {
    ALL.iter().find(|format| (format.detect)(json))
}

/// A key as it may stand in the pointer of a reject: as it is if a format or an envelope knows it, else `*`.
pub(crate) fn pointer_segment(key: &str) -> String {
    let known = ALL.iter().any(|format| format.names.contains(&key)) || envelope::NAMES.contains(&key);
    if known {
        key.replace('~', "~0").replace('/', "~1")
    } else {
        "*".to_owned()
    }
}
