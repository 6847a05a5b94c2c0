//! The tests inside the route file: a made-up finding, and where it must go.

use std::collections::BTreeMap;

use reeve_domain::context::{
    EnrichmentStatus, Environment, IdentityClass, Knowledge, Owner, OwnerConfidence, Privilege, SourceAnswer,
    SourceStatus,
};
use reeve_domain::key::{Class, Confidence, Subject, SubjectKey};
use reeve_domain::observation::{Exposure, Frameworks, IssueType, Validity};
use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;
use serde::Deserialize;

use crate::config::{ConfigError, Document, suggestion};
use crate::facts::{Facts, Triage};

/// One test, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) name: String,
    /// For the failure, which is told like an error of the file.
    pub(crate) at: ConfigError,
    subject: Subject,
    issue_type: IssueType,
    validity: Validity,
    exposure: Exposure,
    honeytoken: bool,
    suspected_misuse: bool,
    knowledge: Knowledge,
    /// Taken for the band, whatever the points say.
    pub(crate) band: Option<Band>,
    expect: RawExpect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTrial {
    name: Option<String>,
    finding: RawFinding,
    expect: RawExpect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFinding {
    class: Class,
    #[serde(default = "any")]
    provider: String,
    #[serde(default = "any", rename = "type")]
    kind: String,
    issue_type: Option<IssueType>,
    validity: Option<Validity>,
    exposure: Option<Exposure>,
    #[serde(default)]
    honeytoken: bool,
    #[serde(default)]
    suspected_misuse: bool,
    environment: Option<Environment>,
    identity_class: Option<IdentityClass>,
    privilege: Option<Privilege>,
    owner: Option<RawOwner>,
    #[serde(default)]
    ownerless: bool,
    enrichment: Option<EnrichmentStatus>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// The band to take for it; by points if not given.
    priority: Option<Band>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwner {
    #[serde(default = "team", rename = "type")]
    kind: String,
    #[serde(rename = "ref")]
    reference: String,
    contact: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpect {
    route: String,
    queue: Option<String>,
    channel: Option<String>,
    target: Option<String>,
    band: Option<Band>,
    path: Option<IdentityClass>,
}

fn any() -> String {
    "any".to_owned()
}

fn team() -> String {
    "team".to_owned()
}

impl RawTrial {
    pub(super) fn compile(
        self,
        routes: &[&str],
        (document, pointer): (&Document, &str),
        errors: &mut Vec<ConfigError>,
    ) -> Trial {
        let finding = self.finding;
        let at = document.error(pointer, "");
        if !routes.contains(&self.expect.route.as_str()) {
            let meant = suggestion(&self.expect.route, routes.iter().copied());
            let place = format!("{pointer}/expect/route");
            errors.push(
                document
                    .error(&place, "there is no route of this name")
                    .meaning(meant),
            );
        }
        let knowledge = finding.knowledge();
        let issue_type = finding.issue_type.unwrap_or(match finding.class {
            Class::Secret => IssueType::SecretExposed,
            Class::Identity | Class::Entitlement => IssueType::OverPrivileged,
        });
        Trial {
            name: self.name.unwrap_or_else(|| format!("→ {}", self.expect.route)),
            at,
            subject: subject(finding.class, &finding.provider, &finding.kind),
            issue_type,
            validity: finding.validity.unwrap_or(Validity::Unknown),
            exposure: finding.exposure.unwrap_or(Exposure::Unknown),
            honeytoken: finding.honeytoken,
            suspected_misuse: finding.suspected_misuse || issue_type == IssueType::SuspectedCompromise,
            knowledge,
            band: finding.priority,
            expect: self.expect,
        }
    }
}

impl RawFinding {
    fn knowledge(&self) -> Knowledge {
        let mut knowledge = Knowledge::default();
        let context = &mut knowledge.context;
        context.environment = self.environment;
        context.identity_class = self.identity_class;
        context.privilege = self.privilege;
        context.tags.clone_from(&self.tags);
        let asked = self.ownerless || self.owner.is_some() || self.enrichment.is_some();
        if asked {
            let status = if self.owner.is_some() {
                SourceStatus::Ok
            } else {
                SourceStatus::Absent
            };
            context.sources.push(SourceAnswer {
                inventory: "test".to_owned(),
                as_of: None,
                status,
            });
        }
        knowledge.enrichment.status = self.enrichment.unwrap_or(EnrichmentStatus::Complete);
        knowledge.owners.resolver = self.owner.as_ref().map(|owner| Owner {
            kind: owner.kind.clone(),
            reference: owner.reference.clone(),
            name: None,
            contact: owner.contact.clone(),
            source: "test".to_owned(),
            rule: "test".to_owned(),
            confidence: OwnerConfidence::High,
            as_of: None,
        });
        knowledge
    }
}

impl Trial {
    pub(crate) fn facts<'a>(&'a self, frameworks: &'a Frameworks) -> Facts<'a> {
        Facts {
            subject: &self.subject,
            issue_type: self.issue_type,
            validity: self.validity,
            exposure: self.exposure,
            honeytoken: self.honeytoken,
            suspected_misuse: self.suspected_misuse,
            compensating_control: false,
            location: None,
            guide_url: None,
            frameworks,
            knowledge: &self.knowledge,
            first_detected_at: Timestamp::EPOCH,
            last_observed_at: Timestamp::EPOCH,
        }
    }

    /// Everything in which the decision is not as expected, in words.
    pub(crate) fn differences(&self, triage: &Triage) -> Vec<String> {
        let route = &triage.route;
        let expect = &self.expect;
        let mut found = Vec::new();
        differ(&mut found, "route", Some(&expect.route), &route.rule);
        differ(&mut found, "queue", expect.queue.as_deref(), &route.queue);
        differ(&mut found, "channel", expect.channel.as_deref(), &route.channel);
        differ(&mut found, "target", expect.target.as_deref(), &route.target);
        differ(
            &mut found,
            "band",
            expect.band.map(Band::as_str),
            triage.priority.band.as_str(),
        );
        differ(
            &mut found,
            "path",
            expect.path.map(IdentityClass::as_str),
            triage.path.class.as_str(),
        );
        let tried = triage
            .explain
            .routes
            .iter()
            .find(|tried| tried.route == expect.route);
        let failed = tried.and_then(|tried| tried.failed.as_ref());
        found.extend(failed.map(|failed| format!("`{}` did not fit: {failed}", expect.route)));
        found
    }
}

fn differ(found: &mut Vec<String>, what: &str, expected: Option<&str>, actual: &str) {
    if let Some(expected) = expected.filter(|expected| *expected != actual) {
        found.push(format!("{what}: expected `{expected}`, got `{actual}`"));
    }
}

/// A subject of this kind; provider and type may be any text.
fn subject(class: Class, provider: &str, kind: &str) -> Subject {
    let key: SubjectKey = format!("{class}:test:test:test")
        .parse()
        .expect("a key made of plain words follows the grammar");
    Subject {
        key,
        class,
        provider: provider.to_owned(),
        kind: kind.to_owned(),
        display: "a test".to_owned(),
        attributes: BTreeMap::new(),
        confidence: Confidence::High,
    }
}
