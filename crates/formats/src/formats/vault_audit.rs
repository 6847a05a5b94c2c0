//! Vault's audit log: tokens and entities that were revoked, disabled or deleted, and roots that were used.
//!
//! Values are HMACs with a salt of the audit device, so that an accessor meets itself within one device alone. Only a
//! response without an error says that something happened; a request is no more than the wish.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, vault};
use reeve_domain::observation::IssueType::{CredentialAdded, RootUse};
use reeve_domain::observation::Statement::{Active, Deleted, Disabled};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::{Format, leak};
use crate::draft::{Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// Entries of an audit device.
pub(super) const VAULT_AUDIT: Format = Format {
    id: "vault-audit",
    version: 1,
    tool: "HashiCorp Vault",
    names: &[
        "type",
        "time",
        "auth",
        "accessor",
        "client_token",
        "display_name",
        "entity_id",
        "policies",
        "request",
        "operation",
        "path",
        "data",
        "response",
        "error",
    ],
    statements: &[
        (Deleted, EvidenceLevel::E2),
        (Disabled, EvidenceLevel::E2),
        (Active, EvidenceLevel::E2),
    ],
    detect,
    records: |json| Ok(Report::one(json)),
    read,
};

fn detect(json: &Json<'_>) -> bool {
    if is_kmip(json) {
        return true;
    }
    let is_kind = matches!(json.get("type").text(), Some("request" | "response"));
    let request = json.get("request");
    is_kind
        && request.has_all(&["operation", "path"])
        && (json.has("auth") || request.has("mount_type") || request.has("client_token") || request.has("id"))
}

/// A call by which a machine manages keys; it names none of them.
fn is_kmip(json: &Json<'_>) -> bool {
    let is_kind = matches!(json.get("type").text(), Some("kmip-request" | "kmip-response"));
    is_kind && json.get("request").is_object()
}

/// What an entry says of a subject.
enum Says {
    Problem(IssueType, &'static str),
    Proof(Statement),
}

/// A subject, and what is said of it.
type Told<'d> = (Named<'d>, Says);

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if is_kmip(json) {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let path = json.require_text(&["request", "path"])?;
    let entry = Entry { json, path };
    if json.get("type").text() != Some("response") || json.get("error").text().is_some() {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let told = entry.told();
    match told.is_empty() {
        true => Ok(Reading::Dropped(DropReason::NoStatement)),
        false => {
            let drafts = told.into_iter().map(|told| entry.draft(told));
            Ok(Reading::observed(entry.secrets(), drafts.collect()))
        }
    }
}

struct Entry<'d> {
    json: &'d Json<'d>,
    path: &'d str,
}

impl<'d> Entry<'d> {
    fn told(&self) -> Vec<Told<'d>> {
        let segments: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        let operation = self.json.at(&["request", "operation"]).text().unwrap_or_default();
        let data = self.json.at(&["request", "data"]);
        let mut told: Vec<Told<'d>> = match (segments.as_slice(), operation) {
            (["auth", "token", "revoke-accessor", ..], "update" | "create") => {
                accessor_told(data.get("accessor"), "", Says::Proof(Deleted))
            }
            (["auth", "token", "revoke-self"], "update" | "create") => {
                let auth = self.json.get("auth");
                let entity = auth.get("entity_id").text().unwrap_or_default();
                let own = [
                    auth.get("accessor"),
                    self.json.at(&["request", "client_token_accessor"]),
                ];
                let own = own.into_iter().find(|json| json.text().is_some());
                own.map_or(Vec::new(), |own| accessor_told(own, entity, Says::Proof(Deleted)))
            }
            (["auth", _, "role", _, "secret-id-accessor", "destroy"], "update" | "create" | "delete") => {
                accessor_told(data.get("secret_id_accessor"), "", Says::Proof(Deleted))
            }
            (["identity", "entity", "id", id], "delete") => entity_told(id, Says::Proof(Deleted)),
            (["identity", "entity", "id", id], "update" | "create") => match data.get("disabled").bool() {
                Some(true) => entity_told(id, Says::Proof(Disabled)),
                Some(false) => entity_told(id, Says::Proof(Active)),
                None => Vec::new(),
            },
            (["auth", "token", create, ..], "update" | "create") if create.starts_with("create") => {
                self.created()
            }
            _ => Vec::new(),
        };
        told.extend(self.root_used());
        told
    }

    /// A token of the root policy lives until it is revoked.
    fn created(&self) -> Vec<Told<'d>> {
        let auth = self.json.at(&["response", "auth"]);
        match has_root(auth) {
            true => accessor_told(
                auth.get("accessor"),
                auth.get("entity_id").text().unwrap_or_default(),
                Says::Problem(CredentialAdded, "A root token was issued"),
            ),
            false => Vec::new(),
        }
    }

    fn root_used(&self) -> Vec<Told<'d>> {
        let auth = self.json.get("auth");
        match has_root(auth) {
            true => accessor_told(
                auth.get("accessor"),
                "",
                Says::Problem(RootUse, "A root token was used"),
            ),
            false => Vec::new(),
        }
    }

    /// Tokens are hashed unless the device writes them as they are.
    fn secrets(&self) -> Vec<Cow<'d, str>> {
        let places = [
            self.json.at(&["auth", "client_token"]),
            self.json.at(&["request", "client_token"]),
            self.json.at(&["request", "data", "token"]),
            self.json.at(&["response", "auth", "client_token"]),
        ];
        places.into_iter().filter_map(leak::text).collect()
    }

    fn draft(&self, (named, says): Told<'d>) -> Draft<'d> {
        let source = SourceOf {
            rule: self.path.into(),
            reference: self.json.at(&["request", "id"]).text().unwrap_or_default().into(),
            ..SourceOf::default()
        };
        let draft = Draft {
            place: Place {
                resource: Some(self.path.into()),
                ..Place::default()
            },
            times: Times {
                observed_at: time::of(self.json.get("time")),
                ..Times::default()
            },
            ..Draft::new(SubjectOf::Named(named), source)
        };
        match says {
            Says::Problem(issue_type, title) => Draft {
                problem: Some(Problem::new(issue_type, title)),
                source: SourceOf {
                    rule: issue_type.as_str().into(),
                    ..draft.source
                },
                place: Place::default(),
                ..draft
            },
            Says::Proof(statement) => Draft {
                statements: vec![(statement, EvidenceScope::WholeSubject)],
                ..draft
            },
        }
    }
}

fn has_root(auth: &Json<'_>) -> bool {
    let lists = ["policies", "token_policies"];
    let mut policies = lists.iter().flat_map(|name| auth.get(name).elements());
    policies.any(|policy| policy.text() == Some("root"))
}

fn accessor_told<'d>(accessor: &'d Json<'d>, entity: &'d str, says: Says) -> Vec<Told<'d>> {
    let named = accessor.text().map(|accessor| {
        Named::new([accessor, entity], |texts| {
            let entity = Some(texts[1]).filter(|id| !id.is_empty());
            vault::accessor(None, texts[0], None, entity)
        })
    });
    named.map(|named| (named, says)).into_iter().collect()
}

fn entity_told<'d>(id: &'d str, says: Says) -> Vec<Told<'d>> {
    let named = Named::new([id], |texts| match texts[0] {
        "" => Err(KeyError::NotASubject),
        id => vault::entity(None, id),
    });
    vec![(named, says)]
}
