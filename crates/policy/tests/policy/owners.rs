//! Who answers, and what happens where nobody is known.

use reeve_domain::context::{IdentityClass, OwnerConfidence, SourceStatus};
use reeve_domain::observation::IssueType;

use crate::alert::{SHIPPED, admin_user, leaked_key, owner, subject};

#[test]
fn a_known_owner_is_never_replaced_by_a_fallback() {
    let owners = leaked_key().owned_by("team/payments").triage(&SHIPPED).owners;
    let resolver = owners.resolver.unwrap();
    assert_eq!(
        (resolver.reference.as_str(), resolver.source.as_str()),
        ("team/payments", "cmdb")
    );
}

#[test]
fn a_fallback_is_marked_as_one() {
    let owners = leaked_key().unanswered().triage(&SHIPPED).owners;
    let resolver = owners.resolver.unwrap();
    assert_eq!(resolver.reference, "team/cloud-platform");
    assert_eq!(
        (resolver.source.as_str(), resolver.rule.as_str()),
        ("owners.yaml", "clouds")
    );
    assert_eq!(resolver.confidence, OwnerConfidence::None);
    assert!(owners.business.is_some() && owners.exception.is_some() && owners.executive.is_some());
}

#[test]
fn no_answer_is_not_ownerless_and_an_answer_without_owner_is() {
    let policy = &*SHIPPED;
    assert!(!admin_user().unanswered().triage(policy).ownerless);
    assert!(!admin_user().triage(policy).ownerless, "no inventory was asked");
    let absent = admin_user().answered(SourceStatus::Absent).triage(policy);
    assert!(absent.ownerless);
    assert_eq!(absent.route.rule, "nobody owns it");
    assert!(
        !admin_user()
            .answered(SourceStatus::Ok)
            .owned_by("team/a")
            .triage(policy)
            .ownerless
    );
}

#[test]
fn procurement_shares_the_answer_for_third_parties() {
    let policy = &*SHIPPED;
    let vendor = admin_user()
        .owned_by("team/sales")
        .with(|alert| alert.issue_type = IssueType::ThirdPartyRisk);
    let owners = vendor.triage(policy).owners;
    assert_eq!(owners.exception.unwrap().reference, "team/procurement");
    let taken = vendor.with(|alert| alert.knowledge.owners.exception = Some(owner("team/legal")));
    let owners = taken.triage(policy).owners;
    assert_eq!(owners.exception.unwrap().reference, "team/legal");
    assert_eq!(owners.business.unwrap().reference, "team/procurement");
    let own = admin_user().owned_by("team/a").triage(policy).owners;
    assert_ne!(own.exception.unwrap().reference, "team/procurement");
}

#[test]
fn every_subject_has_all_four_owners() {
    let policy = &*SHIPPED;
    for key in [
        "secret:value:hmac:kid/abc",
        "identity:okta:user:org/00u1",
        "entitlement:k8s:binding:c/b/s",
    ] {
        for class in IdentityClass::ALL {
            let alert = admin_user().with(|alert| {
                alert.subject = subject(key);
                alert.knowledge.context.identity_class = Some(*class);
            });
            let owners = alert.triage(policy).owners;
            assert!(
                owners.resolver.is_some() && owners.business.is_some(),
                "{key} {class}"
            );
            assert!(
                owners.exception.is_some() && owners.executive.is_some(),
                "{key} {class}"
            );
        }
    }
}
