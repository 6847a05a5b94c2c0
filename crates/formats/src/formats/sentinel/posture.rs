//! Assessments and scores of Defender for Cloud: they speak of resources, save for those that list accounts.

use reeve_domain::observation::IssueType::WeakAuthentication;
use reeve_domain::reject::DropReason;

use crate::draft::{Draft, Named, Place, Problem, Reading, SourceOf, SubjectOf, Times};
use crate::formats::microsoft::{Account, embedded, field, text};
use crate::json::Json;
use crate::{severity, time};

/// The Resource Graph writes the type in lower case.
pub(super) fn is_posture(json: &Json<'_>) -> bool {
    let kind = text(json, &["type"]).to_ascii_lowercase();
    kind.starts_with("microsoft.security/")
}

/// Users who are in no list may have been left out of it: an assessment that is healthy proves nothing of them.
pub(super) fn read<'d>(json: &'d Json<'d>) -> Reading<'d> {
    let body = field(json, "properties");
    let users = without_mfa(json, body);
    match text(field(body, "status"), &["code"]) {
        _ if users.is_empty() => Reading::Dropped(DropReason::NotIdentityRelevant),
        "Unhealthy" => {
            let drafts = users.into_iter().map(|user| draft(json, body, user));
            Reading::observed(Vec::new(), drafts.collect())
        }
        _ => Reading::Dropped(DropReason::NoStatement),
    }
}

/// By their object ids, in a list or in one that is JSON inside a string.
fn without_mfa<'d>(json: &Json<'_>, body: &Json<'_>) -> Vec<Named<'d>> {
    let tenant = text(json, &["tenantId"]);
    let list = embedded(field(field(body, "additionalData"), "usersWithNoMfaObjectIdList"));
    let ids = list.elements().iter().filter_map(Json::text);
    ids.map(|id| {
        let account = Account {
            tenant: tenant.to_owned().into(),
            object_id: id.to_owned().into(),
            ..Account::default()
        };
        account.named()
    })
    .collect()
}

fn draft<'d>(json: &'d Json<'d>, body: &'d Json<'d>, user: Named<'d>) -> Draft<'d> {
    let title = text(body, &["displayName"]);
    let id = text(json, &["id"]);
    let source = SourceOf {
        tool: Some("Microsoft Defender for Cloud".into()),
        rule: text(json, &["name"]).into(),
        named: Some(title.into()),
        reference: id.into(),
        ..SourceOf::default()
    };
    let status = field(body, "status");
    let problem = Problem {
        severity: severity::of_word(text(field(body, "metadata"), &["severity"])),
        ..Problem::new(WeakAuthentication, title)
    };
    Draft {
        place: Place {
            resource: Some(text(field(body, "resourceDetails"), &["id"]).into()),
            ..Place::default()
        },
        times: Times {
            first_detected_at: time::of(field(status, "firstEvaluationDate")),
            observed_at: time::of(field(status, "statusChangeDate")),
            ..Times::default()
        },
        problem: Some(problem),
        ..Draft::new(SubjectOf::Named(user), source)
    }
}
