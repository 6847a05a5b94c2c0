//! An entity of Wiz's graph and the subject it is, of whatever cloud.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Resolved, aws, entra, gcp, k8s, mail};

use crate::draft::Named;
use crate::json::Json;

/// Kinds that are identities, without case and separators.
const IDENTITIES: &[&str] = &[
    "useraccount",
    "serviceaccount",
    "accesskey",
    "accessrole",
    "identity",
    "group",
    "iambinding",
    "accessrolebinding",
];

/// Keys of tags that name who answers.
const OWNER_TAGS: &[&str] = &["Owner", "owner", "Team", "team"];

/// An entity, and the alert it stands in.
pub(super) struct Entity<'d> {
    json: &'d Json<'d>,
    alert: &'d Json<'d>,
}

/// Whether an entity's kind is one of an identity or a credential.
pub(super) fn is_identity(json: &Json<'_>) -> bool {
    let kind = folded(json.get("type").text().unwrap_or_default());
    IDENTITIES.contains(&kind.as_str()) || json.get("accessKeyId").text().is_some()
}

/// `SERVICE_ACCOUNT` and `serviceAccount` are the same kind.
fn folded(kind: &str) -> String {
    kind.to_ascii_lowercase().replace('_', "")
}

impl<'d> Entity<'d> {
    pub(super) fn of(json: &'d Json<'d>, alert: &'d Json<'d>) -> Self {
        Self { json, alert }
    }

    fn text(&self, names: &[&str]) -> &'d str {
        let texts = names.iter().map(|name| self.json.get(name).text());
        texts.flatten().next().unwrap_or_default()
    }

    /// A credential or an identity is its own subject, also where the rule is about a secret.
    pub(super) fn is_credential(&self) -> bool {
        let kind = folded(self.text(&["type"]));
        matches!(kind.as_str(), "accesskey" | "useraccount" | "serviceaccount")
    }

    pub(super) fn is_role_of_cluster(&self) -> bool {
        let ids = [self.text(&["providerId"]), self.text(&["externalId"])];
        ids.iter().any(|id| id.starts_with("k8s/") && id.contains("role"))
    }

    /// What the entity is called where it lies.
    pub(super) fn place(&self) -> Option<Cow<'d, str>> {
        let target = || self.alert.get("targetExternalId").text();
        let own =
            Some(self.text(&["providerUniqueId", "providerId", "externalId"])).filter(|id| !id.is_empty());
        let named = || Some(self.text(&["name", "id"])).filter(|name| !name.is_empty());
        own.or_else(target).or_else(named).map(Cow::Borrowed)
    }

    pub(super) fn region(&self) -> Option<&'d str> {
        self.json.get("region").text()
    }

    /// Account, subscription or project, which may be a number.
    fn subscription(&self) -> Cow<'d, str> {
        let own = ["subscriptionExternalId", "subscriptionId"].map(|name| self.json.get(name));
        let others = [
            self.json.at(&["subscription", "externalId"]),
            self.json.at(&["cloudAccount", "externalId"]),
        ];
        let accounts = self.alert.get("cloudAccounts").elements();
        let only = accounts
            .first()
            .filter(|_| accounts.len() == 1)
            .map(|one| one.get("externalId"));
        let all = own.into_iter().chain(others).chain(only);
        all.filter_map(Json::scalar).next().unwrap_or_default()
    }

    pub(super) fn named(&self) -> Named<'d> {
        let texts = [
            self.text(&["accessKeyId"]),
            self.text(&["providerUniqueId"]),
            self.text(&["providerId"]),
            self.text(&["externalId"]),
            self.alert.get("targetExternalId").text().unwrap_or_default(),
            self.text(&["name", "email"]),
            self.text(&["type"]),
            self.text(&["nativeType"]),
        ];
        let texts = texts.map(Cow::Borrowed).into_iter().chain([self.subscription()]);
        Named {
            texts: texts.collect(),
            build,
        }
    }

    pub(super) fn attributes(&self) -> Vec<(&'static str, Cow<'d, str>)> {
        let is_set = |name: &str| self.json.get(name).bool() == Some(true);
        let privileged = ["hasAdminPrivileges", "hasHighPrivileges"]
            .iter()
            .any(|name| is_set(name));
        let named = [
            ("owner_tag", OWNER_TAGS.iter().find_map(|tag| self.tag(tag))),
            ("subscription", self.json.get("subscriptionName").text()),
            ("privileged", privileged.then_some("true")),
        ];
        let known = named
            .into_iter()
            .filter_map(|(name, value)| Some((name, Cow::Borrowed(value?))));
        known.collect()
    }

    /// Tags are an object, or a list of keys and values.
    fn tag(&self, name: &str) -> Option<&'d str> {
        let tags = self.json.get("tags");
        let listed = tags
            .elements()
            .iter()
            .find(|tag| tag.get("key").text() == Some(name));
        tags.get(name)
            .text()
            .or(listed.and_then(|tag| tag.get("value").text()))
    }
}

fn build(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[
        key,
        unique,
        provider,
        external,
        target,
        name,
        kind,
        native,
        account,
    ] = texts
    else {
        return Err(KeyError::Empty);
    };
    let ids = [key, unique, provider, external, target, name];
    let by_id = ids.into_iter().find_map(|id| of_id(id, account));
    if let Some(resolved) = by_id {
        return resolved;
    }
    let (kind, native) = (folded(kind), folded(native));
    if !IDENTITIES.contains(&kind.as_str()) {
        return Err(KeyError::NotASubject);
    }
    if let Some(id) = ids.into_iter().find_map(guid) {
        return match kind.as_str() {
            "serviceaccount" => entra::service_principal(None, id, None),
            "useraccount" => entra::user(None, id, Some(name).filter(|name| name.contains('@'))),
            _ => Err(KeyError::NotASubject),
        };
    }
    match (kind.as_str(), native.as_str()) {
        _ if aws::is_account(account) && native == "rootuser" => aws::root(account),
        ("useraccount", "user" | "iamuser") if aws::is_account(account) => aws::user(account, name),
        ("accessrole" | "serviceaccount", "role" | "iamrole") if aws::is_account(account) => {
            aws::role(account, name)
        }
        ("useraccount", _) => {
            let address = ids.into_iter().find_map(|id| mail::person(id).ok());
            address.ok_or(KeyError::NotASubject)
        }
        _ => Err(KeyError::NotASubject),
    }
}

/// The subject that an id names by itself; none if it names nothing of that kind.
fn of_id(id: &str, account: &str) -> Option<Result<Resolved, KeyError>> {
    let last = id.rsplit(['/', ':']).next().unwrap_or_default();
    let of_account = || Some(account).filter(|account| aws::is_account(account));
    match id {
        _ if last.starts_with("AKIA") && aws::is_access_key_id(last) => {
            Some(aws::access_key(last, of_account()))
        }
        _ if id.starts_with("arn:") => Some(aws::from_arn(id, None)),
        _ if id.contains("/serviceAccounts/") && id.contains("/keys/") => Some(gcp::from_key_name(id)),
        _ if id.contains("/serviceAccounts/") => Some(gcp::from_member(id)),
        _ if id.ends_with(".gserviceaccount.com") => Some(gcp::from_member(last)),
        _ => id.strip_prefix("k8s/").map(of_cluster),
    }
}

/// `serviceaccount/<cluster>/<namespace>/<name>/…`, `clusterrole/<cluster>/<name>/…`.
fn of_cluster(path: &str) -> Result<Resolved, KeyError> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["serviceaccount", cluster, namespace, name, ..] => {
            k8s::service_account(Some(cluster), namespace, name)
        }
        ["role", cluster, namespace, name, ..] => k8s::role(Some(cluster), namespace, name),
        ["clusterrole", cluster, name, ..] => k8s::cluster_role(Some(cluster), name),
        ["rolebinding", cluster, namespace, name, ..] => {
            k8s::whole_binding(Some(cluster), Some(namespace), name)
        }
        ["clusterrolebinding", cluster, name, ..] => k8s::whole_binding(Some(cluster), None, name),
        ["user", cluster, name, ..] => k8s::from_username(Some(cluster), name),
        ["group", cluster, name, ..] => k8s::group(Some(cluster), name),
        _ => Err(KeyError::NotASubject),
    }
}

/// The last segment, if it is a GUID.
fn guid(id: &str) -> Option<&str> {
    let last = id.rsplit('/').next().unwrap_or_default();
    let is_shaped = last.len() == 36 && [8, 13, 18, 23].iter().all(|at| last.as_bytes()[*at] == b'-');
    let is_hex = last.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    (is_shaped && is_hex).then_some(last)
}
