//! What people and ticket systems said about a task, and what follows from it, read in the order of its own time.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::event::Actor;
use reeve_domain::task::{Blocked, BlockedReason, GateStatus, Paused, PreCheckResult, TaskState};
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bounds::WORDS_MAX;

/// One event that decides something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Word {
    /// When it was said.
    pub(crate) at: Timestamp,
    /// The event.
    pub(crate) event_id: String,
    /// Who said it.
    pub(crate) actor: Actor,
    /// What.
    pub(crate) said: Said,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub(crate) enum Said {
    Acknowledged,
    Claimed,
    /// `was`: the resolver who disowned it.
    Disowned {
        to: Option<String>,
        was: Option<String>,
    },
    Reassigned {
        to: String,
        kind: Option<String>,
        contact: Option<String>,
    },
    Blocked {
        reason: BlockedReason,
    },
    Requested {
        gate: String,
    },
    Passed {
        gate: String,
    },
    Denied {
        gate: String,
    },
    PreCheck {
        name: String,
        result: PreCheckResult,
    },
    Attested {
        document: String,
        reviewer: String,
    },
    FalsePositive {
        expires_at: Timestamp,
    },
    ExceptionRequested {
        id: String,
        requester: String,
        /// Who sent the request, if it names another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<String>,
        expires_at: Option<Timestamp>,
        control: bool,
    },
    ExceptionApproved {
        id: String,
        expires_at: Timestamp,
        control: bool,
    },
    ExceptionRevoked {
        id: String,
    },
}

/// Adds a word in the order of time. Beyond the bound, the oldest of an earlier cycle goes, else the oldest that a
/// later one repeats, else the oldest.
pub(crate) fn add(words: &mut Vec<Word>, word: Word, cycle_from: Option<Timestamp>) {
    let key = (word.at, word.event_id.clone());
    let place = words.partition_point(|known| (known.at, &known.event_id) < (key.0, &key.1));
    words.insert(place, word);
    if words.len() <= WORDS_MAX {
        return;
    }
    let past = words
        .iter()
        .position(|word| cycle_from.is_some_and(|from| word.at < from));
    let repeated = |index: &usize| {
        words[index + 1..]
            .iter()
            .any(|later| later.said == words[*index].said)
    };
    let idle = (1..words.len()).find(repeated);
    words.remove(past.or(idle).unwrap_or(0));
}

/// A resolver named by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// The reference; none: whoever comes next, but not `was`.
    pub(crate) to: Option<String>,
    /// `team`, `user`, …
    pub(crate) kind: Option<String>,
    /// How to reach it.
    pub(crate) contact: Option<String>,
    /// Only a suggestion of somebody who does not want it.
    pub(crate) disowned_by: Option<String>,
    /// When.
    pub(crate) at: Timestamp,
}

/// An approved exception.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Covered {
    /// Its id.
    pub(crate) id: String,
    /// Since when it stands.
    pub(crate) since: Timestamp,
    /// When it ends by itself.
    pub(crate) expires_at: Timestamp,
    /// A compensating control stands meanwhile.
    pub(crate) control: bool,
}

/// A request for an exception.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// Who asked, and who sent it for them.
    pub(crate) by: BTreeSet<String>,
    /// Until when.
    pub(crate) expires_at: Option<Timestamp>,
    /// A compensating control is offered.
    pub(crate) control: bool,
}

/// What the words of a task come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// Open, acknowledged or claimed.
    pub(crate) state: Option<TaskState>,
    /// First acknowledged in this cycle.
    pub(crate) acknowledged_at: Option<Timestamp>,
    /// First claimed in this cycle.
    pub(crate) claimed_at: Option<Timestamp>,
    /// Who claimed in this cycle.
    pub(crate) claimants: BTreeSet<String>,
    /// Why the resolver cannot go on.
    pub(crate) blocked: Option<Blocked>,
    /// A resolver named by a person.
    pub(crate) resolver: Option<Named>,
    /// Gates somebody spoke of.
    pub(crate) gates: BTreeMap<String, GateStatus>,
    /// Who asked for a gate.
    pub(crate) requesters: BTreeMap<String, String>,
    /// Who passed a gate.
    pub(crate) approvers: BTreeSet<String>,
    /// Checks somebody made.
    pub(crate) pre_checks: BTreeMap<String, PreCheckResult>,
    /// Spans in which the clock stood: the gate, from, until.
    pub(crate) pauses: Vec<(String, Timestamp, Option<Timestamp>)>,
    /// The exception that was approved last and not revoked.
    pub(crate) exception: Option<Covered>,
    /// Exceptions somebody asked for, by id.
    pub(crate) asked: BTreeMap<String, Asked>,
    /// Said not to be a problem: when, and until when.
    pub(crate) false_positive: Option<(Timestamp, Timestamp)>,
}

impl Told {
    /// Reads the words. What was said before the present cycle began no longer counts, but for a named resolver.
    pub(crate) fn of(words: &[Word], cycle_from: Option<Timestamp>) -> Self {
        let mut told = Self::default();
        for word in words {
            told.hear_owner(word);
            if cycle_from.is_none_or(|from| word.at >= from) {
                told.hear_work(word);
                told.hear_gate(word);
                told.hear_cover(word);
            }
        }
        told
    }

    /// The reviews with a document, in order of time; they count by their own time and not by cycle.
    pub(crate) fn attested(words: &[Word]) -> Vec<(Timestamp, String)> {
        let attested = words
            .iter()
            .filter(|word| matches!(word.said, Said::Attested { .. }));
        attested.map(|word| (word.at, word.event_id.clone())).collect()
    }

    fn hear_owner(&mut self, word: &Word) {
        match &word.said {
            Said::Reassigned { to, kind, contact } => {
                self.resolver = Some(Named {
                    to: Some(to.clone()),
                    kind: kind.clone(),
                    contact: contact.clone(),
                    disowned_by: None,
                    at: word.at,
                });
            }
            Said::Disowned { to, was } => {
                self.resolver = Some(Named {
                    to: to.clone(),
                    kind: None,
                    contact: None,
                    disowned_by: Some(was.clone().unwrap_or_default()),
                    at: word.at,
                });
            }
            _ => {}
        }
    }

    fn hear_work(&mut self, word: &Word) {
        match &word.said {
            Said::Acknowledged => {
                self.acknowledged_at.get_or_insert(word.at);
                self.blocked = None;
                if self.state != Some(TaskState::Claimed) {
                    self.state = Some(TaskState::Acknowledged);
                }
            }
            Said::Claimed => {
                self.claimed_at.get_or_insert(word.at);
                self.claimants.insert(word.actor.id.clone());
                self.blocked = None;
                self.state = Some(TaskState::Claimed);
            }
            Said::Disowned { .. } | Said::Reassigned { .. } => {
                self.blocked = None;
                self.state = None;
            }
            Said::Blocked { reason } => {
                self.blocked = Some(Blocked {
                    reason: *reason,
                    since: word.at,
                });
            }
            _ => {}
        }
    }

    fn hear_gate(&mut self, word: &Word) {
        match &word.said {
            Said::Requested { gate } => {
                self.gates.insert(gate.clone(), GateStatus::Requested);
                self.requesters.insert(gate.clone(), word.actor.id.clone());
                if !self
                    .pauses
                    .iter()
                    .any(|(name, _, until)| name == gate && until.is_none())
                {
                    self.pauses.push((gate.clone(), word.at, None));
                }
            }
            Said::Passed { gate } => {
                self.gates.insert(gate.clone(), GateStatus::Passed);
                self.approvers.insert(word.actor.id.clone());
                self.resume(gate, word.at);
            }
            Said::Denied { gate } => {
                self.gates.insert(gate.clone(), GateStatus::Denied);
                self.resume(gate, word.at);
            }
            Said::PreCheck { name, result } => {
                self.pre_checks.insert(name.clone(), *result);
            }
            _ => {}
        }
    }

    fn resume(&mut self, gate: &str, at: Timestamp) {
        for (name, _, until) in &mut self.pauses {
            if name == gate && until.is_none() {
                *until = Some(at);
            }
        }
    }

    fn hear_cover(&mut self, word: &Word) {
        match &word.said {
            Said::FalsePositive { expires_at } => self.false_positive = Some((word.at, *expires_at)),
            Said::ExceptionRequested {
                id,
                requester,
                sender,
                expires_at,
                control,
            } => {
                let asked = Asked {
                    by: std::iter::once(requester).chain(sender).cloned().collect(),
                    expires_at: *expires_at,
                    control: *control,
                };
                self.asked.insert(id.clone(), asked);
            }
            Said::ExceptionApproved {
                id,
                expires_at,
                control,
            } => {
                self.exception = Some(Covered {
                    id: id.clone(),
                    since: word.at,
                    expires_at: *expires_at,
                    control: *control,
                });
            }
            Said::ExceptionRevoked { id }
                if self.exception.as_ref().is_some_and(|covered| covered.id == *id) =>
            {
                self.exception = None;
            }
            _ => {}
        }
    }

    /// How long the clock has stood, in seconds, and why it stands now. `limit` gives the longest pause of a gate;
    /// none: the gate does not stop the clock.
    pub(crate) fn standstill<'p>(
        &self,
        now: Timestamp,
        limit: impl Fn(&str) -> Option<(&'p str, i64)>,
    ) -> (i64, Option<Paused>, Option<Timestamp>) {
        let (mut stood, mut paused, mut ends) = (0, None, None);
        for (gate, from, until) in &self.pauses {
            let Some((reason, most)) = limit(gate) else {
                continue;
            };
            let latest = from.plus_seconds(most);
            match until {
                Some(until) => stood += until.min(&latest).seconds_since(*from).max(0),
                None if now < latest => {
                    paused = Some(Paused {
                        reason: reason.to_owned(),
                        since: *from,
                    });
                    ends = Some(latest);
                }
                None => stood += most,
            }
        }
        (stood, paused, ends)
    }
}
