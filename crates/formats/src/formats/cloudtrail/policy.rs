//! Policy documents of IAM, as far as an event's own document can show that it grants little.

use crate::json::{Json, read_value};
use crate::settings::Limits;

/// Whether every statement that allows names its actions one by one; a wildcard may stand only for reading.
pub(super) fn grants_little(document: &str) -> bool {
    every_allow(document, |statement| {
        let actions = one_or_many(statement.get("Action"));
        !actions.is_empty() && actions.iter().all(|action| is_narrow(action))
    })
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

fn is_narrow(action: &str) -> bool {
    let (service, verb) = action.split_once(':').unwrap_or(("", "*"));
    let holds_secrets = ["secretsmanager", "ssm", "kms"].contains(&service);
    let reads = ["Describe", "Get", "List"]
        .iter()
        .any(|word| verb.starts_with(word));
    !verb.contains('*') || (reads && !holds_secrets)
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
