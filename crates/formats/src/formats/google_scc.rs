//! Security Command Center of Google Cloud: notifications, lists and single findings.
//!
//! A finding may accuse who acted (the key before its account), name bindings that were given, and be about a secret or
//! a key that lies somewhere. `INACTIVE` is set by Google and by people alike, so it proves nothing; what Google says of
//! a secret's validity does.

mod rules;
mod subjects;

use std::borrow::Cow;

use reeve_domain::observation::{
    EvidenceLevel, EvidenceScope, Exposure, IssueType, SourceSeverity, Statement, Validity,
};
use reeve_domain::reject::{DropReason, Reject};

use super::{Format, leak};
use crate::draft::{Draft, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};
use subjects::Accused;

/// Findings of Security Command Center.
pub(super) const GOOGLE_SCC: Format = Format {
    id: "google-scc",
    version: 3,
    tool: "Security Command Center",
    names: &[
        "finding",
        "resource",
        "name",
        "category",
        "state",
        "resourceName",
        "listFindingsResults",
    ],
    statements: &[
        (Statement::Inactive, EvidenceLevel::E3),
        (Statement::Active, EvidenceLevel::E3),
    ],
    detect: |json| finding_of(json).is_some() || is_list(json),
    records: |json| match is_list(json) {
        true => Ok(Report::of(json.get("listFindingsResults").elements().iter())),
        false => Ok(Report::one(json)),
    },
    read,
};

fn is_list(json: &Json<'_>) -> bool {
    matches!(json.get("listFindingsResults"), Json::Array(_))
}

/// The finding itself, with or without its notification around it.
fn finding_of<'d>(json: &'d Json<'d>) -> Option<&'d Json<'d>> {
    let is_named = |json: &Json<'_>, within: &str| {
        let names = ["name", "canonicalName", "parent"].map(|name| json.get(name).text());
        names.into_iter().flatten().any(|name| name.contains(within))
    };
    let inner = json.get("finding");
    let is_finding = is_named(inner, "/findings/") || inner.has_all(&["category", "state", "resourceName"]);
    if is_finding || (inner.has("category") && is_named(inner, "/sources/")) {
        return Some(inner);
    }
    (json.has("category") && is_named(json, "/sources/")).then_some(json)
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let finding = match finding_of(json) {
        Some(finding) => finding,
        None => json.get("finding"),
    };
    let finding = Finding {
        json: finding,
        resource: json.get("resource"),
        category: finding.require_text(&["category"])?,
    };
    match finding.drafts() {
        Ok(drafts) => Ok(Reading::observed(Vec::new(), drafts)),
        Err(reason) => Ok(Reading::Dropped(reason)),
    }
}

/// A finding and the resource beside it.
struct Finding<'d> {
    json: &'d Json<'d>,
    resource: &'d Json<'d>,
    category: &'d str,
}

/// What Google found out about a secret; anything else says nothing.
const VALIDITIES: &[(&str, Validity, Statement)] = &[
    ("SECRET_VALIDITY_VALID", Validity::Active, Statement::Active),
    ("SECRET_VALIDITY_INVALID", Validity::Inactive, Statement::Inactive),
];

impl<'d> Finding<'d> {
    fn text(&self, path: &[&str]) -> Option<&'d str> {
        self.json.at(path).text()
    }

    fn class(&self) -> &'d str {
        self.text(&["findingClass"]).unwrap_or_default()
    }

    fn drafts(&self) -> Result<Vec<Draft<'d>>, DropReason> {
        let (validity, statement) = self.validity();
        let is_muted = self.text(&["mute"]) == Some("MUTED");
        let is_over = self.text(&["state"]) == Some("INACTIVE");
        match self.class() {
            "SCC_ERROR" => return Err(DropReason::NoResult),
            _ if is_muted && validity != Validity::Active => return Err(DropReason::SuppressedAtSource),
            _ if is_over && statement.is_none() => return Err(DropReason::NoStatement),
            _ => {}
        }
        if self.json.get("secret").is_object() || self.class() == "SECRET" {
            return Ok(vec![self.secret(validity, statement, !is_over)]);
        }
        let meaning = rules::meaning(self.category, self.class());
        if meaning == Some(None) {
            return Err(DropReason::NotIdentityRelevant);
        }
        let issue_type = meaning.flatten().unwrap_or(IssueType::AccessUnreviewed);
        let accused = subjects::accused(self.json, self.resource_name(), issue_type);
        Ok(accused
            .into_iter()
            .map(|one| self.accuse(one, meaning.is_none()))
            .collect())
    }

    fn resource_name(&self) -> &'d str {
        let name = self.text(&["resourceName"]).or(self.resource.get("name").text());
        name.unwrap_or_default()
    }

    fn validity(&self) -> (Validity, Option<Statement>) {
        let word = self.text(&["secret", "status", "validity"]);
        let known = VALIDITIES.iter().find(|(name, ..)| Some(*name) == word);
        known.map_or((Validity::Unknown, None), |(_, validity, statement)| {
            (*validity, Some(*statement))
        })
    }

    /// A secret in a file or a variable of a resource; the finding never holds its value.
    fn secret(&self, validity: Validity, statement: Option<Statement>, is_open: bool) -> Draft<'d> {
        let kind = self.text(&["secret", "type"]).unwrap_or(self.category);
        let path = self.text(&["secret", "filePath", "path"]);
        let variable = self.text(&["secret", "environmentVariable", "key"]);
        let place = Place {
            path: path.or(variable).map(Cow::Borrowed),
            ..self.place()
        };
        let draft = leak::exposed(SubjectOf::Place, kind, self.source(kind), place);
        let mut draft = leak::with_validity(draft, validity);
        draft.attributes = self.attributes();
        draft.times = self.times();
        let scope = EvidenceScope::Rule(kind.to_owned());
        draft.statements = statement
            .map(|statement| (statement, scope))
            .into_iter()
            .collect();
        draft.problem = draft.problem.filter(|_| is_open);
        if let Some(problem) = &mut draft.problem {
            problem.severity = self.severity();
        }
        draft
    }

    fn accuse(&self, accused: Accused<'d>, unmapped: bool) -> Draft<'d> {
        let exposure = match accused.issue_type {
            IssueType::SecretExposed => Exposure::Public,
            _ => Exposure::Unknown,
        };
        Draft {
            also: accused.also,
            attributes: self.attributes(),
            place: self.place(),
            times: self.times(),
            problem: Some(Problem {
                unmapped,
                exposure,
                severity: self.severity(),
                ..Problem::new(accused.issue_type, self.category)
            }),
            ..Draft::new(SubjectOf::Named(accused.named), self.source(self.category))
        }
    }

    fn severity(&self) -> SourceSeverity {
        self.text(&["severity"])
            .map(severity::of_word)
            .unwrap_or_default()
    }

    fn place(&self) -> Place<'d> {
        let region = self
            .text(&["sourceProperties", "location"])
            .or(self.resource.get("location").text());
        Place {
            resource: Some(self.resource_name())
                .filter(|name| !name.is_empty())
                .map(Cow::Borrowed),
            region: region.map(Cow::Borrowed),
            ..Place::default()
        }
    }

    fn times(&self) -> Times {
        let time = |name: &str| time::of(self.json.get(name));
        Times {
            exposed_since: None,
            first_detected_at: time("createTime").or(time("eventTime")),
            observed_at: time("eventTime").or(time("createTime")),
        }
    }

    /// The id alone is in both names of a finding.
    fn source(&self, rule: &'d str) -> SourceOf<'d> {
        let name = self
            .text(&["canonicalName"])
            .or(self.text(&["name"]))
            .unwrap_or_default();
        SourceOf {
            rule: rule.into(),
            reference: name.into(),
            serial: name.rsplit('/').next().unwrap_or_default().into(),
            url: self.text(&["externalUri"]).map(Cow::Borrowed),
            ..SourceOf::default()
        }
    }

    /// Marks often name who answers; an external system is a ticket that is there already.
    fn attributes(&self) -> Vec<(&'static str, Cow<'d, str>)> {
        let marks = self.json.at(&["securityMarks", "marks"]);
        let owner = ["owner", "team"].iter().find_map(|name| marks.get(name).text());
        let systems = self.json.get("externalSystems").entries();
        let ticket = systems
            .iter()
            .find_map(|(_, system)| system.get("externalUid").text());
        let contacts = self.json.get("contacts").entries().iter();
        let mut contacts = contacts.flat_map(|(_, kind)| kind.get("contacts").elements());
        let projects = [
            self.resource.at(&["gcpMetadata", "projectDisplayName"]),
            self.resource.get("projectDisplayName"),
        ];
        let named = [
            ("owner_tag", owner),
            ("ticket", ticket),
            (
                "contact",
                contacts.find_map(|contact| contact.get("email").text()),
            ),
            ("project", projects.into_iter().find_map(Json::text)),
        ];
        let known = named
            .into_iter()
            .filter_map(|(name, value)| Some((name, Cow::Borrowed(value?))));
        known.collect()
    }
}
