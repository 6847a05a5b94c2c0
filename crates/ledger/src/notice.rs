//! A task as it stands on `tasks`, with the text it was told in for as long as the batch lasts.

use std::ops::Deref;

use reeve_domain::task::Task;
use serde_json::value::{RawValue, to_raw_value};

/// A task, and the same as text without its explanation: the ledger's record says what the task's said.
#[derive(Debug)]
pub struct Notice {
    task: Task,
    text: Option<Box<RawValue>>,
}

impl Notice {
    /// A task that nobody is told of, or that stood in the ledger.
    pub(crate) const fn silent(task: Task) -> Self {
        Self { task, text: None }
    }

    /// A task of which a record is written.
    pub(crate) fn written(mut task: Task) -> Self {
        let explain = task.explain.take();
        let text = to_raw_value(&task).ok();
        task.explain = explain;
        Self { task, text }
    }

    /// The body of the record on `tasks`.
    pub fn body(&self) -> Vec<u8> {
        let text = self.text.as_ref().map(|text| text.get().as_bytes());
        let Some(open) = text.and_then(|text| text.strip_suffix(b"}")) else {
            return serde_json::to_vec(&self.task).unwrap_or_default();
        };
        let mut body = open.to_vec();
        if let Some(explain) = &self.task.explain {
            body.extend_from_slice(br#","explain":"#);
            body.extend(serde_json::to_vec(explain).unwrap_or_default());
        }
        body.push(b'}');
        body
    }

    /// Without its explanation.
    pub(crate) fn text(&self) -> Option<&RawValue> {
        self.text.as_deref()
    }

    /// The batch is over.
    pub(crate) fn forget_text(&mut self) {
        self.text = None;
    }

    /// To be changed where it stands: what it was told in no longer holds.
    pub(crate) fn task_mut(&mut self) -> &mut Task {
        self.text = None;
        &mut self.task
    }

    /// The task alone.
    pub(crate) fn into_task(self) -> Task {
        self.task
    }
}

impl Deref for Notice {
    type Target = Task;

    fn deref(&self) -> &Task {
        &self.task
    }
}

impl Clone for Notice {
    fn clone(&self) -> Self {
        Self::silent(self.task.clone())
    }
}

impl PartialEq for Notice {
    fn eq(&self, other: &Self) -> bool {
        self.task == other.task
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_with_the_explanation_is_the_task() {
        let golden = include_str!("../tests/ledger/golden_v1.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let mut task: Task = serde_json::from_value(golden["tasks"][0].clone()).unwrap();
        for explain in [None, Some(reeve_domain::task::Explain::default())] {
            task.explain = explain;
            let told = Notice::written(task.clone());
            assert_eq!(serde_json::from_slice::<Task>(&told.body()).unwrap(), task);
            assert!(!told.text().unwrap().get().contains("\"explain\""));
        }
    }
}
