//! Entra's directory audits, from Graph or as diagnostic records: who got or lost a role, a credential, an account.
//!
//! `targetResources` name the objects, and what changed stands in `modifiedProperties` as JSON inside a string. An
//! activity without success says nothing.

mod activities;
mod changes;

use std::borrow::Cow;

use reeve_domain::key::{Case, Class, Confidence, KeyError, Rel, Resolved, SubjectKey, UNKNOWN_SCOPE, entra};
use reeve_domain::observation::EvidenceLevel;
use reeve_domain::observation::IssueType::CredentialAdded;
use reeve_domain::observation::Statement::{Active, Deleted, Disabled, PrivilegeReduced};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Build, Draft, Named, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use activities::{ACTIVITIES, PRIVILEGED_ROLES, Says, Target, is_same_name};
use changes::Changes;

/// Directory audits.
pub(super) const ENTRA_AUDIT: Format = Format {
    id: "entra-audit",
    version: 2,
    tool: "Microsoft Entra",
    names: &[
        "activityDisplayName",
        "activityDateTime",
        "initiatedBy",
        "targetResources",
        "modifiedProperties",
        "operationName",
        "category",
        "properties",
        "result",
        "tenantId",
        "id",
        "type",
    ],
    statements: &[
        (Deleted, EvidenceLevel::E2),
        (Disabled, EvidenceLevel::E2),
        (Active, EvidenceLevel::E2),
        (PrivilegeReduced, EvidenceLevel::E2),
    ],
    detect: |json| {
        let is_diagnostic = json.get("category").text() == Some("AuditLogs")
            && (json.has("properties") || json.has("operationName"));
        is_diagnostic || json.has("activityDisplayName") && json.has("targetResources") || is_table_row(json)
    },
    records: |json| Ok(Report::one(json)),
    read,
};

/// A row of the table in Log Analytics: the same fields, with capitals.
fn is_table_row(json: &Json<'_>) -> bool {
    json.has_all(&["OperationName", "TargetResources", "InitiatedBy"])
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let audit = Audit::of(record.json());
    let Some(activity) = audit.activity else {
        audit.json.require_text(&["activityDisplayName"])?;
        return Ok(Reading::Dropped(DropReason::NoStatement));
    };
    let known = ACTIVITIES
        .iter()
        .find(|(name, ..)| is_same_name(name, activity))
        .filter(|_| audit.has_succeeded());
    let Some((rule, target, says)) = known else {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    };
    let told = audit.told(*target, *says);
    match told.is_empty() {
        true => Ok(Reading::Dropped(DropReason::NoStatement)),
        false => {
            let drafts = told.into_iter().map(|(named, says)| Draft {
                also: audit.holder(*target).into_iter().collect(),
                ..audit.draft(rule, named, says)
            });
            Ok(Reading::observed(Vec::new(), drafts.collect()))
        }
    }
}

/// An audit, wherever its fields stand.
struct Audit<'d> {
    json: &'d Json<'d>,
    body: &'d Json<'d>,
    activity: Option<&'d str>,
    tenant: &'d str,
}

impl<'d> Audit<'d> {
    fn of(json: &'d Json<'d>) -> Self {
        let body = match json.get("properties").has("targetResources") {
            true => json.get("properties"),
            false => json,
        };
        let names = [
            body.get("activityDisplayName"),
            json.get("operationName"),
            json.get("OperationName"),
        ];
        let tenants = ["tenantId", "TenantId", "AADTenantId", "aadTenantId"];
        Self {
            json,
            body,
            activity: names.into_iter().find_map(Json::text),
            tenant: tenants
                .iter()
                .find_map(|name| json.get(name).text())
                .unwrap_or_default(),
        }
    }

    /// Success in any of its spellings; what does not say how it ended says nothing.
    fn has_succeeded(&self) -> bool {
        let results = [
            self.body.get("result"),
            self.json.get("Result"),
            self.json.get("resultType"),
        ];
        let result = results.into_iter().find_map(Json::scalar);
        matches!(
            result.as_deref().map(str::to_ascii_lowercase).as_deref(),
            Some("success" | "0")
        )
    }

    fn targets(&self) -> &'d [Json<'d>] {
        match self.body.get("targetResources").elements() {
            [] => self.json.get("TargetResources").elements(),
            targets => targets,
        }
    }

    fn told(&self, target: Target, says: Says) -> Vec<(Named<'d>, Says)> {
        match target {
            Target::Account => self.account().map(|named| (named, says)).into_iter().collect(),
            Target::Application => self
                .application()
                .map(|named| (named, says))
                .into_iter()
                .collect(),
            Target::Role => self.role(says, directory_role).into_iter().collect(),
            Target::EligibleRole => self.role(says, eligible_role).into_iter().collect(),
            Target::AppRole => self.app_role().map(|named| (named, says)).into_iter().collect(),
            Target::Credentials => self.credentials(),
            Target::Switch => self.switched(),
        }
    }

    fn account(&self) -> Option<Named<'d>> {
        let is_account =
            |one: &&Json<'_>| matches!(one.get("type").text(), Some("User" | "ServicePrincipal"));
        let account = self.targets().iter().find(is_account)?;
        Some(self.named(account))
    }

    fn named(&self, one: &'d Json<'d>) -> Named<'d> {
        let text = |name: &str| one.get(name).text().unwrap_or_default();
        let app = Changes::of(one).value("AppId").unwrap_or_default();
        Named {
            texts: vec![
                self.tenant.into(),
                text("type").into(),
                text("id").into(),
                text("userPrincipalName").into(),
                app,
            ],
            build: by_type,
        }
    }

    /// By its application id, which the object id of its registration is not.
    fn application(&self) -> Option<Named<'d>> {
        let is_application = |one: &&Json<'_>| one.get("type").text() == Some("Application");
        let one = self.targets().iter().find(is_application)?;
        let app = Changes::of(one).value("AppId").or_else(|| self.detail("AppId"))?;
        Some(Named {
            texts: vec![app],
            build: |texts| entra::app(texts[0]),
        })
    }

    fn detail(&self, key: &str) -> Option<Cow<'d, str>> {
        let details = self.body.get("additionalDetails").elements();
        let one = details.iter().find(|one| one.get("key").text() == Some(key))?;
        one.get("value").text().map(Cow::Borrowed)
    }

    /// Who has a role.
    fn holder(&self, target: Target) -> Option<Also<'d>> {
        let named = match target {
            Target::Role | Target::EligibleRole => self.named(self.member()?),
            Target::AppRole => Named {
                texts: vec![self.tenant.into(), self.principal()?],
                build: |texts| entra::service_principal(known(texts[0]), texts[1], None),
            },
            _ => return None,
        };
        Some(Also::Link(Rel::HeldBy, named))
    }

    fn member(&self) -> Option<&'d Json<'d>> {
        let is_account = |one: &&Json<'_>| {
            matches!(
                one.get("type").text(),
                Some("User" | "ServicePrincipal" | "Group")
            )
        };
        self.targets().iter().find(is_account)
    }

    /// The template of a role is the same in every tenant; its name is told too.
    fn role(&self, says: Says, build: Build) -> Option<(Named<'d>, Says)> {
        let account = self.member()?;
        let is_role = |one: &&Json<'_>| one.get("type").text() == Some("Role");
        let named_role = self.targets().iter().find(is_role);
        let named = self
            .value("Role.DisplayName")
            .or_else(|| named_role.and_then(|one| one.get("displayName").text().map(Cow::Borrowed)));
        let template = self.value("Role.TemplateId").or_else(|| {
            let known = PRIVILEGED_ROLES
                .iter()
                .find(|(name, _)| Some(*name) == named.as_deref());
            known.map(|(_, id)| Cow::Borrowed(*id))
        });
        let is_privileged = PRIVILEGED_ROLES
            .iter()
            .any(|(name, id)| named.as_deref() == Some(*name) || template.as_deref() == Some(*id));
        if matches!(says, Says::Problem(_)) && !is_privileged {
            return None;
        }
        let named = Named {
            texts: vec![
                self.tenant.into(),
                account.get("id").text()?.into(),
                template.or(named)?,
            ],
            build,
        };
        Some((named, says))
    }

    fn app_role(&self) -> Option<Named<'d>> {
        let resource = self.targets().first()?;
        let texts = vec![
            self.principal()?,
            self.value("AppRole.Id")?,
            resource.get("id").text()?.into(),
        ];
        Some(Named {
            texts,
            build: |texts| entra::app_role(texts[0], texts[1], texts[2]),
        })
    }

    /// Who got or lost a role of the application.
    fn principal(&self) -> Option<Cow<'d, str>> {
        let principals = self.targets().iter().skip(1);
        let mut principals = principals.filter(|one| one.get("type").text() == Some("ServicePrincipal"));
        self.value("ServicePrincipal.ObjectID")
            .or_else(|| principals.find_map(|one| one.get("id").text().map(Cow::Borrowed)))
    }

    /// A property of whichever object has it.
    fn value(&self, name: &str) -> Option<Cow<'d, str>> {
        let mut changes = self.targets().iter().map(Changes::of);
        changes.find_map(|changes| changes.value(name))
    }

    /// Each credential that was there before and is gone, or is new.
    fn credentials(&self) -> Vec<(Named<'d>, Says)> {
        let changed = self.targets().iter().map(|one| Changes::of(one).credentials());
        let told = changed.flat_map(|(removed, added)| {
            let removed = removed.into_iter().map(|id| (id, Says::Proof(Deleted)));
            let added = added.into_iter().map(|id| (id, Says::Problem(CredentialAdded)));
            removed.chain(added).collect::<Vec<_>>()
        });
        told.map(|(id, says)| {
            let named = Named {
                texts: vec![self.tenant.into(), id.into()],
                build: |texts| entra::credential(known(texts[0]), texts[1]),
            };
            (named, says)
        })
        .collect()
    }

    /// An account that was switched off or on; a service principal may have lost a credential too.
    fn switched(&self) -> Vec<(Named<'d>, Says)> {
        let told = self.targets().iter().filter_map(|one| {
            let says = match Changes::of(one).new_value("AccountEnabled")?.as_ref() {
                "false" => Says::Proof(Disabled),
                "true" => Says::Proof(Active),
                _ => return None,
            };
            Some((self.named(one), says))
        });
        let mut told: Vec<_> = told.collect();
        told.extend(self.credentials());
        told
    }

    fn draft(&self, rule: &'static str, named: Named<'d>, says: Says) -> Draft<'d> {
        let times = [
            self.body.get("activityDateTime"),
            self.json.get("time"),
            self.json.get("ActivityDateTime"),
            self.json.get("TimeGenerated"),
        ];
        let ids = [
            self.body.get("id"),
            self.json.get("Id"),
            self.json.get("correlationId"),
        ];
        let source = SourceOf {
            rule: rule.into(),
            reference: ids.into_iter().find_map(Json::text).unwrap_or_default().into(),
            ..SourceOf::default()
        };
        let draft = Draft {
            times: Times {
                observed_at: time::first_of(times),
                ..Times::default()
            },
            ..Draft::new(SubjectOf::Named(named), source)
        };
        match says {
            Says::Problem(issue_type) => draft.having(issue_type, rule),
            Says::Proof(statement) => draft.proving(statement),
            Says::ProofFor(statement, issue_type) => draft.proving_for(statement, issue_type),
            Says::Changes => draft,
        }
    }
}

fn by_type(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[tenant, kind, id, upn, app] = texts else {
        return Err(KeyError::Empty);
    };
    match (kind, id) {
        ("User", "") if upn.is_empty() => Err(KeyError::NotASubject),
        ("User", "") => entra::login(upn),
        ("User", id) => entra::user(known(tenant), id, known(upn)),
        ("ServicePrincipal", id) => entra::service_principal(known(tenant), id, known(app)),
        _ => Err(KeyError::NotASubject),
    }
}

fn directory_role(texts: &[&str]) -> Result<Resolved, KeyError> {
    entra::directory_role(known(texts[0]), texts[1], texts[2])
}

/// To be eligible outlives every activation, whose end must not speak for it.
fn eligible_role(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[tenant, principal, role] = texts else {
        return Err(KeyError::Empty);
    };
    let (scope, confidence) = match tenant {
        "" => (UNKNOWN_SCOPE, Confidence::Low),
        tenant => (tenant, Confidence::High),
    };
    let parts = [scope, principal, role];
    let key = SubjectKey::of(Class::Entitlement, "entra", "eligible-role", &parts, Case::Folded)?;
    let display = format!("eligibility of {principal} for directory role {role}");
    Ok(Resolved::new(key, &display, confidence).with_known("tenant", known(tenant)))
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
