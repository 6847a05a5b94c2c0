//! A task as it was told: kept as text, and read where more is asked for than a glance shows.

use std::ops::Range;
use std::sync::OnceLock;

use memchr::memmem;
use reeve_domain::context::EnrichmentStatus;
use reeve_domain::observation::IssueType;
use reeve_domain::priority::Band;
use reeve_domain::task::{Cause, Sightings, Task, TaskState};
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bounds::RECORD_BYTES_MAX;
use crate::fit;
use crate::packed::Text;

/// A task that was told. Most of a case's life nobody asks for more than its [`Glance`], and a packed text takes a tenth
/// of the memory.
#[derive(Debug)]
pub struct Notice {
    glance: Glance,
    /// The task as the ledger has it, and behind it its explanation. The ledger keeps none: after a restart there is none.
    text: Text,
    /// Bytes of the task alone.
    length: usize,
    /// Where its causes and its sightings stand in the text, once somebody has asked.
    places: OnceLock<Places>,
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
            if told.text.length() <= RECORD_BYTES_MAX {
                break;
            }
            let mut task = told.into_task();
            cut(&mut task);
            told = Self::whole(task);
        }
        told
    }

    fn whole(mut task: Task) -> Self {
        let explain = task.explain.take();
        let mut text = written(&task);
        let length = text.len();
        if let Some(explain) = &explain {
            text.push_str(&written(explain));
        }
        task.explain = explain;
        Self {
            glance: Glance::of(&task),
            text: Text::new(text),
            length,
            places: OnceLock::new(),
            task: OnceLock::from(Box::new(task)),
        }
    }

    /// From a ledger record, of this version or of an older one.
    ///
    /// # Errors
    /// If it is no task.
    pub(crate) fn read(text: Box<RawValue>, ours: bool) -> Result<(IssueType, Self), serde_json::Error> {
        let task: Task = serde_json::from_str(text.get())?;
        let text = if ours {
            String::from(Box::<str>::from(text))
        } else {
            written(&task)
        };
        let told = Self {
            glance: Glance::of(&task),
            length: text.len(),
            text: Text::new(text),
            places: OnceLock::new(),
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
            let text = self.text.get();
            let (task, explain) = text.split_at(self.length);
            let mut task: Box<Task> = reread(task);
            task.explain = self.is_explained().then(|| reread(explain));
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
    pub(crate) fn is_explained(&self) -> bool {
        self.length < self.text.length()
    }

    /// Adds the text without its explanation.
    pub(crate) fn tell(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text.get()[..self.length]);
    }

    /// The batch in which it was told or read is over.
    pub(crate) fn rest(&mut self) {
        self.task = OnceLock::new();
        self.text.pack();
    }

    /// The body of the record on `tasks`.
    pub fn body(&self) -> Vec<u8> {
        let text = self.text.get();
        let (task, explain) = text.split_at(self.length);
        let open = task.strip_suffix(b"}").filter(|_| self.is_explained());
        let whole = open.map(|open| [open, br#","explain":"#, explain, b"}"].concat());
        whole.unwrap_or_else(|| task.to_owned())
    }

    /// Adds the text without its explanation, with its causes and sightings as they are now; the rest is not read.
    pub(crate) fn retell(&self, bring_up: impl FnOnce(&mut Vec<Cause>, &mut Sightings), out: &mut Vec<u8>) {
        let text = &self.text.get()[..self.length];
        let [of_causes, of_sightings] = self.places(text);
        let mut causes: Vec<Cause> = reread(&text[of_causes.clone()]);
        let mut sightings: Sightings = reread(&text[of_sightings.clone()]);
        bring_up(&mut causes, &mut sightings);
        let mut parts = [(of_causes, written(&causes)), (of_sightings, written(&sightings))];
        parts.sort_by_key(|(place, _)| place.start);
        let mut from = 0;
        for (place, part) in parts {
            out.extend_from_slice(&text[from..place.start]);
            out.extend_from_slice(part.as_bytes());
            from = place.end;
        }
        out.extend_from_slice(&text[from..]);
    }

    fn places(&self, text: &[u8]) -> Places {
        let find = || [&br#""causes":["#[..], br#""sightings":{"#].map(|key| place_of(text, key));
        self.places.get_or_init(find).clone()
    }
}

type Places = [Range<usize>; 2];

/// Where the value of a key stands that has such a value nowhere else: a quote inside a text is escaped, and what a
/// stranger named holds texts.
fn place_of(text: &[u8], key: &[u8]) -> Range<usize> {
    let found = memmem::find(text, key).expect("every task has it");
    let begin = found + key.len() - 1;
    let mut values = serde_json::Deserializer::from_slice(&text[begin..]).into_iter::<&RawValue>();
    let value = values
        .next()
        .and_then(Result::ok)
        .expect("it was written as JSON");
    begin..begin + value.get().len()
}

fn written<T: Serialize + ?Sized>(part: &T) -> String {
    serde_json::to_string(part).expect("it has string keys only")
}

fn reread<'t, T: Deserialize<'t>>(text: &'t [u8]) -> T {
    serde_json::from_slice(text).expect("it was written, or read before, as this")
}

impl Clone for Notice {
    fn clone(&self) -> Self {
        Self {
            glance: self.glance.clone(),
            text: self.text.clone(),
            length: self.length,
            places: self.places.clone(),
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
            told.rest();
            assert_eq!(told.task(), &task);
            assert_eq!(serde_json::from_slice::<Task>(&told.body()).unwrap(), task);
            let mut text = Vec::new();
            told.tell(&mut text);
            task.explain = None;
            assert_eq!(text, serde_json::to_vec(&task).unwrap());
        }
    }

    #[test]
    fn other_causes_and_sightings_stand_in_the_places_of_the_old() {
        let mut task = golden();
        let told = Notice::new(task.clone());
        let mut retold = Vec::new();
        let bring_up = |causes: &mut Vec<Cause>, sightings: &mut Sightings| {
            sightings.count += 41;
            causes.iter_mut().for_each(|cause| cause.rule.push('!'));
        };
        bring_up(&mut task.causes, &mut task.sightings);
        told.retell(bring_up, &mut retold);
        assert_eq!(retold, serde_json::to_vec(&task).unwrap());
    }
}
