//! Tasks for people: one line each.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use reeve_domain::task::{Task, TaskState};

/// `t-` and 26 characters, and a blank on either side.
const ID_CHARS: u16 = 30;

/// A table of tasks; bounded by the terminal's width where there is one.
pub fn tasks(tasks: &[&Task], terminal: bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !terminal {
        table.set_width(200);
    }
    table.set_header([
        "priority",
        "subject, task",
        "issue",
        "state",
        "owner",
        "fix by",
        "route",
        "why",
    ]);
    // the id is what `why` and `event` ask for: it stays in one piece
    if let Some(subject) = table.column_mut(1) {
        subject.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(ID_CHARS)));
    }
    for task in tasks {
        table.add_row([
            format!("{} {}", task.priority.band, task.priority.score),
            format!("{}\n{}", task.subject.display, task.task_id),
            task.issue_type.to_string(),
            state(task),
            owner(task),
            deadline(task),
            format!("{} → {}", task.route.rule, task.route.queue),
            why(task),
        ]);
    }
    // `reeve why` tells the rest
    let width = table.width().unwrap_or(u16::MAX);
    for (column, needs) in [(6, 110), (7, 140)] {
        if let Some(column) = table.column_mut(column).filter(|_| width < needs) {
            column.set_constraint(ColumnConstraint::Hidden);
        }
    }
    table.to_string()
}

fn state(task: &Task) -> String {
    let mut text = task.state.to_string();
    if task.cycle > 1 {
        text.push_str(&format!(" (cycle {})", task.cycle));
    }
    if task.state == TaskState::Claimed {
        text.push_str(", still open");
    }
    text
}

fn owner(task: &Task) -> String {
    match &task.owners.resolver {
        Some(owner) if task.ownerless => format!("ownerless; {} ({})", owner.reference, owner.source),
        Some(owner) => format!("{} ({})", owner.reference, owner.source),
        None => "ownerless".to_owned(),
    }
}

/// To the minute, contain before remediate.
fn deadline(task: &Task) -> String {
    let text = |at: reeve_domain::time::Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    match task.deadlines.contain_by {
        Some(contain) => format!(
            "contain {}, fix {}",
            text(contain),
            text(task.deadlines.remediate_by)
        ),
        None => text(task.deadlines.remediate_by),
    }
}

/// The factors that gave most, and the rules that fired.
fn why(task: &Task) -> String {
    let mut factors: Vec<_> = task
        .priority
        .factors
        .iter()
        .filter(|factor| factor.applicable && factor.points > 0)
        .collect();
    factors.sort_by_key(|factor| -factor.points);
    let mut parts: Vec<String> = factors
        .iter()
        .take(3)
        .map(|factor| format!("{} {} +{}", factor.factor, factor.value, factor.points))
        .collect();
    parts.extend(task.priority.rules_fired.iter().cloned());
    parts.join(", ")
}
