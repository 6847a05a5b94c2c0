//! One call to the API of a cluster that has changed something, and what it says.

use std::borrow::Cow;

use reeve_domain::key::{Rel, Strength, k8s};
use reeve_domain::observation::{EvidenceScope, IssueType, Statement};
use reeve_domain::reject::DropReason;
use reeve_domain::time::Timestamp;

use super::super::k8s_objects;
use super::roles;
use crate::draft::{Also, Draft, Named, Problem, Reading, SourceOf, SubjectOf, Times};
use crate::json::Json;

/// A call that has succeeded, whatever log it stands in. What is not known is empty.
pub(in crate::formats) struct Call<'d> {
    pub(in crate::formats) cluster: &'d str,
    pub(in crate::formats) verb: &'d str,
    pub(in crate::formats) resource: &'d str,
    pub(in crate::formats) subresource: &'d str,
    pub(in crate::formats) namespace: &'d str,
    pub(in crate::formats) name: &'d str,
    pub(in crate::formats) user: &'d str,
    pub(in crate::formats) request: &'d Json<'d>,
    pub(in crate::formats) response: &'d Json<'d>,
    pub(in crate::formats) id: &'d str,
    pub(in crate::formats) observed_at: Option<Timestamp>,
}

static NONE: Json<'static> = Json::Null;

/// The signer whose certificates let anyone in who has one.
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";

/// What a call says of a subject.
enum Says {
    Problem(IssueType, String),
    Proof(Statement),
}

impl<'d> Call<'d> {
    /// Its findings and evidence.
    pub(in crate::formats) fn reading(&self) -> Reading<'d> {
        if self.has_changed_nothing() {
            return Reading::Dropped(DropReason::NoStatement);
        }
        if self.is_released() {
            return Self {
                verb: "delete",
                response: &NONE,
                ..*self
            }
            .reading();
        }
        let drafts = match (self.resource, self.subresource) {
            ("rolebindings" | "clusterrolebindings", "") => self.binding(),
            ("roles" | "clusterroles", "") => self.role(),
            ("serviceaccounts", "") => self.service_account(),
            ("secrets", "") => self.token(),
            ("certificatesigningrequests", "") => self.certificate(),
            _ => Vec::new(),
        };
        match drafts.is_empty() {
            true => Reading::Dropped(DropReason::NoStatement),
            false => Reading::observed(Vec::new(), drafts),
        }
    }

    /// A trial, or a deletion that waits for finalizers: the object is there still.
    fn has_changed_nothing(&self) -> bool {
        let is_trial = !self.request.get("dryRun").elements().is_empty();
        let left = self.response.get("metadata");
        let is_held = left.has("deletionTimestamp") && !left.get("finalizers").elements().is_empty();
        is_trial || is_held
    }

    /// The last finalizer was taken from what is being deleted: now it is gone, and no other record says so.
    fn is_released(&self) -> bool {
        ["update", "patch"].contains(&self.verb)
            && self
                .response
                .at(&["metadata", "deletionTimestamp"])
                .text()
                .is_some()
    }

    fn binding(&self) -> Vec<Draft<'d>> {
        let state = self.state("roleRef");
        let subjects: Vec<_> = state.get("subjects").elements().iter().collect();
        if self.verb == "delete" {
            return vec![self.draft(self.object(), Says::Proof(Statement::Deleted))];
        }
        if state.is_null() || self.is_built_in(state) {
            return Vec::new();
        }
        if subjects.is_empty() {
            let proof = (self.verb != "create").then_some(Says::Proof(Statement::PrivilegeReduced));
            return proof
                .map(|proof| self.draft(self.object(), proof))
                .into_iter()
                .collect();
        }
        let role = state.at(&["roleRef", "name"]).text().unwrap_or_default();
        match roles::given(role, &subjects) {
            Some(issue) => vec![self.given(issue, role, &subjects)],
            None => Vec::new(),
        }
    }

    /// Of one subject the binding is keyed with it; of several as a whole, as its deletion names none.
    fn given(&self, issue: IssueType, role: &str, subjects: &[&'d Json<'d>]) -> Draft<'d> {
        let held_by = |subject: &&'d Json<'d>| {
            let named = k8s_objects::object(
                self.cluster,
                text(subject, "kind"),
                self.namespace_of(subject),
                text(subject, "name"),
            );
            Also::Link(Rel::HeldBy, named)
        };
        let (named, mut also) = match subjects {
            [subject] => {
                let whole = Also::Alias(Strength::Strong, self.object());
                (self.binding_of(subject), vec![whole])
            }
            _ => (self.object(), Vec::new()),
        };
        also.extend(subjects.iter().map(held_by));
        let title = format!("{role} given by {}", self.name());
        Draft {
            also,
            ..self.draft(named, Says::Problem(issue, title))
        }
    }

    fn binding_of(&self, subject: &'d Json<'d>) -> Named<'d> {
        let binding = match self.resource {
            "rolebindings" => format!("{}/{}", self.namespace, self.name()),
            _ => self.name().to_owned(),
        };
        let named = k8s::subject_name(
            text(subject, "kind"),
            self.namespace_of(subject),
            text(subject, "name"),
        );
        Named {
            texts: vec![self.cluster.into(), binding.into(), named.into()],
            build: |texts| k8s::binding(known(texts[0]), texts[1], texts[2]),
        }
    }

    /// A service account without a namespace is of the binding's own.
    fn namespace_of(&self, subject: &'d Json<'d>) -> &'d str {
        subject.get("namespace").text().unwrap_or(self.namespace)
    }

    fn role(&self) -> Vec<Draft<'d>> {
        let state = self.state("rules");
        let says = match self.verb {
            "delete" => Some(Says::Proof(Statement::Deleted)),
            _ if state.is_null() || self.is_built_in(state) || state.has("aggregationRule") => None,
            verb => match roles::width(state.get("rules")) {
                roles::Width::Dangerous(why) => {
                    let title = format!("{} may {why}", self.name());
                    Some(Says::Problem(IssueType::OverPrivileged, title))
                }
                roles::Width::Narrow if verb != "create" => Some(Says::Proof(Statement::PrivilegeReduced)),
                _ => None,
            },
        };
        says.map(|says| self.draft(self.object(), says))
            .into_iter()
            .collect()
    }

    fn service_account(&self) -> Vec<Draft<'d>> {
        match self.verb {
            "delete" => vec![self.draft(self.object(), Says::Proof(Statement::Deleted))],
            _ => Vec::new(),
        }
    }

    /// A token that lives until somebody deletes it.
    fn token(&self) -> Vec<Draft<'d>> {
        const ACCOUNT: &str = "kubernetes.io/service-account.name";
        let is_token = self.request.get("type").text() == Some("kubernetes.io/service-account-token");
        let account = self.request.at(&["metadata", "annotations", ACCOUNT]).text();
        match account.filter(|_| is_token && self.verb == "create") {
            Some(account) => {
                let named = k8s_objects::object(self.cluster, "ServiceAccount", self.namespace, account);
                let title = format!("A token of {account} that does not expire");
                vec![self.draft(named, Says::Problem(IssueType::CredentialAdded, title))]
            }
            None => Vec::new(),
        }
    }

    fn certificate(&self) -> Vec<Draft<'d>> {
        let signer = self.request.at(&["spec", "signerName"]).text();
        if self.verb != "create" || signer != Some(CLIENT_SIGNER) {
            return Vec::new();
        }
        let named = k8s_objects::object(self.cluster, "User", "", self.user);
        let title = "A client certificate was asked for".to_owned();
        vec![self.draft(named, Says::Problem(IssueType::CredentialAdded, title))]
    }

    /// The object as it is after the call: as the answer has it, else as it was sent whole.
    fn state(&self, mark: &str) -> &'d Json<'d> {
        match (self.response.has(mark), self.verb) {
            (true, _) => self.response,
            (false, "create" | "update") if self.request.is_object() => self.request,
            _ => &NONE,
        }
    }

    /// What the API server makes for itself at every start.
    fn is_built_in(&self, state: &Json<'_>) -> bool {
        let labels = state.at(&["metadata", "labels"]);
        self.name().starts_with("system:") || labels.has("kubernetes.io/bootstrapping")
    }

    fn name(&self) -> &'d str {
        let objects = [self.response, self.request];
        let own = objects
            .iter()
            .find_map(|object| object.at(&["metadata", "name"]).text());
        Some(self.name)
            .filter(|name| !name.is_empty())
            .or(own)
            .unwrap_or_default()
    }

    fn object(&self) -> Named<'d> {
        let kind = match self.resource {
            "roles" => "Role",
            "clusterroles" => "ClusterRole",
            "rolebindings" => "RoleBinding",
            "clusterrolebindings" => "ClusterRoleBinding",
            _ => "ServiceAccount",
        };
        k8s_objects::object(self.cluster, kind, self.namespace, self.name())
    }

    fn draft(&self, named: Named<'d>, says: Says) -> Draft<'d> {
        let source = SourceOf {
            rule: format!("{}.{}", self.resource, self.verb).into(),
            reference: self.id.into(),
            serial: Cow::Borrowed(""),
            ..SourceOf::default()
        };
        let mut draft = Draft {
            times: Times {
                observed_at: self.observed_at,
                ..Times::default()
            },
            ..Draft::new(SubjectOf::Named(named), source)
        };
        match says {
            Says::Problem(issue, title) => draft.problem = Some(Problem::new(issue, title)),
            Says::Proof(statement) => draft.statements = vec![(statement, EvidenceScope::WholeSubject)],
        }
        draft
    }
}

fn text<'d>(json: &'d Json<'d>, name: &str) -> &'d str {
    json.get(name).text().unwrap_or_default()
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
