//! What goes into a case and what comes out of it.

use std::sync::Arc;

use reeve_domain::context::{IdentityClass, Knowledge};
use reeve_domain::event::{RawEvent, TaskEvent};
use reeve_domain::observation::{Evidence, Finding, IssueType, Receipt};
use reeve_domain::outcome::Outcome;
use reeve_domain::priority::Band;
use reeve_domain::reject::Reject;
use reeve_domain::task::Closure;
use reeve_domain::time::Timestamp;

use crate::notice::Notice;

/// One thing that happens to a case.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// A scanner reported a problem.
    Finding(&'a Finding),
    /// The same, with what the inventories said about its subject before it came here: a new task leaves with its context.
    KnownFinding {
        /// The report.
        finding: &'a Finding,
        /// The merged answer.
        knowledge: &'a Knowledge,
        /// When it was made.
        at: Timestamp,
    },
    /// A machine proved something, or saw a sign of life.
    Evidence(&'a Evidence),
    /// A scan ran: what it showed before and no longer shows is removed from its source.
    Receipt(&'a Receipt),
    /// A person, a ticket system or a connector said something.
    Event(&'a TaskEvent),
    /// The inventories answered, or said that they cannot.
    Knowledge {
        /// The merged answer.
        knowledge: &'a Knowledge,
        /// When it was made.
        at: Timestamp,
    },
    /// Time has passed.
    Tick,
}

/// Which input topic a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputTopic {
    /// `findings`.
    Findings,
    /// `task-events`.
    TaskEvents,
}

/// Where a record stood: a case skips what it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which input.
    pub topic: InputTopic,
    /// Its offset.
    pub offset: i64,
}

/// What one input came to.
#[derive(Debug, Default)]
pub struct Applied {
    /// What became of the record; none for ticks and inventory answers, which are no records.
    pub outcome: Option<Outcome>,
    /// Records for `tasks`, each with the next revision, in order.
    pub tasks: Vec<Arc<Notice>>,
    /// Why an event was refused; then nothing else is set.
    pub reject: Option<Reject>,
    /// Events for other subjects' cases, for `task-events`, keyed by subject.
    pub follow_ups: Vec<RawEvent>,
    /// What metrics want to know.
    pub noted: Vec<Noted>,
    /// The case differs from before, so that a ledger record is due.
    pub changed: bool,
    /// How often the facts were replayed: a repeat costs none.
    pub replays: u32,
}

/// Something worth counting.
#[derive(Clone, Debug, PartialEq)]
pub enum Noted {
    /// A task was opened.
    Opened {
        /// Its band.
        band: Band,
        /// The rule that routed it.
        route: String,
    },
    /// A task was opened again.
    Reopened {
        /// Its band.
        band: Band,
        /// The rule that routed it.
        route: String,
    },
    /// A task was acknowledged for the first time in its cycle.
    Acknowledged(Age),
    /// A task was claimed for the first time in its cycle.
    Claimed(Age),
    /// A task was closed with proof or by review.
    Verified {
        /// How.
        closure: Closure,
        /// What was wrong.
        issue_type: IssueType,
        /// How long it took.
        age: Age,
    },
    /// A step of the ladder was taken.
    Escalated {
        /// The level reached.
        level: u32,
    },
}

/// How long something took since the deadline's clock began.
#[derive(Clone, Debug, PartialEq)]
pub struct Age {
    /// The task's band.
    pub band: Band,
    /// The kind of identity behind it.
    pub identity_class: IdentityClass,
    /// Seconds, at least 0.
    pub seconds: i64,
}
