//! The kinds of subjects a mapping can name: one for every builder of `reeve_domain::key`.

use reeve_domain::key::ad::AccountNames;
use reeve_domain::key::{
    Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE, ad, aws, db, entra, gcp, github,
    k8s, keypair, mail, okta, spiffe, vault,
};

use crate::draft::Build;

/// A kind of subject: the names of its fields, and the builder over their texts.
pub(super) struct Kind {
    /// As it is written behind `kind`.
    pub(super) name: &'static str,
    /// Without one of these there is no subject.
    pub(super) needs: &'static [&'static str],
    /// These may be missing; the builder gets an empty text.
    pub(super) takes: &'static [&'static str],
    /// Gets the texts of `needs` and `takes`, in that order.
    pub(super) build: Build,
}

/// A secret by its value; read apart, as it has no texts that may be shown.
pub(super) const SECRET: &str = "secret";
/// A secret by a hash of its value.
pub(super) const SECRET_HASH: &str = "secret_hash";
/// Whatever secret lies in the place.
pub(super) const PLACE: &str = "place";

/// Every kind that names its subject.
pub(super) static KINDS: &[Kind] = &[
    kind("aws_arn", &["arn"], &["type"], |t| {
        aws::from_arn(t[0], known(t[1]))
    }),
    kind("aws_principal", &["id"], &["account"], aws_principal),
    kind("aws_user", &["account", "name"], &[], |t| aws::user(t[0], t[1])),
    kind("aws_role", &["account", "name"], &[], |t| aws::role(t[0], t[1])),
    kind("aws_group", &["account", "name"], &[], |t| aws::group(t[0], t[1])),
    kind("aws_root", &["account"], &[], |t| aws::root(t[0])),
    kind("aws_federated", &["account", "name"], &[], |t| {
        aws::federated(t[0], t[1])
    }),
    kind("aws_assumed_role", &["account", "role", "session"], &[], |t| {
        aws::assumed_role(t[0], t[1], t[2])
    }),
    kind("aws_access_key", &["id"], &["account"], |t| {
        aws::access_key(t[0], known(t[1]))
    }),
    kind("aws_policy", &["account", "principal", "policy"], &[], |t| {
        aws::entitlement::policy(t[0], t[1], t[2])
    }),
    kind("aws_service", &["account", "principal", "namespace"], &[], |t| {
        aws::entitlement::service(t[0], t[1], t[2])
    }),
    kind("aws_trust", &["resource", "principal"], &["action"], |t| {
        aws::entitlement::trust(t[0], t[1], &known(t[2]).into_iter().collect::<Vec<_>>())
    }),
    kind("entra_user", &["id"], &["tenant", "upn"], |t| {
        entra::user(known(t[1]), t[0], known(t[2]))
    }),
    kind("entra_login", &["upn"], &[], |t| entra::login(t[0])),
    kind("entra_app", &["app"], &[], |t| entra::app(t[0])),
    kind("entra_service_principal", &["id"], &["tenant", "app"], |t| {
        entra::service_principal(known(t[1]), t[0], known(t[2]))
    }),
    kind("entra_service_principal_of_app", &["app"], &["tenant"], |t| {
        entra::service_principal_by_app(known(t[1]), t[0])
    }),
    kind("entra_credential", &["key"], &["tenant"], |t| {
        entra::credential(known(t[1]), t[0])
    }),
    kind("entra_app_role", &["principal", "role", "resource"], &[], |t| {
        entra::app_role(t[0], t[1], t[2])
    }),
    kind("entra_directory_role", &["principal", "role"], &["tenant"], |t| {
        entra::directory_role(known(t[2]), t[0], t[1])
    }),
    kind("gcp_member", &["member"], &[], |t| gcp::from_member(t[0])),
    kind("gcp_service_account", &["email"], &["unique_id"], |t| {
        gcp::service_account(t[0], known(t[1]))
    }),
    kind("gcp_service_account_key", &["id"], &["email"], |t| {
        gcp::service_account_key(t[0], known(t[1]))
    }),
    kind("gcp_key_name", &["name"], &[], |t| gcp::from_key_name(t[0])),
    kind("gcp_binding", &["resource", "role", "member"], &[], |t| {
        gcp::binding(t[0], t[1], t[2])
    }),
    kind("github_user", &["id"], &["host", "login"], |t| {
        github::user(known(t[1]), number(t[0])?, known(t[2]))
    }),
    kind("github_login", &["login"], &["host"], |t| {
        github::login(known(t[1]), t[0])
    }),
    kind("github_app", &["id"], &["host"], |t| {
        github::app(known(t[1]), number(t[0])?)
    }),
    kind("github_deploy_key", &["id"], &["host"], |t| {
        github::deploy_key(known(t[1]), number(t[0])?)
    }),
    kind("github_personal_access_token", &["id"], &["host"], |t| {
        github::personal_access_token(known(t[1]), number(t[0])?)
    }),
    kind("github_alert", &["repository_id", "number"], &["host"], |t| {
        github::alert(known(t[2]), number(t[0])?, number(t[1])?)
    }),
    kind("github_membership", &["org", "group", "subject"], &[], |t| {
        github::membership(t[0], t[1], t[2])
    }),
    kind("k8s_service_account", &["namespace", "name"], &["cluster"], |t| {
        k8s::service_account(known(t[2]), t[0], t[1])
    }),
    kind("k8s_username", &["name"], &["cluster"], |t| {
        k8s::from_username(known(t[1]), t[0])
    }),
    kind("k8s_group", &["name"], &["cluster"], |t| {
        k8s::group(known(t[1]), t[0])
    }),
    kind("k8s_role", &["namespace", "name"], &["cluster"], |t| {
        k8s::role(known(t[2]), t[0], t[1])
    }),
    kind("k8s_cluster_role", &["name"], &["cluster"], |t| {
        k8s::cluster_role(known(t[1]), t[0])
    }),
    kind("k8s_binding", &["binding", "subject"], &["cluster"], |t| {
        k8s::binding(known(t[2]), t[0], t[1])
    }),
    kind("okta_user", &["id"], &["org", "login"], |t| {
        okta::user(known(t[1]), t[0], known(t[2]))
    }),
    kind("okta_login", &["login"], &["org"], |t| {
        okta::login(known(t[1]), t[0])
    }),
    kind("okta_app", &["id"], &["org"], |t| okta::app(known(t[1]), t[0])),
    kind("okta_token", &["id"], &["org"], |t| {
        okta::token(known(t[1]), t[0])
    }),
    kind("okta_membership", &["group", "subject"], &["org"], |t| {
        okta::membership(known(t[2]), t[0], t[1])
    }),
    kind("vault_entity", &["id"], &["cluster"], |t| {
        vault::entity(known(t[1]), t[0])
    }),
    kind(
        "vault_accessor",
        &["accessor"],
        &["cluster", "audit_device", "entity"],
        |t| vault::accessor(known(t[1]), t[0], known(t[2]), known(t[3])),
    ),
    kind(
        "ad_account",
        &["sid"],
        &["login", "upn", "tenant", "entra_id"],
        |t| {
            let names = AccountNames {
                sam: known(t[1]),
                upn: known(t[2]),
                tenant: known(t[3]),
                entra_object_id: known(t[4]),
            };
            ad::account(t[0], &names)
        },
    ),
    kind("ad_login", &["login"], &[], |t| ad::login(t[0])),
    kind("ad_upn", &["upn"], &[], |t| ad::upn(t[0])),
    kind("db_user", &["host", "user"], &[], |t| db::user(t[0], t[1])),
    kind("local_account", &["host", "name"], &[], |t| {
        named(Class::Identity, &["local", "account", t[0], t[1]])
    }),
    kind("ssh_key", &["fingerprint"], &[], |t| {
        keypair::from_ssh_fingerprint(t[0])
    }),
    kind("spiffe_workload", &["id"], &[], |t| spiffe::workload(t[0])),
    kind("mail_person", &["address"], &[], |t| mail::person(t[0])),
    kind("identity", &["provider", "type", "id"], &["scope"], |t| {
        named(Class::Identity, &[t[0], t[1], t[3], t[2]])
    }),
    kind("credential", &["provider", "type", "id"], &["scope"], |t| {
        named(Class::Secret, &[t[0], t[1], t[3], t[2]])
    }),
    kind("entitlement", &["provider", "type", "id"], &["scope"], |t| {
        named(Class::Entitlement, &[t[0], t[1], t[3], t[2]])
    }),
];

/// Fields of the kinds that carry a secret.
pub(super) const SECRET_FIELDS: (&[&str], &[&str]) = (&["value"], &["half", "account", "host", "user"]);
/// Exactly one of these.
pub(super) const HASH_FIELDS: (&[&str], &[&str]) = (&[], &["sha256", "sha1", "hmsl"]);

/// Providers whose keys have builders of their own: no mapping makes them up.
const OWN_BUILDERS: &[&str] = &[
    "aws", "entra", "gcp", "k8s", "spiffe", "github", "okta", "vault", "ad", "db", "mail", "key", "x509",
    "value", "location",
];

const fn kind(
    name: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
    build: Build,
) -> Kind {
    Kind {
        name,
        needs,
        takes,
        build,
    }
}

fn known(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn number(text: &str) -> Result<u64, KeyError> {
    text.trim()
        .parse()
        .map_err(|_| KeyError::Expected("a number that is the id"))
}

/// Whatever names a principal: an ARN, an access key id, or a unique id such as `AIDA…`.
fn aws_principal(texts: &[&str]) -> Result<Resolved, KeyError> {
    let id = texts[0].trim();
    if id.starts_with("arn:") {
        return aws::from_arn(id, None);
    }
    if aws::is_access_key_id(id) {
        return aws::access_key(id, known(texts[1]));
    }
    aws::from_unique_id(id)
}

/// Provider, type, scope and id of what has no builder of its own.
fn named(class: Class, texts: &[&str]) -> Result<Resolved, KeyError> {
    let [provider, kind, scope, id] = [0, 1, 2, 3].map(|at| texts[at].trim());
    if OWN_BUILDERS.contains(&provider) {
        return Err(KeyError::Expected("a provider that has no kind of its own"));
    }
    let (scope, confidence) = match known(scope) {
        Some(scope) => (scope, Confidence::Medium),
        None => (UNKNOWN_SCOPE, Confidence::Low),
    };
    let key = SubjectKey::of(class, provider, kind, &[scope, id], Case::Folded)?;
    Ok(Resolved::new(key, id, confidence))
}
