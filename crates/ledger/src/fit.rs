//! A task, and the facts of a case, within the bytes that a broker takes: what an owner needs least goes first.

use reeve_domain::context::Context;
use reeve_domain::task::Task;
use serde_json::Value;

use crate::bounds::RECORD_BYTES_MAX;
use crate::case::Case;
use crate::shrink;

/// Halvings after which one cause is left.
const HALVINGS: usize = 7;

/// One after the other, until it fits.
pub(crate) fn cuts() -> impl Iterator<Item = fn(&mut Task)> {
    let first: [fn(&mut Task); 5] = [samples, explanation, history, context, context_whole];
    let then: [fn(&mut Task); HALVINGS] = [half_of_the_lists; HALVINGS];
    first.into_iter().chain(then)
}

pub(crate) fn samples(task: &mut Task) {
    task.sightings.samples.clear();
}

pub(crate) fn explanation(task: &mut Task) {
    task.explain = None;
}

pub(crate) fn history(task: &mut Task) {
    task.claims.clear();
    task.escalation.history.clear();
    task.previous_route = None;
}

/// The inventories give it again.
pub(crate) fn context(task: &mut Task) {
    slim(&mut task.context);
}

pub(crate) fn slim(context: &mut Context) {
    context.provenance.clear();
    context.tags.clear();
    context.dependents.sample.clear();
}

fn context_whole(task: &mut Task) {
    task.context = Context::default();
}

/// The causes that sort first stay, as they pair with the facts.
fn half_of_the_lists(task: &mut Task) {
    let kept = task.causes.len().div_ceil(2);
    task.causes_left_out += (task.causes.len() - kept) as u64;
    task.causes.truncate(kept);
    task.evidence.truncate(task.evidence.len() / 2);
    task.related.truncate(task.related.len() / 2);
}

/// Facts that are handed over in one event.
pub(crate) fn handed(mut facts: Case) -> Value {
    for fold in shrink::folds() {
        let text = serde_json::to_string(&facts).expect("facts have string keys only");
        if text.len() <= RECORD_BYTES_MAX {
            break;
        }
        fold(&mut facts);
    }
    serde_json::to_value(facts).expect("facts have string keys only")
}
