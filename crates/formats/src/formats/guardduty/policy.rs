//! Changes of policies that GuardDuty reports: what they opened is the subject, not who made them.

use std::borrow::Cow;

use reeve_domain::key::KeyError;
use reeve_domain::key::aws::{self, entitlement};
use reeve_domain::key::k8s;

use super::{Accused, at, field, text};
use crate::draft::Named;
use crate::json::Json;

/// What a change of a policy has opened, which is not who made the change; none if it is about who acted.
pub(super) fn granted<'d>(json: &'d Json<'d>, account: &'d str) -> Option<Vec<Accused<'d>>> {
    let kind = text(json, &["type"]);
    let resource = field(json, "resource");
    let named: Vec<_> = match kind.rsplit('/').next().unwrap_or_default() {
        "BucketAnonymousAccessGranted" | "BucketPublicAccessGranted" => {
            let buckets = field(resource, "s3BucketDetails").elements().iter();
            let arns = buckets.filter_map(|bucket| field(bucket, "arn").text());
            arns.map(|arn| Named::new([arn], |texts| entitlement::trust(texts[0], "*", &[])))
                .collect()
        }
        "PasswordPolicyChange" if aws::is_account(account) => {
            vec![Named::new([account], |texts| {
                entitlement::password_policy(texts[0])
            })]
        }
        "AnonymousAccessGranted" => of_binding(json, "system:anonymous").into_iter().collect(),
        "AdminAccessToDefaultServiceAccount" => of_default_account(json).into_iter().collect(),
        // Nobody was given anything yet.
        "BucketBlockPublicAccessDisabled"
        | "AccountBlockPublicAccessDisabled"
        | "ExposedDashboard"
        | "KubeflowDashboardExposed" => Vec::new(),
        _ => return None,
    };
    let opens_nothing_yet = kind.contains("BlockPublicAccess") || kind.contains("Dashboard");
    let accused: Vec<_> = named.into_iter().map(|named| (named, Vec::new())).collect();
    // what was opened is not named: whoever did it is all that is known
    Some(accused).filter(|accused| opens_nothing_yet || !accused.is_empty())
}

/// The binding of a default service account: of which namespace the account is only its subjects say.
fn of_default_account<'d>(json: &'d Json<'d>) -> Option<Named<'d>> {
    let call = at(json, &["service", "action", "kubernetesApiCallAction"]);
    let texts = [
        text(json, &["resource", "eksClusterDetails", "name"]),
        text(call, &["namespace"]),
        text(call, &["resourceName"]),
    ];
    let is_named = !texts[2].is_empty();
    is_named.then(|| {
        Named::new(texts, |texts| {
            let known = |text: &'_ str| !text.is_empty();
            let [cluster, namespace] = [texts[0], texts[1]].map(|text| Some(text).filter(|text| known(text)));
            k8s::whole_binding(cluster, namespace, texts[2])
        })
    })
}

/// The binding that a call to the cluster made, as far as the finding names it; else whom it lets in.
fn of_binding<'d>(json: &'d Json<'d>, user: &'static str) -> Option<Named<'d>> {
    let call = at(json, &["service", "action", "kubernetesApiCallAction"]);
    let cluster = text(json, &["resource", "eksClusterDetails", "name"]);
    let name = text(call, &["resourceName"]);
    let binding = match text(call, &["namespace"]) {
        "" => Cow::Borrowed(name),
        namespace => Cow::Owned(format!("{namespace}/{name}")),
    };
    let texts = match (cluster, name) {
        ("", _) => return None,
        (_, "") => vec![cluster.into(), user.into()],
        _ => vec![cluster.into(), user.into(), binding],
    };
    Some(Named {
        texts,
        build: |texts| match texts[..] {
            [cluster, user, binding] => k8s::binding(Some(cluster), binding, user),
            [cluster, user] => k8s::from_username(Some(cluster), user),
            _ => Err(KeyError::Empty),
        },
    })
}
