//! Cases: what is known of a subject, folded from findings, evidence and events.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod agenda;
mod alias;
mod api;
mod apply;
mod assemble;
mod bounds;
mod case;
mod cause;
mod change;
mod decide;
mod event;
mod fit;
mod gauges;
mod join;
mod ladder;
mod marks;
mod merge;
mod names;
mod notice;
mod observe;
mod packed;
mod partition;
mod pass;
mod permit;
mod piece;
mod receipt;
mod record;
mod refresh;
mod rewind;
mod rules;
mod seen_events;
mod shown;
mod shrink;
mod tick;
mod ties;
mod timeline;

mod traces;
mod words;

pub use api::{Age, Applied, Input, InputTopic, Noted, Position};
pub use apply::{apply, lookup_due, wants_lookup};
pub use case::Case;
pub use gauges::{ByKeyIds, ByRoute, Gauges};
pub use notice::{Glance, Notice};
pub use partition::{LedgerRecord, Overlay, Partition};
pub use record::{LEDGER_VERSION, LedgerError, ledger_record};
pub use rewind::Rewound;
pub use tick::next_due;
