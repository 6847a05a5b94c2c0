//! `reeve tasks`: the tasks of a running reeve.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};

use reeve_domain::task::Task;
use reeve_log::{Record, Stop, Topic};

use crate::cli::{Format, TasksArgs, TasksWhat};
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::normalize::{broken, line_of, note};
use crate::reach::Reach;
use crate::{line, table};

/// Lists or follows.
///
/// # Errors
/// The log cannot be read.
pub fn run(config: &Config, args: &TasksArgs) -> Outcome {
    let reach = Reach::open(&config.log)?;
    match args.what {
        TasksWhat::Ls => list(&reach, args),
        TasksWhat::Follow => follow(&reach, args),
    }
}

fn list(reach: &Reach, args: &TasksArgs) -> Outcome {
    let mut tasks = all(reach)?;
    tasks.retain(|task| args.state.is_empty() || args.state.contains(&task.state));
    tasks.sort_by_key(|task| {
        (
            task.priority.band,
            task.deadlines.remediate_by,
            task.task_id.clone(),
        )
    });
    let terminal = io::stdout().is_terminal();
    let format = args
        .output
        .unwrap_or(if terminal { Format::Table } else { Format::Json });
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Format::Table {
        let tasks: Vec<&Task> = tasks.iter().collect();
        writeln!(out, "{}", table::tasks(&tasks, terminal)).map_err(broken)?;
    } else {
        for task in &tasks {
            line_of(&mut out, task)?;
        }
    }
    out.flush().map_err(broken)
}

fn follow(reach: &Reach, args: &TasksArgs) -> Outcome {
    let stop = Stop::default();
    let runtime = line::runtime()?;
    line::stop_on_signals(stop.clone(), &runtime);
    let mut failure = None;
    reach.follow(Topic::Tasks, &stop, &mut |record| {
        let shown = task_of(record).filter(|task| args.state.is_empty() || args.state.contains(&task.state));
        if let Some(task) = shown
            && let Err(error) = line_of(&mut io::stdout().lock(), &task)
        {
            failure.get_or_insert(error);
            stop.stop();
        }
    })?;
    failure.map_or(Ok(()), Err)
}

/// Every task as it stands, by the rule that every consumer follows.
///
/// # Errors
/// The log cannot be read.
pub fn all(reach: &Reach) -> Result<Vec<Task>, Failure> {
    let mut tasks: BTreeMap<String, Task> = BTreeMap::new();
    let mut unread = 0_u64;
    reach.scan(Topic::Tasks, &mut |record| match task_of(record) {
        Some(task) => {
            let before = tasks.remove(&task.task_id);
            tasks.insert(task.task_id.clone(), latest(before, task));
        }
        None => unread += 1,
    })?;
    if unread > 0 {
        note(&format!(
            "{unread} records on the tasks topic are no tasks of this version"
        ));
    }
    Ok(tasks.into_values().collect())
}

fn task_of(record: Record) -> Option<Task> {
    serde_json::from_slice(&record.value?).ok()
}

/// Upsert if (`opened_at`, `revision`) is greater.
pub fn latest(before: Option<Task>, task: Task) -> Task {
    match before {
        Some(before) if (before.opened_at, before.revision) >= (task.opened_at, task.revision) => before,
        _ => task,
    }
}
