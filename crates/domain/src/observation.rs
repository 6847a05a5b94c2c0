//! What a normalised alert says: a finding (a problem), evidence (a proof or a sign of life), or a receipt (a scan ran).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::key::{Alias, Link, Subject};
use crate::time::Timestamp;

/// A record of `findings`; the body names its own kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observation {
    /// Something is wrong with a subject.
    Finding(Box<Finding>),
    /// Something was proven, or claimed by a machine, about a subject.
    Evidence(Box<Evidence>),
    /// A scan with a scope ran.
    Receipt(Box<Receipt>),
}

impl Observation {
    /// The CloudEvents type of the record.
    pub const fn ce_type(&self) -> &'static str {
        match self {
            Self::Finding(_) => "io.reeve.finding.v1",
            Self::Evidence(_) => "io.reeve.evidence.v1",
            Self::Receipt(_) => "io.reeve.receipt.v1",
        }
    }

    /// The subject it speaks of; a receipt has none.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Finding(finding) => Some(&finding.subject),
            Self::Evidence(evidence) => Some(&evidence.subject),
            Self::Receipt(_) => None,
        }
    }
}

/// One problem of one subject, as one scanner result reported it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Deterministic: subject key + issue type + source finding.
    pub finding_id: String,
    /// Version of the key grammar.
    pub key_version: u32,
    /// What it is about.
    pub subject: Subject,
    /// Other keys of the same subject.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// Keys of other subjects it touches.
    #[serde(default)]
    pub links: Vec<Link>,
    /// What is wrong.
    pub issue_type: IssueType,
    /// One line for people: no secret, no control characters, ≤ 256 characters.
    pub title: String,
    /// Whether the credential works, as far as the source could tell.
    pub validity: Validity,
    /// Who could have seen it.
    pub exposure: Exposure,
    /// The source's own severity: shown, never scored.
    pub source_severity: SourceSeverity,
    /// Who reported it.
    pub source: Source,
    /// Where it was found.
    pub location: Location,
    /// A decoy: investigate, never rotate.
    #[serde(default)]
    pub honeytoken: bool,
    /// Labels of published lists.
    #[serde(default)]
    pub frameworks: Frameworks,
    /// Since when it could have been seen (commit date, creation): shown only.
    pub exposed_since: Option<Timestamp>,
    /// The first scanner report, else the broker's time: the deadline's clock.
    pub first_detected_at: Timestamp,
    /// This report, else the broker's time: what decides a reopening.
    pub observed_at: Timestamp,
    /// Where `observed_at` came from.
    pub time_quality: TimeQuality,
    /// What was scrubbed.
    pub redaction: Redaction,
    /// The record it came from.
    pub provenance: Provenance,
}

/// A statement of a machine about one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Deterministic: subject key + statement + source event.
    pub evidence_id: String,
    /// Version of the key grammar.
    pub key_version: u32,
    /// What it is about.
    pub subject: Subject,
    /// Other keys of the same subject.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// What is said.
    pub statement: Statement,
    /// Of what it is said.
    pub scope: EvidenceScope,
    /// How far it can be trusted; set by reeve from `config/evidence.yaml`, never by a sender.
    pub level: EvidenceLevel,
    /// Who said it.
    pub source: Source,
    /// When it was so.
    pub observed_at: Timestamp,
    /// Where `observed_at` came from.
    pub time_quality: TimeQuality,
    /// The source's action failed (`errorCode`): it proves nothing.
    #[serde(default)]
    pub errored: bool,
    /// The record it came from.
    pub provenance: Provenance,
}

/// A scan with a scope ran to its end, also when it found nothing. It follows the findings of its report, which carry
/// the same provenance but for `index`; what an earlier scan of an equal scope showed and this one does not is proven
/// to be removed from its source, if the scope is `complete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// What was covered.
    pub scope: ReceiptScope,
    /// When it ran.
    pub observed_at: Timestamp,
    /// Who ran it.
    pub source: Source,
    /// The record it came from.
    pub provenance: Provenance,
}

/// What a scan covered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptScope {
    /// `repository`, `account`, `cluster`, …
    pub kind: String,
    /// Its identity within the kind.
    pub id: String,
    /// Names the rules that ran, the same text for the same rules; empty if unknown, and then it proves nothing.
    pub ruleset: String,
    /// Branch, tag or commit.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether the source says that nothing was left out.
    pub complete: bool,
}

macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire, in configuration and in metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of that exact name.
            pub fn named(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use wire_enum;

wire_enum! {
    /// What is wrong with a subject. A closed list (policy §1).
    IssueType {
        /// A secret lies where it must not.
        SecretExposed = "secret_exposed",
        /// A credential older than its rotation rule, long-lived ones included.
        CredentialNotRotated = "credential_not_rotated",
        /// A credential nobody uses.
        CredentialUnused = "credential_unused",
        /// One credential for several purposes.
        CredentialReused = "credential_reused",
        /// An identity without an owner.
        IdentityOrphaned = "identity_orphaned",
        /// An identity nobody uses.
        IdentityDormant = "identity_dormant",
        /// More rights than needed: admin, an escalation path.
        OverPrivileged = "over_privileged",
        /// A right nobody uses.
        PermissionUnused = "permission_unused",
        /// A right of someone outside, or of everyone.
        ExternalAccess = "external_access",
        /// A trust in a federation that lets too many in.
        InsecureFederation = "insecure_federation",
        /// No second factor, a legacy protocol, a weak password policy.
        WeakAuthentication = "weak_authentication",
        /// One identity in several environments.
        CrossEnvironmentUse = "cross_environment_use",
        /// A vendor's application or connection.
        ThirdPartyRisk = "third_party_risk",
        /// A person using a non-human identity.
        HumanUse = "human_use",
        /// Someone else seems to be using it.
        SuspectedCompromise = "suspected_compromise",
        /// A new credential nobody announced.
        CredentialAdded = "credential_added",
        /// A decoy was touched.
        HoneytokenTriggered = "honeytoken_triggered",
        /// The root or break-glass identity was used or has keys.
        RootUse = "root_use",
        /// An access review overdue or found false.
        AccessUnreviewed = "access_unreviewed",
    }
}

wire_enum! {
    /// Whether a credential works.
    Validity {
        /// Verified live.
        Active = "active",
        /// Verified dead, by its provider or by a live → not live change.
        Inactive = "inactive",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// Who could have seen it.
    Exposure {
        /// Everyone.
        Public = "public",
        /// A vendor, a chat.
        ThirdParty = "third_party",
        /// The whole company.
        Internal = "internal",
        /// A group.
        Private = "private",
        /// One machine.
        Local = "local",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What evidence says about its subject.
    Statement {
        /// It cannot be used any more, and could be enabled again.
        Disabled = "disabled",
        /// It no longer exists.
        Deleted = "deleted",
        /// A new credential has replaced it and the old one is gone.
        Rotated = "rotated",
        /// The right is gone or smaller; the rule passes now.
        PrivilegeReduced = "privilege_reduced",
        /// It no longer lies where it was found.
        RemovedFromSource = "removed_from_source",
        /// It has an owner now.
        OwnerAssigned = "owner_assigned",
        /// The credential does not work.
        Inactive = "inactive",
        /// The credential works: a sign of life.
        Active = "active",
        /// It was used: a sign of life.
        Used = "used",
    }
}

wire_enum! {
    /// How far evidence can be trusted (policy §3); E1 is the strongest.
    EvidenceLevel {
        /// Authoritative state, read now.
        E1 = "E1",
        /// A provider's audit event that names the object.
        E2 = "E2",
        /// A scanner's or provider's verification.
        E3 = "E3",
        /// A person's word.
        E4 = "E4",
    }
}

wire_enum! {
    /// Where a time came from.
    TimeQuality {
        /// From the alert itself.
        Source = "source",
        /// The alert had none that could be used: the broker's.
        Broker = "broker",
    }
}

/// What evidence speaks of: the whole subject, or one rule of one control.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", from = "String")]
#[schemars(with = "String")]
pub enum EvidenceScope {
    /// All causes of the subject.
    WholeSubject,
    /// Only the causes of this rule.
    Rule(String),
}

impl From<EvidenceScope> for String {
    fn from(scope: EvidenceScope) -> Self {
        match scope {
            EvidenceScope::WholeSubject => "whole_subject".to_owned(),
            EvidenceScope::Rule(rule) => rule,
        }
    }
}

impl From<String> for EvidenceScope {
    fn from(text: String) -> Self {
        if text == "whole_subject" {
            Self::WholeSubject
        } else {
            Self::Rule(text)
        }
    }
}

/// The source's severity as it wrote it and on reeve's scale of 0–100 (`formats.md` §5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceSeverity {
    /// As the source wrote it; `unknown` if it did not.
    pub label: String,
    /// critical 90, high 70, medium 50, low 30, info 10, unknown 40.
    pub score: u8,
}

impl Default for SourceSeverity {
    fn default() -> Self {
        Self {
            label: "unknown".to_owned(),
            score: 40,
        }
    }
}

/// Who reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The format id, e.g. `gitleaks-v8`.
    pub format: String,
    /// The product that found it, e.g. `gitleaks`, `Prowler`.
    pub tool: String,
    /// The rule, control or detector.
    pub rule: String,
    /// The source's own id of the finding, scrubbed: a reference, not an identity.
    pub reference: String,
    /// A page about it, without userinfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where it was found; every field scrubbed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Location {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Labels of published lists, from `config/issues.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frameworks {
    /// OWASP NHI Top 10, e.g. `NHI2:2025`.
    #[serde(default)]
    pub owasp_nhi: Vec<String>,
    /// NIST CSF 2.0, e.g. `PR.AA-05`.
    #[serde(default)]
    pub nist_csf: Vec<String>,
    /// MITRE ATT&CK, e.g. `T1552.001`.
    #[serde(default)]
    pub attack: Vec<String>,
}

/// What the scrubber did to this observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redaction {
    /// Version of the scrubber's rules.
    pub version: u32,
    /// Places that were replaced.
    pub count: u32,
}

/// The record an observation came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Topic coordinates or file.
    #[serde(flatten)]
    pub origin: crate::alert::Origin,
    /// Which result of the record, from 0; unique among the observations of one kind.
    pub index: u32,
    /// Version of the format's reader.
    pub format_version: u32,
}
