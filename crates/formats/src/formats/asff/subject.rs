//! Subjects of ASFF: resources, keys and the principals behind them, access from outside.

use std::borrow::Cow;

use reeve_domain::key::aws::entitlement;
use reeve_domain::key::{KeyError, Rel, Resolved, aws};

use crate::draft::{Also, Named, SubjectOf};
use crate::json::Json;

/// Any resource by its ARN, or whatever stands in its place.
pub(super) fn by_arn(texts: &[&str]) -> Result<Resolved, KeyError> {
    aws::from_arn(texts[0], Some(texts[1]).filter(|kind| !kind.is_empty()))
}

/// A long-lived key is the subject and its principal a link; of a temporary one only the principal remains.
pub(super) fn access_key<'d>(
    key: &'d Json<'d>,
    id: &'d str,
    account: &'d str,
) -> (SubjectOf<'d>, Vec<Also<'d>>) {
    let text = |path: &[&str]| -> &'d str { key.at(path).text().unwrap_or_default() };
    let issuer = text(&["SessionContext", "SessionIssuer", "Arn"]);
    let (name, kind) = (text(&["PrincipalName"]), text(&["PrincipalType"]));
    let account = key.get("AccountId").text().unwrap_or(account);
    let key_id = match text(&["AccessKeyId"]) {
        "" => id,
        known => known,
    };
    let texts = [key_id, account, issuer, name, kind, text(&["PrincipalId"])];
    let link = Also::Link(Rel::Authenticates, Named::new(texts, principal));
    (SubjectOf::Named(Named::new(texts, key_or_principal)), vec![link])
}

pub(in crate::formats) fn key_or_principal(texts: &[&str]) -> Result<Resolved, KeyError> {
    let id = texts[0].rsplit(':').next().unwrap_or_default();
    match id.starts_with("AKIA") && aws::is_access_key_id(id) {
        true => aws::access_key(id, Some(texts[1])),
        false => principal(texts),
    }
}

pub(in crate::formats) fn principal(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[key_id, account, issuer, name, kind, unique_id] = texts else {
        return Err(KeyError::Empty);
    };
    if let Ok(resolved) = aws::from_arn(issuer, None) {
        return Ok(resolved);
    }
    match (name, kind) {
        ("", _) => aws::from_unique_id(unique_id).or_else(|_| aws::from_arn(key_id, None)),
        (_, "Role" | "AssumedRole") => aws::role(account, name),
        (_, "Root") => aws::root(account),
        (_, "FederatedUser") => aws::federated(account, name),
        _ => aws::user(account, name),
    }
}

/// What Access Analyzer writes of a resource that somebody outside can reach; none where the resource is no such one.
pub(super) fn external_access<'d>(resource: &'d Json<'d>) -> Option<Named<'d>> {
    let other = resource.at(&["Details", "Other"]);
    let principal = other.get("External Principal").text()?;
    let actions = other.get("Action Granted").text().unwrap_or_default();
    let actions = actions
        .split(',')
        .map(str::trim)
        .filter(|action| !action.is_empty());
    let texts = [resource.get("Id").text()?, principal].into_iter().chain(actions);
    Some(Named {
        texts: texts.map(Cow::Borrowed).collect(),
        build: |texts| entitlement::trust(texts[0], texts[1], texts.get(2..).unwrap_or_default()),
    })
}
