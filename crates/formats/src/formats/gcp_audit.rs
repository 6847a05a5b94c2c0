//! Google Cloud audit logs: keys and service accounts that ended, bindings that were given or taken away, and the
//! calls to clusters.
//!
//! A policy that is set is told whole; only the delta beside it says what has changed. A failed call says nothing.

mod bindings;
mod cluster;

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Strength, gcp};
use reeve_domain::observation::EvidenceLevel;
use reeve_domain::observation::IssueType::{self, CredentialAdded};
use reeve_domain::observation::Statement::{self, Active, Deleted, Disabled};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Named, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// Entries of Cloud Logging with an audit log in them.
pub(super) const GCP_AUDIT: Format = Format {
    id: "gcp-audit",
    version: 3,
    tool: "Google Cloud Audit Logs",
    names: &[
        "protoPayload",
        "methodName",
        "serviceName",
        "resourceName",
        "insertId",
        "logName",
        "timestamp",
        "status",
        "code",
        "request",
        "response",
        "name",
        "serviceData",
        "policyDelta",
        "bindingDeltas",
        "action",
        "role",
        "member",
    ],
    statements: &[
        (Deleted, EvidenceLevel::E2),
        (Disabled, EvidenceLevel::E2),
        (Active, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
    ],
    detect,
    records: |json| Ok(Report::one(json)),
    read,
};

/// By the type of the payload, which some forwarders rename; else by what every audit log names.
fn detect(json: &Json<'_>) -> bool {
    let payload = json.get("protoPayload");
    let kinds = ["@type", "at_sign_type"];
    let is_typed = |name: &str| {
        payload
            .get(name)
            .text()
            .is_some_and(|kind| kind.ends_with("AuditLog"))
    };
    payload.is_object()
        && (kinds.iter().any(|name| is_typed(name)) || payload.has_all(&["methodName", "serviceName"]))
}

/// What a call is about.
#[derive(Clone, Copy)]
enum Target {
    Key,
    Account,
    ApiKey,
}

/// What a call says.
#[derive(Clone, Copy)]
enum Says {
    Problem(IssueType),
    Proof(Statement),
}

/// The last word of a method of the IAM service, what it is about, what it says.
const METHODS: &[(&str, Target, Says)] = &[
    ("DeleteServiceAccountKey", Target::Key, Says::Proof(Deleted)),
    ("DisableServiceAccountKey", Target::Key, Says::Proof(Disabled)),
    ("EnableServiceAccountKey", Target::Key, Says::Proof(Active)),
    (
        "CreateServiceAccountKey",
        Target::Key,
        Says::Problem(CredentialAdded),
    ),
    (
        "UploadServiceAccountKey",
        Target::Key,
        Says::Problem(CredentialAdded),
    ),
    ("DeleteServiceAccount", Target::Account, Says::Proof(Deleted)),
    ("DisableServiceAccount", Target::Account, Says::Proof(Disabled)),
    ("EnableServiceAccount", Target::Account, Says::Proof(Active)),
    ("UndeleteServiceAccount", Target::Account, Says::Proof(Active)),
];

/// The same of the service of API keys, whose methods have common words.
const OF_API_KEYS: &[(&str, Target, Says)] = &[
    ("DeleteKey", Target::ApiKey, Says::Proof(Deleted)),
    ("UndeleteKey", Target::ApiKey, Says::Proof(Active)),
    ("CreateKey", Target::ApiKey, Says::Problem(CredentialAdded)),
];

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let entry = Entry {
        json: record.json(),
        payload: record.json().get("protoPayload"),
    };
    let method = entry.json.require_text(&["protoPayload", "methodName"])?;
    if !entry.has_succeeded() {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    if entry.payload.get("serviceName").text() == Some("k8s.io") {
        return Ok(cluster::call(&entry, method));
    }
    let verb = method.rsplit('.').next().unwrap_or_default();
    let table = match method.contains(".ApiKeys.") {
        true => OF_API_KEYS,
        false => METHODS,
    };
    let drafts = match table.iter().find(|(known, ..)| *known == verb) {
        Some((_, target, says)) => vec![entry.draft(entry.subject(*target), *says, verb)],
        None => bindings::changed(&entry, verb),
    };
    match drafts.is_empty() {
        true => Ok(Reading::Dropped(DropReason::NoStatement)),
        false => Ok(Reading::observed(entry.secrets(), drafts)),
    }
}

/// An entry of the log and the call in it.
struct Entry<'d> {
    json: &'d Json<'d>,
    payload: &'d Json<'d>,
}

impl<'d> Entry<'d> {
    /// A status without a code is no error.
    fn has_succeeded(&self) -> bool {
        let code = self.payload.at(&["status", "code"]);
        let is_refused = |one: &Json<'_>| one.get("granted").bool() == Some(false);
        (code.is_null() || code.unsigned() == Some(0))
            && !self
                .payload
                .get("authorizationInfo")
                .elements()
                .iter()
                .any(is_refused)
            && self.payload.at(&["request", "validateOnly"]).bool() != Some(true)
            && !self.has_only_begun()
    }

    /// A long operation is written when it begins and when it ends.
    fn has_only_begun(&self) -> bool {
        let at = |name: &str| self.json.at(&["operation", name]).bool() == Some(true);
        at("first") && !at("last")
    }

    /// The private half of a new key is no part of an audit log; if it is there, it is a secret.
    fn secrets(&self) -> Vec<Cow<'d, str>> {
        let halves = ["private_key_data", "privateKeyData", "keyString"];
        let response = self.payload.get("response");
        let answers = [response, response.get("response")];
        let known = answers
            .into_iter()
            .flat_map(|answer| halves.iter().filter_map(|name| answer.get(name).text()));
        known.map(Cow::Borrowed).collect()
    }

    fn subject(&self, target: Target) -> (Named<'d>, Vec<Also<'d>>) {
        match target {
            Target::Key => (self.key(), Vec::new()),
            Target::ApiKey => (self.api_key(), Vec::new()),
            Target::Account => self.account(),
        }
    }

    /// A new key is named in the answer, any other in the call.
    fn key(&self) -> Named<'d> {
        let names = [
            self.payload.at(&["response", "name"]),
            self.payload.get("resourceName"),
            self.payload.at(&["request", "name"]),
        ];
        let named = names
            .iter()
            .find_map(|name| name.text().filter(|name| name.contains("/keys/")));
        let label = |name: &str| self.json.at(&["resource", "labels", name]).text();
        let texts = [named.unwrap_or_default(), label("email_id").unwrap_or_default()];
        Named::new(texts, |texts| {
            let (account, id) = texts[0].rsplit_once("/keys/").ok_or(KeyError::NotASubject)?;
            let email = Some(texts[1]).filter(|email| !email.is_empty());
            gcp::service_account_key(id, email.or(Some(account)))
        })
    }

    /// What is done to an API key takes a while: the answer names the operation, and the key within it.
    fn api_key(&self) -> Named<'d> {
        let names = [
            self.payload.at(&["response", "response", "name"]),
            self.payload.at(&["response", "name"]),
            self.payload.get("resourceName"),
            self.payload.at(&["request", "name"]),
        ];
        let named = names
            .iter()
            .find_map(|name| name.text().filter(|name| name.contains("/keys/")));
        Named::new([named.unwrap_or_default()], |texts| {
            gcp::from_key_name(texts[0]).map_err(|_| KeyError::NotASubject)
        })
    }

    /// By address; a deleted account is its number too.
    fn account(&self) -> (Named<'d>, Vec<Also<'d>>) {
        let label = |name: &str| self.json.at(&["resource", "labels", name]).text();
        let response = self.payload.get("response");
        let email = response.get("email").text().or(label("email_id"));
        let number = response.get("unique_id").text().or(label("unique_id"));
        let name = self.payload.at(&["request", "name"]).text();
        let name = name.or(self.payload.get("resourceName").text());
        let texts = [email.or(name).unwrap_or_default(), number.unwrap_or_default()];
        let named = Named::new(texts, |texts| {
            let number = Some(texts[1]).filter(|number| !number.is_empty());
            match texts[0].contains('/') {
                false => gcp::service_account(texts[0], number),
                true => gcp::from_member(texts[0]),
            }
        });
        let by_number = Named::new([number.unwrap_or_default()], |texts| gcp::by_number(texts[0]));
        (named, vec![Also::Alias(Strength::Strong, by_number)])
    }

    fn draft(&self, (named, also): (Named<'d>, Vec<Also<'d>>), says: Says, rule: &'d str) -> Draft<'d> {
        let source = SourceOf {
            rule: rule.into(),
            reference: self.json.get("insertId").text().unwrap_or_default().into(),
            ..SourceOf::default()
        };
        let resource = self.payload.get("resourceName").text();
        let draft = Draft {
            also,
            place: Place {
                resource: resource.map(Cow::Borrowed),
                ..Place::default()
            },
            times: Times {
                observed_at: time::first_of(
                    ["timestamp", "receiveTimestamp", "p_event_time"].map(|name| self.json.get(name)),
                ),
                ..Times::default()
            },
            ..Draft::new(SubjectOf::Named(named), source)
        };
        match says {
            Says::Problem(issue_type) => draft.having(issue_type, rule),
            Says::Proof(statement) => draft.proving(statement),
        }
    }
}
