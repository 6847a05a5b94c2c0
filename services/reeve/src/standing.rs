//! `reeve report`: how remediation stands, from the ledger: the same whichever replica ran, however often one died.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};

use comfy_table::{Table, presets};
use reeve_domain::priority::Band;
use reeve_domain::task::{Closure, Task, TaskState};
use reeve_domain::time::Timestamp;
use reeve_ledger::Notice;
use serde::Serialize;

use crate::cli::{Format, ReportArgs};
use crate::config::Config;
use crate::exit::Outcome;
use crate::normalize::{broken, line_of};
use crate::reach::Reach;
use crate::{cases, clock};

/// Prints the report.
///
/// # Errors
/// The log cannot be read.
pub fn run(config: &Config, args: &ReportArgs) -> Outcome {
    let cases = cases::all(&Reach::open(&config.log)?, &config.policy)?;
    let now = args.now.unwrap_or_else(clock::now);
    let standing = Standing::of(cases.cases().flat_map(|case| case.told().map(Notice::task)), now);
    let terminal = io::stdout().is_terminal();
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        Some(Format::Table) => writeln!(out, "{}", standing.table()).map_err(broken)?,
        None if terminal => writeln!(out, "{}", standing.table()).map_err(broken)?,
        _ => line_of(&mut out, &standing)?,
    }
    out.flush().map_err(broken)
}

/// How all tasks stand at one time.
#[derive(Serialize)]
struct Standing {
    as_of: Timestamp,
    tasks: u64,
    states: BTreeMap<TaskState, u64>,
    priorities: BTreeMap<Band, OfBand>,
    routes: BTreeMap<String, OfRoute>,
}

/// Tasks of one band. Times count from `first_detected_at`, in this cycle.
#[derive(Default, Serialize)]
struct OfBand {
    open: u64,
    overdue: u64,
    ownerless: u64,
    blocked: u64,
    reopened: u64,
    verified: u64,
    attested: u64,
    oldest_open_seconds: Option<i64>,
    time_to_acknowledge: Times,
    time_to_claim: Times,
    time_to_verified: Times,
}

#[derive(Default, Serialize)]
struct OfRoute {
    open: u64,
    overdue: u64,
    ownerless: u64,
    blocked: u64,
}

/// Seconds, by nearest rank.
#[derive(Default, Serialize)]
struct Times {
    count: u64,
    median_seconds: Option<i64>,
    p90_seconds: Option<i64>,
    #[serde(skip)]
    all: Vec<i64>,
}

impl Standing {
    fn of<'a>(tasks: impl Iterator<Item = &'a Task>, now: Timestamp) -> Self {
        let mut standing = Self {
            as_of: now,
            tasks: 0,
            states: BTreeMap::new(),
            priorities: Band::ALL.iter().map(|band| (*band, OfBand::default())).collect(),
            routes: BTreeMap::new(),
        };
        for task in tasks {
            standing.tasks += 1;
            *standing.states.entry(task.state).or_default() += 1;
            let band = standing.priorities.entry(task.priority.band).or_default();
            band.add(task, now);
            if task.state.is_open() {
                let route = standing.routes.entry(task.route.rule.clone()).or_default();
                route.add(task, now);
            }
        }
        standing.priorities.values_mut().for_each(OfBand::settle);
        standing
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([
            "priority",
            "open",
            "overdue",
            "ownerless",
            "blocked",
            "oldest open",
            "to acknowledge",
            "to claim",
            "to verified",
            "verified",
            "attested",
            "reopened",
        ]);
        for (band, of) in &self.priorities {
            table.add_row([
                band.to_string(),
                of.open.to_string(),
                of.overdue.to_string(),
                of.ownerless.to_string(),
                of.blocked.to_string(),
                words(of.oldest_open_seconds),
                of.time_to_acknowledge.words(),
                of.time_to_claim.words(),
                of.time_to_verified.words(),
                of.verified.to_string(),
                of.attested.to_string(),
                of.reopened.to_string(),
            ]);
        }
        format!(
            "{table}\n{} tasks; times: median (90 of 100) of this cycle",
            self.tasks
        )
    }
}

impl OfBand {
    fn add(&mut self, task: &Task, now: Timestamp) {
        let since = |at: Timestamp| at.seconds_since(task.first_detected_at).max(0);
        let mut open = OfRoute::default();
        open.add(task, now);
        self.open += open.open;
        self.overdue += open.overdue;
        self.ownerless += open.ownerless;
        self.blocked += open.blocked;
        self.reopened += u64::from(task.cycle > 1);
        if task.state.is_open() {
            self.oldest_open_seconds = self.oldest_open_seconds.max(Some(since(now)));
        }
        match task.closure {
            Some(Closure::Verified) => self.verified += 1,
            Some(Closure::Attested) => self.attested += 1,
            None => {}
        }
        self.time_to_acknowledge
            .all
            .extend(task.acknowledged_at.map(since));
        self.time_to_claim.all.extend(task.claimed_at.map(since));
        self.time_to_verified.all.extend(task.verified_at.map(since));
    }

    fn settle(&mut self) {
        self.time_to_acknowledge.settle();
        self.time_to_claim.settle();
        self.time_to_verified.settle();
    }
}

impl OfRoute {
    fn add(&mut self, task: &Task, now: Timestamp) {
        if !task.state.is_open() {
            return;
        }
        let contain = task.deadlines.contain_by.is_some_and(|by| by < now);
        self.open += 1;
        self.overdue += u64::from(contain || task.deadlines.remediate_by < now);
        self.ownerless += u64::from(task.ownerless);
        self.blocked += u64::from(task.blocked.is_some());
    }
}

impl Times {
    fn settle(&mut self) {
        self.all.sort_unstable();
        self.count = self.all.len() as u64;
        self.median_seconds = self.rank(50);
        self.p90_seconds = self.rank(90);
    }

    fn rank(&self, of_hundred: usize) -> Option<i64> {
        let rank = (self.all.len() * of_hundred).div_ceil(100);
        self.all.get(rank.saturating_sub(1)).copied()
    }

    fn words(&self) -> String {
        match self.median_seconds {
            None => "–".to_owned(),
            median => format!("{} ({})", words(median), words(self.p90_seconds)),
        }
    }
}

/// The two largest units.
fn words(seconds: Option<i64>) -> String {
    let Some(seconds) = seconds else {
        return "–".to_owned();
    };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m {}s", seconds % 60),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_values_that_were_there() {
        let mut times = Times {
            all: vec![40, 10, 30, 20],
            ..Times::default()
        };
        times.settle();
        assert_eq!(
            (times.count, times.median_seconds, times.p90_seconds),
            (4, Some(20), Some(40))
        );
        assert_eq!(Times::default().rank(50), None);
    }

    #[test]
    fn a_time_is_told_in_its_two_largest_units() {
        let told = [59, 3_600, 90_000].map(|seconds| words(Some(seconds)));
        assert_eq!(told, ["0m 59s", "1h 0m", "1d 1h"]);
    }
}
