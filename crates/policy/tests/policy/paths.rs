//! How a task is to be fixed, by the class of the identity behind it.

use reeve_domain::context::{IdentityClass, Privilege};
use reeve_domain::observation::{Exposure, IssueType};
use reeve_domain::task::{GateStatus, Path, PreCheckResult};

use crate::alert::{Alert, SHIPPED, admin_user, leaked_key, subject};

fn path(alert: &Alert) -> Path {
    alert.triage(&SHIPPED).path
}

fn of_class(class: IdentityClass) -> Alert {
    leaked_key().with(|alert| alert.knowledge.context.identity_class = Some(class))
}

fn gate(path: &Path, name: &str) -> Option<GateStatus> {
    path.gates
        .iter()
        .find(|gate| gate.name == name)
        .map(|gate| gate.status)
}

#[test]
fn a_machine_credential_that_can_be_replaced_at_once_waits_for_nobody_at_p1() {
    let urgent = path(&of_class(IdentityClass::Machine));
    assert_eq!(gate(&urgent, "jit_capable"), Some(GateStatus::Passed));
    assert_eq!(gate(&urgent, "go_ahead"), Some(GateStatus::NotRequired));
    assert!(
        urgent
            .gates
            .iter()
            .all(|gate| gate.status != GateStatus::Required)
    );
}

#[test]
fn a_machine_waits_for_a_go_ahead_when_it_is_less_urgent_or_not_capable() {
    let lesser = path(&of_class(IdentityClass::Machine).with(|alert| alert.exposure = Exposure::Private));
    assert_eq!(gate(&lesser, "go_ahead"), Some(GateStatus::Required));
    let manual =
        path(&of_class(IdentityClass::Machine).with(|alert| alert.subject = subject("secret:key:spki:abc")));
    assert_eq!(gate(&manual, "jit_capable"), Some(GateStatus::NotRequired));
    assert_eq!(gate(&manual, "go_ahead"), Some(GateStatus::Required));
}

#[test]
fn the_other_classes_have_the_gates_of_the_policy() {
    let required = |class, name| {
        let path = path(&of_class(class));
        assert_eq!(path.class, class);
        assert_eq!(gate(&path, name), Some(GateStatus::Required), "{class}");
    };
    required(IdentityClass::SharedServiceAccount, "business_approval");
    required(IdentityClass::ThirdParty, "vendor_contact");
    required(IdentityClass::DormantPrivileged, "pre_checks");
    required(IdentityClass::SharedPlatform, "attestations");
    required(IdentityClass::Pipeline, "change_window");
    required(IdentityClass::Unknown, "business_approval");
    required(IdentityClass::Unknown, "pre_checks");
    assert_eq!(path(&of_class(IdentityClass::Human)).phases[0], "contain");
}

#[test]
fn nobody_has_looked_is_never_safe() {
    let dormant = admin_user().with(|alert| {
        alert.issue_type = IssueType::IdentityDormant;
        alert.knowledge.context.identity_class = Some(IdentityClass::Machine);
        alert.knowledge.context.privilege = Some(Privilege::Total);
    });
    let triage = dormant.triage(&SHIPPED);
    assert_eq!(triage.path.class, IdentityClass::DormantPrivileged);
    let actions: Vec<&str> = triage
        .actions
        .iter()
        .map(|action| action.action.as_str())
        .collect();
    assert_eq!(actions, ["verify_dependencies", "disable", "delete"]);
    for action in &triage.actions {
        let names: Vec<&str> = action
            .pre_checks
            .iter()
            .map(|check| check.name.as_str())
            .collect();
        assert_eq!(names, ["batch_jobs", "scheduled_tasks", "incident_tooling"]);
        assert!(
            action
                .pre_checks
                .iter()
                .all(|check| check.result == PreCheckResult::Unknown)
        );
    }
}

#[test]
fn what_an_inventory_says_wins_over_what_the_subject_looks_like() {
    let role = admin_user().with(|alert| alert.subject = subject("identity:aws:role:123456789012/deploy"));
    assert_eq!(path(&role).class, IdentityClass::Machine);
    let told =
        role.with(|alert| alert.knowledge.context.identity_class = Some(IdentityClass::SharedPlatform));
    assert_eq!(path(&told).class, IdentityClass::SharedPlatform);
    assert_eq!(path(&admin_user()).class, IdentityClass::Unknown);
}
