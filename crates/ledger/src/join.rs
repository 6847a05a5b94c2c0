//! Facts of two keys of one subject, as one set: whoever comes first, the same facts stand there.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use reeve_domain::observation::IssueType;

use crate::bounds::{CAUSES_MAX, CLAIMS_MAX, KEYS_MAX, SAMPLES_MAX, SOURCES_MAX};
use crate::case::{Case, Tracked};
use crate::cause::{CauseFact, CauseId, width};
use crate::marks::Marked;
use crate::observe::{LIFE_SOURCES_MAX, earliest, join_labels, life_name};
use crate::{piece, shrink, words};

/// Adds the facts of `other`. Tasks, context and description stay as they are.
pub(crate) fn join(case: &mut Case, other: &Case, event_ids_max: usize) {
    let mut lost = false;
    for piece in &other.pieces {
        lost |= piece::add(&mut case.pieces, piece.clone()) == Some(true);
    }
    for (issue, theirs) in &other.tracked {
        match case.tracked.entry(*issue) {
            Entry::Vacant(place) => {
                place.insert(bare(theirs));
            }
            Entry::Occupied(mut ours) => ours.get_mut().join(theirs),
        }
    }
    let between = case.evidence_times();
    for (source, marks) in &other.life {
        let marked = case
            .life
            .entry(life_name(&case.life, source, LIFE_SOURCES_MAX))
            .or_default();
        lost |= marks.iter().fold(false, |lost, at| {
            lost | (marked.add(at, &between) == Marked::Lossy)
        });
    }
    if lost {
        case.tracked
            .values_mut()
            .for_each(|tracked| tracked.forgot = true);
    }
    for alias in other.aliases.iter().filter(|alias| alias.key != case.subject.key) {
        if case.aliases.len() < KEYS_MAX {
            case.aliases.insert(alias.clone());
        }
    }
    for link in &other.links {
        if case.links.len() < KEYS_MAX {
            case.links.insert(link.clone());
        }
    }
    for (key, at) in &other.ties.claimed {
        case.ties.claimed.entry(key.clone()).or_insert(*at);
    }
    case.events.join(&other.events, event_ids_max);
}

/// The facts of a case alone, as they are kept apart or handed over.
pub(crate) fn facts_of(case: &Case) -> Case {
    let mut facts = Case::new(case.subject.clone(), case.named_by, case.touched_at);
    facts.aliases.clone_from(&case.aliases);
    facts.links.clone_from(&case.links);
    facts.life.clone_from(&case.life);
    facts.pieces.clone_from(&case.pieces);
    facts.events.clone_from(&case.events);
    facts.ties.claimed.clone_from(&case.ties.claimed);
    facts.tracked = case
        .tracked
        .iter()
        .map(|(issue, tracked)| (*issue, bare(tracked)))
        .collect();
    facts
}

/// Facts as another partition wrote them; none if they are not.
pub(crate) fn read_facts(value: &serde_json::Value) -> Option<Case> {
    serde_json::from_value::<Case>(value.clone())
        .ok()
        .map(|facts| facts_of(&facts))
}

/// Whether there is anything to hand over.
pub(crate) fn is_bare(case: &Case) -> bool {
    case.tracked.is_empty() && case.pieces.is_empty() && case.life.is_empty()
}

/// The case from the shares that are left; what was decided and told stays until it is decided again.
pub(crate) fn rebuild(case: &mut Case, event_ids_max: usize) {
    let key = case.key().clone();
    let Some(own) = case.ties.shares.get(&key) else {
        return;
    };
    let mut fresh = facts_of(&own.facts);
    for (origin, share) in &case.ties.shares {
        if *origin != key {
            join(&mut fresh, &share.facts, event_ids_max);
        }
    }
    for (issue, tracked) in &mut fresh.tracked {
        keep_decision(tracked, case.tracked.remove(issue));
    }
    case.tracked = fresh.tracked;
    case.life = fresh.life;
    case.pieces = fresh.pieces;
    case.aliases = fresh.aliases;
    case.links = fresh.links;
    if case.ties.shares.len() == 1 {
        case.ties.shares.clear();
    }
}

fn keep_decision(tracked: &mut Tracked, before: Option<Box<Tracked>>) {
    let Some(before) = before else { return };
    tracked.task = before.task;
    tracked.due = before.due;
    tracked.ownerless_since = before.ownerless_since;
    tracked.renamed_at = before.renamed_at;
    tracked.sustained = before.sustained;
}

fn bare(tracked: &Tracked) -> Box<Tracked> {
    Box::new(Tracked {
        task: None,
        decided_from: String::new(),
        ..tracked.clone()
    })
}

impl Tracked {
    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for source in &other.sources {
            if self.sources.len() < SOURCES_MAX {
                self.sources.insert(source.clone());
            }
        }
        self.samples.extend(other.samples.iter().cloned());
        while self.samples.len() > SAMPLES_MAX {
            self.samples.pop_last();
        }
        join_labels(&mut self.frameworks, &other.frameworks);
        for (id, cause) in &other.causes {
            self.join_cause(id, cause);
        }
        self.join_words(other);
        self.cycles_forgotten = self.cycles_forgotten.max(other.cycles_forgotten);
        self.forgot |= other.forgot;
        self.raised = self.raised.or(other.raised);
        self.ownerless_since = earliest(self.ownerless_since, other.ownerless_since);
        self.renamed_at = self.renamed_at.max(other.renamed_at);
        self.steps.extend(other.steps.iter().cloned());
        self.decided_from.clear();
    }

    fn join_cause(&mut self, id: &CauseId, other: &Arc<CauseFact>) {
        if let Some(cause) = self.causes.get_mut(id) {
            self.forgot |= Arc::make_mut(cause).join(other) == Marked::Lossy;
        } else if self.causes.len() < CAUSES_MAX {
            self.causes.insert(id.clone(), other.clone());
        } else {
            shrink::share(self, CauseFact::clone(other));
        }
    }

    fn join_words(&mut self, other: &Self) {
        for word in &other.words {
            let known = |ours: &words::Word| (ours.at, &ours.event_id) == (word.at, &word.event_id);
            if !self.words.iter().any(known) {
                words::add(&mut self.words, word.clone(), None);
            }
        }
        self.claims.extend(other.claims.iter().cloned());
        self.claims
            .sort_by(|a, b| (a.at, &a.event_id).cmp(&(b.at, &b.event_id)));
        self.claims.dedup();
        let spare = self.claims.len().saturating_sub(CLAIMS_MAX);
        self.claims.drain(..spare);
    }
}

impl CauseFact {
    fn join(&mut self, other: &Self) -> Marked {
        let marked = other.seen.iter().map(|at| self.seen.add(at, &[]));
        let lossy = marked.fold(false, |lossy, marked| lossy | (marked == Marked::Lossy));
        self.first_detected_at = self.first_detected_at.min(other.first_detected_at);
        self.exposed_since = earliest(self.exposed_since, other.exposed_since);
        if width(other.exposure) > width(self.exposure) {
            self.exposure = other.exposure;
        }
        self.validity = self.validity.max(other.validity);
        self.honeytoken |= other.honeytoken;
        for report in &other.reports {
            self.reported_in(report);
        }
        for scan in &other.scans {
            self.shown_by(scan);
        }
        if lossy { Marked::Lossy } else { Marked::Added }
    }
}

/// The issue types of a case, owned: what is done for each may change the case.
pub(crate) fn issues(case: &Case) -> Vec<IssueType> {
    case.tracked.keys().copied().collect()
}
