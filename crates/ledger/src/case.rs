//! A case: everything that is known of one subject, as facts with their own times, and the tasks they come to.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reeve_domain::context::{Enrichment, EnrichmentStatus, Knowledge};
use reeve_domain::key::{Alias, Confidence, Link, Subject, SubjectKey};
use reeve_domain::observation::{Frameworks, IssueType, Location, Validity};
use reeve_domain::task::{ClaimEntry, Task};
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::InputTopic;
use crate::cause::{CauseFact, CauseId};
use crate::marks::Marks;
use crate::notice::Notice;
use crate::piece::Piece;
use crate::seen_events::SeenEvents;
use crate::signs::Signs;
use crate::ties::Ties;
use crate::words::Word;

/// Everything that is known of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub(crate) subject: Subject,
    /// Who named the subject: 0 only a key, 1 evidence, 2 a finding.
    pub(crate) named_by: u8,
    #[serde(skip)]
    pub(crate) revision: u64,
    #[serde(skip)]
    pub(crate) applied: Applied,
    pub(crate) aliases: BTreeSet<Alias>,
    pub(crate) links: BTreeSet<Link>,
    #[serde(skip)]
    pub(crate) known: Option<Arc<Known>>,
    pub(crate) held_until: Option<Timestamp>,
    pub(crate) life: BTreeMap<String, Marks>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) tracked: BTreeMap<IssueType, Box<Tracked>>,
    pub(crate) events: SeenEvents,
    pub(crate) touched_at: Timestamp,
    pub(crate) shrunk: bool,
    #[serde(default, skip_serializing_if = "Ties::is_empty")]
    pub(crate) ties: Ties,
}

/// The last offset of each input that this case has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) findings: Option<i64>,
    pub(crate) task_events: Option<i64>,
}

impl Applied {
    /// Of one input.
    pub(crate) fn of(self, topic: InputTopic) -> Option<i64> {
        match topic {
            InputTopic::Findings => self.findings,
            InputTopic::TaskEvents => self.task_events,
        }
    }

    /// Forgets what was seen of an input at `offset` and after it.
    pub(crate) fn forget(&mut self, topic: InputTopic, offset: i64) {
        let last = match topic {
            InputTopic::Findings => &mut self.findings,
            InputTopic::TaskEvents => &mut self.task_events,
        };
        *last = last.filter(|last| *last < offset);
    }
}

/// What the inventories said, and when they were asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) knowledge: Knowledge,
    pub(crate) at: Timestamp,
}

/// One task with the facts behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracked {
    /// As it stood on `tasks` last, but for the latest sightings; none while it is held.
    /// Read it through [`Tracked::present`] to tell of it.
    #[serde(skip)]
    pub(crate) task: Option<Arc<Notice>>,
    pub(crate) causes: Causes,
    pub(crate) count: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) sources: BTreeSet<String>,
    /// Boxed: a set of one takes the room of eleven.
    pub(crate) samples: BTreeSet<Box<Location>>,
    pub(crate) frameworks: Frameworks,
    pub(crate) words: Vec<Word>,
    pub(crate) claims: Vec<ClaimEntry>,
    /// Reopenings whose facts had to be forgotten.
    pub(crate) cycles_forgotten: u32,
    /// A fact that decides may have been forgotten since the last look.
    pub(crate) forgot: bool,
    /// The inventories once raised the band: since then, and what was due before.
    pub(crate) raised: Option<Raised>,
    pub(crate) ownerless_since: Option<Timestamp>,
    /// An inventory named a resolver: what people said before no longer counts.
    pub(crate) renamed_at: Option<Timestamp>,
    /// Steps of the ladder that were taken in this cycle.
    pub(crate) steps: BTreeSet<String>,
    /// The closing that lasted.
    pub(crate) sustained: Option<Timestamp>,
    /// What the last decision was made from.
    pub(crate) decided_from: String,
    /// What is due, without pauses.
    pub(crate) due: (Option<Timestamp>, Timestamp),
    /// When the clock goes on by itself.
    pub(crate) pause_ends: Option<Timestamp>,
    /// When what covers the task ends by itself.
    pub(crate) cover_ends: Option<Timestamp>,
}

/// The source findings behind a task.
pub(crate) type Causes = BTreeMap<CauseId, Arc<CauseFact>>;

/// A band raised by an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Raised {
    pub(crate) since: Timestamp,
    pub(crate) contain_by: Option<Timestamp>,
    pub(crate) remediate_by: Timestamp,
}

impl Case {
    /// A case of which nothing is known but its subject.
    pub(crate) fn new(subject: Subject, named_by: u8, now: Timestamp) -> Self {
        Self {
            subject,
            named_by,
            revision: 0,
            applied: Applied::default(),
            aliases: BTreeSet::new(),
            links: BTreeSet::new(),
            known: None,
            held_until: None,
            life: BTreeMap::new(),
            pieces: Vec::new(),
            tracked: BTreeMap::new(),
            events: SeenEvents::default(),
            touched_at: now,
            shrunk: false,
            ties: Ties::default(),
        }
    }

    /// Its subject's key.
    pub fn key(&self) -> &SubjectKey {
        &self.subject.key
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Other keys of the subject.
    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.aliases.iter()
    }

    /// Other subjects it touches.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter()
    }

    /// Grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Its tasks as they stood on `tasks` last, with the sightings of now; a held one is not among them, and a redirect
    /// has none.
    pub fn tasks(&self) -> impl Iterator<Item = Cow<'_, Task>> {
        let present = self.tracked.values().filter_map(|tracked| tracked.present());
        present.filter(|_| self.ties.main.is_none())
    }

    /// The same as they were told, which is all but the latest sightings.
    pub fn told(&self) -> impl Iterator<Item = &Notice> {
        let told = self
            .tracked
            .values()
            .filter_map(|tracked| tracked.task.as_deref());
        told.filter(|_| self.ties.main.is_none())
    }

    /// Whether tasks wait for the inventories, and until when.
    pub fn held_until(&self) -> Option<Timestamp> {
        self.held_until
    }

    /// What the inventories said last, and when.
    pub fn knowledge(&self) -> Option<(&Knowledge, Timestamp)> {
        self.known.as_ref().map(|known| (&known.knowledge, known.at))
    }

    /// A place of the subject, for inventories that go by repository.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        let samples = self.tracked.values().flat_map(|tracked| tracked.samples.iter());
        samples.map(|sample| &**sample)
    }

    /// The batch in which tasks were told or read is over.
    pub(crate) fn rest(&mut self) {
        let told = self
            .tracked
            .values_mut()
            .filter_map(|tracked| tracked.task.as_mut());
        told.filter_map(Arc::get_mut).for_each(Notice::rest);
    }

    /// What is known, or that nobody has answered yet.
    pub(crate) fn present_knowledge(&self) -> Knowledge {
        match &self.known {
            Some(known) => known.knowledge.clone(),
            None => Knowledge {
                enrichment: pending(),
                ..Knowledge::default()
            },
        }
    }

    /// Whether every inventory has answered.
    pub(crate) fn is_enriched(&self) -> bool {
        let complete = |known: &Arc<Known>| known.knowledge.enrichment.status == EnrichmentStatus::Complete;
        self.known.as_ref().is_some_and(complete)
    }

    /// The last sign of life.
    pub(crate) fn lived_at(&self) -> Option<Timestamp> {
        self.life.values().filter_map(Marks::last).max()
    }

    /// The last time before `until` that something credible said that the subject cannot act any more; never of a
    /// place, which has no end.
    pub(crate) fn died_at(&self, until: Option<Timestamp>) -> Option<Timestamp> {
        let signs = Signs::of(self);
        let believed = self
            .pieces
            .iter()
            .filter(|piece| !signs.are_of_a_place() && signs.believe_death(piece));
        let times = believed.map(|piece| piece.at);
        times.filter(|at| until.is_none_or(|until| *at < until)).max()
    }

    /// Whether the credential works, as far as the facts go: life beats silence beats death, until evidence.
    pub(crate) fn validity(&self, causes: &Causes) -> Validity {
        self.validity_until(causes, None)
    }

    /// The same, where evidence of its end from `until` on does not count.
    pub(crate) fn validity_until(&self, causes: &Causes, until: Option<Timestamp>) -> Validity {
        let signs = Signs::of(self);
        if signs.are_of_a_place() {
            return signs.validity_there(causes, &self.pieces, until);
        }
        validity_of(self.lived_at(), self.died_at(until), causes.values())
    }

    /// What separates sightings, sorted: times of evidence and words, and of first sightings, which evidence that was
    /// there before closes.
    pub(crate) fn evidence_times(&self) -> Vec<Timestamp> {
        let words = self.tracked.values().flat_map(|tracked| &tracked.words);
        let mut times: Vec<_> = words.map(|word| word.at).collect();
        if !self.pieces.is_empty() {
            times.extend(self.pieces.iter().map(|piece| piece.at));
            let causes = self.tracked.values().flat_map(|tracked| tracked.causes.values());
            times.extend(causes.filter_map(|cause| cause.seen.first()));
        }
        times.sort_unstable();
        times
    }
}

/// Whether a credential works that last showed life and was last said to be dead at these times.
pub(crate) fn validity_of<'a>(
    lived: Option<Timestamp>,
    died: Option<Timestamp>,
    causes: impl Iterator<Item = &'a Arc<CauseFact>>,
) -> Validity {
    let mut causes = causes.peekable();
    let dead = |cause: &Arc<CauseFact>| matches!(cause.validity, Some((_, Validity::Inactive)));
    match (lived, died) {
        (Some(lived), died) if died.is_none_or(|died| died <= lived) => Validity::Active,
        (_, Some(_)) => Validity::Inactive,
        _ if causes.peek().is_some() && causes.all(dead) => Validity::Inactive,
        _ => Validity::Unknown,
    }
}

/// A subject of which only the key is known.
pub(crate) fn subject_of(key: &SubjectKey) -> Subject {
    Subject {
        class: key.class(),
        provider: key.provider().to_owned(),
        kind: key.kind().to_owned(),
        display: key.id().to_owned(),
        attributes: BTreeMap::new(),
        confidence: Confidence::Low,
        key: key.clone(),
    }
}

fn pending() -> Enrichment {
    Enrichment {
        status: EnrichmentStatus::Pending,
        missing: Vec::new(),
    }
}
