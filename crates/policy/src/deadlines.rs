//! Until when: contain and remediate by band, counted from the first report.

mod ladder;
mod raw;

pub use ladder::{Clocks, Rung};
pub(crate) use raw::RawDeadlines;

use std::collections::BTreeMap;

use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;

use crate::config::Span;
use ladder::Ladder;

/// Lengths of time by band, and the ladder over them.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines {
    pub(crate) calendar: String,
    bands: [Allowance; 5],
    ladder: Ladder,
    /// By gate: why the clock stands while it waits, and how long at most.
    pauses: BTreeMap<String, (String, Span)>,
}

/// How long a band may take.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    contain: Option<Span>,
    remediate: Span,
}

/// The two deadlines of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Stop the harm by; the lower bands have none.
    pub contain_by: Option<Timestamp>,
    /// Fix by.
    pub remediate_by: Timestamp,
}

impl Deadlines {
    /// The deadlines of a task that is first given this band.
    pub(crate) fn due(&self, band: Band, first_detected_at: Timestamp) -> Due {
        let allowance = self.bands[band as usize];
        Due {
            contain_by: allowance
                .contain
                .map(|span| first_detected_at.plus_seconds(span.seconds())),
            remediate_by: first_detected_at.plus_seconds(allowance.remediate.seconds()),
        }
    }

    /// The deadlines after an upgrade to `band`: never later than before, never shorter than the band allows from now.
    pub(crate) fn upgraded(&self, old: Due, band: Band, now: Timestamp) -> Due {
        let new = self.due(band, now);
        let contain_by = match (old.contain_by, new.contain_by) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        Due {
            contain_by,
            remediate_by: old.remediate_by.min(new.remediate_by),
        }
    }

    /// The arithmetic in words.
    pub(crate) fn says(&self, band: Band, first_detected_at: Timestamp, due: Due) -> String {
        let allowance = self.bands[band as usize];
        let contain = match (allowance.contain, due.contain_by) {
            (Some(span), Some(by)) => format!("; + {span} = contain by {by}"),
            _ => String::new(),
        };
        let remediate = format!("; + {} = remediate by {}", allowance.remediate, due.remediate_by);
        format!(
            "{band}, first reported {first_detected_at}{contain}{remediate} ({} clock)",
            self.calendar
        )
    }

    /// Why and for how many seconds at most the clock stands while a gate waits.
    pub(crate) fn pause_of(&self, gate: &str) -> Option<(&str, i64)> {
        let (reason, most) = self.pauses.get(gate)?;
        Some((reason, most.seconds()))
    }

    /// The rungs of the ladder, in time order.
    pub(crate) fn rungs(&self, clocks: &Clocks) -> Vec<Rung> {
        self.ladder.rungs(clocks)
    }

    pub(crate) fn claimed_without_evidence(&self) -> Span {
        self.ladder.claimed_after()
    }

    pub(crate) fn older_than(&self) -> Span {
        self.ladder.older_than()
    }
}
