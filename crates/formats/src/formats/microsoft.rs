//! What Microsoft's products share: fields in three spellings, accounts by five names, words of alerts.

use std::borrow::Cow;
use std::sync::LazyLock;

use reeve_domain::key::ad::{self, AccountNames};
use reeve_domain::key::{KeyError, Resolved, aws, entra};
use reeve_domain::observation::IssueType::{
    self, CredentialAdded, HoneytokenTriggered, OverPrivileged, SuspectedCompromise, ThirdPartyRisk,
    WeakAuthentication,
};
use reeve_domain::reject::DropReason;

use crate::draft::Named;
use crate::issue::{Meaning, Words};
use crate::json::{Json, read_value};
use crate::settings::Limits;

/// A field as the API (`riskState`), the tables (`RiskState`) or the libraries (`risk_state`) spell it.
pub(super) fn field<'j, 'd>(json: &'j Json<'d>, camel: &str) -> &'j Json<'d> {
    let exact = json.get(camel);
    if !exact.is_null() {
        return exact;
    }
    let entries = json.entries().iter();
    let mut found = entries.filter(|(name, value)| !value.is_null() && is_spelling(name, camel));
    found.next().map_or(exact, |(_, value)| value)
}

/// The first of several fields that holds a text.
pub(super) fn text<'j>(json: &'j Json<'_>, names: &[&str]) -> &'j str {
    let texts = names.iter().map(|name| field(json, name).text());
    texts.flatten().next().unwrap_or_default()
}

/// The same letters, whatever their case, and underscores between them.
fn is_spelling(name: &str, camel: &str) -> bool {
    let mut letters = name.bytes().filter(|byte| *byte != b'_');
    let same = camel.bytes().all(|byte| {
        letters
            .next()
            .is_some_and(|other| other.eq_ignore_ascii_case(&byte))
    });
    same && letters.next().is_none()
}

/// JSON that stands inside a string; as it is where it is none.
pub(super) fn embedded<'j>(json: &'j Json<'j>) -> Cow<'j, Json<'j>> {
    let parsed = json
        .text()
        .and_then(|text| read_value(text, &Limits::default()).ok());
    parsed.map_or(Cow::Borrowed(json), Cow::Owned)
}

/// Whether a closed alert says something: a person who calls it false hides it, any other end proves nothing.
pub(super) fn why_over(status: &str, classification: &str) -> Option<DropReason> {
    let is = |word: &str, words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    match status {
        _ if !is(status, &["closed", "resolved", "dismissed"]) => None,
        _ if is(status, &["dismissed"]) => Some(DropReason::SuppressedAtSource),
        _ if is(classification, NO_PROBLEM) => Some(DropReason::SuppressedAtSource),
        _ => Some(DropReason::NoStatement),
    }
}

/// Classifications by which a person says that there is no problem.
const NO_PROBLEM: &[&str] = &["FalsePositive", "BenignPositive", "informationalExpectedActivity"];

/// Words of titles and categories; the first of the table that is in one of them wins. Any other alert is of an
/// intruder.
const WORDS: &[(&str, Meaning)] = &[
    ("honeytoken", Some(HoneytokenTriggered)),
    ("credentials to an oauth", Some(CredentialAdded)),
    ("credentials added", Some(CredentialAdded)),
    ("credential added", Some(CredentialAdded)),
    ("addition of credentials", Some(CredentialAdded)),
    ("overprivileged", Some(OverPrivileged)),
    ("over-privileged", Some(OverPrivileged)),
    ("excessive privilege", Some(OverPrivileged)),
    ("mfa should be", Some(WeakAuthentication)),
    ("mfa is not", Some(WeakAuthentication)),
    ("legacy authentication", Some(WeakAuthentication)),
    ("maliciousapplication", Some(ThirdPartyRisk)),
    ("suspiciousapplication", Some(ThirdPartyRisk)),
    ("oauth app", Some(ThirdPartyRisk)),
];

/// What an alert or a risk is about.
pub(super) fn issue_type<'t>(texts: impl IntoIterator<Item = &'t str>) -> IssueType {
    static TABLE: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
    TABLE.find(texts).flatten().unwrap_or(SuspectedCompromise)
}

/// An account by all that an alert says of it.
#[derive(Default)]
pub(super) struct Account<'d> {
    pub(super) tenant: Cow<'d, str>,
    pub(super) object_id: Cow<'d, str>,
    pub(super) principal_name: Cow<'d, str>,
    pub(super) sid: Cow<'d, str>,
    pub(super) domain: Cow<'d, str>,
    pub(super) name: Cow<'d, str>,
}

impl<'d> Account<'d> {
    /// The subject: by object id, by security identifier, by domain and name, by principal name, in this order.
    pub(super) fn named(self) -> Named<'d> {
        Named {
            texts: vec![
                self.tenant,
                self.object_id,
                self.principal_name,
                self.sid,
                self.domain,
                self.name,
            ],
            build: account,
        }
    }
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// What stands where an id is not known.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Accounts of the system itself are on every machine and nobody's. An identifier of a domain that is synchronized
/// names the same account as the object id.
fn account(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[tenant, object_id, upn, sid, domain, name] = texts else {
        return Err(KeyError::Empty);
    };
    let is_of_system =
        matches!(sid, "S-1-5-18" | "S-1-5-19" | "S-1-5-20") || domain.eq_ignore_ascii_case("NT AUTHORITY");
    if is_of_system {
        return Err(KeyError::NotASubject);
    }
    let login = format!("{domain}\\{name}");
    let names = AccountNames {
        sam: known(&login).filter(|_| known(domain).is_some() && known(name).is_some()),
        upn: known(upn),
        ..AccountNames::default()
    };
    let by_sid = ad::account(sid, &names).ok();
    match (known(object_id).filter(|id| *id != NO_ID), by_sid, names.sam) {
        (Some(id), by_sid, _) => {
            let user = entra::user(known(tenant), id, known(upn))?;
            Ok(match by_sid {
                Some(on_premises) => {
                    user.with_alias(on_premises.subject.key, reeve_domain::key::Strength::Strong)
                }
                None => user,
            })
        }
        (None, Some(resolved), _) => Ok(resolved),
        (None, None, Some(login)) => ad::login(login),
        _ => entra::login(known(upn).ok_or(KeyError::NotASubject)?),
    }
}

/// A user by its ids in the directory.
pub(super) fn user<'d>(tenant: &'d str, object_id: &'d str, principal_name: &'d str) -> Named<'d> {
    Account {
        tenant: tenant.into(),
        object_id: object_id.into(),
        principal_name: principal_name.into(),
        ..Account::default()
    }
    .named()
}

/// A service principal by its object id, else by its application.
pub(super) fn service_principal<'d>(tenant: &'d str, object_id: &'d str, app_id: &'d str) -> Named<'d> {
    Named::new([tenant, object_id, app_id], |texts| match texts[1] {
        "" => entra::service_principal_by_app(known(texts[0]), known(texts[2]).ok_or(KeyError::NotASubject)?),
        id => entra::service_principal(known(texts[0]), id, known(texts[2])),
    })
}

/// An account as alerts of either version of Graph have it.
pub(super) fn of_account<'d>(account: &'d Json<'d>, tenant: &'d str) -> Account<'d> {
    let of = |names: &[&str]| -> Cow<'d, str> { text(account, names).into() };
    Account {
        tenant: tenant.into(),
        object_id: of(&["azureAdUserId", "aadUserId"]),
        principal_name: of(&["userPrincipalName"]),
        sid: of(&["userSid", "onPremisesSecurityIdentifier"]),
        domain: of(&["domainName"]),
        name: of(&["accountName"]),
    }
}

/// Whom one piece of evidence of an alert names; none if it is a device, a file, an address.
pub(super) fn of_evidence<'d>(evidence: &'d Json<'d>, tenant: &'d str) -> Option<Named<'d>> {
    let of = |names: &[&str]| text(evidence, names);
    let account = match field(evidence, "userAccount") {
        // A session has the evidence of its user in it.
        Json::Null => field(field(evidence, "account"), "userAccount"),
        account => account,
    };
    let app = of(&["appId"]);
    let principal = of(&["servicePrincipalObjectId", "objectId"]);
    let resource = of(&["amazonResourceId"]);
    if account.is_object() {
        return Some(of_account(account, tenant).named());
    }
    if !resource.is_empty() {
        return Some(Named::new([resource], |texts| aws::from_arn(texts[0], None)));
    }
    (!app.is_empty()).then(|| service_principal(tenant, principal, app))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_is_found_in_three_spellings_and_no_other() {
        for name in ["riskState", "RiskState", "risk_state"] {
            assert!(is_spelling(name, "riskState"), "{name}");
        }
        assert!(!is_spelling("riskStates", "riskState"));
        assert!(!is_spelling("risk", "riskState"));
    }

    #[test]
    fn who_closed_an_alert_as_false_hides_it_and_nothing_is_proven_by_an_end() {
        assert_eq!(why_over("New", ""), None);
        assert_eq!(why_over("status of tomorrow", "FalsePositive"), None);
        assert_eq!(
            why_over("Closed", "FalsePositive"),
            Some(DropReason::SuppressedAtSource)
        );
        assert_eq!(
            why_over("resolved", "truePositive"),
            Some(DropReason::NoStatement)
        );
    }
}
