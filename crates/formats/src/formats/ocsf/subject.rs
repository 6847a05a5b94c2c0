//! Users and resources of OCSF and the subjects they are, of whatever cloud.

use std::borrow::Cow;

use reeve_domain::key::ad::{self, AccountNames};
use reeve_domain::key::aws::entitlement;
use reeve_domain::key::{KeyError, Resolved, aws, entra, gcp, k8s, mail};

use crate::draft::{Named, Place};
use crate::envelope::Carried;
use crate::formats::asff::subject::key_or_principal;
use crate::formats::leak::is_hex;
use crate::formats::microsoft::embedded;
use crate::json::Json;

/// Where it happened, as far as the event says it.
#[derive(Clone, Copy, Default)]
pub(super) struct Cloud<'d> {
    pub(super) provider: &'d str,
    /// Account, subscription or project.
    pub(super) account: &'d str,
    pub(super) tenant: &'d str,
    pub(super) cluster: &'d str,
}

impl<'d> Cloud<'d> {
    pub(super) fn of(json: &'d Json<'d>, carried: &'d Carried) -> Self {
        let cloud = json.get("cloud");
        let own = json.get("unmapped");
        let account = cloud
            .at(&["account", "uid"])
            .text()
            .or(cloud.get("account_uid").text())
            .or(carried.account.as_deref());
        let is_cluster = own.get("provider").text() == Some("kubernetes");
        let cluster = Some(own.get("provider_uid")).filter(|_| is_cluster);
        let provider = cloud.get("provider").text().unwrap_or_default();
        let organization = cloud.at(&["org", "uid"]).text().filter(|id| !id.is_empty());
        // There an account is a directory.
        let directory = account.filter(|_| provider == "m365");
        Self {
            provider,
            account: account.unwrap_or_default(),
            tenant: organization.or(directory).unwrap_or_default(),
            cluster: cluster.and_then(Json::text).unwrap_or_default(),
        }
    }
}

/// What is accused.
pub(super) struct Resource<'d> {
    pub(super) id: &'d str,
    pub(super) kind: &'d str,
    pub(super) name: &'d str,
    pub(super) namespace: &'d str,
    pub(super) region: Option<&'d str>,
    /// What the source itself says of it, as text or as an object.
    pub(super) details: &'d Json<'d>,
}

impl<'d> Resource<'d> {
    pub(super) fn of(json: &'d Json<'d>) -> Self {
        let text = |name: &str| -> &'d str { json.get(name).text().unwrap_or_default() };
        Self {
            id: text("uid"),
            kind: text("type"),
            name: text("name"),
            namespace: text("namespace"),
            region: json.get("region").text(),
            details: match json.get("data") {
                Json::Null => json.get("details"),
                data => data,
            },
        }
    }

    pub(super) fn is_identity(&self) -> bool {
        self.kind.starts_with("AwsIam") || self.kind.contains("ServiceAccount") || self.id.contains(":iam:")
    }

    pub(super) fn is_access_key(&self) -> bool {
        [self.id, self.name].into_iter().any(is_long_lived)
    }

    pub(super) fn place(&self) -> Place<'d> {
        Place {
            resource: Some(self.id).filter(|id| !id.is_empty()).map(Cow::Borrowed),
            region: self.region.map(Cow::Borrowed),
            ..Place::default()
        }
    }

    pub(super) fn named(&self, cloud: &Cloud<'d>) -> Named<'d> {
        if self
            .kind
            .replace("::", "")
            .eq_ignore_ascii_case("AwsIamAccessKey")
        {
            return self.access_key(cloud);
        }
        let texts = [
            self.id,
            self.kind,
            self.name,
            self.namespace,
            cloud.account,
            cloud.tenant,
            cloud.cluster,
        ];
        Named::new(texts, by_resource)
    }
}

impl<'d> Resource<'d> {
    /// A long-lived key, else the principal behind it, which Security Hub writes beside it.
    fn access_key(&self, cloud: &Cloud<'d>) -> Named<'d> {
        let details = embedded(self.details);
        let key = details.get("AwsIamAccessKey");
        // The second version of Security Hub has the same in names of its own.
        let text = |path: &[&str], second: &str| {
            let named = key.at(path).text().or(details.get(second).text());
            named.unwrap_or_default().to_owned()
        };
        let account = match text(&["AccountId"], "account_id") {
            unknown if unknown.is_empty() => cloud.account.to_owned(),
            known => known,
        };
        let own = [
            account,
            text(&["SessionContext", "SessionIssuer", "Arn"], "session_issuer_arn"),
            text(&["PrincipalName"], "user_name"),
            text(&["PrincipalType"], "user_type"),
            text(&["PrincipalId"], "principal_id"),
        ];
        let texts = std::iter::once(Cow::Borrowed(self.id)).chain(own.map(Cow::Owned));
        Named {
            texts: texts.collect(),
            build: |texts| key_or_principal(texts).map_err(|_| KeyError::NotASubject),
        }
    }
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// How the address of every service account of Google Cloud ends, whatever its kind is called.
const GOOGLE_ACCOUNTS: &str = ".gserviceaccount.com";

/// The subject that a resource is, whatever cloud it is of.
fn by_resource(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[id, kind, name, namespace, account, tenant, cluster] = texts else {
        return Err(KeyError::Empty);
    };
    let key = [id, name].into_iter().find(|text| is_long_lived(text));
    let folded = kind.replace("::", "");
    let cluster = known(cluster);
    match folded.as_str() {
        _ if key.is_some() => aws::access_key(key.unwrap_or_default(), Some(account)),
        _ if id.starts_with("arn:") => aws::from_arn(id, Some(kind)),
        kind if kind.eq_ignore_ascii_case("AwsIamUser") => of_aws(id, "user", name, account),
        kind if kind.eq_ignore_ascii_case("AwsIamRole") => of_aws(id, "role", name, account),
        "AwsAccountRoot" => aws::root(id),
        _ if [id, name].iter().any(|text| text.ends_with(GOOGLE_ACCOUNTS)) => of_google(id, kind, name),
        "ClusterRole" => k8s::cluster_role(cluster, name),
        "Role" if known(namespace).is_some() => k8s::role(cluster, namespace, name),
        kind if kind.eq_ignore_ascii_case("serviceaccount") || kind == "KubernetesServiceAccount" => {
            k8s::service_account(cluster, namespace, name)
        }
        "#microsoft.graph.user" | "#microsoft.graph.users" | "Microsoft.Users" if id.len() == 36 => {
            entra::user(known(tenant), id, Some(name).filter(|name| name.contains('@')))
        }
        "#microsoft.graph.servicePrincipal" => entra::service_principal(known(tenant), id, None),
        _ => of_google(id, kind, name),
    }
}

fn of_google(id: &str, kind: &str, name: &str) -> Result<Resolved, KeyError> {
    if let Some(key) = [id, name].into_iter().find(|text| text.contains("/keys/")) {
        return gcp::from_key_name(key).map_err(|_| KeyError::NotASubject);
    }
    let is_guid = id.len() == 36 && id.split('-').count() == 5;
    match kind {
        "API Key" | "apikeys.googleapis.com/Key" if is_guid => return gcp::api_key(id, None),
        // Its id is a SHA-1.
        _ if kind.ends_with("ServiceAccountKey") && is_hex(id, 40) => {
            return gcp::service_account_key(id, Some(name).filter(|name| name.contains('@')));
        }
        _ => {}
    }
    let is_account = kind.contains("iam.googleapis.com")
        || id.ends_with(GOOGLE_ACCOUNTS)
        || name.ends_with(GOOGLE_ACCOUNTS);
    let accounts = [id, name]
        .into_iter()
        .find_map(|text| gcp::from_member(text).ok());
    accounts.filter(|_| is_account).ok_or(KeyError::NotASubject)
}

/// A name in an account, with its unique id as another; without an account the unique id says more than the name.
fn of_aws(id: &str, kind: &str, name: &str, account: &str) -> Result<Resolved, KeyError> {
    let by_id = aws::from_unique_id(id).ok();
    let is_sure = aws::is_account(account) || by_id.is_none();
    if name.is_empty() || !is_sure {
        return by_id.ok_or(KeyError::NotASubject);
    }
    let resolved = match kind {
        "role" => aws::role(account, name),
        "root" => aws::root(account),
        "federated" => aws::federated(account, name),
        _ => aws::user(account, name),
    }?;
    Ok(aws::with_unique_id(resolved, id))
}

/// Somebody who acted or was analyzed, and the long-lived keys that were used or listed.
pub(super) struct Holder<'d> {
    pub(super) user: Option<&'d Json<'d>>,
    pub(super) keys: Vec<&'d str>,
}

/// Those who acted or were analyzed; the key that an analysis is about is of the first of them.
pub(super) fn holders<'d>(json: &'d Json<'d>) -> Vec<Holder<'d>> {
    let evidences = json.get("evidences").elements().iter();
    let actors = evidences.flat_map(|evidence| [evidence.get("user"), evidence.at(&["actor", "user"])]);
    let own = [json.get("user"), json.at(&["actor", "user"])];
    let users = own.into_iter().chain(actors).filter(|user| user.is_object());
    let mut all: Vec<Holder<'d>> = users
        .map(|user| Holder {
            user: Some(user),
            keys: keys_of(user),
        })
        .collect();
    let analyzed = json.at(&["identity_activity_metrics", "credential_uid"]).text();
    if let Some(key) = analyzed.filter(|key| is_long_lived(key)) {
        match all.first_mut() {
            Some(first) if first.keys.contains(&key) => {}
            Some(first) => first.keys.push(key),
            None => all.push(Holder {
                user: None,
                keys: vec![key],
            }),
        }
    }
    all
}

fn keys_of<'d>(user: &'d Json<'d>) -> Vec<&'d str> {
    let listed = user.get("programmatic_credentials").elements().iter();
    let listed = listed.filter_map(|key| key.get("uid").text());
    let keys = listed.chain(user.get("credential_uid").text());
    keys.filter(|key| is_long_lived(key)).collect()
}

/// A credential that is no long-lived access key has no key of its own.
fn is_long_lived(key: &str) -> bool {
    key.starts_with("AKIA") && aws::is_access_key_id(key)
}

pub(super) fn of_key<'d>(key: &'d str, cloud: &Cloud<'d>) -> Named<'d> {
    Named::new([key, cloud.account], |texts| {
        aws::access_key(texts[0], Some(texts[1]))
    })
}

/// One user.
pub(super) fn of_user<'d>(user: &'d Json<'d>, cloud: &Cloud<'d>) -> Named<'d> {
    let text = |name: &str| -> &'d str { user.get(name).text().unwrap_or_default() };
    let account = user.at(&["account", "uid"]).text().unwrap_or(cloud.account);
    let id = match text("uid") {
        "" => text("uid_alt"),
        id => id,
    };
    let texts = [
        id,
        text("type"),
        text("name"),
        text("domain"),
        text("email_addr"),
        account,
        cloud.provider,
        cloud.tenant,
    ];
    Named::new(texts, by_user)
}

/// A user is named by its id, and only where the cloud is known by a name.
fn by_user(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[id, kind, name, domain, address, account, provider, tenant] = texts else {
        return Err(KeyError::Empty);
    };
    let login = format!("{domain}\\{name}");
    let sam = known(&login).filter(|_| !domain.is_empty() && !name.is_empty());
    let names = AccountNames {
        sam,
        ..AccountNames::default()
    };
    let is_aws = provider.eq_ignore_ascii_case("aws") || aws::is_account(account);
    if id.starts_with("arn:") {
        return aws::from_arn(id, None);
    }
    if let Ok(resolved) = ad::account(id, &names) {
        return Ok(resolved);
    }
    if let Some(account) = [id, name, address]
        .into_iter()
        .find(|text| text.ends_with(GOOGLE_ACCOUNTS))
    {
        return gcp::from_member(account);
    }
    match kind {
        _ if is_aws || aws::from_unique_id(id).is_ok() => of_aws(id, aws_kind(id, kind), name, account),
        _ if known(tenant).is_some() && id.len() == 36 => entra::user(Some(tenant), id, Some(name)),
        _ => sam.map(ad::login).unwrap_or_else(|| {
            let addresses = [address, name, id].into_iter();
            let mut people = addresses.filter_map(|text| mail::person(text).ok());
            people.next().ok_or(KeyError::NotASubject)
        }),
    }
}

/// A user whose account is the one that the event is about. A product that knows but the mail address speaks of its own
/// account, and the person may be alive everywhere else.
pub(super) fn of_account<'d>(user: &'d Json<'d>, cloud: &Cloud<'d>) -> Named<'d> {
    Named {
        build: |texts| {
            let resolved = by_user(texts)?;
            match resolved.subject.key.as_str().starts_with("identity:mail:") {
                true => Err(KeyError::NotASubject),
                false => Ok(resolved),
            }
        },
        ..of_user(user, cloud)
    }
}

/// The unique id tells a role from a user; without one the declared kind does.
fn aws_kind(id: &str, kind: &str) -> &'static str {
    match kind {
        "Root" => "root",
        "FederatedUser" => "federated",
        _ if id.starts_with("AROA") => "role",
        "AssumedRole" | "Role" | "IAMRole" => "role",
        _ => "user",
    }
}

/// Who can reach the resources of an analysis, one entitlement each.
pub(super) fn accessors<'d>(json: &'d Json<'d>, resources: &[Resource<'d>]) -> Vec<Named<'d>> {
    let result = json.get("access_analysis_result");
    let actions = result
        .get("granted_privileges")
        .elements()
        .iter()
        .filter_map(Json::text);
    let actions: Vec<&str> = actions.collect();
    let principals = result.get("accessors").elements().iter().filter_map(|accessor| {
        let account = accessor.at(&["account", "uid"]);
        [accessor.get("uid"), accessor.get("name"), account]
            .into_iter()
            .find_map(Json::text)
    });
    let principals: Vec<&str> = principals.collect();
    let of_resource = |resource: &Resource<'d>| {
        let named = principals.iter().map(|principal| Named {
            texts: [resource.id, principal]
                .into_iter()
                .chain(actions.iter().copied())
                .map(Cow::Borrowed)
                .collect(),
            build: |texts| entitlement::trust(texts[0], texts[1], texts.get(2..).unwrap_or_default()),
        });
        named.collect::<Vec<_>>()
    };
    resources.iter().take(1).flat_map(of_resource).collect()
}
