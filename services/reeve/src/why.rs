//! `reeve why`: the decision behind a task, in words.

use std::io::{self, Write};
use std::path::Path;

use reeve_domain::context::Owner;
use reeve_domain::task::{ClaimEntry, EvidenceEntry, EvidenceRequired, RouteTried, Task};
use reeve_log::Topic;

use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, Place};
use crate::normalize::broken;
use crate::reach::Reach;
use crate::tasks::latest;

/// Explains the task of that id, or every task of a file.
///
/// # Errors
/// 66 for a file that cannot be opened or a task that is not there.
pub fn run(config: &Config, task: &str) -> Outcome {
    let tasks = if task == "-" || Path::new(task).is_file() {
        of_file(task)?
    } else {
        vec![of_log(config, task)?]
    };
    let mut out = io::stdout().lock();
    for task in &tasks {
        out.write_all(in_words(task).as_bytes()).map_err(broken)?;
    }
    Ok(())
}

fn of_file(path: &str) -> Result<Vec<Task>, Failure> {
    let place = if path == "-" {
        Place::Stdin
    } else {
        Place::File(path.into())
    };
    let input = inputs::read(&place).map_err(Failure::NoInput)?;
    let stream = serde_json::Deserializer::from_slice(&input.bytes).into_iter::<Task>();
    stream.collect::<Result<Vec<Task>, _>>().map_err(|error| {
        Failure::NoInput(format!(
            "{path}:{}:{}: expected tasks as NDJSON",
            error.line(),
            error.column()
        ))
    })
}

fn of_log(config: &Config, id: &str) -> Result<Task, Failure> {
    let reach = Reach::open(&config.log)?;
    let mut found: Option<Task> = None;
    reach.scan(Topic::Tasks, &mut |record| {
        if let Some(task) = record
            .value
            .and_then(|value| serde_json::from_slice::<Task>(&value).ok())
            && task.task_id == id
        {
            found = Some(latest(found.take(), task));
        }
    })?;
    found.ok_or_else(|| Failure::NoInput(format!("{id}: no such task, and no such file")))
}

/// The whole receipt.
pub fn in_words(task: &Task) -> String {
    let mut text = format!("{} {}\n", task.task_id, task.title);
    let explain = task.explain.clone().unwrap_or_default();
    let sections = [
        (
            "subject",
            vec![format!(
                "{} ({}, {})",
                task.subject.display, task.subject.key, task.subject.kind
            )],
        ),
        ("issue", vec![issue(task)]),
        ("seen", vec![seen(task)]),
        ("inventories", explain.inventories),
        ("owner", explain.owner),
        ("resolver", owner(task.owners.resolver.as_ref())),
        ("business", owner(task.owners.business.as_ref())),
        ("score", factors(task)),
        ("", vec![explain.score]),
        ("band", explain.band),
        (
            "route",
            explain.routes.iter().map(|tried| route(task, tried)).collect(),
        ),
        ("deadline", vec![explain.deadline]),
        ("path", vec![explain.path]),
        ("proof", task.evidence_required.iter().map(proof).collect()),
        ("evidence", task.evidence.iter().map(evidence).collect()),
        ("claims", task.claims.iter().map(claim).collect()),
        (
            "policy",
            vec![format!(
                "{} ({})",
                task.priority.policy.version, task.priority.policy.sha256
            )],
        ),
    ];
    for (label, lines) in sections {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            text.push_str(&format!("  {label:<12} {line}\n"));
        }
    }
    text
}

fn issue(task: &Task) -> String {
    format!(
        "{}, {}, cycle {}, revision {}",
        task.issue_type, task.state, task.cycle, task.revision
    )
}

fn seen(task: &Task) -> String {
    let seen = &task.sightings;
    format!(
        "{} times by {}; first {}, last {}",
        seen.count,
        seen.sources.join(", "),
        seen.first,
        seen.last
    )
}

fn route(task: &Task, tried: &RouteTried) -> String {
    match &tried.failed {
        Some(failed) => format!("not `{}`: {failed}", tried.route),
        None => format!(
            "`{}` → {} by {}",
            tried.route, task.route.queue, task.route.channel
        ),
    }
}

fn proof(needed: &EvidenceRequired) -> String {
    format!("{}: {}", needed.action, needed.any_of.join(" or "))
}

fn evidence(piece: &EvidenceEntry) -> String {
    let counted = piece
        .why_not
        .as_deref()
        .map_or("counts".to_owned(), |why| format!("does not count: {why}"));
    format!(
        "{} {} from {} at {}: {counted}",
        piece.level, piece.statement, piece.source, piece.observed_at
    )
}

fn claim(claim: &ClaimEntry) -> String {
    format!("{} by {} at {}", claim.kind, claim.actor.id, claim.at)
}

fn owner(owner: Option<&Owner>) -> Vec<String> {
    owner
        .map(|owner| format!("{} (from {}, {})", owner.reference, owner.source, owner.rule))
        .into_iter()
        .collect()
}

fn factors(task: &Task) -> Vec<String> {
    let rows = task.priority.factors.iter().map(|factor| {
        let note = match (factor.applicable, factor.defaulted) {
            (false, _) => ", does not apply",
            (true, true) => ", not known",
            (true, false) => "",
        };
        format!(
            "{:>4} of {:>2}  {}: {} (from {}{note})",
            factor.points, factor.max, factor.factor, factor.value, factor.source
        )
    });
    rows.collect()
}
