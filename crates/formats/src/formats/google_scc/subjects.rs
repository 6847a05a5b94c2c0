//! Whom a finding of Security Command Center accuses: keys, principals, bindings, or the resource itself.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Rel, Resolved, gcp, k8s, mail};
use reeve_domain::observation::IssueType;

use crate::draft::{Also, Named};
use crate::json::Json;

const SERVICE_ACCOUNT_DOMAIN: &str = ".gserviceaccount.com";

/// A subject, what is wrong with it, and whom it touches.
pub(super) struct Accused<'d> {
    pub(super) named: Named<'d>,
    pub(super) also: Vec<Also<'d>>,
    pub(super) issue_type: IssueType,
}

impl<'d> Accused<'d> {
    fn of(named: Named<'d>, issue_type: IssueType) -> Self {
        Self {
            named,
            also: Vec::new(),
            issue_type,
        }
    }
}

/// Everybody that a finding names; where it names nobody, its resource.
pub(super) fn accused<'d>(
    finding: &'d Json<'d>,
    resource: &'d str,
    issue_type: IssueType,
) -> Vec<Accused<'d>> {
    let mut all: Vec<_> = leaked(finding)
        .or_else(|| actor(finding, resource))
        .into_iter()
        .collect();
    for one in &mut all {
        one.issue_type = issue_type;
    }
    all.extend(bindings(finding, resource, issue_type));
    all.extend(cluster_bindings(finding, resource, issue_type));
    if all.is_empty() {
        let named = Named::new([resource], |texts| match texts[0] {
            name if name.contains("/keys/") => gcp::from_key_name(name).map_err(|_| KeyError::NotASubject),
            name if name.contains("/serviceAccounts/") => {
                gcp::from_member(name).map_err(|_| KeyError::NotASubject)
            }
            _ => Err(KeyError::NotASubject),
        });
        all.push(Accused::of(named, issue_type));
    }
    all
}

/// A key that Google found in public.
fn leaked<'d>(finding: &'d Json<'d>) -> Option<Accused<'d>> {
    let properties = finding.get("sourceProperties");
    let id = properties.get("private_key_identifier").text()?;
    let account = properties.get("compromised_account").text().unwrap_or_default();
    let named = Named::new([id, account], |texts| {
        let account = Some(texts[1]).filter(|account| !account.is_empty());
        gcp::service_account_key(texts[0], account)
    });
    Some(Accused::of(named, IssueType::SecretExposed))
}

/// Who acted: the key, else the principal; those for whom it acted are linked.
fn actor<'d>(finding: &'d Json<'d>, resource: &'d str) -> Option<Accused<'d>> {
    let access = finding.get("access");
    let key = access.get("serviceAccountKeyName").text().unwrap_or_default();
    let subject = access.get("principalSubject").text().unwrap_or_default();
    let address = access
        .get("principalEmail")
        .text()
        .or_else(|| principal_of(finding))
        .unwrap_or_default();
    if key.is_empty() && subject.is_empty() && address.is_empty() {
        return None;
    }
    let chain = access.get("serviceAccountDelegationInfo").elements().iter();
    let also = chain.map(|link| {
        let text = |name: &str| link.get(name).text().unwrap_or_default();
        let texts = [text("principalSubject"), text("principalEmail")];
        Also::Link(
            Rel::UsedBy,
            Named::new(texts, |texts| principal(texts[0], texts[1])),
        )
    });
    let texts = [key, subject, address, cluster_of(resource)];
    let named = Named::new(texts, |texts| {
        match texts[2].starts_with("system:serviceaccount:") {
            true => k8s::from_username(Some(texts[3]).filter(|name| !name.is_empty()), texts[2]),
            false => gcp::from_key_name(texts[0]).or_else(|_| principal(texts[1], texts[2])),
        }
    });
    Some(Accused {
        also: also.collect(),
        ..Accused::of(named, IssueType::SuspectedCompromise)
    })
}

/// Where older findings have it: in what the detector itself wrote, or one level below.
fn principal_of<'d>(finding: &'d Json<'d>) -> Option<&'d str> {
    let written = finding.at(&["sourceProperties", "properties"]);
    let below = written.entries().iter().map(|(_, part)| part);
    std::iter::once(written)
        .chain(below)
        .find_map(|part| part.get("principalEmail").text())
}

/// `serviceAccount:…`, `user:…`, `principal://…`, or an address, which is of a service account only by its domain.
fn principal(subject: &str, address: &str) -> Result<Resolved, KeyError> {
    let by_subject = gcp::from_member(subject).ok().filter(|_| subject.contains(':'));
    match by_subject {
        Some(resolved) => Ok(resolved),
        None if address.ends_with(SERVICE_ACCOUNT_DOMAIN) => gcp::from_member(address),
        None => mail::person(address).map_err(|_| KeyError::NotASubject),
    }
}

/// Roles that were given to members; one that was taken away is no problem. What an intruder gave is too much.
fn bindings<'d>(finding: &'d Json<'d>, resource: &'d str, issue_type: IssueType) -> Vec<Accused<'d>> {
    let issue_type = match issue_type {
        IssueType::SuspectedCompromise | IssueType::AccessUnreviewed => IssueType::OverPrivileged,
        other => other,
    };
    let text = |json: &'d Json<'d>, name: &str| json.get(name).text();
    let given = finding.get("iamBindings").elements().iter();
    let given = given.filter(|binding| text(binding, "action") != Some("REMOVE"));
    let given = given.filter_map(|binding| Some((text(binding, "role")?, text(binding, "member")?)));
    let offending = finding
        .at(&["sourceProperties", "OffendingIamRolesList"])
        .elements()
        .iter();
    let offending = offending.flat_map(|one| {
        let roles = one.get("roles").elements().iter().filter_map(Json::text);
        roles.filter_map(|role| Some((role, text(one, "member")?)))
    });
    let named = given.chain(offending).map(|(role, member)| {
        let build = |texts: &[&str]| gcp::binding(texts[0], texts[1], texts[2]);
        Named::new([resource, role, member], build)
    });
    named.map(|named| Accused::of(named, issue_type)).collect()
}

/// The name of the cluster in that of a resource; empty where it is of none.
fn cluster_of(resource: &str) -> &str {
    let rest = resource.split_once("/clusters/").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// Bindings of a cluster, each of its subjects.
fn cluster_bindings<'d>(finding: &'d Json<'d>, resource: &'d str, issue_type: IssueType) -> Vec<Accused<'d>> {
    let cluster = cluster_of(resource);
    let issue_type = match issue_type {
        IssueType::SuspectedCompromise | IssueType::AccessUnreviewed => IssueType::OverPrivileged,
        other => other,
    };
    let bindings = finding.at(&["kubernetes", "bindings"]).elements().iter();
    let named = bindings.flat_map(|binding| {
        let text = |json: &'d Json<'d>, name: &str| json.get(name).text().unwrap_or_default();
        let (namespace, name) = (text(binding, "ns"), text(binding, "name"));
        let binding_name = match namespace {
            "" => Cow::Borrowed(name),
            namespace => Cow::Owned(format!("{namespace}/{name}")),
        };
        let subjects = binding.get("subjects").elements().iter();
        subjects.map(move |subject| Named {
            texts: vec![
                cluster.into(),
                binding_name.clone(),
                text(subject, "kind").into(),
                text(subject, "ns").into(),
                text(subject, "name").into(),
            ],
            build: of_cluster,
        })
    });
    named.map(|named| Accused::of(named, issue_type)).collect()
}

fn of_cluster(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[cluster, binding, kind, namespace, name] = texts else {
        return Err(KeyError::Empty);
    };
    let kind = match kind {
        "SERVICEACCOUNT" => "ServiceAccount",
        "GROUP" => "Group",
        _ => "User",
    };
    let cluster = Some(cluster).filter(|cluster| !cluster.is_empty());
    k8s::binding(cluster, binding, &k8s::subject_name(kind, namespace, name))
}
