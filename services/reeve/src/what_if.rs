//! `reeve what-if --policy DIR`: what another policy would make of the open tasks. Reads the ledger, writes nothing.

use std::io::{self, BufWriter, IsTerminal, Write};

use comfy_table::{Table, presets};
use reeve_domain::task::Task;
use reeve_domain::time::Timestamp;
use reeve_ledger::{Input, Notice, Overlay, Partition};
use reeve_policy::Policy;
use serde::Serialize;

use crate::cli::{Format, WhatIfArgs};
use crate::config::{self, Config};
use crate::exit::{Failure, Outcome};
use crate::normalize::{broken, line_of, note};
use crate::reach::Reach;
use crate::{cases, clock};

/// Prints the tasks that would change.
///
/// # Errors
/// The other policy has mistakes, or the log cannot be read.
pub fn run(config: &Config, args: &WhatIfArgs) -> Outcome {
    let other = config::load(Some(&args.policy)).map_err(Failure::Config)?.policy;
    let cases = cases::all(&Reach::open(&config.log)?, &other)?;
    let now = args.now.unwrap_or_else(clock::now);
    let changes = changes(&cases, &other, now);
    let format = args.output.unwrap_or(if io::stdout().is_terminal() {
        Format::Table
    } else {
        Format::Json
    });
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Format::Table {
        writeln!(out, "{}", table(&changes)).map_err(broken)?;
    } else {
        for change in &changes {
            line_of(&mut out, change)?;
        }
    }
    out.flush().map_err(broken)?;
    let open = open(&cases).count();
    note(&format!("{} of {open} open tasks would change", changes.len()));
    Ok(())
}

/// One task under both policies.
#[derive(Serialize)]
struct Change {
    task_id: String,
    subject: String,
    issue_type: String,
    now: Decided,
    then: Decided,
}

/// What a policy decides.
#[derive(PartialEq, Serialize)]
struct Decided {
    priority: String,
    score: i64,
    route: String,
    queue: String,
    contain_by: Option<Timestamp>,
    remediate_by: Timestamp,
}

fn open(cases: &Partition) -> impl Iterator<Item = &Task> {
    let tasks = cases.cases().flat_map(|case| case.told().map(Notice::task));
    tasks.filter(|task| task.state.is_open())
}

/// Each case is asked again as if its inventories had just said once more what they said before.
fn changes(cases: &Partition, other: &Policy, now: Timestamp) -> Vec<Change> {
    let mut overlay = Overlay::default();
    let mut changes = Vec::new();
    for case in cases.cases() {
        let Some((knowledge, _)) = case.knowledge() else {
            continue;
        };
        let input = Input::Knowledge { knowledge, at: now };
        cases.apply(&mut overlay, case.key(), (input, None), other, now);
        let Some(then) = cases.case(Some(&overlay), case.key()) else {
            continue;
        };
        for old in case.told().map(Notice::task).filter(|task| task.state.is_open()) {
            let new = then
                .told()
                .map(Notice::task)
                .find(|task| task.task_id == old.task_id);
            changes.extend(new.and_then(|new| change(old, new)));
        }
    }
    changes
}

fn change(old: &Task, new: &Task) -> Option<Change> {
    let (now, then) = (Decided::of(old), Decided::of(new));
    (now != then).then(|| Change {
        task_id: old.task_id.clone(),
        subject: old.subject.display.clone(),
        issue_type: old.issue_type.to_string(),
        now,
        then,
    })
}

impl Decided {
    fn of(task: &Task) -> Self {
        Self {
            priority: task.priority.band.to_string(),
            score: i64::from(task.priority.score),
            route: task.route.rule.clone(),
            queue: task.route.queue.clone(),
            contain_by: task.deadlines.contain_by,
            remediate_by: task.deadlines.remediate_by,
        }
    }

    fn words(&self) -> String {
        let by = self.remediate_by.strftime("%Y-%m-%d %H:%M");
        format!("{} {} → {}, by {by}", self.priority, self.score, self.queue)
    }
}

fn table(changes: &[Change]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["subject", "issue", "now", "then"]);
    for change in changes {
        table.add_row([
            change.subject.clone(),
            change.issue_type.clone(),
            change.now.words(),
            change.then.words(),
        ]);
    }
    table.to_string()
}
