//! GuardDuty, as the API writes it (`Service`, alone or in a list) and as events do (`service`): one finding a record.
//!
//! A finding can carry details of several resources; its `resourceType` says which is meant. A long-lived key that
//! acted is the subject, else the principal behind it. Findings of instances and buckets alone concern no identity.

mod policy;

use std::borrow::Cow;

use reeve_domain::key::aws;
use reeve_domain::key::{KeyError, Rel, Resolved, db, k8s};
use reeve_domain::observation::{IssueType, SourceSeverity};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::{Json, Number};
use crate::{severity, time};

/// GuardDuty findings.
pub(super) const GUARDDUTY: Format = Format {
    id: "guardduty",
    version: 4,
    tool: "GuardDuty",
    names: &["type", "Type", "service", "Service", "resource", "Resource"],
    statements: &[],
    detect: |json| is_finding(json) || listed(json).iter().any(is_finding),
    records: |json| match is_finding(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn is_finding(json: &Json<'_>) -> bool {
    let service = field(json, "service");
    field(json, "type").text().is_some() && field(service, "serviceName").text() == Some("guardduty")
}

fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    field(json, "findings").elements()
}

/// Types and threat purposes → issue types; the first that the type begins with or holds wins.
const TYPES: &[(&str, IssueType)] = &[
    ("RootCredentialUsage", IssueType::RootUse),
    ("AdminAccessToDefaultServiceAccount", IssueType::OverPrivileged),
    ("AnonymousAccessGranted", IssueType::ExternalAccess),
    ("BucketPublicAccessGranted", IssueType::ExternalAccess),
    ("ExposedDashboard", IssueType::ExternalAccess),
    ("DashboardExposed", IssueType::ExternalAccess),
    ("SuccessfulAnonymousAccess", IssueType::ExternalAccess),
    ("BlockPublicAccessDisabled", IssueType::ExternalAccess),
    ("PasswordPolicyChange", IssueType::WeakAuthentication),
    ("AttackSequence:", IssueType::SuspectedCompromise),
    ("Backdoor:", IssueType::SuspectedCompromise),
    ("Behavior:", IssueType::SuspectedCompromise),
    ("CredentialAccess:", IssueType::SuspectedCompromise),
    ("CryptoCurrency:", IssueType::SuspectedCompromise),
    ("DefenseEvasion:", IssueType::SuspectedCompromise),
    ("Discovery:", IssueType::SuspectedCompromise),
    ("Execution:", IssueType::SuspectedCompromise),
    ("Exfiltration:", IssueType::SuspectedCompromise),
    ("Impact:", IssueType::SuspectedCompromise),
    ("InitialAccess:", IssueType::SuspectedCompromise),
    ("PenTest:", IssueType::SuspectedCompromise),
    ("Persistence:", IssueType::SuspectedCompromise),
    ("Policy:", IssueType::AccessUnreviewed),
    ("PrivilegeEscalation:", IssueType::SuspectedCompromise),
    ("Recon:", IssueType::SuspectedCompromise),
    ("ResourceConsumption:", IssueType::SuspectedCompromise),
    ("Stealth:", IssueType::SuspectedCompromise),
    ("Trojan:", IssueType::SuspectedCompromise),
    ("UnauthorizedAccess:", IssueType::SuspectedCompromise),
];

/// What a type of GuardDuty's is about; none if no purpose of the table is in it.
pub(super) fn issue_of_type(kind: &str) -> Option<IssueType> {
    let known = TYPES.iter().find(|(word, _)| kind.contains(word));
    known.map(|(_, issue_type)| *issue_type)
}

/// A field in either spelling of its first letter.
fn field<'d>(json: &'d Json<'d>, name: &str) -> &'d Json<'d> {
    match json.get(name) {
        Json::Null => {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            let pascal: String = first.into_iter().chain(letters).collect();
            json.get(&pascal)
        }
        value => value,
    }
}

fn at<'d>(json: &'d Json<'d>, path: &[&str]) -> &'d Json<'d> {
    path.iter().fold(json, |json, name| field(json, name))
}

fn text<'d>(json: &'d Json<'d>, path: &[&str]) -> &'d str {
    at(json, path).text().unwrap_or_default()
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if is_sample(at(json, &["service", "additionalInfo"])) {
        return Ok(Reading::Dropped(DropReason::Sample));
    }
    if at(json, &["service", "archived"]).bool() == Some(true) {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    let account = field(json, "accountId")
        .text()
        .or(record.carried.account.as_deref());
    let subjects = subjects(json, account.unwrap_or_default());
    let drafts = subjects.into_iter().map(|(named, also)| draft(json, named, also));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// The API has what events have as an object as JSON in a string.
fn is_sample(info: &Json<'_>) -> bool {
    let written = field(info, "value").text().unwrap_or_default();
    field(info, "sample").bool() == Some(true) || written.contains("\"sample\":true")
}

type Accused<'d> = (Named<'d>, Vec<Also<'d>>);

fn subjects<'d>(json: &'d Json<'d>, account: &'d str) -> Vec<Accused<'d>> {
    let resource = field(json, "resource");
    let kind = text(resource, &["resourceType"]);
    let is_meant = |kinds: &[&str]| kinds.contains(&kind) || !KINDS.contains(&kind);
    if let Some(granted) = policy::granted(json, account) {
        return granted;
    }
    let mut all = Vec::new();
    let key = field(resource, "accessKeyDetails");
    if key.is_object() && is_meant(&["AccessKey", "S3Bucket"]) {
        all.push(acting(key, account));
    }
    let user = at(resource, &["kubernetesDetails", "kubernetesUserDetails"]);
    if user.is_object() && is_meant(&["EKSCluster", "KubernetesCluster"]) {
        let texts = [
            text(resource, &["eksClusterDetails", "name"]),
            text(user, &["username"]),
        ];
        let build =
            |texts: &[&str]| k8s::from_username(Some(texts[0]).filter(|name| !name.is_empty()), texts[1]);
        all.push((Named::new(texts, build), Vec::new()));
    }
    let user = field(resource, "rdsDbUserDetails");
    if user.is_object() && is_meant(&["RDSDBInstance", "RDSLimitlessDB"]) {
        all.extend(of_database(resource, user));
    }
    let actors = at(json, &["service", "detection", "sequence", "actors"]).elements();
    all.extend(
        actors
            .iter()
            .map(|actor| of_sequence(field(actor, "user"), account)),
    );
    if all.is_empty() {
        let resources = at(json, &["service", "detection", "sequence", "resources"]).elements();
        let keys = resources
            .iter()
            .filter(|one| field(one, "resourceType").text() == Some("ACCESS_KEY"));
        all.extend(keys.map(|key| key_of_sequence(key, account)));
    }
    if all.is_empty() {
        all.extend(affected(json));
    }
    if all.is_empty() {
        all.extend(titled(json, account));
    }
    all
}

/// A user of a database, whose host is known by the name of its instance alone.
fn of_database<'d>(resource: &'d Json<'d>, user: &'d Json<'d>) -> Option<Accused<'d>> {
    let details = ["rdsDbInstanceDetails", "rdsLimitlessDbDetails"].map(|name| field(resource, name));
    let instance = details.into_iter().find(|details| details.is_object());
    let names = [
        "dbInstanceArn",
        "dbShardGroupArn",
        "dbInstanceIdentifier",
        "dbShardGroupIdentifier",
    ];
    let host = instance.and_then(|instance| names.iter().find_map(|name| field(instance, name).text()));
    let texts = [host.unwrap_or_default(), field(user, "user").text()?];
    Some((
        Named::new(texts, |texts| db::user(texts[0], texts[1])),
        Vec::new(),
    ))
}

/// A sequence of attacks that lists no actor names one in its title: `… of IAMUser/ann indicated by …`.
fn titled<'d>(json: &'d Json<'d>, account: &'d str) -> Option<Accused<'d>> {
    let title = text(json, &["title"]);
    let named = title.split_whitespace().find_map(|word| word.split_once('/'));
    let (kind, name) = named.filter(|(kind, _)| PRINCIPALS.contains(kind))?;
    let name = name.trim_end_matches(['.', ',', ';']);
    Some((Named::new(["", account, kind, name, ""], principal), Vec::new()))
}

/// Kinds of principals that a title names.
const PRINCIPALS: &[&str] = &["IAMUser", "AssumedRole", "Role", "FederatedUser", "Root"];

/// Kinds of resources that are told apart; of any other kind every detail counts.
const KINDS: &[&str] = &[
    "AccessKey",
    "S3Bucket",
    "EKSCluster",
    "KubernetesCluster",
    "Instance",
    "RDSDBInstance",
    "RDSLimitlessDB",
];

fn acting<'d>(key: &'d Json<'d>, account: &'d str) -> Accused<'d> {
    let texts = [
        text(key, &["accessKeyId"]),
        account,
        text(key, &["userType"]),
        text(key, &["userName"]),
        text(key, &["principalId"]),
    ];
    let link = Also::Link(Rel::Authenticates, Named::new(texts, principal));
    (Named::new(texts, key_or_principal), vec![link])
}

fn of_sequence<'d>(user: &'d Json<'d>, account: &'d str) -> Accused<'d> {
    let own = at(user, &["account", "uid"]).text().unwrap_or(account);
    let texts = [
        text(user, &["credentialUid"]),
        own,
        text(user, &["type"]),
        text(user, &["name"]),
        text(user, &["uid"]),
    ];
    let link = Also::Link(Rel::Authenticates, Named::new(texts, principal));
    (Named::new(texts, key_or_principal), vec![link])
}

/// A key among the resources of a sequence that lists no actor.
fn key_of_sequence<'d>(resource: &'d Json<'d>, account: &'d str) -> Accused<'d> {
    let user = at(resource, &["data", "accessKey"]);
    let texts = [
        text(resource, &["uid"]),
        field(resource, "accountId").text().unwrap_or(account),
        text(user, &["userType"]),
        text(user, &["userName"]),
        text(user, &["principalId"]),
    ];
    let link = Also::Link(Rel::Authenticates, Named::new(texts, principal));
    (Named::new(texts, key_or_principal), vec![link])
}

/// Where nobody is named who acted: the identities that were changed.
fn affected<'d>(json: &'d Json<'d>) -> Vec<Accused<'d>> {
    let resources = at(
        json,
        &["service", "action", "awsApiCallAction", "affectedResources"],
    );
    let arns = resources.entries().iter().filter_map(|(_, arn)| arn.text());
    let named = arns.map(|arn| Named::new([arn], |texts| aws::from_arn(texts[0], None)));
    named.map(|named| (named, Vec::new())).collect()
}

fn key_or_principal(texts: &[&str]) -> Result<Resolved, KeyError> {
    match texts[0].starts_with("AKIA") && aws::is_access_key_id(texts[0]) {
        true => aws::access_key(texts[0], Some(texts[1])),
        false => principal(texts),
    }
}

fn principal(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[_, account, kind, name, unique_id] = texts else {
        return Err(KeyError::Empty);
    };
    let resolved = match (kind, name) {
        ("Root", _) => aws::root(account),
        (_, "") => return aws::from_unique_id(unique_id).map_err(|_| KeyError::NotASubject),
        ("AssumedRole" | "Role", _) => aws::role(account, name),
        ("FederatedUser", _) => aws::federated(account, name),
        ("AWSService" | "AWSAccount" | "Directory", _) => Err(KeyError::NotASubject),
        _ => aws::user(account, name),
    }?;
    Ok(aws::with_unique_id(resolved, unique_id))
}

fn draft<'d>(json: &'d Json<'d>, named: Named<'d>, also: Vec<Also<'d>>) -> Draft<'d> {
    let kind = text(json, &["type"]);
    let id = text(json, &["id"]);
    let known = issue_of_type(kind);
    let service = field(json, "service");
    let first = [field(service, "eventFirstSeen"), field(json, "createdAt")];
    let last = [field(service, "eventLastSeen"), field(json, "updatedAt")];
    let source = SourceOf {
        rule: kind.into(),
        reference: if id.is_empty() { text(json, &["arn"]) } else { id }.into(),
        serial: id.into(),
        ..SourceOf::default()
    };
    Draft {
        also,
        place: Place {
            region: field(json, "region").text().map(Cow::Borrowed),
            ..Place::default()
        },
        times: Times {
            exposed_since: None,
            first_detected_at: time::first_of(first),
            observed_at: time::first_of(last),
        },
        problem: Some(Problem {
            unmapped: known.is_none(),
            severity: severity_of(field(json, "severity")),
            ..Problem::new(
                known.unwrap_or(IssueType::SuspectedCompromise),
                field(json, "title").text().unwrap_or(kind),
            )
        }),
        ..Draft::new(SubjectOf::Named(named), source)
    }
}

/// 1–10, with fractions.
fn severity_of(json: &Json<'_>) -> SourceSeverity {
    match json {
        Json::Number(Number::Float(score)) if (0.0..=10.0).contains(score) => {
            severity::of_score((score * 10.0).round() as u64)
        }
        other => other
            .unsigned()
            .map(|score| severity::of_score(score.saturating_mul(10)))
            .unwrap_or_default(),
    }
}
