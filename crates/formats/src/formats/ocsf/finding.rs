//! A finding of OCSF in any of its versions, or of Prowler's own JSON, and what it says.

use std::borrow::Cow;

use reeve_domain::key::Rel;
use reeve_domain::key::aws::{self, entitlement};
use reeve_domain::observation::{EvidenceScope, IssueType, SourceSeverity};
use reeve_domain::reject::DropReason;

mod prowler;

use super::subject::{Cloud, Holder, Resource, accessors, holders, of_key, of_user};
use super::{rules, severity_of};
use crate::draft::{Also, Draft, Named, Place, Problem, Record, SourceOf, SubjectOf, Times};
use crate::formats::asff::rules::is_of_passwords;
use crate::formats::guardduty::issue_of_type;
use crate::issue::Meaning;
use crate::json::Json;
use crate::time;

static NONE: Json<'static> = Json::Null;

/// Security Finding, which versions after 1.0 do without; it has a state where others have a status.
const SECURITY_FINDING: u64 = 2001;
/// Detection Finding, and Incident Finding, which is about several of them.
const DETECTIONS: &[u64] = &[2004, 2005];
/// IAM Analysis Finding.
const IAM_ANALYSIS: u64 = 2008;
/// Data Security Finding.
const DATA_SECURITY: u64 = 2006;

/// What is accused, where it lies, and what belongs to it.
pub(super) type Accused<'d> = (SubjectOf<'d>, Place<'d>, Vec<Also<'d>>);

/// A finding in either spelling.
pub(super) struct Finding<'d> {
    json: &'d Json<'d>,
    info: &'d Json<'d>,
    class: u64,
    rule: &'d str,
    title: &'d str,
    id: &'d str,
    status: &'d str,
    severity: SourceSeverity,
    cloud: Cloud<'d>,
    resources: Vec<Resource<'d>>,
    times: Times,
    tool: Option<&'d str>,
    url: Option<&'d str>,
}

impl<'d> Finding<'d> {
    pub(super) fn of_event(record: &Record<'d>) -> Self {
        let json = record.json();
        let info = info_of(json);
        let title = info.get("title").text().or(json.get("message").text());
        let rule = rule_of(json, info);
        let several = json.get("resources").elements().iter();
        let single = ["resource", "resources"].map(|name| json.get(name)).into_iter();
        let single = single.filter(|resource| resource.is_object());
        Self {
            json,
            info,
            class: json.get("class_uid").unsigned().unwrap_or_default(),
            rule,
            title: title.unwrap_or_default(),
            id: info.get("uid").text().unwrap_or_default(),
            status: status_of(json),
            severity: severity_of(json),
            cloud: Cloud::of(json, record.carried),
            resources: several
                .chain(single)
                .map(Resource::of)
                .map(|resource| Resource {
                    kind: prowler::kind_of(rule, resource.kind),
                    ..resource
                })
                .collect(),
            times: times_of(json, info),
            tool: json.at(&["metadata", "product", "name"]).text(),
            url: page_of(json, info),
        }
    }

    /// By its words, else by what was analyzed; what was detected of somebody, and is no check, is of an intruder.
    pub(super) fn meaning(&self) -> Option<Meaning> {
        let types = self.info.get("types").elements().iter().filter_map(Json::text);
        let of_type = types.clone().find_map(issue_of_type);
        let class = Some(self.class);
        let by_words = rules::meaning(class, self.rule, std::iter::once(self.title).chain(types));
        let is_analysis = self.class == IAM_ANALYSIS;
        let of_analysis = || rules::of_analysis(self.json).filter(|_| is_analysis);
        let of_data = || rules::of_data(self.json).filter(|_| self.class == DATA_SECURITY);
        let of_detection = || self.is_detection().then_some(IssueType::SuspectedCompromise);
        by_words.or_else(|| {
            let otherwise = of_type.or_else(of_analysis).or_else(of_data);
            otherwise.or_else(of_detection).map(Some)
        })
    }

    fn is_detection(&self) -> bool {
        let is_check = !self.status.is_empty() || self.json.get("compliance").is_object();
        let names_somebody = || holders(self.json).iter().any(|holder| holder.user.is_some());
        DETECTIONS.contains(&self.class) && !is_check && names_somebody()
    }

    /// Whether the check passed; a reason if it says nothing.
    pub(super) fn passes(&self) -> Result<bool, DropReason> {
        let state = match self.class {
            SECURITY_FINDING => self.json.get("state_id"),
            _ => self.json.get("status_id"),
        };
        let state = state.unsigned().or(self.json.get("state_id").unsigned());
        let is_closed = self.json.get("activity_id").unsigned() == Some(3);
        let own = self.json.get("unmapped");
        let is_sample = self.json.at(&["metadata", "product", "feature", "name"]).text() == Some("Sample")
            || own.get("Sample").bool() == Some(true);
        let is_hidden = own.get("RecordState").text() == Some("ARCHIVED")
            || own.get("WorkflowState").text() == Some("SUPPRESSED");
        match self.status.to_ascii_uppercase().as_str() {
            _ if is_sample => Err(DropReason::Sample),
            "PASS" | "PASSED" => Ok(true),
            "MUTED" => Err(DropReason::SuppressedAtSource),
            "MANUAL" | "INFO" | "NOT_AVAILABLE" => Err(DropReason::NoResult),
            // Prowler 4 wrote 3 for every finding that was new.
            "FAIL" | "FAILED" if state == Some(3) && self.json.get("status").text() == Some("New") => {
                Ok(false)
            }
            _ if is_hidden || matches!(state, Some(3 | 5)) => Err(DropReason::SuppressedAtSource),
            _ if is_closed || matches!(state, Some(4 | 6)) => Err(DropReason::NoStatement),
            _ => Ok(false),
        }
    }

    /// An analysis of an identity names it as its user, and in resources what it could reach; one of a resource names
    /// who can reach it. Any other finding accuses its resources and who acted.
    pub(super) fn subjects(&self, issue_type: IssueType) -> Vec<Accused<'d>> {
        if let Some(policy) = self.password_policy() {
            return vec![alone(policy)];
        }
        let holders = holders(self.json);
        let users = || {
            holders
                .iter()
                .flat_map(|holder| self.of_holder(holder, issue_type))
        };
        if self.class == IAM_ANALYSIS {
            let accessors = accessors(self.json, &self.resources).into_iter().map(alone);
            let named: Vec<_> = accessors.chain(users()).collect();
            if !named.is_empty() {
                return named;
            }
            return self.of_resources(issue_type).collect();
        }
        let is_of_key = is_of_credential(issue_type) && self.resources.iter().any(Resource::is_access_key);
        if !is_of_key {
            return self.of_resources(issue_type).chain(users()).collect();
        }
        // Who acted is whom the key lets in.
        self.of_resources(issue_type)
            .zip(&self.resources)
            .map(|((subject, place, _), resource)| match resource.is_access_key() {
                true => (
                    subject,
                    place,
                    holders.iter().filter_map(|holder| self.link(holder)).collect(),
                ),
                false => (subject, place, Vec::new()),
            })
            .collect()
    }

    /// What an account demands of passwords is neither its root user's nor any other's.
    fn password_policy(&self) -> Option<Named<'d>> {
        let is_of_account = aws::is_account(self.cloud.account) && is_of_passwords(self.rule, self.title);
        is_of_account.then(|| {
            Named::new([self.cloud.account], |texts| {
                entitlement::password_policy(texts[0])
            })
        })
    }

    /// What is wrong with a credential is the credential's, and whose it is a link; anything else is the user's.
    fn of_holder(&self, holder: &Holder<'d>, issue_type: IssueType) -> Vec<Accused<'d>> {
        let is_of_keys = is_of_credential(issue_type) || holder.user.is_none();
        match is_of_keys && !holder.keys.is_empty() {
            true => {
                let keys = holder.keys.iter().map(|key| {
                    let (subject, place, _) = alone(of_key(key, &self.cloud));
                    (subject, place, self.link(holder).into_iter().collect())
                });
                keys.collect()
            }
            false => {
                let user = holder.user.map(|user| alone(of_user(user, &self.cloud)));
                user.into_iter().collect()
            }
        }
    }

    fn link(&self, holder: &Holder<'d>) -> Option<Also<'d>> {
        let user = of_user(holder.user?, &self.cloud);
        Some(Also::Link(Rel::Authenticates, user))
    }

    fn of_resources(&self, issue_type: IssueType) -> impl Iterator<Item = Accused<'d>> {
        self.resources.iter().map(move |resource| {
            let is_place = issue_type == IssueType::SecretExposed && !resource.is_identity();
            let subject = match is_place {
                true => SubjectOf::Place,
                false => SubjectOf::Named(resource.named(&self.cloud)),
            };
            (subject, resource.place(), Vec::new())
        })
    }

    pub(super) fn draft(
        &self,
        (subject, place, also): Accused<'d>,
        issue_type: IssueType,
        unmapped: bool,
        passes: bool,
    ) -> Draft<'d> {
        let draft = Draft {
            also,
            place,
            times: self.times,
            ..Draft::new(subject, self.source())
        };
        if passes {
            let scope = EvidenceScope::Rule(self.rule.to_owned());
            let statements = vec![(rules::proven_by_passing(issue_type), scope)];
            return Draft { statements, ..draft };
        }
        let title = match self.title {
            "" => self.rule,
            title => title,
        };
        let problem = Problem {
            unmapped,
            severity: self.severity.clone(),
            ..Problem::new(issue_type, title)
        };
        Draft {
            problem: Some(problem),
            ..draft
        }
    }

    fn source(&self) -> SourceOf<'d> {
        SourceOf {
            tool: self.tool.map(Cow::Borrowed),
            rule: self.rule.into(),
            reference: self.id.into(),
            serial: self.id.into(),
            url: self.url.map(Cow::Borrowed),
            ..SourceOf::default()
        }
    }
}

fn alone(named: Named<'_>) -> Accused<'_> {
    (SubjectOf::Named(named), Place::default(), Vec::new())
}

/// Whether an issue is one of a key, where a key and its user are named together.
fn is_of_credential(issue_type: IssueType) -> bool {
    matches!(
        issue_type,
        IssueType::CredentialUnused
            | IssueType::CredentialNotRotated
            | IssueType::SecretExposed
            | IssueType::SuspectedCompromise
            | IssueType::HoneytokenTriggered
    )
}

/// What the finding says of itself; an incident has the list of its findings.
fn info_of<'d>(json: &'d Json<'d>) -> &'d Json<'d> {
    let named = [json.get("finding_info"), json.get("finding")];
    let listed = json.get("finding_info_list").elements().first();
    let info = named.into_iter().find(|info| info.is_object());
    info.or(listed).unwrap_or(&NONE)
}

/// A type of which many controls are is no rule: one that passes must not speak for the others.
fn rule_of<'d>(json: &'d Json<'d>, info: &'d Json<'d>) -> &'d str {
    // Security Hub writes there which detector it was, whatever it found.
    let is_detector = |uid: &Json<'_>| {
        let uid = uid.text();
        uid.is_some() && uid == info.at(&["product", "uid"]).text()
    };
    let analytic = match info.get("analytic") {
        analytic if is_detector(analytic.get("uid")) => &NONE,
        analytic => analytic,
    };
    let rules = [
        json.at(&["metadata", "event_code"]),
        json.at(&["compliance", "control"]),
        analytic.get("uid"),
        analytic.get("name"),
        json.at(&["rule", "uid"]),
        json.at(&["unmapped", "ProductFields.ControlId"]),
    ];
    let kind = info.get("types").elements().first().and_then(Json::text);
    let kind = kind.filter(|kind| !kind.starts_with(CHECKS));
    let known = rules.into_iter().find_map(Json::text).or(kind);
    known.or(info.get("title").text()).unwrap_or("unknown")
}

/// How the type of every control begins.
const CHECKS: &str = "Software and Configuration Checks";

/// The result of a check, in a word or as the number of one; 99 stands for a word of the source's own.
fn status_of<'d>(json: &'d Json<'d>) -> &'d str {
    let compliance = json.get("compliance");
    let number = compliance.get("status_id").unsigned();
    let own = compliance.get("status").text().filter(|_| number != Some(99));
    let word = json.get("status_code").text().or(own);
    word.unwrap_or(match number {
        Some(1) => "PASS",
        Some(3) => "FAIL",
        Some(0 | 99) => "NOT_AVAILABLE",
        _ => "",
    })
}

fn times_of(json: &Json<'_>, info: &Json<'_>) -> Times {
    let first = [
        info.get("first_seen_time_dt"),
        info.get("first_seen_time"),
        info.get("created_time_dt"),
        info.get("created_time"),
    ];
    let last = [
        json.get("time_dt"),
        json.get("time"),
        json.get("event_time"),
        info.get("last_seen_time"),
    ];
    Times {
        exposed_since: None,
        first_detected_at: time::first_of(first),
        observed_at: time::first_of(last),
    }
}

fn page_of<'d>(json: &'d Json<'d>, info: &'d Json<'d>) -> Option<&'d str> {
    let references = json.at(&["remediation", "references"]).elements();
    info.get("src_url")
        .text()
        .or(references.first().and_then(Json::text))
}
