//! From an ARN, or what Security Hub writes in its place, to the subject it names.

use super::super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE};
use super::entitlement::ANY_PRINCIPAL;
use super::{
    PROVIDER, access_key, assumed_role, entitlement, federated, from_unique_id, group, is_access_key_id,
    is_account, role, root, user,
};

/// The subject named by an ARN of any partition, by `AWS::IAM::AccessKey:AKIA…`, by `AWS::::Account:…` (its root
/// user, with medium confidence), by an access key id or by a unique id. The ARN is trusted over `declared_type`
/// (`AwsIamUser`, `AWS::IAM::Role`, …), which only places a bare name.
///
/// # Errors
/// `NotASubject` for an ARN of something else (a bucket, an instance), `Expected` for any other text.
pub fn from_arn(text: &str, declared_type: Option<&str>) -> Result<Resolved, KeyError> {
    let text = text.trim();
    if text
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
    {
        return from_fields(text);
    }
    if let Some((declared, id)) = split_typed_id(text) {
        return from_bare(id, Some(declared));
    }
    from_bare(text, declared_type)
}

struct Arn<'a> {
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

fn from_fields(text: &str) -> Result<Resolved, KeyError> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, service, region, account, resource] = fields[..] else {
        return Err(KeyError::Expected("an ARN of six fields"));
    };
    let arn = Arn {
        region,
        account,
        resource,
    };
    let resolved = match service.to_ascii_lowercase().as_str() {
        "iam" => from_iam(&arn),
        "sts" => from_sts(&arn),
        "secretsmanager" => from_regional(&arn, "secret", "secrets-manager-secret"),
        "ssm" => from_regional(&arn, "parameter", "ssm-parameter"),
        _ => Err(KeyError::NotASubject),
    }?;
    Ok(resolved.with_attribute("arn", text))
}

fn from_iam(arn: &Arn<'_>) -> Result<Resolved, KeyError> {
    let (kind, path) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "root" => root(arn.account),
        "user" => user(arn.account, name),
        "group" => group(arn.account, name),
        "role" => Ok(mark_service_linked(role(arn.account, name)?, path)),
        "policy" => entitlement::policy(arn.account, ANY_PRINCIPAL, name),
        "saml-provider" => provider_of_identities(arn.account, "saml-provider", name),
        "oidc-provider" => provider_of_identities(arn.account, "oidc-provider", path),
        "server-certificate" => server_certificate(arn.account, name),
        _ => Err(KeyError::NotASubject),
    }
}

fn from_sts(arn: &Arn<'_>) -> Result<Resolved, KeyError> {
    let mut parts = arn.resource.splitn(3, '/');
    let (kind, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match kind.to_ascii_lowercase().as_str() {
        "assumed-role" => assumed_role(arn.account, name, parts.next().unwrap_or_default()),
        "federated-user" => federated(arn.account, name),
        _ => Err(KeyError::NotASubject),
    }
}

/// Service-linked roles belong to a service: nobody can rotate or delete them by hand.
fn mark_service_linked(resolved: Resolved, path: &str) -> Resolved {
    if path.to_ascii_lowercase().starts_with("aws-service-role/") {
        return resolved.with_attribute("service_linked", "true");
    }
    resolved
}

fn provider_of_identities(account: &str, kind: &str, name: &str) -> Result<Resolved, KeyError> {
    let key = SubjectKey::of(
        Class::Identity,
        PROVIDER,
        kind,
        &[scope(account), name],
        Case::Folded,
    )?;
    Ok(Resolved::new(key, name, sure_of(account)).with_attribute("account", account))
}

fn server_certificate(account: &str, name: &str) -> Result<Resolved, KeyError> {
    let parts = [scope(account), name];
    let key = SubjectKey::of(
        Class::Secret,
        PROVIDER,
        "server-certificate",
        &parts,
        Case::Folded,
    )?;
    Ok(Resolved::new(key, name, sure_of(account)).with_attribute("account", account))
}

/// A stored secret: its name is unique in an account and a region, and case-sensitive.
fn from_regional(arn: &Arn<'_>, expected: &str, kind: &str) -> Result<Resolved, KeyError> {
    let (found, name) = arn
        .resource
        .split_at(arn.resource.find([':', '/']).ok_or(KeyError::NotASubject)?);
    if found != expected {
        return Err(KeyError::NotASubject);
    }
    let (name, region) = (&name[1..], arn.region.to_ascii_lowercase());
    let parts = [scope(arn.account), &region, name];
    let key = SubjectKey::of(Class::Secret, PROVIDER, kind, &parts, Case::Sensitive)?;
    Ok(Resolved::new(key, name, sure_of(arn.account)).with_attribute("account", arn.account))
}

fn scope(account: &str) -> &str {
    if is_account(account) {
        account
    } else {
        UNKNOWN_SCOPE
    }
}

fn sure_of(account: &str) -> Confidence {
    if is_account(account) {
        Confidence::High
    } else {
        Confidence::Low
    }
}

/// `AWS::IAM::AccessKey:AKIA…` → (`AWS::IAM::AccessKey`, `AKIA…`).
fn split_typed_id(text: &str) -> Option<(&str, &str)> {
    let starts = text
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws::"));
    let service_end = text.get(5..)?.find("::")? + 7;
    let colon = text.get(service_end..)?.find(':')? + service_end;
    starts.then(|| (&text[..colon], &text[colon + 1..]))
}

fn from_bare(id: &str, declared_type: Option<&str>) -> Result<Resolved, KeyError> {
    if is_access_key_id(id) {
        return access_key(id, None);
    }
    if let Ok(resolved) = from_unique_id(id) {
        return Ok(resolved);
    }
    let declared = declared_type
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace("::", "");
    match declared.as_str() {
        "awsiamuser" => user(UNKNOWN_SCOPE, last_segment(id)),
        "awsiamrole" => role(UNKNOWN_SCOPE, last_segment(id)),
        "awsiamgroup" => group(UNKNOWN_SCOPE, last_segment(id)),
        "awsaccount" => Ok(root(id)?.at_most(Confidence::Medium)),
        "" => Err(KeyError::Expected("an ARN, an access key id or a unique id")),
        _ => Err(KeyError::NotASubject),
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}
