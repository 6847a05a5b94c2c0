//! From facts to a decision: what the policy is asked, and until when the task is due.
//!
//! A deadline is a function of the facts and not of their order: for every instant at which the facts grew worse, the
//! policy is asked what would be due from then on, and the earliest answer holds. So an upgrade gives
//! min(old, then + new), and a first report that was already the worst counts from its own clock.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use reeve_domain::context::{Knowledge, Owner, OwnerConfidence};
use reeve_domain::observation::{Exposure, IssueType, Location, Validity};
use reeve_domain::time::Timestamp;
use reeve_policy::{Facts, Policy, Triage};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::case::{Case, Tracked};
use crate::cause::{CauseFact, CauseId, width};
use crate::refresh::Seen;
use crate::timeline::Outlook;
use crate::words::Named;

/// Everything a decision is made from; its hash tells whether a new one is needed.
#[derive(Serialize)]
pub(crate) struct Picture<'a> {
    issue: IssueType,
    subject: &'a reeve_domain::key::Subject,
    clock: Timestamp,
    validity: Validity,
    honeytoken: bool,
    misuse_since: Option<Timestamp>,
    live_since: Option<Timestamp>,
    /// Who could see it since when, each wider than the one before.
    exposures: Vec<(Timestamp, Exposure)>,
    control: bool,
    location: Option<&'a Location>,
    guide_url: Option<&'a str>,
    frameworks: &'a reeve_domain::observation::Frameworks,
    knowledge: Knowledge,
    raised_at: Option<Timestamp>,
    config_sha256: &'a str,
    #[serde(skip)]
    last_observed_at: Timestamp,
}

impl<'a> Picture<'a> {
    /// What is known of one task of the case.
    pub(crate) fn of(
        case: &'a Case,
        (issue, tracked): (IssueType, &'a Tracked),
        seen: &Seen<'_>,
        policy: &'a Policy,
    ) -> Self {
        let (outlook, told, clock) = (seen.outlook, seen.told, seen.clock);
        let open = |entry: &(&CauseId, &Arc<CauseFact>)| !outlook.cleared.contains_key(entry.0);
        let mut weighed: Vec<_> = tracked
            .causes
            .iter()
            .filter(open)
            .map(|(_, cause)| cause)
            .collect();
        if weighed.is_empty() {
            weighed = tracked.causes.values().collect();
        }
        let oldest = tracked
            .causes
            .iter()
            .min_by_key(|(id, cause)| (cause.first_detected_at, (*id).clone()));
        // The proof that closes a task does not make it less urgent than it was, nor more.
        let until = outlook.closed.map(|(at, _)| at);
        Self {
            issue,
            subject: &case.subject,
            clock,
            validity: case.validity_until(&tracked.causes, until),
            honeytoken: tracked.causes.values().any(|cause| cause.honeytoken),
            misuse_since: if issue == IssueType::SuspectedCompromise {
                Some(clock)
            } else {
                seen.misuse_since
            },
            live_since: live_since(case, tracked, case.died_at(until)),
            exposures: exposures(&weighed),
            control: told.exception.as_ref().is_some_and(|covered| covered.control)
                || told.gates.get("compensating_control") == Some(&reeve_domain::task::GateStatus::Passed),
            location: oldest.map(|(_, cause)| &cause.location),
            guide_url: tracked
                .causes
                .values()
                .filter_map(|cause| cause.guide_url.as_deref())
                .min(),
            frameworks: &tracked.frameworks,
            knowledge: with_named(
                case.present_knowledge(),
                told.resolver.as_ref(),
                tracked.renamed_at,
            ),
            raised_at: tracked.raised.map(|raised| raised.since),
            config_sha256: policy.config_sha256(),
            last_observed_at: tracked.last.max(case.lived_at().unwrap_or(tracked.last)),
        }
    }

    /// The same, with a band that the inventories raised at `since`.
    pub(crate) fn raised(&mut self, since: Timestamp) -> &Self {
        self.raised_at = Some(since);
        self
    }

    /// The same, without a band raised by the inventories.
    pub(crate) fn unraised(&mut self) -> &Self {
        self.raised_at = None;
        self
    }

    /// Whether a fact that lowers a band is among the facts: a decoy, or proof that the credential is dead.
    pub(crate) fn may_lower(&self) -> bool {
        self.honeytoken || self.validity == Validity::Inactive
    }

    /// Short hash of everything that decides.
    pub(crate) fn hash(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        BASE32_NOPAD
            .encode(&Sha256::digest(text)[..15])
            .to_ascii_lowercase()
    }

    /// What the policy says now, with the earliest due dates of all instants at which the facts grew worse.
    pub(crate) fn decide(&self, policy: &Policy) -> Triage {
        let instants = self.instants();
        let (last, earlier) = instants
            .split_last()
            .map_or((self.clock, &[][..]), |(last, rest)| (*last, rest));
        let mut triage = self.triage_at(last, policy);
        for instant in earlier {
            let before = self.triage_at(*instant, policy);
            triage.remediate_by = triage.remediate_by.min(before.remediate_by);
            triage.contain_by = match (triage.contain_by, before.contain_by) {
                (Some(now), Some(then)) => Some(now.min(then)),
                (now, _) => now,
            };
        }
        triage
    }

    /// When the facts grew worse, from the clock on; the last one knows all of them.
    fn instants(&self) -> Vec<Timestamp> {
        let live = self.live_since.filter(|_| self.validity == Validity::Active);
        let wider = self.exposures.iter().map(|(at, _)| *at);
        let from = self.raised_at.map_or(self.clock, |raised| raised.max(self.clock));
        let mut instants: Vec<_> = wider
            .chain(live)
            .chain(self.misuse_since)
            .chain([from])
            .map(|at| at.max(from))
            .collect();
        instants.sort_unstable();
        instants.dedup();
        instants
    }

    fn triage_at(&self, at: Timestamp, policy: &Policy) -> Triage {
        let not_yet_live =
            self.validity == Validity::Active && self.live_since.is_some_and(|since| since > at);
        let widest = self
            .exposures
            .iter()
            .rev()
            .find(|(since, _)| *since <= at)
            .or(self.exposures.first());
        let facts = Facts {
            subject: self.subject,
            issue_type: self.issue,
            validity: if not_yet_live {
                Validity::Unknown
            } else {
                self.validity
            },
            exposure: widest.map_or(Exposure::Unknown, |(_, exposure)| *exposure),
            honeytoken: self.honeytoken,
            suspected_misuse: self.misuse_since.is_some_and(|since| since <= at),
            compensating_control: self.control,
            location: self.location,
            guide_url: self.guide_url,
            frameworks: self.frameworks,
            knowledge: &self.knowledge,
            first_detected_at: at,
            last_observed_at: self.last_observed_at,
        };
        policy.triage(&facts, self.last_observed_at)
    }
}

/// The deadline's clock: the first report, and in a later cycle the sighting that reopened it.
pub(crate) fn clock_of(tracked: &Tracked, outlook: &Outlook) -> Timestamp {
    let first = tracked.causes.values().map(|cause| cause.first_detected_at).min();
    outlook.reopened_at.unwrap_or(first.unwrap_or(tracked.first))
}

/// Since when it is verified live: from the clock of a cause whose first report said so, else from the sign itself.
fn live_since(case: &Case, tracked: &Tracked, died: Option<Timestamp>) -> Option<Timestamp> {
    let alive = |at: &Timestamp| died.is_none_or(|died| *at >= died);
    let first = case
        .life
        .values()
        .flat_map(crate::marks::Marks::iter)
        .filter(alive)
        .min()?;
    let at_birth = tracked
        .causes
        .values()
        .filter(|cause| cause.seen.first() == Some(first));
    Some(
        at_birth
            .map(|cause| cause.first_detected_at)
            .min()
            .map_or(first, |clock| clock.min(first)),
    )
}

fn exposures(causes: &[&Arc<CauseFact>]) -> Vec<(Timestamp, Exposure)> {
    let mut all: Vec<_> = causes
        .iter()
        .map(|cause| (cause.first_detected_at, cause.exposure))
        .collect();
    all.sort_by_key(|(at, exposure)| (*at, std::cmp::Reverse(width(*exposure))));
    let mut wider: Vec<(Timestamp, Exposure)> = Vec::new();
    for (at, exposure) in all {
        if wider
            .last()
            .is_none_or(|(_, widest)| width(exposure) > width(*widest))
        {
            wider.push((at, exposure));
        }
    }
    wider
}

/// The resolver a person named replaces the inventories', until an inventory names another.
fn with_named(mut knowledge: Knowledge, named: Option<&Named>, renamed_at: Option<Timestamp>) -> Knowledge {
    let Some(named) = named.filter(|named| renamed_at.is_none_or(|at| named.at > at)) else {
        return knowledge;
    };
    knowledge.owners.resolver = match (&named.to, &named.disowned_by) {
        (Some(to), by) => Some(owner(named, to, by.is_some())),
        (None, by) => {
            let next = knowledge.owners.business.clone();
            next.filter(|next| Some(&next.reference) != by.as_ref())
                .map(suggested)
        }
    };
    knowledge
}

fn owner(named: &Named, to: &str, suggested: bool) -> Owner {
    Owner {
        kind: named
            .kind
            .clone()
            .unwrap_or_else(|| to.split_once('/').map_or("team", |(kind, _)| kind).to_owned()),
        reference: to.to_owned(),
        name: None,
        contact: named.contact.clone(),
        source: "event".to_owned(),
        rule: if suggested { "disowned" } else { "reassigned" }.to_owned(),
        confidence: if suggested {
            OwnerConfidence::Low
        } else {
            OwnerConfidence::High
        },
        as_of: Some(named.at),
    }
}

fn suggested(owner: Owner) -> Owner {
    Owner {
        source: "event".to_owned(),
        rule: "disowned".to_owned(),
        confidence: OwnerConfidence::Low,
        ..owner
    }
}
