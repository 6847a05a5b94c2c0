//! What must never meet, what is the same, what only may be.

use reeve_domain::key::aws::entitlement;
use reeve_domain::key::location::{self, Scope};
use reeve_domain::key::{
    Class, Confidence, KeyError, Rel, Resolved, Strength, SubjectKey, ad, aws, db, entra, gcp, github, k8s,
    mail, okta, spiffe, vault, x509,
};

#[test]
fn accounts_kinds_and_ids_of_aws_never_meet() {
    check_apart([
        (aws::user(A, "alice"), aws::user(B, "alice")),
        (aws::user(A, "alice"), aws::role(A, "alice")),
        (aws::user(A, "alice"), aws::group(A, "alice")),
        (aws::user(A, "alice"), aws::federated(A, "alice")),
        (aws::root(A), aws::root(B)),
        (aws::user(A, "a-b"), aws::user(A, "a_b")),
        (
            aws::access_key("AKIAIOSFODNN7EXAMPLE", None),
            aws::access_key("ASIAIOSFODNN7EXAMPLE", None),
        ),
        (
            aws::from_unique_id("AROAJQABLZS4A3QDU576Q"),
            aws::from_unique_id("AIDAJQABLZS4A3QDU576Q"),
        ),
        (
            entitlement::policy(A, "role/x", "p"),
            entitlement::policy(A, "user/x", "p"),
        ),
        (
            entitlement::policy(A, "role/x", "p"),
            entitlement::policy(B, "role/x", "p"),
        ),
        (
            entitlement::policy(A, "role/x", "p"),
            entitlement::service(A, "role/x", "p"),
        ),
        (
            entitlement::trust("arn:aws:s3:::b", "*", &["s3:get"]),
            entitlement::trust("arn:aws:s3:::b", "*", &["s3:put"]),
        ),
        (
            entitlement::trust("arn:aws:s3:::b", A, &["s3:get"]),
            entitlement::trust("arn:aws:s3:::b", B, &["s3:get"]),
        ),
    ]);
}

#[test]
fn tenants_and_accounts_never_meet() {
    check_apart([
        (
            entra::user(Some("t1"), "o", None),
            entra::user(Some("t2"), "o", None),
        ),
        (
            entra::user(Some("t1"), "o", None),
            entra::service_principal(Some("t1"), "o", None),
        ),
        (entra::app("a"), entra::service_principal_by_app(Some("t1"), "a")),
        (
            entra::credential(Some("t1"), "k1"),
            entra::credential(Some("t1"), "k2"),
        ),
        (
            gcp::from_member("serviceAccount:a@p.example"),
            gcp::from_member("user:a@p.example"),
        ),
        (
            gcp::from_member("deleted:serviceAccount:a@p.example?uid=1"),
            gcp::from_member("deleted:serviceAccount:a@p.example?uid=2"),
        ),
        (
            gcp::from_member("deleted:serviceAccount:a@p.example?uid=1"),
            gcp::from_member("serviceAccount:a@p.example"),
        ),
        (
            gcp::service_account_key("k1", None),
            gcp::service_account_key("k2", None),
        ),
    ]);
}

#[test]
fn clusters_namespaces_and_kinds_never_meet() {
    check_apart([
        (
            k8s::service_account(Some("c1"), "n", "a"),
            k8s::service_account(Some("c2"), "n", "a"),
        ),
        (
            k8s::service_account(Some("c1"), "n", "a"),
            k8s::service_account(Some("c1"), "m", "a"),
        ),
        (
            k8s::from_username(Some("c"), "Bo"),
            k8s::from_username(Some("c"), "bo"),
        ),
        (
            k8s::binding(Some("c"), "n/admin", "s"),
            k8s::binding(Some("c"), "admin", "s"),
        ),
        (
            k8s::binding(Some("c"), "n/admin", "s"),
            k8s::whole_binding(Some("c"), Some("n"), "admin"),
        ),
        (
            k8s::whole_binding(Some("c"), Some("n"), "admin"),
            k8s::whole_binding(Some("c"), None, "admin"),
        ),
        (
            k8s::role(Some("c"), "n", "admin"),
            k8s::role(Some("c"), "m", "admin"),
        ),
        (
            k8s::role(Some("c"), "n", "admin"),
            k8s::cluster_role(Some("c"), "admin"),
        ),
        (
            k8s::from_subject(Some("c"), "User", "", "a"),
            k8s::from_subject(Some("c"), "Group", "", "a"),
        ),
        (
            spiffe::workload("spiffe://td/Pay"),
            spiffe::workload("spiffe://td/pay"),
        ),
        (
            spiffe::workload("spiffe://td1/a"),
            spiffe::workload("spiffe://td2/a"),
        ),
    ]);
}

#[test]
fn orgs_hosts_and_directories_never_meet() {
    check_apart([
        (
            github::user(None, 1, Some("bo")),
            github::user(None, 2, Some("bo")),
        ),
        (
            github::user(None, 1, None),
            github::user(Some("ghe.example"), 1, None),
        ),
        (github::user(None, 1, None), github::app(None, 1)),
        (github::alert(None, 1, 12), github::alert(None, 11, 2)),
        (
            okta::user(Some("o"), "00uA", None),
            okta::user(Some("o"), "00ua", None),
        ),
        (okta::user(Some("o"), "x", None), okta::app(Some("o"), "x")),
        (
            vault::accessor(Some("c"), "Ab", None, None),
            vault::accessor(Some("c"), "ab", None, None),
        ),
        (
            vault::accessor(Some("c"), "hmac-sha256:ab", Some("file1"), None),
            vault::accessor(Some("c"), "hmac-sha256:ab", Some("file2"), None),
        ),
        (ad::login(r"CORP\alice"), ad::login(r"LAB\alice")),
        (ad::login(r"CORP\host"), ad::login(r"CORP\host$")),
        (mail::person("bo@a.example"), mail::person("bo@b.example")),
        (mail::person("bo@a.example"), mail::person("bo+ci@a.example")),
    ]);
}

#[test]
fn hosts_certificates_and_places_never_meet() {
    check_apart([
        (db::user("db1.example", "app"), db::user("db2.example", "app")),
        (db::user("db.example", "app"), db::user("db.example:6432", "app")),
        (
            x509::certificate("CN=a", "01", None),
            x509::certificate("CN=b", "01", None),
        ),
        (
            x509::certificate("CN=a", "01", None),
            x509::certificate("CN=a", "10", None),
        ),
        (
            place("acme/app", "a.py", "aws"),
            place("acme/other", "a.py", "aws"),
        ),
        (place("acme/app", "a.py", "aws"), place("acme/app", "A.py", "aws")),
        (
            place("acme/app", "a.py", "aws"),
            place("acme/app", "a.py", "slack"),
        ),
    ]);
}

#[test]
fn what_can_be_given_again_is_a_weak_alias() {
    let names = ad::AccountNames {
        sam: Some(r"CORP\alice"),
        upn: Some("alice@corp.example"),
        ..Default::default()
    };
    let rows = [
        (
            github::user(None, 583231, Some("Octocat")),
            github::login(None, "octocat"),
        ),
        (
            entra::user(Some("t"), "o", Some("bo@corp.example")),
            entra::login("Bo@corp.example"),
        ),
        (
            okta::user(Some("o"), "00u1", Some("bo@corp.example")),
            okta::login(Some("o"), "bo@corp.example"),
        ),
        (
            okta::user(Some("o"), "00u1", Some("bo@corp.example")),
            mail::person("bo@corp.example"),
        ),
        (ad::account(SID, &names), ad::login(r"corp\ALICE")),
        (ad::account(SID, &names), ad::upn("alice@corp.example")),
    ];
    for (subject, other) in rows {
        check_alias(
            &subject.expect("a subject"),
            &other.expect("a subject"),
            Strength::Weak,
        );
    }
}

#[test]
fn what_is_known_to_be_the_same_is_a_strong_alias() {
    let synced = ad::AccountNames {
        tenant: Some("t"),
        entra_object_id: Some("o"),
        ..Default::default()
    };
    let user = aws::user(A, "alice").map(|user| aws::with_unique_id(user, "AIDAJQABLZS4A3QDU576Q"));
    let rows = [
        (user, aws::from_unique_id("AIDAJQABLZS4A3QDU576Q")),
        (
            entra::service_principal(Some("t"), "o", Some("App")),
            entra::service_principal_by_app(Some("T"), "app"),
        ),
        (
            gcp::service_account("ci@acme.iam.gserviceaccount.com", Some("1122")),
            gcp::by_number("1122"),
        ),
        (ad::account(SID, &synced), entra::user(Some("t"), "o", None)),
    ];
    for (subject, other) in rows {
        check_alias(
            &subject.expect("a subject"),
            &other.expect("a subject"),
            Strength::Strong,
        );
    }
    let root = aws::with_unique_id(aws::root(A).expect("a subject"), A);
    assert_eq!(root.aliases, [], "the principal id of a root user is its account");
}

#[test]
fn an_unknown_scope_makes_a_key_weak() {
    let weak = [
        k8s::service_account(None, "n", "a"),
        aws::user("", "alice"),
        aws::user("not-an-account", "alice"),
        entra::user(None, "o", None),
        okta::user(Some(" "), "00u1", None),
        vault::entity(None, "e"),
        ad::login("alice"),
        place("acme/app", "a.py", "aws"),
    ];
    for resolved in weak {
        assert_eq!(resolved.expect("a subject").subject.confidence, Confidence::Low);
    }
    assert_eq!(
        k8s::service_account(Some("c"), "n", "a")
            .expect("a subject")
            .subject
            .confidence,
        Confidence::High
    );
}

#[test]
fn a_session_is_kept_and_of_a_single_sign_on_role_it_is_the_human() {
    let arn = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0a1b/bo@corp.example";
    let role = aws::from_arn(arn, Some("AwsIamUser")).expect("a role");
    assert_eq!(role.subject.attributes["session"], "bo@corp.example");
    assert_eq!(role.subject.attributes["human"], "bo@corp.example");
    let person = mail::person("bo@corp.example").expect("a person").subject.key;
    assert!(
        role.links
            .iter()
            .any(|link| link.rel == Rel::UsedBy && link.key == person)
    );
    let plain = aws::from_arn(
        "arn:aws:sts::123456789012:assumed-role/deploy/bo@corp.example",
        None,
    )
    .expect("a role");
    assert!(!plain.subject.attributes.contains_key("human") && plain.links.is_empty());
}

#[test]
fn a_service_linked_role_says_so() {
    let arn = |path| format!("arn:aws:iam::123456789012:role/{path}");
    let linked = aws::from_arn(&arn("aws-service-role/s3.amazonaws.com/X"), None).expect("a role");
    let plain = aws::from_arn(&arn("service-role/X"), None).expect("a role");
    assert_eq!(linked.subject.attributes["service_linked"], "true");
    assert!(!plain.subject.attributes.contains_key("service_linked"));
}

#[test]
fn the_order_of_actions_and_of_names_does_not_matter() {
    let trust = |actions: &[&str]| {
        entitlement::trust("arn:aws:s3:::b", "*", actions)
            .expect("a trust")
            .subject
            .key
    };
    assert_eq!(
        trust(&["s3:Get", "s3:Put"]),
        trust(&["s3:put", "s3:get", "s3:get"])
    );
    let certificate = |issuer, serial| {
        x509::certificate(issuer, serial, None)
            .expect("a certificate")
            .subject
            .key
    };
    assert_eq!(
        certificate("CN=Root, O=Acme", "0x00AB:cd"),
        certificate("/O=acme/CN=root", "abcd")
    );
}

#[test]
fn links_join_different_subjects() {
    let key = gcp::from_key_name("//iam.googleapis.com/projects/p/serviceAccounts/a@p.example/keys/0A1b")
        .expect("a key");
    assert_eq!(key.subject.key.as_str(), "secret:gcp:service-account-key:0a1b");
    assert_eq!(key.links[0].rel, Rel::Authenticates);
    assert_eq!(
        key.links[0].key.as_str(),
        "identity:gcp:service-account:a@p.example"
    );
    let binding = gcp::binding("//x/p", "roles/owner", "user:bo@corp.example").expect("a binding");
    assert_eq!(
        (binding.subject.class, binding.links[0].rel),
        (Class::Entitlement, Rel::HeldBy)
    );
    let certificate = x509::certificate("CN=a", "1", Some(&[0; 32])).expect("a certificate");
    assert_eq!(certificate.links[0].rel, Rel::Certifies);
    let token = vault::accessor(Some("c"), "acc", None, Some("e1")).expect("a token");
    assert_eq!(token.links[0].key.as_str(), "identity:vault:entity:c/e1");
}

const A: &str = "111111111111";
const B: &str = "222222222222";
const SID: &str = "S-1-5-21-1-2-3-1001";

fn place(repository: &str, path: &str, rule: &str) -> Result<Resolved, KeyError> {
    location::file(Scope::Repository(repository), path, rule)
}

fn strong_keys(resolved: &Resolved) -> impl Iterator<Item = &SubjectKey> {
    let strong = resolved
        .aliases
        .iter()
        .filter(|alias| alias.strength == Strength::Strong);
    std::iter::once(&resolved.subject.key).chain(strong.map(|alias| &alias.key))
}

fn check_apart<const N: usize>(pairs: [(Result<Resolved, KeyError>, Result<Resolved, KeyError>); N]) {
    for (left, right) in pairs {
        let (left, right) = (left.expect("a subject"), right.expect("a subject"));
        let meets = strong_keys(&left).any(|key| strong_keys(&right).any(|other| other == key));
        assert!(!meets, "{left:?} {right:?}");
    }
}

fn check_alias(subject: &Resolved, other: &Resolved, expected: Strength) {
    let found = subject
        .aliases
        .iter()
        .find(|alias| alias.key == other.subject.key);
    assert_eq!(
        found.map(|alias| alias.strength),
        Some(expected),
        "{subject:?} {other:?}"
    );
}
