//! What partitions tell each other about subjects with several keys.
//!
//! A case that learns another key of its subject sends a `link`, keyed by that other key. The case that stands there
//! hands over what it knows in `merge` events, keyed by the main key, and passes on what comes later as `sighting`
//! events. `unmerge` (keyed by the main key) and `unlink` (keyed by the alias) take it apart again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::SubjectKey;
use crate::observation::{Evidence, Finding, IssueType, Receipt};
use crate::task::{Escalation, TaskState};
use crate::time::Timestamp;

/// The alias (the event's subject) is this subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkBody {
    /// The key under which the subject's case lives.
    pub main: SubjectKey,
    /// Its other strong aliases: who already belongs to one of them belongs to it too.
    #[serde(default)]
    pub also: Vec<SubjectKey>,
}

/// The alias (the event's subject) is a subject of its own again. A person asks for it; the case of `main` grants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnlinkBody {
    /// The key it belonged to.
    pub main: SubjectKey,
    /// How far the records of its tasks have come meanwhile.
    #[serde(default)]
    pub tasks: Vec<TaskName>,
}

/// A task's name and how far its records have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct TaskName {
    pub issue_type: IssueType,
    pub task_id: String,
    pub opened_at: Timestamp,
    pub revision: u64,
}

/// What a case hands over to the one that goes on: the tasks it had told of, and all facts behind them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergeBody {
    /// The key the facts came under.
    pub from: SubjectKey,
    /// The redirect that sends them: `from`, or one that `from` belonged to before.
    pub through: SubjectKey,
    /// How often `through` was linked; a merge of an earlier time than the last un-merge is void.
    pub generation: u32,
    /// Sightings of `from` up to this number are among the facts.
    pub sequence: u64,
    /// The tasks that were told of; the one that was opened first lives on.
    #[serde(default)]
    pub tasks: Vec<HandedTask>,
    /// The facts as the ledger writes them: nothing outside may depend on their shape.
    pub facts: Value,
}

/// A task that is handed over: its name, its clock and how often it was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HandedTask {
    pub issue_type: IssueType,
    pub task_id: String,
    pub opened_at: Timestamp,
    pub revision: u64,
    /// Before it was merged.
    pub state: TaskState,
    pub cycle: u32,
    pub escalation: Escalation,
    pub first_detected_at: Timestamp,
    pub sightings: u64,
    pub last_seen: Timestamp,
}

/// The subject gives back what came under another key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmergeBody {
    /// The key whose facts leave.
    pub from: SubjectKey,
    /// Of which linking it speaks; none: the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

/// An observation that came under an alias: a finding, evidence or a receipt, one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SightingBody {
    /// The key it came under.
    pub from: SubjectKey,
    /// How often it was sent on; at most 3.
    pub hops: u32,
    /// The redirect that sent it last.
    pub through: SubjectKey,
    /// How often `through` was linked.
    pub generation: u32,
    /// Counts what the key it came under has sent on, from 1: the same number is the same observation.
    pub sequence: u64,
    /// The finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Box<Finding>>,
    /// The evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// The receipt of a scan that had shown it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Box<Receipt>>,
}

impl SightingBody {
    /// Whether it carries one observation, and no more.
    pub(super) fn is_one(&self) -> bool {
        let carried = [
            self.finding.is_some(),
            self.evidence.is_some(),
            self.receipt.is_some(),
        ];
        carried.iter().filter(|carried| **carried).count() == 1
    }
}
