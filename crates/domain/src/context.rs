//! What inventories know of a subject, field by field with source and age.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observation::wire_enum;
use crate::time::Timestamp;

/// Everything the inventories said about one subject, merged by precedence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Knowledge {
    /// Facts about the subject and what it belongs to.
    pub context: Context,
    /// Who answers for it.
    pub owners: Owners,
    /// Whether every inventory that covers the subject has answered.
    pub enrichment: Enrichment,
}

impl Knowledge {
    /// True only if every inventory asked has answered and none gave an owner.
    pub fn is_ownerless(&self) -> bool {
        self.enrichment.status == EnrichmentStatus::Complete
            && !self.context.sources.is_empty()
            && self.owners.resolver.is_none()
    }
}

/// Facts about a subject; `None` means that no inventory said so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Context {
    pub application: Option<String>,
    pub business_process: Option<String>,
    pub system: Option<String>,
    pub environment: Option<Environment>,
    pub criticality: Option<Criticality>,
    pub data_classification: Option<String>,
    pub identity_class: Option<IdentityClass>,
    pub privilege: Option<Privilege>,
    pub dependents: Dependents,
    pub rotation: Rotation,
    pub last_used_at: Option<Timestamp>,
    pub vendor: Option<Vendor>,
    /// Free labels that routes may match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Field name (e.g. `environment`, `owners.resolver`) → where it came from and when it was so.
    #[serde(default)]
    pub provenance: BTreeMap<String, FieldSource>,
    /// What each inventory answered.
    #[serde(default)]
    pub sources: Vec<SourceAnswer>,
}

/// Where one field came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldSource {
    /// The inventory's configured name, or `finding` where the alert itself said so.
    pub source: String,
    /// When it was so.
    pub as_of: Timestamp,
}

/// What one inventory answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceAnswer {
    /// Its configured name.
    pub inventory: String,
    /// When the answer was made; none if there was no answer.
    pub as_of: Option<Timestamp>,
    /// What kind of answer.
    pub status: SourceStatus,
}

wire_enum! {
    /// What kind of answer an inventory gave.
    SourceStatus {
        /// It knows the subject.
        Ok = "ok",
        /// It knows that it does not know the subject.
        Absent = "absent",
        /// An older answer, because it does not answer now.
        Stale = "stale",
        /// Nothing within the deadline.
        Timeout = "timeout",
        /// No connection.
        Unreachable = "unreachable",
        /// Its rate limit, or ours, forbids to ask now.
        Limited = "limited",
        /// It does not let us ask (401, 403), or the address is not allowed.
        Refused = "refused",
        /// It said something that is no answer (500, garbage, too large, a redirect).
        Invalid = "invalid",
    }
}

impl SourceStatus {
    /// Whether this is an answer at all.
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Ok | Self::Absent | Self::Stale)
    }
}

/// Whether the inventories have answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enrichment {
    /// complete: all asked have answered (also when none had to be asked); partial: some; pending: none.
    pub status: EnrichmentStatus,
    /// Inventories that have not answered.
    #[serde(default)]
    pub missing: Vec<String>,
}

impl Default for Enrichment {
    fn default() -> Self {
        Self {
            status: EnrichmentStatus::Complete,
            missing: Vec::new(),
        }
    }
}

wire_enum! {
    /// Whether the inventories have answered.
    EnrichmentStatus {
        /// Every inventory asked has answered.
        Complete = "complete",
        /// Some have.
        Partial = "partial",
        /// None has.
        Pending = "pending",
    }
}

/// The five who answer for a subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Owners {
    /// The accountable owner of the outcome.
    pub business: Option<Owner>,
    /// The control owner, who executes.
    pub resolver: Option<Owner>,
    /// Who may grant an exception.
    pub exception: Option<Owner>,
    /// Who answers for the outcome metric.
    pub executive: Option<Owner>,
    /// Who can technically revoke, if that is somebody else.
    pub can_revoke: Option<Owner>,
}

/// One owner with the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// `team`, `user`, `group`, `queue`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Stable reference, e.g. `team/payments`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// For people.
    pub name: Option<String>,
    /// Mail address, channel or page.
    pub contact: Option<String>,
    /// Which inventory (or `CODEOWNERS`, `owners.yaml`) said so.
    #[serde(default)]
    pub source: String,
    /// Which rule of it: a pattern, a fallback's name, the field.
    #[serde(default)]
    pub rule: String,
    /// How sure: `high` explicit, `medium` derived, `low` suggested, `none` fallback.
    #[serde(default)]
    pub confidence: OwnerConfidence,
    /// When it was so.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
}

/// How sure an owner is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum OwnerConfidence {
    #[default]
    High,
    Medium,
    Low,
    None,
}

/// What breaks if it is revoked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dependents {
    /// How many, if known.
    pub count: Option<u64>,
    /// Whether an inventory answered the question.
    pub known: bool,
    /// A few names.
    #[serde(default)]
    pub sample: Vec<String>,
}

/// How it is rotated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rotation {
    /// E.g. `secrets_manager`, `two_key_overlap`.
    pub method: Option<String>,
    /// Last time.
    pub last_rotated_at: Option<Timestamp>,
    /// Documented expiry.
    pub expires_at: Option<Timestamp>,
}

/// The third party behind it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Vendor {
    pub name: Option<String>,
    pub contact: Option<String>,
    /// Hours the contract gives the vendor to act.
    pub contract_hours: Option<u64>,
    /// The clause or contract reference.
    pub contract: Option<String>,
}

wire_enum! {
    /// Where the subject lives.
    Environment {
        /// Production.
        Production = "production",
        /// CI or shared platforms.
        Shared = "shared",
        /// Staging, test.
        Staging = "staging",
        /// Development, sandbox.
        Development = "development",
        /// Not known.
        Unknown = "unknown",
    }
}

impl Environment {
    /// What inventories write, folded: `prd`, `prod`, `live`, `uat`, `ci`, …; anything else is unknown.
    pub fn folded(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "production" | "prod" | "prd" | "live" | "p" => Self::Production,
            "shared" | "ci" | "cicd" | "ci/cd" | "build" | "platform" | "tools" => Self::Shared,
            "staging" | "stage" | "stg" | "uat" | "preprod" | "pre-prod" | "pre-production" | "test"
            | "qa" | "integration" => Self::Staging,
            "development" | "dev" | "sandbox" | "lab" | "local" => Self::Development,
            _ => Self::Unknown,
        }
    }
}

wire_enum! {
    /// How much the business depends on it.
    Criticality {
        /// The business stops without it.
        Tier1 = "tier1",
        /// Important.
        Tier2 = "tier2",
        /// Anything else that is known.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

impl Criticality {
    /// What inventories write, folded; any other non-empty word is `other`.
    pub fn folded(text: &str) -> Self {
        match text
            .trim()
            .to_ascii_lowercase()
            .replace([' ', '-', '_'], "")
            .as_str()
        {
            "" | "unknown" => Self::Unknown,
            "tier1" | "tier0" | "1" | "0" | "critical" | "mostcritical" | "missioncritical"
            | "businesscritical" => Self::Tier1,
            "tier2" | "2" | "high" | "important" | "somewhatcritical" => Self::Tier2,
            _ => Self::Other,
        }
    }
}

wire_enum! {
    /// What kind of identity is behind the subject: it decides the path.
    IdentityClass {
        /// A workload's own identity.
        Machine = "machine",
        /// Several people or jobs share it.
        SharedServiceAccount = "shared_service_account",
        /// A vendor or an OAuth application.
        ThirdParty = "third_party",
        /// Unused, with privileges.
        DormantPrivileged = "dormant_privileged",
        /// A platform many applications stand on.
        SharedPlatform = "shared_platform",
        /// A pipeline, connector or regulated system.
        Pipeline = "pipeline",
        /// A person.
        Human = "human",
        /// Not known: the stricter path.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// How much the subject may do.
    Privilege {
        /// Everything: admin, root, tenant-wide.
        Total = "total",
        /// Can make itself admin.
        EscalationPath = "escalation_path",
        /// Can change sensitive things.
        WriteSensitive = "write_sensitive",
        /// Can read sensitive things.
        ReadSensitive = "read_sensitive",
        /// Little.
        Limited = "limited",
        /// Not known.
        Unknown = "unknown",
    }
}

impl Privilege {
    /// What inventories write, folded.
    pub fn folded(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
            "total" | "admin" | "administrator" | "root" | "owner" | "full" | "tenant_admin" => Self::Total,
            "escalation_path" | "privesc" | "privesc_path" | "privilege_escalation" => Self::EscalationPath,
            "write_sensitive" | "write" | "high" => Self::WriteSensitive,
            "read_sensitive" | "read" | "medium" => Self::ReadSensitive,
            "limited" | "low" | "none" => Self::Limited,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_never_makes_a_subject_ownerless() {
        let mut known = Knowledge::default();
        known.context.sources.push(SourceAnswer {
            inventory: "cmdb".into(),
            as_of: None,
            status: SourceStatus::Timeout,
        });
        known.enrichment = Enrichment {
            status: EnrichmentStatus::Pending,
            missing: vec!["cmdb".into()],
        };
        assert!(!known.is_ownerless());
        known.context.sources[0].status = SourceStatus::Absent;
        known.enrichment = Enrichment::default();
        assert!(known.is_ownerless());
    }

    #[test]
    fn words_of_inventories_are_folded() {
        assert_eq!(Environment::folded("PRD"), Environment::Production);
        assert_eq!(Criticality::folded("Tier-1"), Criticality::Tier1);
        assert_eq!(Privilege::folded("Admin"), Privilege::Total);
    }
}
