//! `reeve event`: what a person says about a task, as a record on `task-events`.

use bytes::Bytes;
use reeve_domain::event::{Actor, ActorKind, EventKind, RawEvent, TaskEvent};
use reeve_domain::key::SubjectKey;
use reeve_log::cloudevent::CloudEvent;
use reeve_log::{Outgoing, Place, Topic};
use serde_json::Value;

use crate::cli::EventArgs;
use crate::clock;
use crate::config::{Config, random_hex};
use crate::exit::{Failure, Outcome};
use crate::normalize::note;
use crate::reach::Reach;
use crate::{hooks, tasks};

/// Checks the event and writes it; the line applies it.
///
/// # Errors
/// 64 for an event that the line would refuse, 66 for a task that is not there.
pub fn run(config: &Config, args: &EventArgs) -> Outcome {
    let actor = actor(&args.actor)?;
    let reach = Reach::open(&config.log)?;
    let subject_key = subject(&reach, args)?;
    let event = RawEvent {
        kind: EventKind::Event,
        event_id: args
            .id
            .clone()
            .map_or_else(|| random_hex().map_err(Failure::Config), Ok)?,
        event_type: args.event_type,
        subject_key,
        task_id: args.task.clone(),
        actor,
        at: args.at.unwrap_or_else(clock::now),
        external: None,
        via: Vec::new(),
        body: body(args)?,
    };
    let event = scrubbed(event)?;
    reach.write(vec![record(&event)], &mut |_| {})?;
    note(&format!("{} {} written", event.event_type, event.event_id));
    Ok(())
}

/// The event as the line takes it, without what looks like a secret: it is on a topic before the line reads it.
fn scrubbed(event: RawEvent) -> Result<RawEvent, Failure> {
    let mut event = TaskEvent::try_from(event).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut replaced = 0;
    event.clean_texts(|text| {
        let clean = reeve_formats::scrubbed_text(text, hooks::scrub());
        replaced += usize::from(clean.is_some());
        clean
    });
    if replaced > 0 {
        note(
            "a part of what was said looks like a secret and was left out; if it is one, it is in this shell's history",
        );
    }
    Ok(event.into())
}

/// The key that was given, or the task's; where both are, they must be the same.
fn subject(reach: &Reach, args: &EventArgs) -> Result<SubjectKey, Failure> {
    let given = args.subject.as_ref().map(|key| key.parse::<SubjectKey>());
    let given = given
        .transpose()
        .map_err(|error| Failure::Usage(format!("--subject: {error}")))?;
    let found = args.task.as_ref().map(|id| subject_of(reach, id)).transpose()?;
    let id = args.task.as_deref().unwrap_or_default();
    match (given, found) {
        (Some(given), Some(Some(found))) if given != found => Err(Failure::Usage(format!(
            "--task and --subject do not fit: the task's subject is {found}"
        ))),
        // `tasks` keeps a record for so long: the ledger may still know the task.
        (Some(key), Some(None)) => {
            note(&format!(
                "{id}: no record of this task was found; if its subject has none, the event ends as a dead letter"
            ));
            Ok(key)
        }
        (Some(key), _) | (None, Some(Some(key))) => Ok(key),
        (None, Some(None)) => Err(Failure::NoInput(format!("{id}: no such task"))),
        (None, None) => Err(Failure::Usage("expected --task or --subject".to_owned())),
    }
}

fn subject_of(reach: &Reach, task_id: &str) -> Result<Option<SubjectKey>, Failure> {
    let found = tasks::all(reach)?
        .into_iter()
        .find(|task| task.task_id == task_id);
    Ok(found.map(|task| task.subject.key))
}

fn actor(text: &str) -> Result<Actor, Failure> {
    let (id, kind) = match text.split_once(':') {
        Some(("automation", id)) => (id, ActorKind::Automation),
        Some(("system", _)) => {
            let nobody = "--actor: `system` is reeve itself, and nobody speaks for it";
            return Err(Failure::Usage(nobody.to_owned()));
        }
        _ => (text, ActorKind::Human),
    };
    Ok(Actor {
        id: id.to_owned(),
        kind,
    })
}

fn body(args: &EventArgs) -> Result<Value, Failure> {
    let Some(text) = &args.body else {
        return Ok(Value::Null);
    };
    serde_json::from_str(text).map_err(|error| {
        Failure::Usage(format!(
            "--body: line {} column {}: expected a JSON object",
            error.line(),
            error.column()
        ))
    })
}

/// The record of an event, keyed by its subject.
pub fn record(event: &RawEvent) -> Outgoing {
    let key = Bytes::copy_from_slice(event.subject_key.as_str().as_bytes());
    let attributes = CloudEvent {
        event_type: "io.reeve.event.v1",
        id: event.event_id.clone(),
        source: "reeve/cli",
        subject: key.clone(),
        time: event.at,
        traceparent: None,
    };
    let headers = attributes.headers();
    let value = serde_json::to_vec(event).expect("an event has string keys only");
    Outgoing {
        topic: Topic::TaskEvents,
        place: Place::ByKey,
        key,
        value: Some(value.into()),
        headers,
    }
}
