//! Hand-written findings, evidence and events, and a small world that applies them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use reeve_domain::alert::Origin;
use reeve_domain::context::{Enrichment, Knowledge, Owner, SourceAnswer, SourceStatus};
use reeve_domain::event::{Actor, ActorKind, RawEvent, TaskEvent};
use reeve_domain::key::{Confidence, Subject, SubjectKey};
use reeve_domain::observation::{
    Evidence, EvidenceLevel, EvidenceScope, Exposure, Finding, IssueType, Location, Provenance, Receipt,
    ReceiptScope, Redaction, Source, SourceSeverity, Statement, TimeQuality, Validity,
};
use reeve_domain::time::Timestamp;
use reeve_policy::{ConfigTexts, Policy};

pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// Hours after the beginning of 2026.
pub(crate) fn at(hours: i64) -> Timestamp {
    "2026-01-01T00:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .plus_seconds(hours * HOUR)
}

/// What ships, but for a task that is never held.
pub(crate) fn at_once() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| with_ledger(&[("hold_ms: 3000", "hold_ms: 0")]));
    &POLICY
}

/// What ships.
pub(crate) fn shipped() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| with_ledger(&[]));
    &POLICY
}

pub(crate) fn with_ledger(changes: &[(&str, &str)]) -> Policy {
    let shipped = ConfigTexts::shipped();
    let mut text = shipped.text("ledger.yaml").to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let texts = shipped.with("ledger.yaml", text);
    let texts = texts.with(
        "evidence.yaml",
        ConfigTexts::shipped()
            .text("evidence.yaml")
            .replace("actors: {}", "actors: { connector: { E1: [disabled, active] } }"),
    );
    Policy::compile(&texts).unwrap_or_else(|errors| panic!("{errors:?}"))
}

pub(crate) fn subject(key: &str) -> Subject {
    let key: SubjectKey = key.parse().unwrap();
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

pub(crate) const SECRET: &str = "secret:aws:access-key:AKIAY34FZKBOKMUTVV7A";
pub(crate) const USER: &str = "identity:aws:user:123456789012/ci";

fn provenance(offset: i64) -> Provenance {
    let origin = Origin::Topic {
        topic: "alerts.raw".into(),
        partition: 0,
        offset,
        timestamp: None,
    };
    Provenance {
        origin,
        index: 0,
        format_version: 1,
    }
}

fn source(format: &str, rule: &str, reference: &str) -> Source {
    Source {
        format: format.to_owned(),
        tool: format.to_owned(),
        rule: rule.to_owned(),
        reference: reference.to_owned(),
        url: None,
    }
}

/// A leaked access key, as gitleaks sees it, first reported when observed.
pub(crate) fn leak(hours: i64) -> Finding {
    Finding {
        finding_id: "f-1".to_owned(),
        key_version: 1,
        subject: subject(SECRET),
        aliases: Vec::new(),
        links: Vec::new(),
        issue_type: IssueType::SecretExposed,
        title: "AWS access key in payments/deploy.sh".to_owned(),
        validity: Validity::Unknown,
        exposure: Exposure::Internal,
        source_severity: SourceSeverity::default(),
        source: source("gitleaks-v8", "aws-access-token", "ref-1"),
        location: Location {
            repository: Some("payments".to_owned()),
            path: Some("deploy.sh".to_owned()),
            line: Some(7),
            ..Location::default()
        },
        honeytoken: false,
        frameworks: Default::default(),
        exposed_since: None,
        first_detected_at: at(hours),
        observed_at: at(hours),
        time_quality: TimeQuality::Source,
        redaction: Redaction::default(),
        provenance: provenance(hours),
    }
}

/// The same key, as TruffleHog sees it, verified live.
pub(crate) fn live(hours: i64) -> Finding {
    Finding {
        validity: Validity::Active,
        source: source("trufflehog-v3", "AWS", "ref-th"),
        ..leak(hours)
    }
}

/// A control that fails for a user.
pub(crate) fn failed(rule: &str, hours: i64) -> Finding {
    Finding {
        subject: subject(USER),
        issue_type: IssueType::OverPrivileged,
        source: source("asff", rule, rule),
        location: Location {
            resource: Some("arn".to_owned()),
            ..Location::default()
        },
        ..leak(hours)
    }
}

pub(crate) fn by_first_report(mut finding: Finding, hours: i64) -> Finding {
    finding.first_detected_at = at(hours);
    finding
}

pub(crate) fn seen_by(mut finding: Finding, exposure: Exposure) -> Finding {
    finding.exposure = exposure;
    finding
}

pub(crate) fn in_report(mut finding: Finding, report: i64) -> Finding {
    finding.provenance = provenance(report);
    finding
}

pub(crate) fn on_line(mut finding: Finding, line: u64) -> Finding {
    finding.location.line = Some(line);
    finding
}

pub(crate) fn proof(format: &str, statement: Statement, hours: i64) -> Evidence {
    Evidence {
        evidence_id: format!("e-{statement}-{hours}"),
        key_version: 1,
        subject: subject(SECRET),
        aliases: Vec::new(),
        statement,
        scope: EvidenceScope::WholeSubject,
        level: EvidenceLevel::E1,
        source: source(format, "DeleteAccessKey", &format!("ev-{hours}")),
        observed_at: at(hours),
        time_quality: TimeQuality::Source,
        errored: false,
        provenance: provenance(10_000 + hours),
    }
}

pub(crate) fn audit(statement: Statement, hours: i64) -> Evidence {
    proof("cloudtrail", statement, hours)
}

pub(crate) fn of_user(mut evidence: Evidence) -> Evidence {
    evidence.subject = subject(USER);
    evidence
}

/// The control passes now.
pub(crate) fn passed(rule: &str, hours: i64) -> Evidence {
    Evidence {
        subject: subject(USER),
        scope: EvidenceScope::Rule(rule.to_owned()),
        source: source("asff", rule, rule),
        evidence_id: format!("pass-{rule}-{hours}"),
        ..proof("asff", Statement::PrivilegeReduced, hours)
    }
}

pub(crate) fn human(id: &str) -> Actor {
    Actor {
        id: id.to_owned(),
        kind: ActorKind::Human,
    }
}

/// An event of a person about every open task of the subject.
pub(crate) fn says(key: &str, who: &str, what: &str, hours: i64, body: &str) -> TaskEvent {
    let event = RawEvent {
        kind: Default::default(),
        event_id: format!("{what}-{who}-{hours}"),
        event_type: reeve_domain::event::EventType::named(what).unwrap(),
        subject_key: key.parse().unwrap(),
        task_id: None,
        actor: human(who),
        at: at(hours),
        external: None,
        via: Vec::new(),
        body: serde_json::from_str(body).unwrap(),
    };
    TaskEvent::try_from(event).unwrap()
}

pub(crate) fn owner(reference: &str) -> Owner {
    Owner {
        kind: "team".to_owned(),
        reference: reference.to_owned(),
        name: None,
        contact: Some(format!("{reference}@example.org")),
        source: "cmdb".to_owned(),
        rule: "owner".to_owned(),
        confidence: Default::default(),
        as_of: None,
    }
}

/// The inventory knows the subject and its owner.
pub(crate) fn known(resolver: &str) -> Knowledge {
    let mut knowledge = answered();
    knowledge.owners.resolver = Some(owner(resolver));
    knowledge
}

/// Every inventory has answered, and none knows an owner.
pub(crate) fn answered() -> Knowledge {
    let mut knowledge = Knowledge {
        enrichment: Enrichment::default(),
        ..Knowledge::default()
    };
    let answer = SourceAnswer {
        inventory: "cmdb".to_owned(),
        as_of: Some(at(0)),
        status: SourceStatus::Absent,
    };
    knowledge.context.sources.push(answer);
    knowledge
}

/// A complete scan of the payments repository with the rules of gitleaks, whose report is `report`.
pub(crate) fn scan(report: i64, hours: i64) -> Receipt {
    Receipt {
        scope: ReceiptScope {
            kind: "repository".to_owned(),
            id: "payments".to_owned(),
            ruleset: "gitleaks 8.24.2 default".to_owned(),
            reference: Some("main".to_owned()),
            complete: true,
        },
        observed_at: at(hours),
        source: source("gitleaks-v8", "", ""),
        provenance: provenance(report),
    }
}

/// One thing that can happen.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Receipt(Box<Receipt>),
    Finding(Box<Finding>),
    Evidence(Box<Evidence>),
    Event(Box<TaskEvent>),
}

impl From<Receipt> for Step {
    fn from(receipt: Receipt) -> Self {
        Self::Receipt(Box::new(receipt))
    }
}

impl From<Finding> for Step {
    fn from(finding: Finding) -> Self {
        Self::Finding(Box::new(finding))
    }
}

impl From<Evidence> for Step {
    fn from(evidence: Evidence) -> Self {
        Self::Evidence(Box::new(evidence))
    }
}

impl From<TaskEvent> for Step {
    fn from(event: TaskEvent) -> Self {
        Self::Event(Box::new(event))
    }
}
