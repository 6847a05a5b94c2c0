//! SARIF 2.1.0: one record a result, one sighting a location.
//!
//! Only results about secrets concern an identity; which those are follows from the tool, the weakness and words of
//! the rule. gitleaks puts the secret itself into the snippet, other tools the line around it: unless a token in it is
//! told by its form, or all of it is an access key id, the value is not known, and the place alone is the subject.

mod fingerprints;
mod receipts;
pub(super) mod rules;

use std::borrow::Cow;

use reeve_domain::key::aws;
use reeve_domain::observation::{IssueType, SourceSeverity, Validity};
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::secret::token_in;

use super::Format;
use crate::draft::{Draft, Found, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};
use rules::Rule;

/// SARIF of any tool.
pub(super) const SARIF: Format = Format {
    id: "sarif-2.1.0",
    version: 2,
    tool: "sarif",
    names: &["runs", "results", "version", "tool", "driver"],
    statements: &[],
    detect,
    records,
    read,
};

fn detect(json: &Json<'_>) -> bool {
    let is_second = json
        .get("version")
        .text()
        .is_some_and(|version| version.starts_with("2."));
    let by_schema = || {
        json.get("$schema")
            .text()
            .is_some_and(|schema| schema.contains("sarif"))
    };
    let by_runs = || {
        json.get("runs")
            .elements()
            .iter()
            .any(|run| run.get("tool").is_object())
    };
    let is_empty = || matches!(json.get("runs"), Json::Array(runs) if runs.is_empty());
    is_second && (by_runs() || by_schema() || is_empty())
}

/// A run without results has failed: the report is refused only if no run has any.
fn records<'d>(json: &'d Json<'d>) -> Result<Report<'d>, Reject> {
    let of_run = |run: &'d Json<'d>| {
        let results = run.get("results").elements().iter();
        results.map(move |result| Found {
            json: result,
            within: vec![run],
            key: None,
        })
    };
    let runs = json.require_array(&["runs"])?;
    let is_with_results = |run: &Json<'_>| matches!(run.get("results"), Json::Array(_));
    if let Some(run) = runs.first().filter(|_| !runs.iter().any(is_with_results)) {
        run.require_array(&["results"])?;
    }
    Ok(Report {
        results: runs.iter().flat_map(of_run).collect(),
        receipts: runs.iter().filter_map(receipts::of_run).collect(),
    })
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let result = Outcome::of(record);
    if let Some(reason) = result.dropped() {
        return Ok(Reading::Dropped(reason));
    }
    let mut secrets: Vec<_> = fingerprints::of_values(result.json).collect();
    let mut drafts = Vec::new();
    let locations = result.json.get("locations").elements();
    let none = std::slice::from_ref(&NOWHERE);
    for location in if locations.is_empty() { none } else { locations } {
        let physical = location.get("physicalLocation");
        secrets.extend(result.withheld(physical));
        drafts.push(result.draft(physical));
    }
    Ok(Reading::observed(secrets, drafts))
}

static NOWHERE: Json<'static> = Json::Null;

/// A result and what its run says of it.
struct Outcome<'d> {
    json: &'d Json<'d>,
    run: &'d Json<'d>,
    tool: &'d str,
    rule: Rule<'d>,
}

impl<'d> Outcome<'d> {
    fn of(record: &Record<'d>) -> Self {
        let json = record.json();
        let run = record.found.within.first().copied().unwrap_or(&NOWHERE);
        Self {
            json,
            run,
            tool: run.at(&["tool", "driver", "name"]).text().unwrap_or_default(),
            rule: Rule::of(json, run),
        }
    }

    fn dropped(&self) -> Option<DropReason> {
        let kind = self.json.get("kind").text().unwrap_or("fail");
        let is_absent = self.json.get("baselineState").text() == Some("absent");
        if !self.rule.is_of_secrets(self.tool) {
            Some(DropReason::NotIdentityRelevant)
        } else if is_absent || ["pass", "notApplicable", "informational"].contains(&kind) {
            Some(DropReason::NoResult)
        } else if self.json.get("suppressions").elements().iter().any(suppresses) {
            Some(DropReason::SuppressedAtSource)
        } else {
            None
        }
    }

    fn draft(&self, physical: &'d Json<'d>) -> Draft<'d> {
        let place = self.place(physical);
        let title = match &place.path {
            Some(path) => format!("{} in {path}", self.rule.title()),
            None => self.rule.title().to_owned(),
        };
        let subject = match self.value(physical) {
            Some(value) => SubjectOf::value(value),
            None => SubjectOf::Place,
        };
        Draft {
            place,
            times: self.times(),
            problem: Some(Problem {
                validity: self.validity(),
                severity: self.severity(),
                ..Problem::new(IssueType::SecretExposed, title)
            }),
            ..Draft::new(subject, self.source())
        }
    }

    /// The value itself: gitleaks 7 has it apart, gitleaks 8 as the snippet; the snippet of any other tool is code, in
    /// which a token may be told by its form.
    fn value(&self, physical: &'d Json<'d>) -> Option<&'d str> {
        let offender = self.json.at(&["properties", "offender"]).text();
        let code = |text: &'d str| match aws::is_access_key_id(text) {
            true => Some(text),
            false => token_in(text),
        };
        let snippet = || physical.at(&["region", "snippet", "text"]).text();
        match rules::writes_values(self.tool) {
            true => offender.or_else(snippet),
            false => offender.or_else(|| snippet().and_then(code)),
        }
    }

    /// The code around the secret, and what is quoted in it.
    fn withheld(&self, physical: &'d Json<'d>) -> Vec<Cow<'d, str>> {
        let value = self.value(physical);
        let snippets = ["region", "contextRegion"]
            .iter()
            .filter_map(|region| physical.at(&[region, "snippet", "text"]).text());
        let is_value = |text: &str| value.is_some_and(|value| text.contains(value));
        let holds_no_other = rules::writes_values(self.tool);
        let around: Vec<&str> = snippets
            .filter(|text| !(holds_no_other && is_value(text)))
            .collect();
        let quoted = around.iter().flat_map(|text| quoted(text));
        let all = value.into_iter().chain(quoted).chain(around.iter().copied());
        all.map(Cow::Borrowed).collect()
    }

    fn place(&self, physical: &'d Json<'d>) -> Place<'d> {
        let checkout = self.run.get("versionControlProvenance").elements().first();
        let checkout = checkout.unwrap_or(&NOWHERE);
        let properties = self.json.get("properties");
        let repository = checkout.get("repositoryUri").text();
        let repository = repository.or(properties.get("repo").text().filter(|repo| *repo != "."));
        let commit = self.json.at(&["partialFingerprints", "commitSha"]).text();
        let commit = commit.or(properties.get("commit").text());
        let commit = commit.or(checkout.get("revisionId").text());
        Place {
            repository: repository.map(Cow::Borrowed),
            path: self.path(physical.get("artifactLocation")),
            line: physical.at(&["region", "startLine"]).unsigned(),
            commit: commit.map(Cow::Borrowed),
            resource: self
                .run
                .at(&["properties", "imageName"])
                .text()
                .map(Cow::Borrowed),
            ..Place::default()
        }
    }

    /// The path below the root of the checkout: a base that is absolute is the machine's business.
    fn path(&self, artifact: &'d Json<'d>) -> Option<Cow<'d, str>> {
        let listed = artifact.get("index").unsigned().and_then(|index| {
            let artifacts = self.run.get("artifacts").elements();
            Some(artifacts.get(usize::try_from(index).ok()?)?.get("location"))
        });
        let (uri, at) = match (artifact.get("uri").text(), listed) {
            (Some(uri), _) => (uri, artifact),
            (None, Some(listed)) => (listed.get("uri").text()?, listed),
            (None, None) => return None,
        };
        let base = at.get("uriBaseId").text();
        let base = base.and_then(|id| self.run.at(&["originalUriBaseIds", id, "uri"]).text());
        let base = base.filter(|base| is_below_root(base));
        Some(match base {
            Some(base) => Cow::Owned(format!("{}/{uri}", base.trim_end_matches('/'))),
            None => Cow::Borrowed(uri.strip_prefix("file://").unwrap_or(uri)),
        })
    }

    fn times(&self) -> Times {
        let committed = self.json.at(&["partialFingerprints", "date"]);
        let invocations = self.run.get("invocations").elements();
        let ended = invocations.iter().map(|invocation| invocation.get("endTimeUtc"));
        Times {
            exposed_since: time::first_of([committed, self.json.at(&["properties", "date"])]),
            first_detected_at: time::of(self.json.at(&["provenance", "firstDetectionTimeUtc"])),
            observed_at: time::first_of(ended),
        }
    }

    /// TruffleHog writes what it has verified as an error.
    fn validity(&self) -> Validity {
        let is_verified = self.tool.eq_ignore_ascii_case("trufflehog") && self.level() == "error";
        if is_verified {
            Validity::Active
        } else {
            Validity::Unknown
        }
    }

    fn level(&self) -> &'d str {
        let own = self.json.get("level").text();
        own.or(self.rule.level()).unwrap_or("warning")
    }

    fn severity(&self) -> SourceSeverity {
        match self.rule.security_severity() {
            Some(score) => severity::of_score(score),
            None => severity::of_word(self.level()),
        }
    }

    fn source(&self) -> SourceOf<'d> {
        let stable = fingerprints::stable(self.json).unwrap_or_default();
        let named = self.json.get("guid").text().unwrap_or_default();
        SourceOf {
            tool: Some(self.tool.into()).filter(|tool: &Cow<'_, str>| !tool.is_empty()),
            rule: self.rule.id().into(),
            named: Some(self.rule.title().into()),
            reference: if stable.is_empty() { named } else { stable }.into(),
            serial: stable.into(),
            url: self.rule.page().map(Cow::Borrowed),
        }
    }
}

/// Whether a base is a plain path below the root; what is too long for a name may be anything, and joined to the rest
/// of the path it could not be told any more.
fn is_below_root(base: &str) -> bool {
    const NAME_BYTES_MAX: usize = 32;
    let is_relative = !base.contains("://") && !base.starts_with('/');
    is_relative && base.split('/').all(|name| name.len() <= NAME_BYTES_MAX)
}

/// A rejected suppression, or one under review, suppresses nothing.
fn suppresses(suppression: &Json<'_>) -> bool {
    matches!(suppression.get("status").text(), None | Some("accepted"))
}

/// The texts within quotes in a line of code.
fn quoted(code: &str) -> impl Iterator<Item = &str> {
    ['"', '\'', '`']
        .into_iter()
        .flat_map(move |quote| code.split(quote).skip(1).step_by(2))
        .filter(|text| text.len() >= 6)
}
