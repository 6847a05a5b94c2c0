//! The accountable task: the body of every record on `tasks`, always the whole current state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::{Context, Enrichment, IdentityClass, Owners};
use crate::event::Actor;
use crate::key::{Link, Subject, SubjectKey};
use crate::observation::{
    EvidenceLevel, EvidenceScope, Frameworks, IssueType, Location, Statement, wire_enum,
};
use crate::priority::Priority;
use crate::time::Timestamp;

/// One task: one issue type of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Always `task`.
    pub kind: TaskKind,
    /// `t-` + base32(SHA-256(subject key | issue type))[..26], fixed at the first opening.
    pub task_id: String,
    /// Counts reopenings, from 1.
    pub cycle: u32,
    /// When the task first opened; with `revision` the version to upsert by.
    pub opened_at: Timestamp,
    /// Grows by one per record of this task.
    pub revision: u64,
    /// `task_id:revision`.
    pub idempotency_key: String,
    /// ≤ 255: what a ticket system dedupes by.
    pub dedup_key: String,
    /// What this record changed.
    pub change: Change,
    /// What it is about.
    pub subject: Subject,
    /// Other subjects it touches.
    pub related: Vec<Link>,
    /// What is wrong.
    pub issue_type: IssueType,
    /// The source findings behind it.
    pub causes: Vec<Cause>,
    /// How many more causes there are, which had no room in a record that a broker takes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub causes_left_out: u64,
    /// Labels of published lists.
    pub frameworks: Frameworks,
    /// Where it stands.
    pub state: TaskState,
    /// How it was closed.
    pub closure: Option<Closure>,
    /// When it was closed with proof.
    pub verified_at: Option<Timestamp>,
    /// One line for people.
    pub title: String,
    /// Urgency with its arithmetic.
    pub priority: Priority,
    /// Who answers.
    pub owners: Owners,
    /// Every inventory answered and none knows an owner.
    pub ownerless: bool,
    /// Since when it is ownerless.
    pub ownerless_since: Option<Timestamp>,
    /// Where it is sent.
    pub route: Route,
    /// Where it was sent before.
    pub previous_route: Option<Route>,
    /// Until when.
    pub deadlines: Deadlines,
    /// Who has been told.
    pub escalation: Escalation,
    /// Why the resolver cannot go on.
    pub blocked: Option<Blocked>,
    /// How it is to be fixed, by identity class.
    pub path: Path,
    /// What to do.
    pub actions: Vec<Action>,
    /// What would prove it.
    pub evidence_required: Vec<EvidenceRequired>,
    /// What was proven.
    pub evidence: Vec<EvidenceEntry>,
    /// What was said.
    pub claims: Vec<ClaimEntry>,
    /// What inventories know.
    pub context: Context,
    /// Whether they have answered.
    pub enrichment: Enrichment,
    /// Since when it could have been seen: shown only.
    pub exposed_since: Option<Timestamp>,
    /// The deadline's clock.
    pub first_detected_at: Timestamp,
    /// When somebody first acknowledged it in this cycle.
    pub acknowledged_at: Option<Timestamp>,
    /// When somebody first claimed it fixed in this cycle.
    pub claimed_at: Option<Timestamp>,
    /// How often it was seen.
    pub sightings: Sightings,
    /// The exception that covers it.
    pub exception: Option<ExceptionRef>,
    /// The task it was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// The decision receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
    /// Hash of the configuration that decided.
    pub config_sha256: String,
}

/// The constant `kind` of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TaskKind {
    Task,
}

wire_enum! {
    /// What a record on `tasks` changed.
    Change {
        /// First opened.
        Opened = "opened",
        /// Context, priority, owner, route or deadlines changed.
        Updated = "updated",
        /// Somebody has it.
        Acknowledged = "acknowledged",
        /// Somebody says it is fixed.
        Claimed = "claimed",
        /// It goes to somebody else.
        Reassigned = "reassigned",
        /// A step of the ladder was taken.
        Escalated = "escalated",
        /// Proven closed.
        Verified = "verified",
        /// Still closed after the sustain period.
        Sustained = "sustained",
        /// Seen again after it was proven closed.
        Reopened = "reopened",
        /// Covered by an exception.
        Excepted = "excepted",
        /// Not a problem at all, with reason and expiry.
        FalsePositive = "false_positive",
        /// It lives on as another task.
        Merged = "merged",
        /// It is its own task again.
        Unmerged = "unmerged",
    }
}

wire_enum! {
    /// Where a task stands.
    TaskState {
        /// Nobody has reacted.
        Open = "open",
        /// Somebody has it.
        Acknowledged = "acknowledged",
        /// Somebody says it is fixed: still open.
        Claimed = "claimed",
        /// Proven closed.
        Verified = "verified",
        /// Proven closed and still so after the sustain period.
        Sustained = "sustained",
        /// Covered by an exception until it expires.
        Excepted = "excepted",
        /// Not a problem, until new evidence or expiry.
        FalsePositive = "false_positive",
        /// It lives on as another task.
        Merged = "merged",
    }
}

impl TaskState {
    /// Open means open, acknowledged or claimed.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged | Self::Claimed)
    }
}

wire_enum! {
    /// How a task was closed.
    Closure {
        /// By evidence of a machine.
        Verified = "verified",
        /// By a document and a reviewer, where no machine evidence can exist.
        Attested = "attested",
    }
}

/// One source finding behind a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// Format id.
    pub format: String,
    /// Rule, control or detector.
    pub rule: String,
    /// The source's own id.
    pub reference: String,
    /// Where.
    pub location: Location,
    /// The first report.
    pub first_detected_at: Timestamp,
    /// The latest report.
    pub observed_at: Timestamp,
    /// Evidence id that cleared it; none while it is open.
    pub cleared_by: Option<String>,
}

/// Where a task is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// The name of the rule that matched.
    pub rule: String,
    /// The consumer's filter (`ce_queue`).
    pub queue: String,
    /// `ticket`, `page`, `chat`, `mail`, …
    pub channel: String,
    /// Whom it reaches there: an owner's reference or contact.
    pub target: String,
}

/// Until when, and who is told next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deadlines {
    /// Stop the harm by.
    pub contain_by: Option<Timestamp>,
    /// Fix by.
    pub remediate_by: Timestamp,
    /// Which calendar the clock runs on: `wall` or a name.
    pub calendar: String,
    /// The next step of the ladder.
    pub next_escalation_at: Option<Timestamp>,
    /// Why the clock stands.
    pub paused: Option<Paused>,
}

/// A clock that stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Paused {
    /// `awaiting_business_approval` or `awaiting_vendor`.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// The ladder so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Escalation {
    /// How many rungs were climbed.
    pub level: u32,
    /// Each once.
    pub history: Vec<EscalationStep>,
}

/// One step of the ladder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EscalationStep {
    /// Which step, e.g. `remediate_50`, `remediate_100`, `overdue+24h`, `blocked`, `ownerless_50`, `claimed_without_evidence`, `older_than`.
    pub step: String,
    /// The level reached.
    pub level: u32,
    /// Who is told: resolver, control_owner, business_owner, executive.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

/// The resolver cannot go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// Why.
    pub reason: BlockedReason,
    /// Since when.
    pub since: Timestamp,
}

wire_enum! {
    /// Why a resolver cannot go on.
    BlockedReason {
        /// Embedded in code or a pipeline.
        Embedded = "embedded",
        /// No authority to act.
        NoAuthority = "no_authority",
        /// No resources.
        Resources = "resources",
        /// A contract forbids it.
        Contract = "contract",
    }
}

/// How the task is to be fixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// Which path.
    pub class: IdentityClass,
    /// The phase it is in.
    pub phase: String,
    /// All phases, in order.
    pub phases: Vec<String>,
    /// What has to be passed.
    pub gates: Vec<Gate>,
}

/// Something that has to be passed before the next phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// `business_approval`, `vendor_contact`, `pre_checks`, `attestations`, `change_window`, `jit_capable`, …
    pub name: String,
    /// Where it stands.
    pub status: GateStatus,
}

wire_enum! {
    /// Where a gate stands.
    GateStatus {
        /// Must be passed, nobody has asked yet.
        Required = "required",
        /// Asked for.
        Requested = "requested",
        /// Passed.
        Passed = "passed",
        /// Denied.
        Denied = "denied",
        /// Does not apply here.
        NotRequired = "not_required",
    }
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// `revoke`, `rotate`, `disable`, `delete`, `reduce_privilege`, `assign_owner`, `remove_from_source`, …
    pub action: String,
    /// The object to act on (display of the subject).
    pub target: String,
    /// E.g. `two_key_overlap`, `owner_regenerates`.
    pub method: String,
    /// `full`, `partial`, `manual`.
    pub automation: String,
    /// In order.
    pub steps: Vec<String>,
    /// A guide.
    pub guide_url: Option<String>,
    /// What to check first.
    pub pre_checks: Vec<PreCheck>,
}

/// One thing to check before acting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreCheck {
    /// `batch_jobs`, `scheduled_tasks`, `incident_tooling`.
    pub name: String,
    /// Unknown is not safe.
    pub result: PreCheckResult,
}

wire_enum! {
    /// The result of a check: does something depend on it there?
    PreCheckResult {
        /// Yes, something depends on it.
        Yes = "yes",
        /// No.
        No = "no",
        /// Nobody has looked.
        Unknown = "unknown",
    }
}

/// What would prove one action done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceRequired {
    /// The action.
    pub action: String,
    /// Any of these statements at these levels, in words: `E2 deleted`, `E3 inactive ×2`, `attested`.
    pub any_of: Vec<String>,
}

/// Evidence that was received for this task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceEntry {
    /// Its id.
    pub evidence_id: String,
    /// What it says.
    pub statement: Statement,
    /// Of what.
    pub scope: EvidenceScope,
    /// The level reeve gave it.
    pub level: EvidenceLevel,
    /// Format or actor.
    pub source: String,
    /// The source's reference.
    pub reference: String,
    /// When it was so.
    pub observed_at: Timestamp,
    /// Whether it counted, and if not, why.
    pub accepted: bool,
    /// Why it did not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// A statement of a person or tool about the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimEntry {
    /// The event.
    pub event_id: String,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// A note, cleaned and bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The second person it names: who reviewed, who agrees that it is no problem, who asked for an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

/// How often and where it was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sightings {
    /// Findings consumed for this subject and issue type, each once.
    pub count: u64,
    /// The earliest `observed_at`.
    pub first: Timestamp,
    /// The latest `observed_at`.
    pub last: Timestamp,
    /// Format ids that reported it.
    pub sources: Vec<String>,
    /// ≤ 5 places.
    pub samples: Vec<Location>,
}

/// The exception that covers a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExceptionRef {
    /// Its id.
    pub id: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The decision receipt: enough to add it up by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explain {
    /// Each inventory and what it answered, in words.
    pub inventories: Vec<String>,
    /// How the resolver was found, step by step.
    pub owner: Vec<String>,
    /// Each route tried, with its first failing matcher; the last one matched.
    pub routes: Vec<RouteTried>,
    /// The score as arithmetic, e.g. `20 + 12 + … = 74 of 100 → 74`.
    pub score: String,
    /// Rules that raised or held the band, in words.
    pub band: Vec<String>,
    /// The deadline as arithmetic.
    pub deadline: String,
    /// Why this path.
    pub path: String,
}

/// One route that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteTried {
    /// Its name.
    pub route: String,
    /// The first matcher that failed, e.g. `environment: production ≠ staging`; none if it matched.
    pub failed: Option<String>,
}

impl Task {
    /// The deterministic id of the task of `issue` for the subject `key`.
    pub fn id_of(key: &SubjectKey, issue: IssueType) -> String {
        use sha2::{Digest, Sha256};
        let hash = Sha256::new()
            .chain_update(key.as_str())
            .chain_update("|")
            .chain_update(issue.as_str())
            .finalize();
        let mut text = data_encoding::BASE32_NOPAD.encode(&hash).to_ascii_lowercase();
        text.truncate(26);
        format!("t-{text}")
    }

    /// The CloudEvents type of this record.
    pub fn ce_type(&self) -> String {
        format!("io.reeve.task.{}.v1", self.change)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
