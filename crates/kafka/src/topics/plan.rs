//! How each topic must be.

use reeve_log::{Topic, TopicNames};

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The names in this installation.
    pub names: TopicNames,
    /// Partitions of each topic, fixed for ever: state lies where its key was hashed to.
    pub partitions: i32,
    /// Copies of each partition; none: 3, or 1 where there are fewer brokers.
    pub replication: Option<i32>,
}

/// One topic as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPlan {
    /// Which one.
    pub topic: Topic,
    /// Its full name.
    pub name: String,
    /// Number of partitions.
    pub partitions: i32,
    /// Copies of each.
    pub replication: i32,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// One setting of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Kafka's name of it.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// True if another value does no harm to correctness.
    pub tolerable: bool,
}

/// Copies wanted, and how many of them must have a record before it counts.
const COPIES: i32 = 3;
const IN_SYNC: i32 = 2;
/// As much as the brokers take by default.
const MESSAGE_BYTES_MAX: i64 = 1_048_588;
const DAY_MS: i64 = 86_400_000;

/// The plan for a cluster of `brokers` nodes.
pub fn plan(layout: &Layout, brokers: usize) -> Vec<TopicPlan> {
    let few = brokers < COPIES as usize;
    let replication = layout.replication.unwrap_or(if few { 1 } else { COPIES });
    Topic::ALL
        .into_iter()
        .map(|topic| TopicPlan {
            topic,
            name: layout.names.name(topic).to_string(),
            partitions: layout.partitions,
            replication,
            settings: settings(topic, replication),
        })
        .collect()
}

fn settings(topic: Topic, replication: i32) -> Vec<Setting> {
    let in_sync = if replication > IN_SYNC { IN_SYNC } else { 1 };
    let mut settings = vec![
        tolerable("min.insync.replicas", in_sync.to_string()),
        tolerable("max.message.bytes", MESSAGE_BYTES_MAX.to_string()),
    ];
    match topic {
        // Compacted and never cut: the state is all of it. Small segments, so that compaction gets at them and a
        // restore reads little twice.
        Topic::Ledger => settings.extend([
            strict("cleanup.policy", "compact"),
            tolerable("segment.bytes", (64 << 20).to_string()),
            tolerable("segment.ms", DAY_MS.to_string()),
            tolerable("min.cleanable.dirty.ratio", "0.1".to_owned()),
            tolerable("delete.retention.ms", DAY_MS.to_string()),
        ]),
        // A task as it stands is kept as long as its case.
        Topic::Tasks => settings.extend([
            strict("cleanup.policy", "compact"),
            tolerable("segment.ms", DAY_MS.to_string()),
            tolerable("min.cleanable.dirty.ratio", "0.1".to_owned()),
        ]),
        // May hold live secrets: no longer than it takes to read them, with a week for a standstill.
        Topic::Alerts => settings.extend(kept_for(7)),
        Topic::Findings | Topic::TaskEvents => settings.extend(kept_for(30)),
        Topic::DeadLetters => settings.extend(kept_for(90)),
    }
    settings
}

fn kept_for(days: i64) -> [Setting; 2] {
    [
        strict("cleanup.policy", "delete"),
        tolerable("retention.ms", (days * DAY_MS).to_string()),
    ]
}

fn strict(name: &'static str, value: &str) -> Setting {
    let value = value.to_owned();
    Setting {
        name,
        value,
        tolerable: false,
    }
}

fn tolerable(name: &'static str, value: String) -> Setting {
    Setting {
        name,
        value,
        tolerable: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout {
            names: TopicNames::prefixed("acme."),
            partitions: 6,
            replication: None,
        }
    }

    fn value<'a>(plan: &'a TopicPlan, name: &str) -> &'a str {
        &plan
            .settings
            .iter()
            .find(|setting| setting.name == name)
            .unwrap()
            .value
    }

    #[test]
    fn three_brokers_keep_three_copies_and_wait_for_two() {
        for plan in plan(&layout(), 3) {
            assert_eq!((plan.partitions, plan.replication), (6, 3), "{}", plan.name);
            assert_eq!(value(&plan, "min.insync.replicas"), "2");
        }
    }

    #[test]
    fn one_broker_keeps_one_copy() {
        for plan in plan(&layout(), 1) {
            assert_eq!(
                (plan.replication, value(&plan, "min.insync.replicas")),
                (1, "1"),
                "{}",
                plan.name
            );
        }
    }

    #[test]
    fn the_ledger_is_compacted_and_never_cut() {
        let plans = plan(&layout(), 1);
        let ledger = plans.iter().find(|plan| plan.topic == Topic::Ledger).unwrap();
        assert_eq!(
            (ledger.name.as_str(), value(ledger, "cleanup.policy")),
            ("acme.ledger", "compact")
        );
    }
}
