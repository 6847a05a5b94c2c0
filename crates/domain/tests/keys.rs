//! Raw identifiers and the keys they fold into; texts that name no subject.

use reeve_domain::key::location::{self, Scope};
use reeve_domain::key::{
    KeyError, Resolved, SubjectKey, ad, aws, db, entra, gcp, github, k8s, mail, okta, spiffe, vault, x509,
};

const IDENTIFIERS: &str = include_str!("keys/identifiers.tsv");

#[test]
fn every_spelling_folds_into_its_key() {
    let rows = || IDENTIFIERS.lines().filter(|line| !line.starts_with('#'));
    for row in rows() {
        let fields: Vec<&str> = row.split('\t').collect();
        let [form, raw, expected] = fields[..] else {
            unreachable!("three fields in {row}");
        };
        assert_eq!(fold(form, raw).as_deref(), Ok(expected), "{form} {raw}");
    }
    assert!(rows().count() >= 120);
}

#[test]
fn what_names_no_subject_is_refused() {
    let refused = [
        aws::from_arn("arn:aws:s3:::bucket", None),
        aws::from_arn(
            "arn:aws:ec2:eu-west-1:123456789012:instance/i-0",
            Some("AwsEc2Instance"),
        ),
        aws::from_arn("arn:aws:iam::123456789012:user/", None),
        aws::from_arn("arn:aws", None),
        aws::from_arn("", None),
        aws::root("1234"),
        aws::access_key("AKIA", None),
        gcp::from_member("allUsers"),
        gcp::from_member("deleted:serviceAccount:a@p.example"),
        gcp::by_number("12a"),
        spiffe::workload("spiffe://td"),
        spiffe::workload("spiffe://td/a?q=1"),
        spiffe::workload("spiffe://td/a#f"),
        spiffe::workload("spiffe://td/a/../b"),
        spiffe::workload("spiffe://td:8443/a"),
        spiffe::workload("https://td/a"),
        ad::account("S-1-x", &ad::AccountNames::default()),
        ad::login(""),
        mail::person("bo"),
        mail::person("bo@"),
        mail::person("a@b@c"),
        x509::certificate("CN=a", "xyz", None),
        x509::certificate("", "1", None),
        k8s::service_account(Some("c"), "", "a"),
        k8s::from_subject(Some("c"), "ServiceAccount", "", "a"),
        k8s::from_subject(Some("c"), "Node", "", "a"),
        k8s::role(Some("c"), "", "a"),
        k8s::cluster_role(Some("c"), " "),
        github::login(None, "@"),
        location::file(Scope::Commit(""), "", "aws"),
    ];
    for resolved in refused {
        assert!(resolved.is_err(), "{resolved:?}");
    }
    assert_eq!(
        aws::from_arn("arn:aws:s3:::bucket", None).err(),
        Some(KeyError::NotASubject)
    );
}

#[test]
fn the_account_of_an_access_key_is_a_hint_with_its_provenance() {
    let decoded = [
        ("ASIAY34FZKBOKMUTVV7A", Some("609629065308")),
        ("AKIAYVP4CIPPERUVIFXG", Some("595918472158")),
        ("AKIATFQR7NSC3ZO6PKAZ", Some("218007301253")),
        ("AKIARZPUZDIKED7T3FJ6", Some("123456789012")),
        ("AKIAIOSFODNN7EXAMPLE", None),
        ("AKIAQ11111111111111A", None),
    ];
    for (id, account) in decoded {
        assert_eq!(aws::account_of(id).as_deref(), account, "{id}");
    }
    let attributes = |explicit| {
        let resolved = aws::access_key("AKIARZPUZDIKED7T3FJ6", explicit).expect("an id");
        let named = |name: &str| resolved.subject.attributes.get(name).cloned().unwrap_or_default();
        [
            named("account"),
            named("account_source"),
            named("account_decoded"),
            named("account_conflict"),
        ]
    };
    assert_eq!(attributes(None), ["123456789012", "decoded", "123456789012", ""]);
    assert_eq!(
        attributes(Some("222222222222")),
        ["222222222222", "explicit", "123456789012", "true"]
    );
    assert_eq!(
        attributes(Some("123456789012")),
        ["123456789012", "explicit", "123456789012", ""]
    );
    assert_eq!(
        attributes(Some("acme-prod")),
        attributes(None),
        "an account has 12 digits"
    );
}

/// The key of an identifier in the given form; the family of a rule.
fn fold(form: &str, raw: &str) -> Result<String, KeyError> {
    let resolved = match form {
        "aws" => aws::from_arn(raw, None),
        "gcp" => gcp::from_member(raw),
        "k8s" => k8s::from_username(Some("East"), raw),
        "spiffe" => spiffe::workload(raw),
        "github-login" => github::login(None, raw),
        "ad-login" => ad::login(raw),
        "ad-sid" => ad::account(raw, &ad::AccountNames::default()),
        "mail" => mail::person(raw),
        "okta-user" => okta::user(Some("https://Acme.okta.com/"), raw, None),
        "vault-entity" => vault::entity(Some("Main"), raw),
        "entra-user" => entra::user(Some("T1"), raw, None),
        "db" => user_of(raw),
        "repository" => location::file(Scope::Repository(raw), "src/a.py", "aws-access-token"),
        "path" => location::file(Scope::Repository("acme/app"), raw, "aws-access-token"),
        "rule" => return Ok(location::family_of(raw).to_owned()),
        form => unreachable!("{form} is no form of an identifier"),
    }?;
    let key = resolved.subject.key.to_string();
    assert_eq!(key.parse::<SubjectKey>()?, resolved.subject.key);
    Ok(key)
}

fn user_of(text: &str) -> Result<Resolved, KeyError> {
    let connection = db::parse(text).ok_or(KeyError::Expected("a connection string"))?;
    db::user(&connection.host, &connection.user)
}

#[test]
fn a_binding_names_its_holder_in_any_spelling() {
    let holder = |kind: &str, namespace: &str, name: &str| {
        let subject = k8s::subject_name(kind, namespace, name);
        let binding = k8s::binding(Some("East"), "prod/admin", &subject).expect("a binding");
        let identity = k8s::from_subject(Some("East"), kind, namespace, name).expect("an identity");
        assert_eq!(binding.links[0].key, identity.subject.key);
        binding.subject.key.to_string()
    };
    let of_account = "entitlement:k8s:binding:east/prod/admin/system%3aserviceaccount%3aprod%3aci";
    assert_eq!(holder("ServiceAccount", "prod", "ci"), of_account);
    assert_eq!(holder("User", "", "system:serviceaccount:prod:ci"), of_account);
    assert_eq!(
        holder("Group", "", "devs"),
        "entitlement:k8s:binding:east/prod/admin/Group%3adevs"
    );
    assert_eq!(
        holder("User", "", "alice"),
        "entitlement:k8s:binding:east/prod/admin/alice"
    );
}
