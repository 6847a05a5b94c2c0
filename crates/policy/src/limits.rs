//! What the ledger holds and for how long, and who may change what in it.

use std::collections::BTreeSet;

use reeve_domain::event::{Actor, ActorKind};
use reeve_domain::priority::Band;
use serde::Deserialize;

use crate::config::{ConfigError, Document, Span};

/// Bounds of the ledger; seconds, milliseconds, bytes or counts as named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLimits {
    /// How long a new case waits for its context.
    pub hold_ms: u64,
    /// Size of a case as JSON.
    pub case_bytes_max: usize,
    /// Event ids remembered per case.
    pub event_ids_max: usize,
    /// Older events are stale.
    pub event_age_max_s: i64,
    /// Places shown per task.
    pub samples_max: usize,
    /// After that a closed case shrinks to a stub.
    pub stub_after_s: i64,
    /// After that a closed case is forgotten.
    pub tombstone_after_s: i64,
    /// Closed that long without a sign of it: sustained.
    pub sustain_after_s: i64,
    /// Age at which inventories are asked again about an open task.
    pub context_fresh_s: i64,
    /// Pause before inventories that did not answer are asked again.
    pub context_retry_s: i64,
    /// Cases asked about again per tick.
    pub refresh_per_tick_max: usize,
    /// Cases escalated per tick.
    pub escalate_per_tick_max: usize,
    /// A claim without evidence escalates after that.
    pub claimed_without_evidence_s: i64,
    /// What is older since its first detection escalates by itself.
    pub escalate_older_than_s: i64,
}

/// Who may say what in events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRules {
    approve: BTreeSet<ActorKind>,
    attest: BTreeSet<ActorKind>,
    reassign: BTreeSet<ActorKind>,
    false_positive: BTreeSet<ActorKind>,
    exception: BTreeSet<ActorKind>,
    link: BTreeSet<ActorKind>,
    second_person_from: Band,
    /// A false positive is forgotten at the latest after that.
    pub false_positive_max_s: i64,
    /// An exception ends at the latest after that.
    pub exception_max_s: i64,
    /// An exception under which nothing was seen for that long ends by itself.
    pub exception_unused_s: i64,
}

impl EventRules {
    /// Whether this actor may pass or deny a gate; that it is neither requester nor executor is the ledger's to know.
    pub fn may_approve(&self, actor: &Actor) -> bool {
        self.approve.contains(&actor.kind)
    }

    /// Whether this actor may review an attestation; that it is not the claimant is the ledger's to know.
    pub fn may_attest(&self, actor: &Actor) -> bool {
        self.attest.contains(&actor.kind)
    }

    /// Whether this actor may give a task to somebody else.
    pub fn may_reassign(&self, actor: &Actor) -> bool {
        self.reassign.contains(&actor.kind)
    }

    /// Whether this actor may call a task a false positive.
    pub fn may_call_false_positive(&self, actor: &Actor) -> bool {
        self.false_positive.contains(&actor.kind)
    }

    /// Whether this actor may grant or revoke an exception.
    pub fn may_except(&self, actor: &Actor) -> bool {
        self.exception.contains(&actor.kind)
    }

    /// Whether this actor may part an alias from its subject, and join again what was parted.
    pub fn may_link(&self, actor: &Actor) -> bool {
        self.link.contains(&actor.kind)
    }

    /// Whether a false positive of this band needs a second person.
    pub fn needs_second_person(&self, band: Band) -> bool {
        band <= self.second_person_from
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLedger {
    hold_ms: u64,
    case_bytes_max: usize,
    event_ids_max: usize,
    event_age_max: Span,
    samples_max: usize,
    stub_after: Span,
    tombstone_after: Span,
    sustain_after: Span,
    context_fresh: Span,
    context_retry: Span,
    refresh_per_tick_max: usize,
    escalate_per_tick_max: usize,
    events: RawEvents,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvents {
    approve: BTreeSet<ActorKind>,
    attest: BTreeSet<ActorKind>,
    false_positive: RawFalsePositive,
    exception: RawException,
    reassign: BTreeSet<ActorKind>,
    link: BTreeSet<ActorKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFalsePositive {
    by: BTreeSet<ActorKind>,
    second_person_from: Band,
    expires_within: Span,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawException {
    by: BTreeSet<ActorKind>,
    expires_within: Span,
    unused_after: Span,
}

/// The longest a task may be held back for its context.
const HOLD_MS_MAX: u64 = 60_000;
/// A case must hold at least its task, its owners and its receipt.
const CASE_BYTES_MIN: usize = 16 * 1024;
/// A record of the ledger must stay below the usual limit of a message.
const CASE_BYTES_MAX: usize = 900 * 1024;

impl RawLedger {
    /// The two clocks that belong to the ladder are its own: `claimed` and `older` come from `deadlines.yaml`.
    pub(crate) fn compile(
        self,
        (claimed, older): (Span, Span),
        document: &Document,
        errors: &mut Vec<ConfigError>,
    ) -> (LedgerLimits, EventRules) {
        self.check(document, errors);
        let limits = LedgerLimits {
            hold_ms: self.hold_ms,
            case_bytes_max: self.case_bytes_max,
            event_ids_max: self.event_ids_max,
            event_age_max_s: self.event_age_max.seconds(),
            samples_max: self.samples_max,
            stub_after_s: self.stub_after.seconds(),
            tombstone_after_s: self.tombstone_after.seconds(),
            sustain_after_s: self.sustain_after.seconds(),
            context_fresh_s: self.context_fresh.seconds(),
            context_retry_s: self.context_retry.seconds(),
            refresh_per_tick_max: self.refresh_per_tick_max,
            escalate_per_tick_max: self.escalate_per_tick_max,
            claimed_without_evidence_s: claimed.seconds(),
            escalate_older_than_s: older.seconds(),
        };
        let events = EventRules {
            approve: self.events.approve,
            attest: self.events.attest,
            reassign: self.events.reassign,
            false_positive: self.events.false_positive.by,
            exception: self.events.exception.by,
            link: self.events.link,
            second_person_from: self.events.false_positive.second_person_from,
            false_positive_max_s: self.events.false_positive.expires_within.seconds(),
            exception_max_s: self.events.exception.expires_within.seconds(),
            exception_unused_s: self.events.exception.unused_after.seconds(),
        };
        (limits, events)
    }

    fn check(&self, document: &Document, errors: &mut Vec<ConfigError>) {
        let mut must = |holds: bool, pointer: &str, message: String| {
            if !holds {
                errors.push(document.error(pointer, message));
            }
        };
        must(
            self.hold_ms <= HOLD_MS_MAX,
            "/hold_ms",
            format!("at most {HOLD_MS_MAX} ms"),
        );
        let size = CASE_BYTES_MIN..=CASE_BYTES_MAX;
        let message = format!("between {CASE_BYTES_MIN} and {CASE_BYTES_MAX} bytes");
        must(size.contains(&self.case_bytes_max), "/case_bytes_max", message);
        must(
            (1..=10_000).contains(&self.event_ids_max),
            "/event_ids_max",
            "between 1 and 10000".to_owned(),
        );
        must(self.samples_max <= 5, "/samples_max", "at most 5".to_owned());
        let in_order = self.stub_after < self.tombstone_after;
        must(
            in_order,
            "/tombstone_after",
            "a case must become a stub before it is forgotten".to_owned(),
        );
        for (name, count) in [
            ("refresh_per_tick_max", self.refresh_per_tick_max),
            ("escalate_per_tick_max", self.escalate_per_tick_max),
        ] {
            must(count > 0, &format!("/{name}"), "at least 1".to_owned());
        }
        let rules = [
            &self.events.false_positive.by,
            &self.events.exception.by,
            &self.events.approve,
            &self.events.attest,
            &self.events.link,
        ];
        let only_people = rules.iter().all(|kinds| !kinds.contains(&ActorKind::System));
        must(
            only_people,
            "/events",
            "`system` may not approve anything".to_owned(),
        );
    }
}
