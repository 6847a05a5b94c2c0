//! Semgrep: reports of its command line, the findings of its platform, and its webhook; one result a record.
//!
//! Code that is wrong is nobody's credential: only rules about secrets count. What Semgrep validated with the provider
//! says whether the secret lives; without a login `fingerprint` and `lines` hold a sentence, not what they are named.

mod matched;

use std::borrow::Cow;

use reeve_domain::observation::{
    EvidenceLevel, EvidenceScope, Exposure, SourceSeverity, Statement, Validity,
};
use reeve_domain::reject::{DropReason, Reject};

use super::sarif::rules::is_of_secrets;
use super::{Format, leak};
use crate::draft::{Draft, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Semgrep in all its forms.
pub(super) const SEMGREP: Format = Format {
    id: "semgrep",
    version: 1,
    tool: "Semgrep",
    names: &[
        "results",
        "findings",
        "check_id",
        "path",
        "extra",
        "rule_name",
        "location",
        "file_path",
        "semgrep_finding",
        "semgrep_scan",
    ],
    statements: &[
        (Statement::Inactive, EvidenceLevel::E3),
        (Statement::Active, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
    ],
    detect: |json| is_report(json) || is_result(json) || listed(json).iter().any(is_of_platform),
    records: |json| match json {
        _ if is_report(json) => Ok(Report::of(json.get("results").elements().iter())),
        _ if is_result(json) => Ok(Report::one(json)),
        _ => Ok(Report::of(listed(json).iter())),
    },
    read,
};

/// A report of the command line; an empty one has nothing else to be told by than its two lists.
fn is_report(json: &Json<'_>) -> bool {
    let Json::Array(results) = json.get("results") else {
        return false;
    };
    match results.first() {
        Some(first) => first.has_all(&["check_id", "extra"]),
        None => matches!(json.get("errors"), Json::Array(_)) && OTHERS.iter().all(|mark| !json.has(mark)),
    }
}

/// What reports of other scanners have beside `results` and `errors`.
const OTHERS: &[&str] = &["metrics", "generated_at", "plugins_used", "runs"];

fn is_result(json: &Json<'_>) -> bool {
    let of_report = json.has_all(&["check_id", "path", "extra"]);
    of_report || is_of_platform(json) || json.has("semgrep_finding") || json.has("semgrep_scan")
}

fn is_of_platform(json: &Json<'_>) -> bool {
    json.has_all(&["match_based_id", "rule_name"])
        || json.has_all(&["findingPath", "validationState"])
        || json.has_all(&["match_based_id", "syntactic_id"])
        || json.has_all(&["advisory", "groupKey"])
}

fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    match json.get("findings") {
        Json::Array(findings) => findings,
        _ => json.get("vulns").elements(),
    }
}

/// A result with its texts where each form has them.
struct Found<'d> {
    json: &'d Json<'d>,
    extra: &'d Json<'d>,
    metadata: &'d Json<'d>,
    rule: &'d str,
}

/// The first of some paths that holds a text.
fn text<'d>(json: &'d Json<'d>, paths: &[&[&str]]) -> Option<&'d str> {
    let texts = paths.iter().map(|path| json.at(path).text());
    texts.flatten().find(|text| !NONE.contains(text))
}

/// What stands where there is nothing.
const NONE: &[&str] = &["requires login", "None", "null"];

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let found = match record.json() {
        json if json.has("semgrep_scan") => return Ok(Reading::Dropped(DropReason::NoStatement)),
        json if json.get("semgrep_finding").is_object() => Found::of(json.get("semgrep_finding"))?,
        json => Found::of(json)?,
    };
    if !found.is_of_secrets() {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    let (validity, statement) = found.validated();
    let state = found.state();
    if validity == Validity::Unknown && found.is_ignored() {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    if state == State::Removed && statement.is_none() {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let (subject, secrets) = matched::subject(found.json, found.extra);
    let rule = EvidenceScope::Rule(found.rule.to_owned());
    // A place stands for several secrets; this rule's was validated.
    let validated = match subject {
        SubjectOf::Place => rule.clone(),
        _ => EvidenceScope::WholeSubject,
    };
    let validated = statement.map(|statement| (statement, validated));
    let fixed = (state == State::Fixed).then_some((Statement::RemovedFromSource, rule));
    let draft = found.draft(subject, validity);
    let draft = Draft {
        problem: draft.problem.filter(|_| state == State::Open),
        statements: validated.into_iter().chain(fixed).collect(),
        ..draft
    };
    Ok(Reading::observed(secrets, vec![draft]))
}

/// Whether the platform still sees it.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// A scan of the same place does not find it any more.
    Fixed,
    /// Its file or its rule is not looked at any more, which proves nothing.
    Removed,
}

/// What Semgrep's validators say; anything else says nothing. `NO_VALIDATOR` stands at every code rule too.
const VALIDATIONS: &[(&str, Validity, Statement)] = &[
    ("CONFIRMED_VALID", Validity::Active, Statement::Active),
    ("CONFIRMED_INVALID", Validity::Inactive, Statement::Inactive),
];

/// States by which a person says that there is no problem.
const IGNORED: &[&str] = &["ignored", "muted", "provisionally_ignored"];

impl<'d> Found<'d> {
    fn of(json: &'d Json<'d>) -> Result<Self, Reject> {
        let extra = match json.get("extra") {
            Json::Null => json,
            extra => extra,
        };
        let rule = text(
            json,
            &[
                &["check_id"],
                &["advisory", "ruleId"],
                &["rule_name"],
                &["rule", "name"],
                &["type"],
                &["ruleHashId"],
            ],
        );
        Ok(Self {
            json,
            extra,
            metadata: extra.get("metadata"),
            rule: rule.map_or_else(|| json.require_text(&["check_id"]), Ok)?,
        })
    }

    /// A secret of its own product, or a code rule that says it is about one.
    fn is_of_secrets(&self) -> bool {
        let lists = [
            self.metadata.get("cwe"),
            self.metadata.get("vulnerability_class"),
            self.json.at(&["rule", "cwe_names"]),
            self.json.at(&["rule", "vulnerability_classes"]),
            self.json.get("categories"),
        ];
        let listed = lists
            .iter()
            .flat_map(|list| list.elements())
            .filter_map(Json::text);
        let single = self.metadata.get("cwe").text();
        let category = self.metadata.get("category").text();
        let is_validated = !matches!(self.validation(), "" | "NO_VALIDATOR");
        let is_listed = self.json.has("findingPath") || self.metadata.has("secret_type");
        let tags: Vec<&str> = category.into_iter().collect();
        let texts = std::iter::once(self.rule).chain(listed).chain(single);
        is_validated || is_listed || is_of_secrets("semgrep", &tags, texts)
    }

    fn validation(&self) -> &'d str {
        let state = text(self.extra, &[&["validation_state"], &["validationState"]]);
        let state = state
            .or(text(self.json, &[&["validation_state"]]))
            .unwrap_or_default();
        state.strip_prefix("VALIDATION_STATE_").unwrap_or(state)
    }

    fn validated(&self) -> (Validity, Option<Statement>) {
        let word = self.validation();
        let known = VALIDATIONS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(word));
        known.map_or((Validity::Unknown, None), |(_, validity, statement)| {
            (*validity, Some(*statement))
        })
    }

    fn status(&self) -> String {
        let status = text(self.json, &[&["status"], &["state"]]).unwrap_or_default();
        status.trim_start_matches("FINDING_STATUS_").to_ascii_lowercase()
    }

    fn state(&self) -> State {
        match self.status().as_str() {
            "fixed" => State::Fixed,
            "removed" => State::Removed,
            _ => State::Open,
        }
    }

    fn is_ignored(&self) -> bool {
        let triage = self.json.get("triage_state").text().unwrap_or_default();
        self.extra.get("is_ignored").bool() == Some(true)
            || IGNORED.contains(&triage)
            || IGNORED.contains(&self.status().as_str())
    }

    fn draft(&self, subject: SubjectOf<'d>, validity: Validity) -> Draft<'d> {
        let name = self.rule.rsplit('.').next().unwrap_or(self.rule);
        let draft = leak::exposed(subject, name, self.source(), self.place());
        let mut draft = leak::with_validity(draft, validity);
        draft.times = self.times();
        if let Some(problem) = &mut draft.problem {
            problem.severity = self.severity();
            problem.exposure = self.exposure();
        }
        draft
    }

    fn source(&self) -> SourceOf<'d> {
        let own = text(self.json, &[&["match_based_id"], &["id"]]);
        let own = own.map(Cow::Borrowed).or(self.json.get("id").scalar());
        let serial = text(self.extra, &[&["fingerprint"]]).map(Cow::Borrowed).or(own);
        let serial = serial.unwrap_or_default();
        let page = text(self.json, &[&["line_of_code_url"], &["findingPathUrl"]]);
        let page = page.or(text(self.metadata, &[&["shortlink"], &["source"]]));
        SourceOf {
            rule: self.rule.into(),
            reference: serial.clone(),
            serial,
            url: page.map(Cow::Borrowed),
            ..SourceOf::default()
        }
    }

    fn place(&self) -> Place<'d> {
        let path = text(self.json, &[&["path"], &["location", "file_path"]]);
        let (of_platform, line) = match text(self.json, &[&["findingPath"]]) {
            Some(found) => path_and_line(found),
            None => (None, None),
        };
        let lines = [
            self.json.at(&["start", "line"]),
            self.json.at(&["location", "line"]),
            self.json.get("line"),
        ];
        let repository = text(
            self.json,
            &[&["repository", "url"], &["repository", "name"], &["repo_url"]],
        );
        let commit = text(
            self.extra,
            &[
                &["historical_info", "git_commit"],
                &["historicalInfo", "gitCommit"],
            ],
        );
        Place {
            repository: repository.map(Cow::Borrowed),
            path: path.or(of_platform).map(Cow::Borrowed),
            line: lines.iter().find_map(|line| line.unsigned()).or(line),
            commit: commit.map(Cow::Borrowed),
            ..Place::default()
        }
    }

    fn times(&self) -> Times {
        let first = |names: &[&str]| time::first_of(names.iter().map(|name| self.json.get(name)));
        let committed = [
            self.extra.at(&["historical_info", "git_commit_timestamp"]),
            self.extra.at(&["historicalInfo", "gitCommitTimestamp"]),
        ];
        Times {
            exposed_since: time::first_of(committed),
            first_detected_at: first(&["created_at", "createdAt"]),
            observed_at: first(&["state_updated_at", "updatedAt", "created_at", "createdAt"]),
        }
    }

    fn exposure(&self) -> Exposure {
        match text(self.json, &[&["repository", "visibility"]]) {
            Some("REPOSITORY_VISIBILITY_PUBLIC" | "public") => Exposure::Public,
            Some("REPOSITORY_VISIBILITY_PRIVATE" | "private") => Exposure::Private,
            _ => Exposure::Unknown,
        }
    }

    /// Words of the rule format and of the platform; the webhook has numbers.
    fn severity(&self) -> SourceSeverity {
        let word = text(self.extra, &[&["severity"]]).or(text(self.json, &[&["severity"]]));
        let word = word.map(|word| word.strip_prefix("SEVERITY_").unwrap_or(word));
        let number = self.json.get("severity").unsigned();
        match (word, number) {
            (_, Some(2)) => severity::of_word("ERROR"),
            (_, Some(1)) => severity::of_word("WARNING"),
            (Some("INFO"), _) | (_, Some(0)) => SourceSeverity {
                label: "INFO".to_owned(),
                score: 30,
            },
            (Some(word), _) => severity::of_word(word),
            _ => SourceSeverity::default(),
        }
    }
}

/// `app/settings.py:42` → `app/settings.py` and 42.
fn path_and_line(found: &str) -> (Option<&str>, Option<u64>) {
    match found.rsplit_once(':') {
        Some((path, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => {
            (Some(path), line.parse().ok())
        }
        _ => (Some(found), None),
    }
}
