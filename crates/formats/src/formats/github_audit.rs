//! GitHub's audit log of an organization or an enterprise: who got more than before, and which credential or
//! membership has ended.
//!
//! A user is known by number where the log has it, else by login. The actor of an event is not its subject, unless
//! nobody else is named. What an event says of the whole organization is nobody's task.

mod events;

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Rel, Strength, github, keypair};
use reeve_domain::observation::{EvidenceLevel, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Named, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use events::{Says, Target};

/// Events of the audit log.
pub(super) const GITHUB_AUDIT: Format = Format {
    id: "github-audit",
    version: 2,
    tool: "GitHub",
    names: &[
        "action",
        "actor",
        "actor_id",
        "user",
        "user_id",
        "org",
        "business",
        "repo",
        "team",
        "created_at",
        "@timestamp",
        "_document_id",
        "token_id",
        "fingerprint",
        "data",
    ],
    statements: &[
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Disabled, EvidenceLevel::E2),
        (Statement::Active, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
    ],
    detect,
    records: |json| Ok(Report::one(json)),
    read,
};

/// Some of which every event has, though none has all.
const MARKS: &[&str] = &[
    "@timestamp",
    "at_sign_timestamp",
    "created_at",
    "_document_id",
    "org",
    "org_id",
    "business",
    "actor_id",
    "operation_type",
    "programmatic_access_type",
];

/// `org.remove_member`: words, a dot, words. A webhook's action has no dot.
fn detect(json: &Json<'_>) -> bool {
    let is_action = |action: &str| {
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        action.contains('.') && action.split('.').all(is_word)
    };
    json.get("action").text().is_some_and(is_action)
        && (json.has("actor") || json.has("actor_id"))
        && (MARKS.iter().any(|mark| json.has(mark)) || is_known(json))
        && !json.has("eventSource")
        && !json.get("repository").is_object()
}

/// An event that a forwarder has left hardly anything of but its name.
fn is_known(json: &Json<'_>) -> bool {
    let action = json.get("action").text().unwrap_or_default();
    events::ALL.iter().any(|(known, ..)| *known == action)
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let action = json.require_text(&["action"])?;
    let event = Event { json, action };
    let Some((target, says)) = event.meaning() else {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    };
    let drafts = event
        .subjects(target)
        .into_iter()
        .map(|(named, also)| event.draft(named, also, says));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

struct Event<'d> {
    json: &'d Json<'d>,
    action: &'d str,
}

impl<'d> Event<'d> {
    /// A change of a role says more or less by the role that it leads to.
    fn meaning(&self) -> Option<(Target, Says)> {
        let (_, target, says) = events::ALL.iter().find(|(action, ..)| *action == self.action)?;
        match says {
            Says::ByRole => events::by_role(self.text("permission"), self.text("old_permission"))
                .map(|says| (*target, says)),
            says => Some((*target, *says)),
        }
    }

    /// A field may stand in `data` too.
    fn text(&self, name: &str) -> &'d str {
        let own = self.json.get(name).text();
        own.or(self.json.at(&["data", name]).text()).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Cow<'d, str> {
        let own = self.json.get(name);
        let number = own.unsigned().or(self.json.at(&["data", name]).unsigned());
        number
            .filter(|number| *number > 0)
            .map(|number| number.to_string().into())
            .unwrap_or_default()
    }

    /// The user whom the event is about; of those that concern one's own account it is the actor.
    fn user(&self, or_actor: bool) -> (Cow<'d, str>, &'d str) {
        match (self.number("user_id"), self.text("user")) {
            (id, "") if id.is_empty() && or_actor => (self.number("actor_id"), self.text("actor")),
            known => known,
        }
    }

    fn subjects(&self, target: Target) -> Vec<(Named<'d>, Vec<Also<'d>>)> {
        match target {
            Target::User => vec![(named_user(self.user(false)), Vec::new())],
            Target::OwnUser => vec![(named_user(self.user(true)), Vec::new())],
            Target::Member(group) => vec![self.membership(group)],
            Target::Organization => vec![self.membership("member"), self.membership("admin")],
            Target::Token => vec![self.token()],
            Target::Key => self.key().into_iter().collect(),
            Target::App => vec![(self.app(), Vec::new())],
        }
    }

    /// Membership of a user, by login as the log's own name of it, in a team, a role or a repository.
    fn membership(&self, group: &'static str) -> (Named<'d>, Vec<Also<'d>>) {
        let (id, login) = self.user(false);
        let scope = ["org", "business"]
            .iter()
            .map(|name| self.text(name))
            .find(|name| !name.is_empty());
        let group = match group {
            "team" | "repo" => {
                let name = self.text(group);
                Cow::Owned(format!("{group}-{}", name.rsplit('/').next().unwrap_or_default()))
            }
            role => Cow::Borrowed(role),
        };
        let named = Named {
            texts: vec![scope.unwrap_or("-").into(), group, login.into()],
            build: |texts| match texts[2] {
                "" => Err(KeyError::NotASubject),
                login => github::membership(texts[0], texts[1], login),
            },
        };
        let held_by = Also::Link(Rel::HeldBy, named_user((id, login)));
        (named, vec![held_by])
    }

    fn token(&self) -> (Named<'d>, Vec<Also<'d>>) {
        let ids = [self.number("token_id"), self.number("credential_id")];
        let id = ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default();
        let named = Named {
            texts: vec![id],
            build: |texts| match texts[0].parse() {
                Ok(id) => github::personal_access_token(None, id),
                Err(_) => Err(KeyError::NotASubject),
            },
        };
        let owner = Also::Link(Rel::Authenticates, named_user(self.user(false)));
        (named, vec![owner])
    }

    /// A deploy key by its number, or a key pair by its fingerprint.
    fn key(&self) -> Option<(Named<'d>, Vec<Also<'d>>)> {
        let fingerprint = || {
            let text = self.text("fingerprint");
            Named {
                texts: vec![match text.starts_with("SHA256:") || text.is_empty() {
                    true => text.into(),
                    false => format!("SHA256:{text}").into(),
                }],
                build: |texts| match texts[0] {
                    "" => Err(KeyError::NotASubject),
                    text => keypair::from_ssh_fingerprint(text).map_err(|_| KeyError::NotASubject),
                },
            }
        };
        let ids = [self.number("deploy_key_id"), self.number("public_key_id")];
        match ids.into_iter().find(|id| !id.is_empty()) {
            Some(id) => {
                let named = Named {
                    texts: vec![id],
                    build: |texts| match texts[0].parse() {
                        Ok(id) => github::deploy_key(None, id),
                        Err(_) => Err(KeyError::NotASubject),
                    },
                };
                Some((named, vec![Also::Alias(Strength::Weak, fingerprint())]))
            }
            None => Some((fingerprint(), Vec::new())),
        }
    }

    fn app(&self) -> Named<'d> {
        let names = [
            "integration_id",
            "application_id",
            "oauth_application_id",
            "app_id",
        ];
        let id = names
            .iter()
            .map(|name| self.number(name))
            .find(|id| !id.is_empty());
        Named {
            texts: vec![id.unwrap_or_default()],
            build: |texts| match texts[0].parse() {
                Ok(id) => github::app(None, id),
                Err(_) => Err(KeyError::NotASubject),
            },
        }
    }

    fn draft(&self, named: Named<'d>, also: Vec<Also<'d>>, says: Says) -> Draft<'d> {
        let source = SourceOf {
            rule: self.action.into(),
            reference: self.text("_document_id").into(),
            ..SourceOf::default()
        };
        let repository = Some(self.text("repo")).filter(|name| !name.is_empty());
        let draft = Draft {
            also,
            place: Place {
                repository: repository.map(Cow::Borrowed),
                ..Place::default()
            },
            times: Times {
                observed_at: time::first_of(
                    [
                        "@timestamp",
                        "at_sign_timestamp",
                        "created_at",
                        "timestamp",
                        "p_event_time",
                    ]
                    .map(|name| self.json.get(name)),
                ),
                ..Times::default()
            },
            ..Draft::new(SubjectOf::Named(named), source)
        };
        match says {
            Says::Problem(issue_type) => draft.having(issue_type, self.action.replace(['.', '_'], " ")),
            Says::Proof(statement) => draft.proving(statement),
            Says::ProofFor(statement, issue_type) => draft.proving_for(statement, issue_type),
            Says::ByRole => draft,
        }
    }
}

fn named_user<'d>((id, login): (Cow<'d, str>, &'d str)) -> Named<'d> {
    Named {
        texts: vec![id, login.into()],
        build: |texts| match (texts[0].parse(), texts[1]) {
            (Ok(id), login) => github::user(None, id, Some(login).filter(|login| !login.is_empty())),
            (Err(_), "") => Err(KeyError::NotASubject),
            (Err(_), login) => github::login(None, login),
        },
    }
}
