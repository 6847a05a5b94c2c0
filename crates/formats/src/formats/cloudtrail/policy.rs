//! Policy documents of IAM, as far as an event's own document can show that it grants little.

use crate::json::{Json, read_value};
use crate::settings::Limits;

/// Words in the names of policies that take rights away, or that let their holder look and do nothing.
const OF_LITTLE: &[&str] = &[
    "deny",
    "quarantine",
    "revoke",
    "readonly",
    "read-only",
    "viewonly",
    "view-only",
    "securityaudit",
    "basicexecution",
];

/// Words in the names of groups that give much.
const OF_MUCH: &[&str] = &["admin", "root", "owner", "power", "superuser", "breakglass"];

/// Actions that take any right in the end, whatever they are allowed on; in lower case.
const ESCALATING: &[&str] = &[
    "iam:addusertogroup",
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:createpolicyversion",
    "iam:createservicespecificcredential",
    "iam:deactivatemfadevice",
    "iam:deleterolepermissionsboundary",
    "iam:deleteuserpermissionsboundary",
    "iam:passrole",
    "iam:putgrouppolicy",
    "iam:putrolepolicy",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:updateloginprofile",
    "lambda:updatefunctioncode",
];

/// Actions that read secrets or become another, of whatever their resource says; in lower case.
const REACHING: &[&str] = &[
    "kms:decrypt",
    "secretsmanager:batchgetsecretvalue",
    "secretsmanager:getsecretvalue",
    "ssm:getparameter",
    "ssm:getparameters",
    "ssm:getparametersbypath",
    "sts:assumerole",
];

/// Whether every statement that allows names its actions one by one; a wildcard may stand only for reading.
pub(super) fn grants_little(document: &str) -> bool {
    every_allow(document, |statement| {
        let actions = one_or_many(statement.get("Action"));
        let resources = one_or_many(statement.get("Resource"));
        let anywhere = resources.is_empty() || resources.iter().any(|resource| resource.contains(['*', '?']));
        !actions.is_empty() && actions.iter().all(|action| is_narrow(action, anywhere))
    })
}

/// Whether a policy is known by its name to give little: who loses it has lost nothing that matters.
pub(super) fn gives_little(policy: &str) -> bool {
    says(policy, OF_LITTLE)
}

/// Whether a group is known by its name to give much.
pub(super) fn gives_much(group: &str) -> bool {
    says(group, OF_MUCH)
}

fn says(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    words.iter().any(|word| name.contains(word))
}

/// Whether one statement denies every action on everything, without a condition.
pub(super) fn denies_everything(document: &str) -> bool {
    let Ok(json) = read_value(document, &Limits::default()) else {
        return false;
    };
    statements(&json).iter().any(|statement| {
        let is_all = |field: &str| one_or_many(statement.get(field)) == ["*"];
        statement.get("Effect").text() == Some("Deny")
            && is_all("Action")
            && is_all("Resource")
            && !statement.has("Condition")
    })
}

/// Whether every statement that allows trusts nobody but services and the account itself.
pub(super) fn trusts_only(document: &str, account: &str) -> bool {
    every_allow(document, |statement| {
        let principals = statement.get("Principal").entries();
        !principals.is_empty()
            && principals.iter().all(|(kind, named)| match kind.as_ref() {
                "Service" => true,
                "AWS" => {
                    let named = one_or_many(named);
                    !named.is_empty() && named.iter().all(|principal| is_of(principal, account))
                }
                _ => false,
            })
    })
}

fn every_allow(document: &str, holds: impl Fn(&Json<'_>) -> bool) -> bool {
    let Ok(json) = read_value(document, &Limits::default()) else {
        return false;
    };
    statements(&json)
        .iter()
        .all(|statement| match statement.get("Effect").text() {
            Some("Deny") => true,
            Some("Allow") => holds(statement),
            _ => false,
        })
}

fn statements<'j>(json: &'j Json<'j>) -> &'j [Json<'j>] {
    match json.get("Statement") {
        Json::Array(all) => all.as_slice(),
        single => std::slice::from_ref(single),
    }
}

fn one_or_many<'j>(json: &'j Json<'_>) -> Vec<&'j str> {
    match json {
        Json::Array(all) => all.iter().map(|text| text.text().unwrap_or("*")).collect(),
        single => single.text().into_iter().collect(),
    }
}

/// Case does not matter in an action; `?` stands for one letter.
fn is_narrow(action: &str, anywhere: bool) -> bool {
    let action = action.to_ascii_lowercase();
    let (service, verb) = action.split_once(':').unwrap_or(("", "*"));
    let holds_secrets = ["secretsmanager", "ssm", "kms"].contains(&service);
    let reads = ["describe", "get", "list"]
        .iter()
        .any(|word| verb.starts_with(word));
    match action.contains(['*', '?']) {
        true => reads && !holds_secrets && !service.contains(['*', '?']),
        false => {
            let is = |list: &[&str]| list.contains(&action.as_str());
            !is(ESCALATING) && (!anywhere || !is(REACHING))
        }
    }
}

/// An ARN of the account, or the account itself.
fn is_of(principal: &str, account: &str) -> bool {
    !account.is_empty() && (principal == account || principal.split(':').nth(4) == Some(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(action: &str) -> String {
        format!(r#"{{"Statement":[{{"Effect":"Allow","Action":{action},"Resource":"*"}}]}}"#)
    }

    #[test]
    fn a_document_is_narrow_only_if_it_shows_it() {
        assert!(grants_little(r#"{"Statement":{"Effect":"Deny","Action":"*"}}"#));
        assert!(grants_little(&allow(r#"["s3:GetObject","ec2:Describe*"]"#)));
        for wide in [
            r#""*""#,
            r#""s3:*""#,
            r#"["iam:Put*"]"#,
            r#""secretsmanager:Get*""#,
            r#""SecretsManager:Get*""#,
            r#""secretsmanager:GetSecretValue""#,
            r#""sts:AssumeRole""#,
            r#""iam:?ttachUserPolicy""#,
            r#""IAM:PutUserPolicy""#,
            r#"["iam:PassRole","lambda:CreateFunction"]"#,
            "[7]",
            "[]",
        ] {
            assert!(!grants_little(&allow(wide)), "{wide}");
        }
        assert!(!grants_little(
            r#"{"Statement":[{"Effect":"Allow","NotAction":"iam:*"}]}"#
        ));
        assert!(!grants_little("no document"));
    }

    #[test]
    fn a_secret_may_be_read_where_it_is_named() {
        let read = |resource: &str| {
            format!(
                r#"{{"Statement":{{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"{resource}"}}}}"#
            )
        };
        assert!(grants_little(&read(
            "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf"
        )));
        assert!(!grants_little(&read(
            "arn:aws:secretsmanager:eu-west-1:1:secret:*"
        )));
    }

    #[test]
    fn a_policy_that_denies_or_lets_read_is_no_loss() {
        for name in [
            "AWSCompromisedKeyQuarantineV3",
            "AWSDenyAll",
            "AWSRevokeOlderSessions",
            "ReadOnlyAccess",
        ] {
            assert!(gives_little(name), "{name}");
        }
        assert!(!gives_little("AdministratorAccess") && !gives_little("deploy"));
    }

    #[test]
    fn only_an_unconditional_denial_of_everything_denies_everything() {
        let deny = |more: &str| {
            format!(r#"{{"Statement":{{"Effect":"Deny","Action":["*"],"Resource":"*"{more}}}}}"#)
        };
        assert!(denies_everything(&deny("")));
        assert!(!denies_everything(&deny(
            r#","Condition":{"Bool":{"aws:x":"y"}}"#
        )));
        assert!(!denies_everything(&allow(r#""*""#)));
    }

    #[test]
    fn trust_in_someone_outside_is_no_restriction() {
        let trust =
            |principal: &str| format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal}}}]}}"#);
        assert!(trusts_only(
            &trust(r#"{"Service":"ec2.amazonaws.com"}"#),
            "123456789012"
        ));
        assert!(trusts_only(
            &trust(r#"{"AWS":"arn:aws:iam::123456789012:role/ci"}"#),
            "123456789012"
        ));
        for wide in [
            r#""*""#,
            r#"{"AWS":"*"}"#,
            r#"{"AWS":["arn:aws:iam::999999999999:root"]}"#,
            r#"{"Federated":"x"}"#,
        ] {
            assert!(!trusts_only(&trust(wide), "123456789012"), "{wide}");
        }
    }
}
