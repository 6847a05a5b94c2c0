//! Files as inventories.

use std::path::Path;

use reeve_domain::context::{Environment, OwnerConfidence, SourceStatus};
use reeve_domain::key::{Alias, Strength};
use reeve_domain::observation::Location;
use reeve_inventories::{Ask, Inventories};

use crate::world::{ask, compile_in, key, later, lookup, now, resolver, statuses, subject};

fn written(name: &str, text: &str) -> (tempfile::TempDir, Result<Inventories, String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let compiled = open(folder.path(), name);
    (folder, compiled)
}

fn open(base: &Path, name: &str) -> Result<Inventories, String> {
    let yaml = format!("inventories: [{{ name: file, file: {{ path: {name} }} }}]");
    compile_in(base, &yaml).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

const CSV: &str = "\
key,match.subject.key,match.subject.attributes.account,match.location.path,owners.resolver.type,owners.resolver.ref,owners.business.contact,environment,dependents.count,dependents.sample,tags.cost.center
identity:aws:user:123456789012/alice,,,,user,alice,boss@example.com,prod,3,a; b;c,42
,identity:aws:user:*/svc-*,,,team,robots,,,,,
,,,infra/*,team,platform,,,,,
,,123456789012,,team,account-owners,,development,,,
";

const YAML: &str = "
subjects:
  - key: identity:aws:user:123456789012/alice
    owners: { resolver: { type: user, ref: alice }, business: { contact: boss@example.com } }
    environment: prod
    dependents: { count: 3, sample: [a, b, c] }
    tags: { cost.center: 42 }
  - match: { subject.key: 'identity:aws:user:*/svc-*' }
    owners: { resolver: { type: team, ref: robots } }
  - match: { location.path: 'infra/*' }
    owners: { resolver: { type: team, ref: platform } }
  - match: { subject.attributes.account: 123456789012 }
    owners: { resolver: { type: team, ref: account-owners } }
    environment: development
";

#[tokio::test]
async fn rows_are_found_by_key_and_else_by_the_first_pattern_that_fits() {
    for (name, text) in [("rows.csv", CSV), ("rows.yaml", YAML)] {
        let (_folder, inventories) = written(name, text);
        let inventories = inventories.unwrap();
        let alice = lookup(&inventories, "alice").await;
        let owner = alice.owners.resolver.as_ref().unwrap();
        assert_eq!((owner.reference.as_str(), owner.rule.as_str()), ("alice", "key"));
        assert_eq!(owner.confidence, OwnerConfidence::High);
        assert_eq!(
            alice.owners.business.as_ref().unwrap().reference,
            "boss@example.com"
        );
        assert_eq!(alice.context.environment, Some(Environment::Production));
        assert_eq!(
            (alice.context.dependents.count, alice.context.dependents.known),
            (Some(3), true)
        );
        assert_eq!(alice.context.dependents.sample, ["a", "b", "c"]);
        assert_eq!(alice.context.tags["cost.center"], "42");
        assert_eq!(alice.context.sources[0].as_of, Some(now()));
        assert_eq!(
            resolver(&lookup(&inventories, "svc-1").await),
            Some("robots"),
            "{name}"
        );
        assert_eq!(
            resolver(&lookup(&inventories, "bob").await),
            Some("account-owners"),
            "{name}"
        );
        let location = Location {
            path: Some("infra/deep/main.tf".into()),
            ..Location::default()
        };
        let bob = subject("bob");
        let known = ask(
            &inventories,
            &Ask {
                location: Some(&location),
                ..Ask::about(&bob)
            },
        )
        .await;
        assert_eq!(
            known.owners.resolver.unwrap().rule,
            "location.path=infra/*",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_subject_without_a_row_is_absent_and_ownerless() {
    let (_folder, inventories) = written(
        "rows.yaml",
        "- { key: 'identity:aws:user:1/x', owners: { resolver: r } }",
    );
    let known = lookup(&inventories.unwrap(), "alice").await;
    assert_eq!(
        (statuses(&known), known.is_ownerless()),
        (vec![SourceStatus::Absent], true)
    );
}

#[tokio::test]
async fn a_row_under_a_strong_alias_is_the_subjects_row() {
    let (_folder, inventories) = written(
        "rows.yaml",
        "- { key: 'identity:aws:user:123456789012/old', owners: { resolver: r } }",
    );
    let (inventories, alice) = (inventories.unwrap(), subject("alice"));
    for (strength, owner) in [(Strength::Strong, Some("r")), (Strength::Weak, None)] {
        let aliases = [Alias {
            key: key("old"),
            strength,
        }];
        let known = ask(
            &inventories,
            &Ask {
                aliases: &aliases,
                ..Ask::about(&alice)
            },
        )
        .await;
        assert_eq!(resolver(&known), owner);
    }
}

#[tokio::test]
async fn a_row_says_itself_how_old_it_is() {
    let row = "- { key: 'identity:aws:user:123456789012/alice', as_of: '2026-01-01T00:00:00Z', system: s }";
    let (_folder, inventories) = written("rows.yaml", row);
    let known = lookup(&inventories.unwrap(), "alice").await;
    assert_eq!(
        known.context.provenance["system"].as_of.to_string(),
        "2026-01-01T00:00:00Z"
    );
}

#[tokio::test]
async fn a_file_that_changed_is_read_again_and_a_broken_one_is_not_believed() {
    let row = |owner: &str| {
        format!("- {{ key: 'identity:aws:user:123456789012/alice', owners: {{ resolver: {owner} }} }}")
    };
    let (folder, inventories) = written("rows.yaml", &row("first"));
    let inventories = inventories.unwrap();
    for (text, owner) in [
        (row("second"), "second"),
        ("- [".to_owned(), "second"),
        (row("fourth-team"), "fourth-team"),
    ] {
        std::fs::write(folder.path().join("rows.yaml"), text).unwrap();
        later(6.0).await;
        assert_eq!(resolver(&lookup(&inventories, "alice").await), Some(owner));
    }
}

fn check_refused(name: &str, text: &str, wanted: &str) {
    let (_folder, refused) = written(name, text);
    let message = refused.err().unwrap();
    assert!(
        message.starts_with("/inventories/0/file/path: ") && message.contains(wanted),
        "{message}"
    );
}

#[test]
fn mistakes_in_a_file_are_told_with_their_row() {
    check_refused(
        "a.csv",
        "key,enviroment\nidentity:aws:user:1/x,prod\n",
        "row 1: `enviroment` is not a field",
    );
    check_refused(
        "a.csv",
        "key,system\nidentity:aws:user:1/x,a\nidentity:aws:user:1/x,b\n",
        "row 2: its key",
    );
    check_refused(
        "a.csv",
        "key,system\nidentity:aws:user:1/x,a,b\n",
        "not CSV at line 2",
    );
    check_refused(
        "a.csv",
        "key,system\nalice,a\n",
        "row 1: `key` is not a subject key",
    );
    check_refused(
        "a.yaml",
        "- { system: a }",
        "row 1: expected a `key` or a `match`",
    );
    check_refused(
        "a.yaml",
        "- { match: { subject.name: a }, system: a }",
        "row 1: in `match`: expected one of",
    );
    check_refused(
        "a.yaml",
        "- { key: 'identity:aws:user:1/x', owners: { resolver: { reff: a } } }",
        "owners.resolver.reff",
    );
    check_refused(
        "a.yaml",
        "- { key: 'identity:aws:user:1/x', as_of: yesterday }",
        "row 1: `as_of`",
    );
    check_refused("a.yaml", "- [", "not YAML");
    check_refused("a.txt", "", "ends in .yaml");
    let missing = open(Path::new("/nonexistent"), "rows.yaml").err().unwrap();
    assert!(missing.contains("cannot be read"), "{missing}");
}

#[tokio::test]
async fn columns_with_names_of_their_own_are_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "key,Owner Mail,Stage\nidentity:aws:user:123456789012/alice,a@example.com,gold\n";
    std::fs::write(folder.path().join("cmdb.csv"), rows).unwrap();
    let yaml = "inventories: [{ name: cmdb, file: { path: cmdb.csv }, confidence: low, fields: {
        owners.resolver: { type: { value: user }, contact: /Owner Mail }, environment: { pointer: /Stage, map: { gold: production } } } }]";
    let known = lookup(&compile_in(folder.path(), yaml).unwrap(), "alice").await;
    let owner = known.owners.resolver.unwrap();
    assert_eq!(
        (owner.kind.as_str(), owner.reference.as_str()),
        ("user", "a@example.com")
    );
    assert_eq!(
        (owner.confidence, known.context.environment),
        (OwnerConfidence::Low, Some(Environment::Production))
    );
}
