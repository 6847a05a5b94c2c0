//! A task as it was told: kept as text, and read where more is asked for than a glance shows.

use std::ops::Range;
use std::sync::OnceLock;

use reeve_domain::context::EnrichmentStatus;
use reeve_domain::observation::IssueType;
use reeve_domain::priority::Band;
use reeve_domain::task::{Cause, Sightings, Task, TaskState};
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bounds::RECORD_BYTES_MAX;
use crate::fit;

/// A task that was told. Most of a case's life nobody asks for more than its [`Glance`], and a text takes less memory
/// than a tree of small ones.
#[derive(Debug)]
pub struct Notice {
    glance: Glance,
    /// Without its explanation, as the ledger has it.
    text: Box<str>,
    /// Where its causes and its sightings stand in the text, once somebody has asked.
    places: OnceLock<Places>,
    /// The ledger keeps none: after a restart there is none.
    explain: Option<Box<str>>,
    /// Where it was read, until the batch is over.
    task: OnceLock<Box<Task>>,
}

/// What is asked of a task again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// Where it stands.
    pub state: TaskState,
    /// How urgent it is.
    pub band: Band,
    /// The rule that routed it.
    pub route: String,
    /// Nobody owns its subject.
    pub ownerless: bool,
    /// Its resolver cannot go on.
    pub blocked: bool,
    /// No inventory has answered yet.
    pub pending: bool,
    /// When it is due.
    pub remediate_by: Timestamp,
    /// When a scanner saw it first.
    pub first_detected_at: Timestamp,
    pub(crate) cycle: u32,
    pub(crate) revision: u64,
    pub(crate) next_escalation_at: Option<Timestamp>,
    pub(crate) verified_at: Option<Timestamp>,
    /// Causes that it shows, and how many of them are not cleared.
    pub(crate) causes: usize,
    pub(crate) uncleared: usize,
    /// Count, first and last of its sightings.
    pub(crate) seen: (u64, Timestamp, Timestamp),
}

impl Glance {
    fn of(task: &Task) -> Self {
        let sightings = &task.sightings;
        Self {
            state: task.state,
            band: task.priority.band,
            route: task.route.rule.clone(),
            ownerless: task.ownerless,
            blocked: task.blocked.is_some(),
            pending: task.enrichment.status == EnrichmentStatus::Pending,
            remediate_by: task.deadlines.remediate_by,
            first_detected_at: task.first_detected_at,
            cycle: task.cycle,
            revision: task.revision,
            next_escalation_at: task.deadlines.next_escalation_at,
            verified_at: task.verified_at,
            causes: task.causes.len(),
            uncleared: task
                .causes
                .iter()
                .filter(|cause| cause.cleared_by.is_none())
                .count(),
            seen: (sightings.count, sightings.first, sightings.last),
        }
    }
}

impl Notice {
    /// Within the bytes that a record may have.
    pub(crate) fn new(task: Task) -> Self {
        let mut told = Self::whole(task);
        for cut in fit::cuts() {
            if told.bytes() <= RECORD_BYTES_MAX {
                break;
            }
            let mut task = told.into_task();
            cut(&mut task);
            told = Self::whole(task);
        }
        told
    }

    fn bytes(&self) -> usize {
        self.text.len() + self.explain.as_deref().map_or(0, str::len)
    }

    fn whole(mut task: Task) -> Self {
        let explain = task.explain.take();
        let text = written(&task);
        let told = explain.as_ref().map(written);
        task.explain = explain;
        Self {
            glance: Glance::of(&task),
            text,
            places: OnceLock::new(),
            explain: told,
            task: OnceLock::from(Box::new(task)),
        }
    }

    /// From a ledger record, of this version or of an older one.
    ///
    /// # Errors
    /// If it is no task.
    pub(crate) fn read(text: Box<RawValue>, ours: bool) -> Result<(IssueType, Self), serde_json::Error> {
        let task: Task = serde_json::from_str(text.get())?;
        let told = Self {
            glance: Glance::of(&task),
            text: if ours { text.into() } else { written(&task) },
            places: OnceLock::new(),
            explain: None,
            task: OnceLock::new(),
        };
        Ok((task.issue_type, told))
    }

    /// What is asked of it again and again.
    pub const fn glance(&self) -> &Glance {
        &self.glance
    }

    /// All of it.
    pub fn task(&self) -> &Task {
        self.task.get_or_init(|| {
            let mut task: Box<Task> = reread(&self.text);
            task.explain = self.explain.as_deref().map(reread);
            task
        })
    }

    /// The same to have.
    pub(crate) fn into_task(self) -> Task {
        self.task();
        self.task
            .into_inner()
            .map(|task| *task)
            .expect("it was just read")
    }

    /// Changed where it stands.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Task)) {
        let mut task = self.task().clone();
        change(&mut task);
        *self = Self::new(task);
    }

    /// Whether it says why it is as it is.
    pub(crate) const fn is_explained(&self) -> bool {
        self.explain.is_some()
    }

    /// Without its explanation.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The batch in which it was read is over.
    pub(crate) fn forget(&mut self) {
        self.task = OnceLock::new();
    }

    /// The body of the record on `tasks`.
    pub fn body(&self) -> Vec<u8> {
        let parts = self.explain.as_deref().zip(self.text.strip_suffix('}'));
        let whole = parts.map(|(explain, open)| [open, r#","explain":"#, explain, "}"].concat());
        whole.unwrap_or_else(|| self.text.to_string()).into_bytes()
    }

    /// What it shows of its causes and sightings; the rest of the text is not read.
    pub(crate) fn shown(&self) -> (Vec<Cause>, Sightings) {
        let [causes, sightings] = self.places();
        (reread(&self.text[causes]), reread(&self.text[sightings]))
    }

    /// Adds the text, with other causes and sightings in the places of its own.
    pub(crate) fn retell(&self, causes: &[Cause], sightings: &Sightings, text: &mut Vec<u8>) {
        let [of_causes, of_sightings] = self.places();
        let mut parts = [(of_causes, written(causes)), (of_sightings, written(sightings))];
        parts.sort_by_key(|(place, _)| place.start);
        let mut from = 0;
        for (place, part) in parts {
            text.extend_from_slice(&self.text.as_bytes()[from..place.start]);
            text.extend_from_slice(part.as_bytes());
            from = place.end;
        }
        text.extend_from_slice(&self.text.as_bytes()[from..]);
    }

    fn places(&self) -> Places {
        self.places.get_or_init(|| Parts::of(&self.text)).clone()
    }
}

type Places = [Range<usize>; 2];

#[derive(Deserialize)]
struct Parts<'t> {
    #[serde(borrow)]
    causes: &'t RawValue,
    #[serde(borrow)]
    sightings: &'t RawValue,
}

impl Parts<'_> {
    fn of(text: &str) -> Places {
        let parts: Parts<'_> = reread(text);
        [parts.causes, parts.sightings].map(|part| {
            let begin = part.get().as_ptr() as usize - text.as_ptr() as usize;
            begin..begin + part.get().len()
        })
    }
}

fn written<T: Serialize + ?Sized>(part: &T) -> Box<str> {
    let text = serde_json::to_string(part);
    text.expect("it has string keys only").into_boxed_str()
}

fn reread<'t, T: Deserialize<'t>>(text: &'t str) -> T {
    serde_json::from_str(text).expect("it was written, or read before, as this")
}

impl Clone for Notice {
    fn clone(&self) -> Self {
        Self {
            glance: self.glance.clone(),
            text: self.text.clone(),
            places: self.places.clone(),
            explain: self.explain.clone(),
            task: OnceLock::new(),
        }
    }
}

impl PartialEq for Notice {
    fn eq(&self, other: &Self) -> bool {
        self.task() == other.task()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> Task {
        let golden = include_str!("../tests/ledger/golden_v1.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        serde_json::from_value(golden["tasks"][0].clone()).unwrap()
    }

    #[test]
    fn what_was_told_is_the_task_also_after_it_was_forgotten() {
        let mut task = golden();
        for explain in [None, Some(reeve_domain::task::Explain::default())] {
            task.explain = explain;
            let mut told = Notice::new(task.clone());
            told.forget();
            assert_eq!(told.task(), &task);
            assert_eq!(serde_json::from_slice::<Task>(&told.body()).unwrap(), task);
            assert!(!told.text().contains("\"explain\""));
        }
    }

    #[test]
    fn other_causes_and_sightings_stand_in_the_places_of_the_old() {
        let mut task = golden();
        let told = Notice::new(task.clone());
        task.sightings.count += 41;
        task.causes.extend(task.causes.clone());
        let mut retold = Vec::new();
        told.retell(&task.causes, &task.sightings, &mut retold);
        assert_eq!(retold, serde_json::to_vec(&task).unwrap());
    }
}
