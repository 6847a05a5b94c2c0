//! The configuration: what ships, and what is refused.

use std::path::Path;

use reeve_domain::context::{Context, Environment};
use reeve_inventories::{Inventories, RawInventories, RawInventory, Surroundings};

use crate::stub::{Reply, Stub, json};
use crate::world::{compile_in, lookup, raw};

const SHIPPED: &str = include_str!("../../../../config/inventories.yaml");
const SUBJECT: &str = r#"{
    "key": "identity:aws:user:123456789012/alice",
    "owners": {
        "resolver": {"type": "team", "ref": "team/payments", "name": "Payments", "contact": "pay@example.com"},
        "business": {"type": "user", "ref": "bob"},
        "exception": {"type": "user", "ref": "carol"},
        "executive": {"type": "user", "ref": "dave"},
        "can_revoke": null
    },
    "application": "shop", "business_process": "checkout", "system": "core", "environment": "prd",
    "criticality": "tier1", "data_classification": "confidential", "identity_class": "machine",
    "privilege": "total", "dependents": {"count": 2, "sample": ["a", "b"]},
    "rotation": {"method": "two_key_overlap", "last_rotated_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01"},
    "last_used_at": "2026-02-01T00:00:00Z",
    "vendor": {"name": "Acme", "contact": "acme@example.com", "contract_hours": 24, "contract": "§ 7"},
    "tags": {"team": "pay"}
}"#;

fn shipped(url: &str) -> Inventories {
    let env = |name: &str| (name == "REEVE_INVENTORY_URL").then(|| url.to_owned());
    Inventories::compile(
        raw(SHIPPED),
        Surroundings {
            env: &env,
            base: Path::new("/"),
        },
    )
    .unwrap()
}

#[test]
fn what_ships_is_switched_on_by_its_url() {
    for inventories in [shipped(""), compile_in(Path::new("/"), SHIPPED).unwrap()] {
        assert!(inventories.is_empty());
        assert_eq!(inventories.switched_off(), ["primary"]);
    }
    assert_eq!(shipped("http://127.0.0.1:1").available(), [("primary", true)]);
}

#[tokio::test]
async fn what_ships_reads_every_field_as_the_plain_names_do() {
    let stub = Stub::serving(|_| Reply::Bytes(json(&format!("{{\"subject\": {SUBJECT}}}")))).await;
    let by_url = lookup(&shipped(&stub.url()), "alice").await;
    assert_eq!(by_url.context.environment, Some(Environment::Production));
    assert_eq!(
        by_url.context.provenance.len(),
        23,
        "4 owners, 18 single fields, 1 tag"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.json"), format!("[{SUBJECT}]")).unwrap();
    let raw = RawInventories {
        inventories: vec![RawInventory::from_file("primary", "all.json")],
    };
    let around = Surroundings {
        env: &|_| None,
        base: folder.path(),
    };
    let mut by_file = lookup(&Inventories::compile(raw, around).unwrap(), "alice").await;
    if let Some(owner) = &mut by_file.owners.resolver {
        assert_eq!(
            std::mem::replace(&mut owner.rule, "owners.resolver".into()),
            "key"
        );
    }
    assert_eq!(by_url.owners.resolver, by_file.owners.resolver);
    assert_eq!(
        by_url.context,
        Context {
            sources: by_url.context.sources.clone(),
            ..by_file.context
        }
    );
}

fn faults(yaml: &str) -> Vec<String> {
    let faults = compile_in(Path::new("/"), yaml).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.to_string()).collect()
}

fn check_fault(yaml: &str, wanted: &str) {
    let faults = faults(&format!("inventories: [{{ name: a, {yaml} }}]"));
    assert!(
        faults.len() == 1 && faults[0].contains(wanted),
        "{yaml}: {faults:?}"
    );
}

#[test]
fn all_mistakes_are_told_at_once_each_with_its_place() {
    let yaml = "inventories:
  - { name: a b, request: { url: 'http://h/{subject.name}', headers: { 'x y': v } }, at: subject }
  - { name: a }
  - { name: a, request: { url: 'http://h/' }, fields: { enviroment: /e, owners.resolver: { type: /t } }, limits: { burst: 0 } }
";
    let wanted = [
        "/inventories/0/name: ",
        "/inventories/0/request/url: expected one of {subject.key}",
        "/inventories/0/request/headers/x y: ",
        "/inventories/0/at: expected a JSON pointer",
        "/inventories/1: expected exactly one of",
        "/inventories/2/name: another inventory has this name",
        "/inventories/2/limits/burst: ",
        "/inventories/2/fields/enviroment: unknown task field; did you mean `environment`?",
        "/inventories/2/fields/owners.resolver: an owner needs at least one of",
    ];
    let faults = faults(yaml);
    assert_eq!(faults.len(), wanted.len(), "{faults:#?}");
    for (fault, wanted) in faults.iter().zip(wanted) {
        assert!(fault.starts_with(wanted), "{fault} | {wanted}");
    }
}

#[test]
fn link_local_and_metadata_addresses_are_refused_in_every_notation() {
    for host in [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "0.0.0.0",
        "0",
    ] {
        check_fault(
            &format!("request: {{ url: 'http://{host}/x' }}"),
            "link-local and metadata",
        );
    }
    for host in ["127.0.0.1", "10.0.0.1", "[::1]", "inventory.internal:8080"] {
        let yaml = format!("inventories: [{{ name: a, request: {{ url: 'http://{host}/x' }} }}]");
        assert!(compile_in(Path::new("/"), &yaml).is_ok(), "{host}");
    }
}

#[test]
fn a_subject_never_decides_who_is_asked_and_no_url_holds_a_secret() {
    check_fault("request: { url: 'http://{subject.key}/x' }", "/request/url");
    check_fault(
        "request: { url: 'http://h{subject.key}' }",
        "expected a path after the host",
    );
    check_fault("request: { url: '{subject.key}' }", "absolute http or https");
    check_fault("request: { url: 'file:///etc/passwd' }", "absolute http or https");
    check_fault("request: { url: /v1/subjects }", "absolute http or https");
    check_fault(
        "request: { url: 'http://user:hunter2@h/' }",
        "credentials belong in a header",
    );
    let all = faults("inventories: [{ name: a, request: { url: 'http://user:hunter2@h/' } }]").concat();
    assert!(!all.contains("hunter2"));
    check_fault(
        "request: { url: 'http://h/', headers: { authorization: '{env:TOKEN}' } }",
        "expected {file:/path}",
    );
    check_fault(
        "request: { url: 'http://h/', headers: { Host: evil } }",
        "reeve's to set",
    );
}

#[test]
fn what_belongs_elsewhere_is_refused() {
    check_fault(
        "codeowners: [{ repository: '*', path: /dev/null }], fields: {}",
        "have no fields",
    );
    check_fault(
        "codeowners: [{ repository: '*', path: /nonexistent }]",
        "/codeowners/0/path: cannot be read",
    );
    check_fault("codeowners: []", "at least one repository");
    check_fault("request: { url: 'http://h/' }, codeowners: []", "exactly one of");
    check_fault("request: { url: 'http://h/${X' }", "without its `}`");
    check_fault(
        "request: { url: 'http://h/' }, fields: { environment: { ref: /x } }",
        "only owners have parts",
    );
    check_fault(
        "request: { url: 'http://h/' }, fields: { environment: [] }",
        "at least one pointer",
    );
    check_fault("request: { url: 'http://h/' }, keys: []", "/keys");
    let unknown = serde_saphyr::from_str::<RawInventories>("inventories: [{ name: a, cover: {} }]");
    assert!(unknown.is_err());
}

#[test]
fn https_is_ready_or_says_that_the_certificates_are_missing() {
    let faults = faults("inventories: [{ name: a, request: { url: 'https://inventory.internal/' } }]");
    assert!(
        faults.iter().all(|fault| fault.contains("CA certificates")),
        "{faults:?}"
    );
}
