//! What closes an issue, and what does not.

use reeve_domain::event::{Actor, ActorKind};
use reeve_domain::observation::{EvidenceLevel, IssueType, Statement, Validity};
use reeve_policy::{ConfigTexts, Policy, Standing, Verdict};

use crate::alert::{SHIPPED, leaked_key, now};

fn said(statement: Statement, level: EvidenceLevel, source: &str, after_h: i64) -> Standing<'_> {
    let observed_at = now().plus_seconds(after_h * 3_600);
    Standing {
        statement,
        level,
        source,
        observed_at,
        live_to_not_live: false,
    }
}

fn passed(source: &str, after_h: i64) -> Standing<'_> {
    said(Statement::PrivilegeReduced, EvidenceLevel::E3, source, after_h)
}

fn verdict(issue: IssueType, standing: &[Standing<'_>]) -> Verdict {
    SHIPPED.closes(issue, standing)
}

fn actor(id: &str, kind: ActorKind) -> Actor {
    Actor {
        id: id.to_owned(),
        kind,
    }
}

#[test]
fn a_providers_record_that_fits_closes_and_one_that_does_not_fit_does_not() {
    let deleted = said(Statement::Deleted, EvidenceLevel::E2, "cloudtrail", 1);
    assert_eq!(verdict(IssueType::SecretExposed, &[deleted]), Verdict::Closes);
    let reduced = said(Statement::PrivilegeReduced, EvidenceLevel::E2, "cloudtrail", 1);
    assert!(matches!(
        verdict(IssueType::SecretExposed, &[reduced]),
        Verdict::No(_)
    ));
    assert_eq!(verdict(IssueType::OverPrivileged, &[reduced]), Verdict::Closes);
}

#[test]
fn a_persons_word_closes_nothing_however_often_it_is_given() {
    let words = [
        said(Statement::Deleted, EvidenceLevel::E4, "mara", 1),
        said(Statement::Deleted, EvidenceLevel::E4, "joao", 100),
    ];
    assert!(matches!(
        verdict(IssueType::SecretExposed, &words),
        Verdict::No(_)
    ));
    let one_scanner = [words[0], words[1], passed("asff", 1)];
    assert_eq!(
        verdict(IssueType::OverPrivileged, &one_scanner),
        Verdict::NeedsSecond
    );
}

#[test]
fn one_pass_of_a_control_needs_a_second_that_agrees() {
    let issue = IssueType::OverPrivileged;
    assert_eq!(verdict(issue, &[passed("asff", 1)]), Verdict::NeedsSecond);
    assert_eq!(
        verdict(issue, &[passed("asff", 1), passed("asff", 24)]),
        Verdict::NeedsSecond
    );
    assert_eq!(
        verdict(issue, &[passed("asff", 1), passed("asff", 25)]),
        Verdict::Closes
    );
    assert_eq!(
        verdict(issue, &[passed("asff", 1), passed("prowler", 1)]),
        Verdict::Closes
    );
}

#[test]
fn not_verified_says_something_only_after_it_was_live_in_the_same_source() {
    let dead = |after_h| said(Statement::Inactive, EvidenceLevel::E3, "trufflehog-v3", after_h);
    let issue = IssueType::SecretExposed;
    assert!(matches!(verdict(issue, &[dead(1), dead(100)]), Verdict::No(_)));
    let change = |after_h| Standing {
        live_to_not_live: true,
        ..dead(after_h)
    };
    assert_eq!(verdict(issue, &[change(1)]), Verdict::NeedsSecond);
    assert_eq!(verdict(issue, &[change(1), change(25)]), Verdict::Closes);
    let provider = said(
        Statement::Inactive,
        EvidenceLevel::E3,
        "github-secret-scanning",
        2,
    );
    assert_eq!(verdict(issue, &[change(1), provider]), Verdict::Closes);
    assert_eq!(verdict(issue, &[dead(1), provider]), Verdict::NeedsSecond);
}

#[test]
fn a_sign_of_life_closes_nothing() {
    let used = said(Statement::Used, EvidenceLevel::E1, "cloudtrail", 1);
    for issue in IssueType::ALL {
        assert_eq!(
            verdict(*issue, &[used]),
            Verdict::No("a sign of life closes nothing"),
            "{issue}"
        );
        assert!(matches!(verdict(*issue, &[]), Verdict::No(_)));
    }
}

#[test]
fn removal_closes_only_what_is_verified_dead() {
    let policy = &*SHIPPED;
    let removed = [said(
        Statement::RemovedFromSource,
        EvidenceLevel::E1,
        "inventory",
        1,
    )];
    let given = |validity| policy.closes_given(IssueType::SecretExposed, validity, &removed);
    assert_eq!(given(Validity::Inactive), Verdict::Closes);
    assert!(matches!(given(Validity::Active), Verdict::No(_)));
    assert!(matches!(given(Validity::Unknown), Verdict::No(_)));
}

#[test]
fn an_orphan_is_closed_by_an_owner_and_by_nothing_less() {
    let assigned = said(Statement::OwnerAssigned, EvidenceLevel::E1, "inventory", 1);
    assert_eq!(verdict(IssueType::IdentityOrphaned, &[assigned]), Verdict::Closes);
    assert!(matches!(
        verdict(IssueType::OverPrivileged, &[assigned]),
        Verdict::No(_)
    ));
}

#[test]
fn only_what_no_machine_can_prove_may_be_attested() {
    let policy = &*SHIPPED;
    assert!(policy.may_attest(IssueType::AccessUnreviewed) && policy.may_attest(IssueType::HumanUse));
    for issue in [
        IssueType::SecretExposed,
        IssueType::OverPrivileged,
        IssueType::SuspectedCompromise,
    ] {
        assert!(!policy.may_attest(issue), "{issue}");
    }
}

#[test]
fn a_format_may_say_only_what_the_list_allows() {
    let policy = &*SHIPPED;
    let level = |format, statement| policy.level_of_format(format, statement);
    assert_eq!(level("cloudtrail", Statement::Deleted), Some(EvidenceLevel::E2));
    assert_eq!(
        level("asff", Statement::PrivilegeReduced),
        Some(EvidenceLevel::E3)
    );
    assert_eq!(
        level("github-secret-scanning", Statement::Inactive),
        Some(EvidenceLevel::E3)
    );
    assert_eq!(level("asff", Statement::Deleted), None);
    assert_eq!(level("gitleaks-v8", Statement::Inactive), None);
    assert_eq!(level("somebody", Statement::Deleted), None);
}

#[test]
fn a_robot_may_say_something_only_if_it_is_named() {
    let robot = actor("iam-bot", ActorKind::Automation);
    assert_eq!(SHIPPED.level_of_actor(&robot, Statement::Deleted), None);
    let system = actor("reeve", ActorKind::System);
    assert_eq!(SHIPPED.level_of_actor(&system, Statement::Deleted), None);
    let shipped = ConfigTexts::shipped();
    let text = shipped
        .text("evidence.yaml")
        .replace("actors: {}", "actors: { iam-bot: { E1: [deleted] } }");
    let policy = Policy::compile(&shipped.with("evidence.yaml", text)).unwrap();
    assert_eq!(
        policy.level_of_actor(&robot, Statement::Deleted),
        Some(EvidenceLevel::E1)
    );
    assert_eq!(policy.level_of_actor(&robot, Statement::Disabled), None);
    let person = actor("iam-bot", ActorKind::Human);
    assert_eq!(
        policy.level_of_actor(&person, Statement::Deleted),
        Some(EvidenceLevel::E4)
    );
}

#[test]
fn a_task_says_what_would_prove_it() {
    let required = leaked_key().triage(&SHIPPED).evidence_required;
    assert_eq!(required[0].action, "revoke");
    assert_eq!(
        required[0].any_of,
        [
            "E2 disabled",
            "E3 disabled ×2",
            "E2 deleted",
            "E3 deleted ×2",
            "E3 inactive ×2"
        ]
    );
    let dead = leaked_key()
        .with(|alert| alert.validity = Validity::Inactive)
        .triage(&SHIPPED);
    assert_eq!(dead.actions[0].action, "remove_from_source");
    let removed = [
        "E1 removed_from_source",
        "E2 removed_from_source",
        "E3 removed_from_source ×2",
    ];
    assert_eq!(dead.evidence_required[0].any_of, removed);
    let review = leaked_key().with(|alert| alert.issue_type = IssueType::AccessUnreviewed);
    assert_eq!(review.triage(&SHIPPED).evidence_required[0].any_of, ["attested"]);
}

#[test]
fn who_approves_is_a_person_and_urgent_false_positives_need_two() {
    use reeve_domain::priority::Band;
    let policy = &*SHIPPED;
    let rules = policy.events();
    assert!(rules.may_approve(&actor("mara", ActorKind::Human)));
    assert!(!rules.may_approve(&actor("bot", ActorKind::Automation)));
    assert!(rules.needs_second_person(Band::P1) && rules.needs_second_person(Band::P2));
    assert!(!rules.needs_second_person(Band::P3));
}
