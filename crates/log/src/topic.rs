//! The six topics and what they are called in this installation.

use serde::{Deserialize, Serialize};

/// One of the topics of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// What scanners send: may hold live secrets.
    Alerts,
    /// Observations, keyed by subject.
    Findings,
    /// What people and ticket systems say.
    TaskEvents,
    /// Cases, compacted.
    Ledger,
    /// Tasks, whole, one record per revision.
    Tasks,
    /// What was refused and why.
    DeadLetters,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] = [
        Self::Alerts,
        Self::Findings,
        Self::TaskEvents,
        Self::Ledger,
        Self::Tasks,
        Self::DeadLetters,
    ];

    /// The name without prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alerts => "alerts.raw",
            Self::Findings => "findings",
            Self::TaskEvents => "task-events",
            Self::Ledger => "ledger",
            Self::Tasks => "tasks",
            Self::DeadLetters => "dead-letters",
        }
    }
}

/// The full names in this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicNames([std::sync::Arc<str>; 6]);

impl TopicNames {
    /// Every default name behind `prefix`.
    pub fn prefixed(prefix: &str) -> Self {
        Self(Topic::ALL.map(|topic| format!("{prefix}{}", topic.as_str()).into()))
    }

    /// The same names with one replaced (a full name, no prefix added).
    pub fn with(mut self, topic: Topic, name: &str) -> Self {
        self.0[topic as usize] = name.into();
        self
    }

    /// The full name of `topic`.
    pub fn name(&self, topic: Topic) -> &std::sync::Arc<str> {
        &self.0[topic as usize]
    }

    /// The topic of that full name.
    pub fn topic(&self, name: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| &**self.name(*topic) == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_a_prefix_and_can_be_replaced() {
        let names = TopicNames::prefixed("acme.").with(Topic::Tasks, "work");
        assert_eq!(&**names.name(Topic::Alerts), "acme.alerts.raw");
        assert_eq!(names.topic("work"), Some(Topic::Tasks));
        assert_eq!(names.topic("acme.tasks"), None);
    }
}
