//! What a decision is made from, and what it gives: the two sides of `Policy::triage`.

use reeve_domain::context::{Knowledge, Owners};
use reeve_domain::key::Subject;
use reeve_domain::observation::{Exposure, Frameworks, IssueType, Location, Validity};
use reeve_domain::priority::Priority;
use reeve_domain::task::{Action, EvidenceRequired, Explain, Path, Route};
use reeve_domain::time::Timestamp;

/// Everything a triage may look at, taken from the open causes of one task and from the inventories.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The subject of the task.
    pub subject: &'a Subject,
    /// What is wrong.
    pub issue_type: IssueType,
    /// The strongest statement about the credential that still stands: active beats unknown beats inactive, until evidence.
    pub validity: Validity,
    /// The widest exposure of the open causes.
    pub exposure: Exposure,
    /// The subject is a decoy.
    pub honeytoken: bool,
    /// A task of the same subject is a suspected compromise, or this one is.
    pub suspected_misuse: bool,
    /// A compensating control was proven (a gate passed, an approved exception's control).
    pub compensating_control: bool,
    /// Where it was last seen.
    pub location: Option<&'a Location>,
    /// A rotation guide the source named.
    pub guide_url: Option<&'a str>,
    /// Labels the findings carried.
    pub frameworks: &'a Frameworks,
    /// What inventories know; pending if they have not answered.
    pub knowledge: &'a Knowledge,
    /// The deadline's clock.
    pub first_detected_at: Timestamp,
    /// The last sign of the problem or of life.
    pub last_observed_at: Timestamp,
}

/// The decision: priority, owners, route, deadlines, path, with the receipt.
#[derive(Clone, Debug, PartialEq)]
pub struct Triage {
    /// Urgency with its arithmetic.
    pub priority: Priority,
    /// Inventory owners, completed by the fallbacks of `owners.yaml`.
    pub owners: Owners,
    /// Every inventory that covers the subject has answered, and none named an owner.
    pub ownerless: bool,
    /// Where it goes.
    pub route: Route,
    /// Stop the harm by.
    pub contain_by: Option<Timestamp>,
    /// Fix by.
    pub remediate_by: Timestamp,
    /// Which calendar the clock runs on.
    pub calendar: String,
    /// How it is to be fixed; gates at their initial status.
    pub path: Path,
    /// What to do.
    pub actions: Vec<Action>,
    /// What would prove it.
    pub evidence_required: Vec<EvidenceRequired>,
    /// Labels: the issue type's and the findings'.
    pub frameworks: Frameworks,
    /// The receipt.
    pub explain: Explain,
}
