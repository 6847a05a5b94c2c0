//! A made-up finding with what is known of it: the worst case first, each test changes what it speaks of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use reeve_domain::context::{
    Criticality, EnrichmentStatus, Environment, Knowledge, Owner, OwnerConfidence, Privilege, SourceAnswer,
    SourceStatus,
};
use reeve_domain::key::{Class, Confidence, Subject};
use reeve_domain::observation::{Exposure, Frameworks, IssueType, Validity};
use reeve_domain::time::Timestamp;
use reeve_policy::{Facts, Policy, Triage};

/// Compiled once for all tests.
pub(crate) static SHIPPED: LazyLock<Policy> = LazyLock::new(Policy::shipped);

#[derive(Clone, Debug)]
pub(crate) struct Alert {
    pub(crate) subject: Subject,
    pub(crate) issue_type: IssueType,
    pub(crate) validity: Validity,
    pub(crate) exposure: Exposure,
    pub(crate) honeytoken: bool,
    pub(crate) suspected_misuse: bool,
    pub(crate) compensating_control: bool,
    pub(crate) frameworks: Frameworks,
    pub(crate) knowledge: Knowledge,
}

pub(crate) fn now() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn subject(key: &str) -> Subject {
    let key: reeve_domain::key::SubjectKey = key.parse().unwrap();
    Subject {
        class: key.class(),
        provider: key.provider().to_owned(),
        kind: key.kind().to_owned(),
        display: key.id().to_owned(),
        attributes: BTreeMap::new(),
        confidence: Confidence::High,
        key,
    }
}

pub(crate) fn owner(reference: &str) -> Owner {
    Owner {
        kind: "team".to_owned(),
        reference: reference.to_owned(),
        name: None,
        contact: None,
        source: "cmdb".to_owned(),
        rule: "owners.resolver".to_owned(),
        confidence: OwnerConfidence::High,
        as_of: Some(now()),
    }
}

/// An AWS access key in a public place, verified live, of which inventories know nothing.
pub(crate) fn leaked_key() -> Alert {
    Alert {
        subject: subject("secret:aws:access-key:AKIAQYLPMN5HHHFPZAM2"),
        issue_type: IssueType::SecretExposed,
        validity: Validity::Active,
        exposure: Exposure::Public,
        honeytoken: false,
        suspected_misuse: false,
        compensating_control: false,
        frameworks: Frameworks::default(),
        knowledge: Knowledge::default(),
    }
}

/// An AWS user that may do too much, of which inventories know nothing.
pub(crate) fn admin_user() -> Alert {
    Alert {
        subject: subject("identity:aws:user:123456789012/ci"),
        issue_type: IssueType::OverPrivileged,
        validity: Validity::Unknown,
        exposure: Exposure::Unknown,
        ..leaked_key()
    }
}

impl Alert {
    /// Everything an inventory can say, and the worst of it.
    pub(crate) fn known_worst(mut self) -> Self {
        let context = &mut self.knowledge.context;
        context.privilege = Some(Privilege::Total);
        context.environment = Some(Environment::Production);
        context.criticality = Some(Criticality::Tier1);
        context.dependents.count = Some(12);
        context.last_used_at = Some(now());
        self.answered(SourceStatus::Ok).owned_by("team/payments")
    }

    pub(crate) fn owned_by(mut self, reference: &str) -> Self {
        self.knowledge.owners.resolver = Some(owner(reference));
        self
    }

    pub(crate) fn answered(mut self, status: SourceStatus) -> Self {
        let answer = SourceAnswer {
            inventory: "cmdb".to_owned(),
            as_of: Some(now()),
            status,
        };
        self.knowledge.context.sources.push(answer);
        self
    }

    pub(crate) fn unanswered(mut self) -> Self {
        self.knowledge.enrichment.status = EnrichmentStatus::Pending;
        self.knowledge.enrichment.missing.push("cmdb".to_owned());
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn of_class(mut self, class: Class) -> Self {
        self.subject.class = class;
        self
    }

    pub(crate) fn triage(&self, policy: &Policy) -> Triage {
        policy.triage(&self.facts(), now())
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            subject: &self.subject,
            issue_type: self.issue_type,
            validity: self.validity,
            exposure: self.exposure,
            honeytoken: self.honeytoken,
            suspected_misuse: self.suspected_misuse,
            compensating_control: self.compensating_control,
            location: None,
            guide_url: None,
            frameworks: &self.frameworks,
            knowledge: &self.knowledge,
            first_detected_at: now(),
            last_observed_at: now(),
        }
    }
}
