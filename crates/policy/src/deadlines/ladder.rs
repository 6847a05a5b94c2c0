//! Who is told when nothing happens: rungs at shares of the deadline, then repeats, each with a stable name.

use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;

use crate::config::Span;

/// Everything the ladder of one task depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Its urgency.
    pub band: Band,
    /// The deadline's clock.
    pub first_detected_at: Timestamp,
    /// When it opened (this cycle): no rung is earlier.
    pub opened_at: Timestamp,
    /// Stop the harm by.
    pub contain_by: Option<Timestamp>,
    /// Fix by.
    pub remediate_by: Timestamp,
    /// Since when every inventory says that nobody owns it.
    pub ownerless_since: Option<Timestamp>,
    /// When somebody claimed it fixed, as long as no evidence has come.
    pub claimed_at: Option<Timestamp>,
    /// Since when the resolver cannot go on.
    pub blocked_since: Option<Timestamp>,
    /// Repeats are listed up to this instant, and the next one.
    pub now: Timestamp,
}

/// One step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Stable within a task: `remediate_50`, `overdue+24h`, `blocked`, `ownerless_50`, `claimed_without_evidence`, `older_than`.
    pub step: String,
    /// When it is due.
    pub at: Timestamp,
    /// Who is told: resolver, control_owner, business_owner, executive; class_owner, platform_owner where nobody owns it.
    pub to: String,
    /// The level it reaches, from 1.
    pub level: u32,
}

/// The ladder as configured.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    /// From the lowest level, which is 1.
    pub(super) roles: Vec<String>,
    pub(super) contain: Vec<Share>,
    pub(super) remediate: Vec<Share>,
    pub(super) overdue: Repeat,
    pub(super) ownerless_within: [Span; 5],
    pub(super) ownerless: Vec<Share>,
    pub(super) ownerless_overdue: Repeat,
    pub(super) claimed: Once,
    pub(super) older: Once,
}

#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) percent: u32,
    pub(super) target: Target,
}

#[derive(Clone, Debug)]
pub(super) struct Repeat {
    pub(super) every: [Span; 5],
    pub(super) target: Target,
}

#[derive(Clone, Debug)]
pub(super) struct Once {
    pub(super) after: Span,
    pub(super) target: Target,
}

#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) to: String,
    pub(super) level: u32,
}

impl Target {
    fn rung(&self, step: String, at: Timestamp) -> Rung {
        Rung {
            step,
            at,
            to: self.to.clone(),
            level: self.level,
        }
    }
}

impl Ladder {
    pub(super) fn claimed_after(&self) -> Span {
        self.claimed.after
    }

    pub(super) fn older_than(&self) -> Span {
        self.older.after
    }

    pub(super) fn rungs(&self, clocks: &Clocks) -> Vec<Rung> {
        let mut rungs = Vec::new();
        let from = clocks.first_detected_at;
        if let Some(by) = clocks.contain_by {
            shares(&mut rungs, "contain", &self.contain, from, by);
        }
        shares(
            &mut rungs,
            "remediate",
            &self.remediate,
            from,
            clocks.remediate_by,
        );
        self.overdue
            .due(&mut rungs, "overdue", clocks.remediate_by, clocks);
        if let Some(since) = clocks.ownerless_since {
            let by = since.plus_seconds(self.ownerless_within[clocks.band as usize].seconds());
            shares(&mut rungs, "ownerless", &self.ownerless, since, by);
            self.ownerless_overdue
                .due(&mut rungs, "ownerless_overdue", by, clocks);
        }
        if let Some(claimed_at) = clocks.claimed_at {
            let at = claimed_at.plus_seconds(self.claimed.after.seconds());
            rungs.push(
                self.claimed
                    .target
                    .rung("claimed_without_evidence".to_owned(), at),
            );
        }
        let old_at = from.plus_seconds(self.older.after.seconds());
        rungs.push(self.older.target.rung("older_than".to_owned(), old_at));
        rungs.extend(clocks.blocked_since.and_then(|since| self.blocked(&rungs, since)));
        for rung in &mut rungs {
            rung.at = rung.at.max(clocks.opened_at);
        }
        rungs.sort_by(|a, b| (a.at, a.level, &a.step).cmp(&(b.at, b.level, &b.step)));
        rungs
    }

    /// At once, one level above what the clock had reached by then.
    fn blocked(&self, rungs: &[Rung], since: Timestamp) -> Option<Rung> {
        let reached = rungs
            .iter()
            .filter(|rung| rung.at <= since)
            .map(|rung| rung.level)
            .max()
            .unwrap_or(1);
        let index = (reached as usize).min(self.roles.len().checked_sub(1)?);
        let to = self.roles[index].clone();
        Some(Rung {
            step: "blocked".to_owned(),
            at: since,
            to,
            level: index as u32 + 1,
        })
    }
}

impl Repeat {
    /// The last repeat that is due and the next one; what was missed before collapses into the last one.
    fn due(&self, rungs: &mut Vec<Rung>, name: &str, from: Timestamp, clocks: &Clocks) {
        let every = self.every[clocks.band as usize].seconds().max(3_600);
        let passed = clocks.now.seconds_since(from).max(0) / every;
        for count in [passed, passed + 1].into_iter().filter(|count| *count > 0) {
            let after = count.saturating_mul(every);
            let step = format!("{name}+{}h", after / 3_600);
            rungs.push(self.target.rung(step, from.plus_seconds(after)));
        }
    }
}

fn shares(rungs: &mut Vec<Rung>, name: &str, steps: &[Share], from: Timestamp, by: Timestamp) {
    let length = by.seconds_since(from).max(0);
    for share in steps {
        let at = from.plus_seconds(length.saturating_mul(i64::from(share.percent)) / 100);
        rungs.push(share.target.rung(format!("{name}_{}", share.percent), at));
    }
}
