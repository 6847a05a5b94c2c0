//! GitHub code scanning: webhooks, REST alerts, and their instances; only alerts about secrets concern an identity.
//!
//! `fixed` on a branch says that the code is gone from it; fixed in a pull request it still stands where it stood. What
//! was dismissed is a person's word.

use std::borrow::Cow;

use reeve_domain::observation::{EvidenceLevel, EvidenceScope, Exposure, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::sarif::rules::is_of_secrets;
use super::{Format, leak};
use crate::draft::{Draft, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// GitHub code scanning.
pub(super) const GITHUB_CODE_SCANNING: Format = Format {
    id: "github-code-scanning",
    version: 1,
    tool: "GitHub code scanning",
    names: &[
        "action",
        "alert",
        "repository",
        "number",
        "rule",
        "id",
        "tool",
        "state",
        "most_recent_instance",
        "analysis_key",
        "location",
        "path",
    ],
    statements: &[(Statement::RemovedFromSource, EvidenceLevel::E2)],
    detect: |json| is_alert(json) || is_webhook(json) || is_instance(json),
    records: |json| Ok(Report::one(json)),
    read,
};

fn is_webhook(json: &Json<'_>) -> bool {
    json.has("action") && is_alert(json.get("alert"))
}

fn is_alert(json: &Json<'_>) -> bool {
    let is_of_code = json.has("instances_url") || json.has("most_recent_instance") || json.has("instances");
    json.has_all(&["rule", "tool"]) && is_of_code
}

/// An element of the list of one alert's instances: it does not say of which rule.
fn is_instance(json: &Json<'_>) -> bool {
    json.has_all(&["analysis_key", "ref", "location"])
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if is_instance(json) {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let (alert, event) = match is_webhook(json) {
        true => (json.get("alert"), json),
        false => (json, json),
    };
    let alert = Alert { alert, event };
    if !alert.is_of_secrets() {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    let draft = match alert.alert.get("state").text() {
        Some("dismissed") => return Ok(Reading::Dropped(DropReason::SuppressedAtSource)),
        Some("fixed") if alert.is_of_pull_request() => return Ok(Reading::Dropped(DropReason::NoStatement)),
        Some("fixed") => alert.removed(),
        _ => alert.draft(),
    };
    Ok(Reading::observed(Vec::new(), vec![draft]))
}

/// An alert, and the event or list element around it.
struct Alert<'d> {
    alert: &'d Json<'d>,
    event: &'d Json<'d>,
}

impl<'d> Alert<'d> {
    fn rule(&self) -> &'d str {
        let rule = self.alert.get("rule");
        rule.get("id")
            .text()
            .or(rule.get("name").text())
            .unwrap_or("unknown")
    }

    fn tool(&self) -> Option<&'d str> {
        self.alert.at(&["tool", "name"]).text()
    }

    /// Where the alert was seen last; older webhooks have a list alone.
    fn instance(&self) -> &'d Json<'d> {
        match self.alert.get("most_recent_instance") {
            Json::Null => self.alert.get("instances").elements().last().unwrap_or(&NONE),
            instance => instance,
        }
    }

    /// A rule about secrets, or one about code that writes a secret down.
    fn is_of_secrets(&self) -> bool {
        let rule = self.alert.get("rule");
        let tags: Vec<&str> = rule
            .get("tags")
            .elements()
            .iter()
            .filter_map(Json::text)
            .collect();
        let texts = [self.rule(), rule.get("description").text().unwrap_or_default()];
        let message = self
            .instance()
            .at(&["message", "text"])
            .text()
            .unwrap_or_default();
        let in_clear = self.rule().contains("clear-text-") || self.rule().contains("cleartext-");
        let of_secret = ["(secret)", "(password)"]
            .iter()
            .any(|kind| message.contains(kind));
        is_of_secrets(self.tool().unwrap_or_default(), &tags, texts) || (in_clear && of_secret)
    }

    fn is_of_pull_request(&self) -> bool {
        let seen = [self.event.get("ref"), self.instance().get("ref")];
        let seen = seen.iter().find_map(|name| name.text());
        seen.is_some_and(|name| name.starts_with("refs/pull/"))
    }

    fn removed(&self) -> Draft<'d> {
        let scope = EvidenceScope::Rule(self.rule().to_owned());
        Draft {
            problem: None,
            statements: vec![(Statement::RemovedFromSource, scope)],
            ..self.draft()
        }
    }

    fn draft(&self) -> Draft<'d> {
        let rule = self.alert.get("rule");
        let title = rule.get("description").text().unwrap_or(self.rule());
        let mut draft = leak::exposed(SubjectOf::Place, title, self.source(), self.place());
        draft.times = self.times();
        let level = rule
            .get("security_severity_level")
            .text()
            .or(rule.get("severity").text());
        if let Some(problem) = &mut draft.problem {
            problem.severity = level.map(severity::of_word).unwrap_or_default();
            problem.exposure = self.exposure();
        }
        draft
    }

    fn source(&self) -> SourceOf<'d> {
        let id = self.event.at(&["repository", "id"]).scalar();
        let number = self.alert.get("number").scalar().unwrap_or_default();
        let reference = match id {
            Some(id) => format!("{id}/{number}"),
            None => number.into_owned(),
        };
        SourceOf {
            tool: self.tool().map(Cow::Borrowed),
            rule: self.rule().into(),
            named: self.alert.at(&["rule", "description"]).text().map(Cow::Borrowed),
            serial: reference.clone().into(),
            reference: reference.into(),
            url: self.alert.get("html_url").text().map(Cow::Borrowed),
        }
    }

    /// The page of the repository: its own, or what stands before the alert in the alert's.
    fn repository(&self) -> Option<&'d str> {
        let page = self.alert.get("html_url").text();
        let of_alert = page.and_then(|page| {
            let page = page.split("/code-scanning/").next()?;
            Some(page.strip_suffix("/security").unwrap_or(page))
        });
        self.event.at(&["repository", "html_url"]).text().or(of_alert)
    }

    fn place(&self) -> Place<'d> {
        let instance = self.instance();
        Place {
            repository: self.repository().map(Cow::Borrowed),
            path: instance.at(&["location", "path"]).text().map(Cow::Borrowed),
            line: instance.at(&["location", "start_line"]).unsigned(),
            commit: instance.get("commit_sha").text().map(Cow::Borrowed),
            ..Place::default()
        }
    }

    fn times(&self) -> Times {
        let time = |field: &str| time::of(self.alert.get(field));
        let created_at = time("created_at");
        let all = [time("updated_at"), time("fixed_at"), created_at];
        Times {
            exposed_since: None,
            first_detected_at: created_at,
            observed_at: all.into_iter().flatten().max(),
        }
    }

    fn exposure(&self) -> Exposure {
        let repository = self.event.get("repository");
        match (
            repository.get("visibility").text(),
            repository.get("private").bool(),
        ) {
            (Some("internal"), _) => Exposure::Internal,
            (Some("public"), _) | (None, Some(false)) => Exposure::Public,
            (Some("private"), _) | (_, Some(true)) => Exposure::Private,
            _ => Exposure::Unknown,
        }
    }
}

static NONE: Json<'static> = Json::Null;
