//! The ledger record: a case as one JSON document within its byte budget, and back.

use std::borrow::Cow;
use std::sync::Arc;

use reeve_domain::context::{Context, Enrichment, Knowledge, Owners};
use reeve_domain::key::SubjectKey;
use reeve_domain::task::Task;
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::case::{Applied, Case, Known};
use crate::notice::Notice;
use crate::{fit, shrink};

/// The version this reeve writes, and the highest it reads.
pub const LEDGER_VERSION: u32 = 2;

/// Why a ledger could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A newer version wrote the record: an old replica must never rewrite it.
    #[error("the ledger record has version {found}, this reeve knows up to {known}")]
    Newer {
        /// Version found.
        found: u32,
        /// Highest version known.
        known: u32,
    },
    /// What was restored is not what was committed.
    #[error("the ledger gives {got} where {expected} was committed")]
    Lost {
        /// The committed proof.
        expected: String,
        /// What the ledger gives.
        got: String,
    },
    /// Not a ledger record.
    #[error("not a ledger record: {0}")]
    Unreadable(&'static str),
}

/// What most records take, so that a text seldom grows.
const TYPICAL_BYTES: usize = 10_240;

/// Event ids that even a case over its budget remembers.
const EVENT_IDS_MIN: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Case,
    Redirect,
}

#[derive(Deserialize)]
struct Version {
    ledger_version: u32,
}

/// The document; `facts` is ours.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    kind: Kind,
    ledger_version: u32,
    subject_key: Cow<'a, SubjectKey>,
    revision: u64,
    applied: Applied,
    /// Where a redirect's subject lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    main: Option<Cow<'a, SubjectKey>>,
    context: Option<Cow<'a, Context>>,
    owners: Option<Cow<'a, Owners>>,
    enrichment: Option<Cow<'a, Enrichment>>,
    known_at: Option<Timestamp>,
    facts: Cow<'a, Case>,
    /// Written last, since they are text already.
    #[serde(skip_serializing)]
    tasks: Vec<Box<RawValue>>,
    /// What a redirect had told of before, in their place: others go on with it.
    #[serde(default, skip_serializing)]
    handed: Vec<Box<RawValue>>,
}

/// The case as it stands in the ledger. Over `bytes_max` it is cut: samples, explanations, history, then causes.
pub(crate) fn encode(case: &mut Case, bytes_max: usize) -> Vec<u8> {
    let mut text = write(case);
    let first: [fn(&mut Case); 5] = [
        cut_samples,
        cut_explanations,
        cut_history,
        cut_context,
        cut_events,
    ];
    for cut in first.into_iter().chain(shrink::folds()) {
        if text.len() <= bytes_max {
            break;
        }
        cut(case);
        text = write(case);
    }
    text
}

/// The case of a ledger record.
///
/// # Errors
/// `Newer` if a later version wrote it, `Unreadable` if it is no case.
pub(crate) fn decode(value: &[u8]) -> Result<Case, LedgerError> {
    let record = read(value).ok_or_else(|| unreadable(value))?;
    if record.ledger_version > LEDGER_VERSION {
        return Err(newer(record.ledger_version));
    }
    if (record.kind == Kind::Redirect) != record.main.is_some() {
        return Err(LedgerError::Unreadable(
            "a redirect says where to, and nothing else does",
        ));
    }
    joined(record).map_err(|_| LedgerError::Unreadable("a task has a field too few or of another type"))
}

/// As text: whether it is one is looked at once, and not for each of its strings.
fn read(value: &[u8]) -> Option<Record<'_>> {
    serde_json::from_str(str::from_utf8(value).ok()?).ok()
}

fn unreadable(value: &[u8]) -> LedgerError {
    match serde_json::from_slice(value) {
        Ok(Version { ledger_version }) if ledger_version > LEDGER_VERSION => newer(ledger_version),
        Ok(_) => LedgerError::Unreadable("a field is missing or has another type"),
        Err(_) => LedgerError::Unreadable("it has no version"),
    }
}

const fn newer(found: u32) -> LedgerError {
    LedgerError::Newer {
        found,
        known: LEDGER_VERSION,
    }
}

fn joined(record: Record<'_>) -> Result<Case, serde_json::Error> {
    let mut case = record.facts.into_owned();
    case.revision = record.revision;
    case.applied = record.applied;
    if let (Some(at), Some(context)) = (record.known_at, record.context) {
        let knowledge = Knowledge {
            context: context.into_owned(),
            owners: record.owners.map(Cow::into_owned).unwrap_or_default(),
            enrichment: record.enrichment.map(Cow::into_owned).unwrap_or_default(),
        };
        case.known = Some(Arc::new(Known { knowledge, at }));
    }
    let ours = record.ledger_version == LEDGER_VERSION;
    for text in record.tasks.into_iter().chain(record.handed) {
        let (issue, told) = Notice::read(text, ours)?;
        if let Some(tracked) = case.tracked.get_mut(&issue) {
            tracked.task = Some(Arc::new(told));
        }
    }
    Ok(case)
}

fn write(case: &Case) -> Vec<u8> {
    let known = case.known.as_ref();
    let redirect = case.redirected_to().is_some();
    let record = Record {
        kind: if redirect { Kind::Redirect } else { Kind::Case },
        ledger_version: LEDGER_VERSION,
        subject_key: Cow::Borrowed(case.key()),
        revision: case.revision,
        applied: case.applied,
        main: case.redirected_to().map(Cow::Borrowed),
        context: known.map(|known| Cow::Borrowed(&known.knowledge.context)),
        owners: known.map(|known| Cow::Borrowed(&known.knowledge.owners)),
        enrichment: known.map(|known| Cow::Borrowed(&known.knowledge.enrichment)),
        known_at: known.map(|known| known.at),
        facts: Cow::Borrowed(case),
        tasks: Vec::new(),
        handed: Vec::new(),
    };
    let mut text = Vec::with_capacity(TYPICAL_BYTES);
    serde_json::to_writer(&mut text, &record).expect("a case has string keys only");
    text.pop();
    let told = case.tracked.values().any(|tracked| tracked.task.is_some());
    let list = if redirect && told {
        r#","tasks":[],"handed":["#
    } else {
        r#","tasks":["#
    };
    text.extend_from_slice(list.as_bytes());
    write_tasks(case, &mut text);
    text.extend_from_slice(b"]}");
    text
}

fn write_tasks(case: &Case, text: &mut Vec<u8>) {
    let begin = text.len();
    for tracked in case.tracked.values() {
        if let Some(told) = &tracked.task {
            if text.len() > begin {
                text.push(b',');
            }
            tracked.write_present(told, text);
        }
    }
}

fn each_task(case: &mut Case, cut: fn(&mut Task)) {
    case.tracked
        .values_mut()
        .filter_map(|tracked| tracked.task.as_mut())
        .for_each(|task| Arc::make_mut(task).edit(cut));
}

fn cut_samples(case: &mut Case) {
    case.tracked
        .values_mut()
        .for_each(|tracked| tracked.samples.clear());
    each_task(case, fit::samples);
}

fn cut_explanations(case: &mut Case) {
    each_task(case, fit::explanation);
}

fn cut_history(case: &mut Case) {
    case.tracked
        .values_mut()
        .for_each(|tracked| tracked.claims.clear());
    each_task(case, fit::history);
}

fn cut_context(case: &mut Case) {
    if let Some(known) = &mut case.known {
        fit::slim(&mut Arc::make_mut(known).knowledge.context);
    }
    each_task(case, fit::context);
}

/// Older events are refused as stale from then on, never applied twice.
fn cut_events(case: &mut Case) {
    case.events.keep(EVENT_IDS_MIN);
}

/// The ledger record of one case. Over the policy's budget the case is cut.
pub fn ledger_record(case: &mut Case, policy: &reeve_policy::Policy) -> Vec<u8> {
    encode(case, policy.limits().case_bytes_max)
}
