//! What ships compiles, its own tests pass, and it labels by the published lists.

use reeve_domain::observation::IssueType;
use reeve_policy::{ConfigTexts, Policy};

use crate::alert::{leaked_key, now, subject};

#[test]
fn the_shipped_configuration_compiles() {
    if let Err(errors) = Policy::compile(&ConfigTexts::shipped()) {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"));
    }
}

#[test]
fn the_tests_of_the_shipped_routes_pass() {
    let policy = Policy::shipped();
    assert!(policy.tests() > 5);
    let failures: Vec<String> = policy
        .run_tests()
        .iter()
        .map(|failure| failure.error.to_string())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_limits_are_those_of_the_design() {
    let policy = Policy::shipped();
    let limits = policy.limits();
    assert_eq!(
        (limits.hold_ms, limits.case_bytes_max, limits.event_ids_max),
        (3_000, 262_144, 256)
    );
    assert_eq!(limits.event_age_max_s, 30 * 86_400);
    assert_eq!(
        (limits.stub_after_s, limits.tombstone_after_s),
        (30 * 86_400, 400 * 86_400)
    );
    assert_eq!(limits.escalate_older_than_s, 180 * 86_400);
}

#[test]
fn labels_have_the_form_of_their_lists() {
    let policy = Policy::shipped();
    for issue_type in IssueType::ALL {
        let labels = leaked_key()
            .with(|alert| alert.issue_type = *issue_type)
            .triage(&policy)
            .frameworks;
        let nhi = |label: &String| label.starts_with("NHI") && label.ends_with(":2025");
        assert!(labels.owasp_nhi.iter().all(nhi), "{issue_type}: {labels:?}");
        assert!(
            labels
                .nist_csf
                .iter()
                .all(|label| label.contains('.') && !label.starts_with("PR.AC"))
        );
        assert!(labels.attack.iter().all(|label| label.starts_with('T')));
        assert!(
            !labels.nist_csf.is_empty(),
            "{issue_type} has no outcome of the framework"
        );
    }
}

#[test]
fn labels_of_the_finding_are_kept_beside_those_of_the_issue() {
    let alert = leaked_key().with(|alert| {
        alert.subject = subject("secret:key:spki:abc");
        alert.frameworks.attack = vec!["T1552.001".to_owned(), "T1195".to_owned()];
    });
    let labels = alert.triage(&Policy::shipped()).frameworks;
    assert_eq!(
        labels.attack,
        ["T1552.001", "T1078.004", "T1528", "T1552.004", "T1195"]
    );
}

#[test]
fn every_issue_type_asks_for_something_and_says_what_would_prove_it() {
    let policy = Policy::shipped();
    for issue_type in IssueType::ALL {
        let triage = leaked_key()
            .with(|alert| alert.issue_type = *issue_type)
            .triage(&policy);
        assert!(!triage.actions.is_empty() && triage.actions.iter().all(|action| !action.steps.is_empty()));
        assert!(!triage.evidence_required.is_empty(), "{issue_type}");
    }
}

#[test]
fn the_same_facts_give_the_same_decision_and_another_file_another_hash() {
    let policy = Policy::shipped();
    assert_eq!(
        leaked_key().triage(&policy),
        leaked_key().triage(&Policy::shipped())
    );
    let shipped = ConfigTexts::shipped();
    let other = shipped
        .clone()
        .with("ledger.yaml", format!("{}# .\n", shipped.text("ledger.yaml")));
    let other = Policy::compile(&other).unwrap();
    assert_ne!(policy.version().sha256, other.version().sha256);
    let beside = Policy::compile(&shipped.with("inventories.yaml", "inventories: []")).unwrap();
    assert_eq!(policy.version().sha256, beside.version().sha256);
    assert_ne!(policy.config_sha256(), beside.config_sha256());
    assert_eq!(policy.version().version, "risk-policy v1");
    assert_eq!(leaked_key().triage(&policy).priority.policy, *policy.version());
    assert!(
        leaked_key()
            .triage(&policy)
            .contain_by
            .is_some_and(|by| by > now())
    );
}

fn check_rotation(key: &str, provider: &str, kind: &str, method: &str, automation: &str) {
    let alert = leaked_key().with(|alert| {
        alert.subject = subject(key);
        (alert.subject.provider, alert.subject.kind) = (provider.to_owned(), kind.to_owned());
    });
    let actions = alert.triage(&Policy::shipped()).actions;
    let rotate = actions.iter().find(|action| action.action == "rotate").unwrap();
    assert_eq!(
        (rotate.method.as_str(), rotate.automation.as_str()),
        (method, automation),
        "{provider} {kind}"
    );
}

#[test]
fn each_kind_of_credential_is_rotated_in_its_own_way() {
    let value = "secret:value:hmac:kid/abc";
    check_rotation(
        "secret:aws:access-key:AKIAQYLPMN5HHHFPZAM2",
        "aws",
        "access-key",
        "two_key_overlap",
        "full",
    );
    check_rotation(
        value,
        "github",
        "personal-access-token",
        "owner_regenerates",
        "partial",
    );
    check_rotation(
        value,
        "github",
        "installation-token",
        "installation_token_expires",
        "full",
    );
    check_rotation(value, "slack", "bot-token", "revoke_and_reinstall", "partial");
    check_rotation(
        value,
        "azure",
        "storage-account-key",
        "regenerate_the_other_key",
        "full",
    );
    check_rotation(
        "secret:key:spki:abc",
        "key",
        "spki",
        "reissue_and_revoke",
        "manual",
    );
    check_rotation(value, "value", "hmac", "provider_guide", "manual");
}

#[test]
fn a_method_that_an_inventory_names_wins_over_the_catalogue() {
    let named = |method: &str| {
        let alert =
            leaked_key().with(|alert| alert.knowledge.context.rotation.method = Some(method.to_owned()));
        let actions = alert.triage(&Policy::shipped()).actions;
        let rotate = actions
            .into_iter()
            .find(|action| action.action == "rotate")
            .unwrap();
        (rotate.method, rotate.automation)
    };
    assert_eq!(
        named("secrets_manager"),
        ("secrets_manager".to_owned(), "full".to_owned())
    );
    assert_eq!(
        named("two_key_overlap"),
        ("two_key_overlap".to_owned(), "full".to_owned())
    );
    assert_eq!(
        named("house_rule"),
        ("house_rule".to_owned(), "manual".to_owned())
    );
}
