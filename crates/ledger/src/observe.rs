//! Folding observations: a repeat costs a few look-ups, a fact that decides is replayed by the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reeve_domain::key::{Alias, Link, Subject};
use reeve_domain::observation::{Finding, Frameworks, Validity};
use reeve_domain::time::Timestamp;

use crate::bounds::{
    ATTRIBUTES_MAX, BUCKETS_MAX, CAUSES_MAX, KEYS_MAX, LABELS_MAX, SAMPLES_MAX, SOURCES_MAX, TEXT_CHARS_MAX,
    cut, cut_location,
};
use crate::case::{Case, Tracked};
use crate::cause::{CauseFact, CauseId, MORE, report_of, width};
use crate::marks::{Marked, Marks};
use crate::notice::Notice;
use crate::signs::{WITNESSES_MAX, is_place, witness};
use crate::timeline::is_present_tense;

/// How many sources can show signs of life of one subject.
pub(crate) const LIFE_SOURCES_MAX: usize = 8;

/// What a finding added to its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing that could change a decision.
    Repeat,
    /// A fact that has to be weighed.
    Fact,
}

/// Folds a finding into the facts; times are clamped already.
pub(crate) fn finding(case: &mut Case, finding: &Finding, now: Timestamp) -> News {
    let named = is_named(case, &finding.subject, 2, &finding.aliases, &finding.links);
    let observed = finding.observed_at.clamped(now).0;
    let between = case.evidence_times();
    let active = finding.validity == Validity::Active;
    let source = &finding.source;
    let lived = active && lives(case, (&source.format, &source.reference), observed, &between).decides;
    let report = report_of(&finding.provenance);
    let proven = case
        .pieces
        .iter()
        .any(|piece| piece.report.as_ref() == Some(&report));
    let tracked = case
        .tracked
        .entry(finding.issue_type)
        .or_insert_with(|| Box::new(Tracked::new(finding, observed)));
    let sight = Sight {
        finding,
        at: observed,
        report,
        between: &between,
        now,
    };
    let cause = sighted(tracked, &sight);
    if named || lived || proven {
        News::Fact
    } else {
        cause
    }
}

/// What a sign of life added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lived {
    /// It was not known.
    pub(crate) added: bool,
    /// It can change a decision.
    pub(crate) decides: bool,
}

/// Remembers a sign of life; `between` are the times of evidence and words.
pub(crate) fn lives(
    case: &mut Case,
    (source, reference): (&str, &str),
    at: Timestamp,
    between: &[Timestamp],
) -> Lived {
    let most = match is_place(case.key()) {
        true => WITNESSES_MAX,
        false => LIFE_SOURCES_MAX,
    };
    let name = life_name(&case.life, &witness(case.key(), source, reference), most);
    let bare =
        |told: &Notice| told.glance().state.is_open() && told.glance().uncleared == told.glance().causes;
    let all_open = case.told().all(bare);
    let marks = case.life.entry(name).or_default();
    let told = all_open && marks.first().is_some_and(|first| first <= at) && marks.covers(at, between);
    let marked = marks.add(at, between);
    if marked == Marked::Lossy {
        case.tracked
            .values_mut()
            .for_each(|tracked| tracked.forgot = true);
    }
    Lived {
        added: marked != Marked::Known,
        decides: marked != Marked::Known && !told,
    }
}

/// Under which name signs of life of `source` are remembered: beyond the bound, all share one.
pub(crate) fn life_name(life: &BTreeMap<String, Marks>, source: &str, most: usize) -> String {
    let source = cut(source, TEXT_CHARS_MAX);
    if life.contains_key(&source) || life.len() < most {
        source
    } else {
        MORE.into()
    }
}

/// A finding with what is known of its arrival.
struct Sight<'a> {
    finding: &'a Finding,
    at: Timestamp,
    report: String,
    between: &'a [Timestamp],
    now: Timestamp,
}

fn sighted(tracked: &mut Tracked, sight: &Sight<'_>) -> News {
    let (finding, at) = (sight.finding, sight.at);
    tracked.counted(finding, at);
    let labels = join_labels(&mut tracked.frameworks, &finding.frameworks);
    let (id, place) = placed(tracked, finding);
    let Some(cause) = tracked.causes.get_mut(&id) else {
        let mut cause = place.fact(finding);
        cause.hear(sight);
        tracked.causes.insert(id, Arc::new(cause));
        return News::Fact;
    };
    let quiet = !is_present_tense(finding.issue_type) || cause.seen.covers(at, sight.between);
    let repeats = cause.seen.first().is_some_and(|first| first <= at) && quiet;
    let cause = Arc::make_mut(cause);
    let (marked, grown) = cause.hear(sight);
    let latest = cause.seen.last() == Some(at);
    tracked.forgot |= marked == Marked::Lossy;
    let cleared = latest && tracked.is_cleared(&id);
    let reopens = cleared && is_present_tense(finding.issue_type);
    if repeats && !grown && !labels && !reopens {
        News::Repeat
    } else {
        News::Fact
    }
}

impl CauseFact {
    /// Takes over what a finding says; whether it says more than was known, but for its time.
    fn hear(&mut self, sight: &Sight<'_>) -> (Marked, bool) {
        let decides = |cause: &Self| {
            let validity = cause.validity.map(|word| word.1);
            (
                cause.first_detected_at,
                cause.exposed_since,
                cause.exposure,
                validity,
                cause.honeytoken,
            )
        };
        let (finding, before) = (sight.finding, decides(self));
        self.first_detected_at = self
            .first_detected_at
            .min(finding.first_detected_at.clamped(sight.now).0);
        self.exposed_since = earliest(self.exposed_since, finding.exposed_since);
        if width(finding.exposure) > width(self.exposure) {
            self.exposure = finding.exposure;
        }
        hear_validity(self, finding.validity, sight.at);
        self.honeytoken |= finding.honeytoken;
        self.reported_in(&sight.report);
        let marked = self.seen.add(sight.at, sight.between);
        (marked, before != decides(self))
    }
}

/// Where a cause stands in its task.
enum Place {
    Own,
    OfRule,
    OfAny,
}

impl Place {
    fn fact(&self, finding: &Finding) -> CauseFact {
        match self {
            Self::Own => CauseFact::named(finding),
            Self::OfRule => CauseFact::bucket(finding, Some(&finding.source.rule)),
            Self::OfAny => CauseFact::bucket(finding, None),
        }
    }
}

fn placed(tracked: &Tracked, finding: &Finding) -> (CauseId, Place) {
    let id = CauseId::of(finding);
    if tracked.causes.contains_key(&id) || tracked.causes.len() < CAUSES_MAX {
        return (id, Place::Own);
    }
    let of_rule = CauseId::more(&finding.source.format, Some(&finding.source.rule));
    if tracked.causes.contains_key(&of_rule) || tracked.causes.len() < CAUSES_MAX + BUCKETS_MAX {
        return (of_rule, Place::OfRule);
    }
    (CauseId::more("", None), Place::OfAny)
}

fn hear_validity(cause: &mut CauseFact, validity: Validity, at: Timestamp) {
    if validity == Validity::Active {
        return;
    }
    // At one instant `unknown` outweighs `inactive`: it is the more urgent word.
    let outweighs = |(known_at, known): (Timestamp, Validity)| {
        at > known_at || (at == known_at && known == Validity::Inactive)
    };
    if cause.validity.is_none_or(outweighs) {
        cause.validity = Some((at, validity));
    }
}

impl Tracked {
    fn new(finding: &Finding, at: Timestamp) -> Self {
        Self {
            task: None,
            causes: BTreeMap::new(),
            count: 0,
            first: at,
            last: at,
            sources: BTreeSet::new(),
            samples: BTreeSet::new(),
            frameworks: Frameworks::default(),
            words: Vec::new(),
            claims: Vec::new(),
            cycles_forgotten: 0,
            forgot: false,
            raised: None,
            ownerless_since: None,
            renamed_at: None,
            steps: BTreeSet::new(),
            sustained: None,
            decided_from: String::new(),
            due: (None, finding.first_detected_at),
            pause_ends: None,
            cover_ends: None,
        }
    }

    fn counted(&mut self, finding: &Finding, at: Timestamp) {
        self.count += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        if self.sources.len() < SOURCES_MAX && !self.sources.contains(&finding.source.format) {
            self.sources.insert(cut(&finding.source.format, TEXT_CHARS_MAX));
        }
        self.sampled(finding);
    }

    /// Keeps the places that sort first, so that the order of arrival does not show.
    fn sampled(&mut self, finding: &Finding) {
        let last = self.samples.last();
        if self.samples.len() == SAMPLES_MAX && last.is_some_and(|last| **last <= finding.location) {
            return;
        }
        self.samples.insert(Box::new(cut_location(&finding.location)));
        if self.samples.len() > SAMPLES_MAX {
            self.samples.pop_last();
        }
    }
}

/// Folds in what an observation says of the subject itself; whether its keys or links grew.
pub(crate) fn is_named(
    case: &mut Case,
    subject: &Subject,
    by: u8,
    aliases: &[Alias],
    links: &[Link],
) -> bool {
    let known = case.aliases.len() + case.links.len();
    for alias in aliases {
        if case.aliases.len() < KEYS_MAX && !case.aliases.contains(alias) {
            case.aliases.insert(alias.clone());
        }
    }
    for link in links {
        if case.links.len() < KEYS_MAX && !case.links.contains(link) {
            case.links.insert(link.clone());
        }
    }
    let grown = case.aliases.len() + case.links.len() > known;
    describe(case, subject, by) || grown
}

/// The better-informed description wins; of two equals the one that sorts first.
fn describe(case: &mut Case, subject: &Subject, by: u8) -> bool {
    let own = &mut case.subject;
    let mut changed = false;
    let better = by > case.named_by || (by == case.named_by && subject.display < own.display);
    if better
        && (own.display != subject.display || own.kind != subject.kind || own.provider != subject.provider)
    {
        own.display = cut(&subject.display, TEXT_CHARS_MAX);
        own.provider.clone_from(&subject.provider);
        own.kind.clone_from(&subject.kind);
        changed = true;
    }
    case.named_by = case.named_by.max(by);
    own.confidence = own.confidence.max(subject.confidence);
    for (name, value) in &subject.attributes {
        let value = cut(value, TEXT_CHARS_MAX);
        let full = own.attributes.len() >= ATTRIBUTES_MAX && !own.attributes.contains_key(name);
        if full || own.attributes.get(name).is_some_and(|known| *known <= value) {
            continue;
        }
        own.attributes.insert(name.clone(), value);
        changed = true;
    }
    changed
}

pub(crate) fn join_labels(own: &mut Frameworks, other: &Frameworks) -> bool {
    let pairs = [
        (&mut own.owasp_nhi, &other.owasp_nhi),
        (&mut own.nist_csf, &other.nist_csf),
        (&mut own.attack, &other.attack),
    ];
    let mut grown = false;
    for (own, other) in pairs {
        for label in other {
            if let Err(place) = own.binary_search(label)
                && own.len() < LABELS_MAX
            {
                own.insert(place, cut(label, TEXT_CHARS_MAX));
                grown = true;
            }
        }
    }
    grown
}

pub(crate) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
