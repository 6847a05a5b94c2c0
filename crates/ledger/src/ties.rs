//! What joins cases of one subject: the redirect of an alias, the aliases a case claims, and the facts that came under
//! other keys, kept apart so that they can leave again.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::key::SubjectKey;
use reeve_domain::observation::IssueType;
use reeve_domain::task::{Escalation, Task, TaskState};
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::{Case, subject_of};

/// Numbers that may arrive ahead of a gap.
const AHEAD_MAX: usize = 256;

/// How a case hangs together with the cases of its subject's other keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ties {
    /// The key its subject lives under; then this case is a redirect and tells nobody anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) main: Option<SubjectKey>,
    /// How often it was linked.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) generation: u32,
    /// Observations it has sent on.
    pub(crate) sent: u64,
    /// Keys a person has parted it from: their claim no longer counts.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) apart: BTreeSet<SubjectKey>,
    /// Aliases it has claimed, and when last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) claimed: BTreeMap<SubjectKey, Timestamp>,
    /// Facts by the key they came under, its own among them; empty while all came under its own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) shares: BTreeMap<SubjectKey, Share>,
    /// Redirects that were parted, and the last linking of each that is over.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) parted: BTreeMap<SubjectKey, u32>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The facts that came under one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// As a case of that key would hold them; its tasks are not among them.
    pub(crate) facts: Box<Case>,
    /// The tasks that were told of under that key.
    pub(crate) names: BTreeMap<IssueType, Name>,
    /// Which of the key's observations are among the facts.
    pub(crate) seen: Numbers,
    /// The redirect that sends them.
    pub(crate) through: SubjectKey,
    /// That redirect's linking.
    pub(crate) generation: u32,
    /// The keys it was sent on from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) path: Vec<SubjectKey>,
}

impl Share {
    /// A share without facts yet.
    pub(crate) fn new(
        origin: &SubjectKey,
        (through, generation): (&SubjectKey, u32),
        now: Timestamp,
    ) -> Self {
        Self {
            facts: Box::new(Case::new(subject_of(origin), 0, now)),
            names: BTreeMap::new(),
            seen: Numbers::default(),
            through: through.clone(),
            generation,
            path: Vec::new(),
        }
    }
}

/// A task's name and how it stood when another went on in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Name {
    pub(crate) task_id: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) revision: u64,
    pub(crate) state: TaskState,
    pub(crate) cycle: u32,
    pub(crate) escalation: Escalation,
}

impl Name {
    /// Of a task as it stands.
    pub(crate) fn of(task: &Task) -> Self {
        Self {
            task_id: task.task_id.clone(),
            opened_at: task.opened_at,
            revision: task.revision,
            state: task.state,
            cycle: task.cycle,
            escalation: task.escalation.clone(),
        }
    }
}

/// Numbers that were seen, each once: all up to one, and some ahead of a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    /// All numbers up to this one were seen.
    pub(crate) until: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    ahead: BTreeSet<u64>,
}

impl Numbers {
    /// All numbers up to `until`.
    pub(crate) const fn until(until: u64) -> Self {
        Self {
            until,
            ahead: BTreeSet::new(),
        }
    }

    /// Whether `number` was seen.
    pub(crate) fn contains(&self, number: u64) -> bool {
        number <= self.until || self.ahead.contains(&number)
    }

    /// Adds `number`. With too many ahead of a gap, the gap is given up.
    pub(crate) fn add(&mut self, number: u64) {
        if !self.contains(number) {
            self.ahead.insert(number);
        }
        while self.ahead.first() == Some(&(self.until + 1)) || self.ahead.len() > AHEAD_MAX {
            self.until = self.ahead.pop_first().unwrap_or(self.until);
        }
    }
}

impl Ties {
    /// Whether the case is alone under its key.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a redirect's linking is over, so that what it sent then no longer counts.
    pub(crate) fn is_void(&self, through: &SubjectKey, generation: u32) -> bool {
        self.parted.get(through).is_some_and(|last| generation <= *last)
    }
}

impl Case {
    /// The key its subject lives under, if this case is only a redirect.
    pub fn redirected_to(&self) -> Option<&SubjectKey> {
        self.ties.main.as_ref()
    }

    /// What came under its own key, where that is kept apart.
    pub(crate) fn own_share(&mut self) -> Option<&mut Share> {
        self.ties.shares.get_mut(&self.subject.key)
    }

    /// The task of `issue` that was opened first, under whatever key.
    pub(crate) fn first_name(&self, issue: IssueType) -> Option<Name> {
        let names = self
            .ties
            .shares
            .values()
            .filter_map(|share| share.names.get(&issue));
        names
            .min_by_key(|name| (name.opened_at, name.task_id.clone()))
            .cloned()
    }

    /// Whether `task_id` ever was the name of its task of `issue`.
    pub(crate) fn is_called(&self, issue: IssueType, task_id: &str) -> bool {
        let task = self.tracked.get(&issue).and_then(|tracked| tracked.task.as_ref());
        let mut names = self
            .ties
            .shares
            .values()
            .filter_map(|share| share.names.get(&issue));
        task.is_some_and(|told| told.task().task_id == task_id) || names.any(|name| name.task_id == task_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_once_in_whatever_order() {
        let mut numbers = Numbers::default();
        for number in [2, 3, 1, 5] {
            assert!(!numbers.contains(number));
            numbers.add(number);
        }
        assert!((1..=3).all(|number| numbers.contains(number)));
        assert!(!numbers.contains(4) && numbers.contains(5));
        assert_eq!(numbers.until, 3);
    }

    #[test]
    fn a_gap_that_never_closes_is_given_up() {
        let mut numbers = Numbers::default();
        (2..=1_000).for_each(|number| numbers.add(number));
        assert!(numbers.until > 2 && numbers.ahead.len() <= AHEAD_MAX);
    }
}
