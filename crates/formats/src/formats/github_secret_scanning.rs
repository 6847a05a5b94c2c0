//! GitHub secret scanning: webhooks (no value), REST alerts (with the value in clear), and their locations.
//!
//! `validity` is the provider's word; `resolution` is a person's and proves nothing: what was resolved as revoked
//! stays a finding until its provider says inactive.

mod location;
mod request;

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Resolved, Strength, github};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, Exposure, IssueType, Statement, Validity};
use reeve_domain::reject::{DropReason, Reason, Reject};
use reeve_domain::secret::{ValueHints, base64_text};

use super::Format;
use crate::draft::{Also, Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use location::{is_location, place_of};

/// GitHub secret scanning.
pub(super) const GITHUB_SECRET_SCANNING: Format = Format {
    id: "github-secret-scanning",
    version: 2,
    tool: "GitHub secret scanning",
    names: &[
        "action",
        "alert",
        "repository",
        "organization",
        "location",
        "details",
        "number",
        "created_at",
        "updated_at",
        "resolved_at",
        "resolution",
        "resolved_by",
        "state",
        "secret",
        "secret_type",
        "secret_type_display_name",
        "is_base64_encoded",
        "validity",
        "publicly_leaked",
        "multi_repo",
        "html_url",
        "url",
        "locations_url",
        "first_location_detected",
        "path",
        "start_line",
        "commit_sha",
        "commit_url",
        "full_name",
        "private",
        "visibility",
        "id",
        "type",
    ],
    statements: &[
        (Statement::Active, EvidenceLevel::E3),
        (Statement::Inactive, EvidenceLevel::E3),
    ],
    detect: |json| {
        is_webhook(json) || is_alert(json) || is_location(json) || is_scan(json) || request::is_request(json)
    },
    records: |json| Ok(Report::one(json)),
    read,
};

/// Resolutions by which a person says that there is no problem.
const NO_PROBLEM: &[&str] = &[
    "false_positive",
    "wont_fix",
    "used_in_tests",
    "pattern_deleted",
    "pattern_edited",
];

fn is_webhook(json: &Json<'_>) -> bool {
    json.has_all(&["action", "alert", "repository"]) && json.get("alert").has("secret_type")
}

/// Older servers do not say where the locations are.
fn is_alert(json: &Json<'_>) -> bool {
    let is_listed = json.has("locations_url") || json.has_all(&["secret", "html_url"]);
    is_listed && json.has_all(&["secret_type", "number"])
}

/// The webhook of a scan that has ended; it does not say what it has covered.
fn is_scan(json: &Json<'_>) -> bool {
    json.has_all(&["action", "type", "source", "completed_at"])
        && (json.has("secret_types") || json.has("custom_pattern_name"))
}

/// An alert as both forms have it, and what stands around it.
struct Alert<'d> {
    alert: &'d Json<'d>,
    repository: &'d Json<'d>,
    /// The place that the webhook of a new location, or the alert itself, names.
    details: &'d Json<'d>,
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if is_webhook(json) {
        let alert = json.get("alert");
        let named = json.at(&["location", "details"]);
        let details = if named.is_null() {
            alert.get("first_location_detected")
        } else {
            named
        };
        Alert {
            alert,
            repository: json.get("repository"),
            details,
        }
        .read("/alert")
    } else if is_alert(json) {
        let details = json.get("first_location_detected");
        Alert {
            alert: json,
            repository: json.get("repository"),
            details,
        }
        .read("")
    } else if is_scan(json) || request::is_request(json) {
        Ok(Reading::Dropped(DropReason::NoStatement))
    } else {
        Ok(location::read(json))
    }
}

impl<'d> Alert<'d> {
    /// `prefix` is the pointer of the alert in its record.
    fn read(&self, prefix: &str) -> Result<Reading<'d>, Reject> {
        let within = |mut reject: Reject| {
            reject.path = reject.path.map(|path| format!("{prefix}{path}"));
            reject
        };
        let kind = self.alert.require_text(&["secret_type"]).map_err(within)?;
        self.alert.require_unsigned(&["number"]).map_err(within)?;
        let validity = self.validity();
        if validity == Validity::Unknown && self.is_no_problem() {
            return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
        }
        let subject = self.subject()?;
        let title = self.alert.get("secret_type_display_name").text().unwrap_or(kind);
        let problem = Problem {
            validity,
            exposure: self.exposure(),
            ..Problem::new(
                IssueType::SecretExposed,
                format!("{title} in {}", self.repository_name()),
            )
        };
        let draft = Draft {
            also: self
                .alert_key()
                .map(|named| Also::Alias(Strength::Strong, named))
                .into_iter()
                .collect(),
            place: self.place(),
            times: self.times(),
            problem: Some(problem),
            statements: statements(validity),
            ..Draft::new(subject, self.source(kind))
        };
        let secret = self.alert.get("secret").text().map(Cow::Borrowed);
        let secrets = secret.into_iter().chain(self.decoded()).collect();
        Ok(Reading::observed(secrets, vec![draft]))
    }

    /// The value, where it stands in base64 and the alert says so.
    fn decoded(&self) -> Option<Cow<'d, str>> {
        let is_encoded = self.alert.get("is_base64_encoded").bool() == Some(true);
        let value = self.alert.get("secret").text().filter(|_| is_encoded)?;
        base64_text(value).map(|text| Cow::Owned(text.expose().clone()))
    }

    fn validity(&self) -> Validity {
        match self.alert.get("validity").text() {
            Some("active") => Validity::Active,
            Some("inactive") => Validity::Inactive,
            _ => Validity::Unknown,
        }
    }

    fn is_no_problem(&self) -> bool {
        self.alert
            .get("resolution")
            .text()
            .is_some_and(|word| NO_PROBLEM.contains(&word))
    }

    /// The value where the alert has it, else the alert itself; without the repository's id the place is all there is.
    fn subject(&self) -> Result<SubjectOf<'d>, Reject> {
        match (self.alert.get("secret").text(), self.alert_key()) {
            (Some(value), otherwise) => Ok(SubjectOf::Value {
                value: self.decoded().unwrap_or(Cow::Borrowed(value)),
                half: None,
                hints: ValueHints::default(),
                otherwise,
            }),
            (None, Some(alert)) => Ok(SubjectOf::Named(alert)),
            (None, None) if self.repository_url().is_some() => Ok(SubjectOf::Place),
            (None, None) => Err(Reject::field(
                Reason::NoSubject,
                "/repository/id",
                "expected the repository, or the secret",
            )),
        }
    }

    /// Host, repository id and number: what a webhook and a REST alert of the same secret share.
    fn alert_key(&self) -> Option<Named<'d>> {
        let id = self.repository.get("id").scalar()?;
        let number = self.alert.get("number").scalar()?;
        let host = self.page().unwrap_or_default();
        Some(Named {
            texts: vec![host.into(), id, number],
            build: alert_key,
        })
    }

    fn page(&self) -> Option<&'d str> {
        self.alert
            .get("html_url")
            .text()
            .or(self.repository.get("html_url").text())
    }

    /// The page of the repository: its own, or what stands before `/security/` in that of the alert.
    fn repository_url(&self) -> Option<&'d str> {
        let of_alert = || self.alert.get("html_url").text()?.split("/security/").next();
        self.repository.get("html_url").text().or_else(of_alert)
    }

    fn repository_name(&self) -> &'d str {
        let name = self
            .repository
            .get("full_name")
            .text()
            .or_else(|| self.repository_url());
        name.unwrap_or("a repository")
    }

    fn exposure(&self) -> Exposure {
        let is_leaked = self.alert.get("publicly_leaked").bool() == Some(true);
        let is_private = self.repository.get("private").bool();
        match (is_leaked, is_private, self.repository.get("visibility").text()) {
            (true, ..) => Exposure::Public,
            (_, _, Some("internal")) => Exposure::Internal,
            (_, Some(true), _) | (_, None, Some("private")) => Exposure::Private,
            (_, Some(false), _) | (_, None, Some("public")) => Exposure::Public,
            _ => Exposure::Unknown,
        }
    }

    fn place(&self) -> Place<'d> {
        let repository = self.repository_url().map(Cow::Borrowed);
        Place {
            repository,
            ..place_of(self.details)
        }
    }

    /// The alert's own times: a list that is asked for again says nothing new.
    fn times(&self) -> Times {
        let time = |field: &str| time::of(self.alert.get(field));
        let created_at = time("created_at");
        Times {
            exposed_since: None,
            first_detected_at: created_at,
            observed_at: [time("updated_at"), time("resolved_at"), created_at]
                .into_iter()
                .flatten()
                .max(),
        }
    }

    fn source(&self, kind: &'d str) -> SourceOf<'d> {
        let id = self.repository.get("id").scalar();
        let number = self.alert.get("number").scalar().unwrap_or_default();
        let reference = match id {
            Some(id) => format!("{id}/{number}"),
            None => number.into_owned(),
        };
        SourceOf {
            rule: kind.into(),
            serial: reference.clone().into(),
            reference: reference.into(),
            url: self.alert.get("html_url").text().map(Cow::Borrowed),
            ..SourceOf::default()
        }
    }
}

fn alert_key(texts: &[&str]) -> Result<Resolved, KeyError> {
    let number = |text: &str| text.parse().map_err(|_| KeyError::Expected("a number"));
    let host = Some(texts[0]).filter(|host| !host.is_empty());
    github::alert(host, number(texts[1])?, number(texts[2])?)
}

fn statements(validity: Validity) -> Vec<(Statement, EvidenceScope)> {
    match validity {
        Validity::Active => vec![(Statement::Active, EvidenceScope::WholeSubject)],
        Validity::Inactive => vec![(Statement::Inactive, EvidenceScope::WholeSubject)],
        Validity::Unknown => Vec::new(),
    }
}
