//! How much is left to read, from librdkafka's statistics: its end-of-partition events do not name their topic.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reeve_log::{Topic, TopicNames};
use serde::Deserialize;

use crate::positions::{Input, Positions};

/// How long a partition counts as caught up after it was seen to be.
const FRESH: Duration = Duration::from_secs(2);

/// The consumer's view of its partitions at one moment.
#[derive(Deserialize)]
pub(crate) struct Snapshot {
    #[serde(default)]
    topics: BTreeMap<String, TopicStatistics>,
}

#[derive(Deserialize)]
struct TopicStatistics {
    #[serde(default)]
    partitions: BTreeMap<i32, PartitionStatistics>,
}

#[derive(Clone, Copy, Deserialize)]
struct PartitionStatistics {
    /// Next offset to fetch.
    next_offset: i64,
    /// Where the fetcher last met the end, below 0 if never.
    eof_offset: i64,
    /// The end for a reader of committed records, below 0 if unknown.
    ls_offset: i64,
}

impl Snapshot {
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

/// What is known of the end of each input.
#[derive(Default)]
pub(crate) struct Progress {
    pending: Option<Snapshot>,
    caught_up: BTreeMap<Input, Instant>,
    ends: BTreeMap<Input, i64>,
}

impl Progress {
    /// A new snapshot: it counts once everything fetched before it was delivered.
    pub(crate) fn note(&mut self, snapshot: Snapshot) {
        self.pending = Some(snapshot);
    }

    /// The client has nothing more to deliver: what the pending snapshot says now holds.
    pub(crate) fn drained(&mut self, names: &TopicNames, positions: &Positions) {
        let Some(snapshot) = self.pending.take() else {
            return;
        };
        let now = Instant::now();
        for input in positions.inputs() {
            let topic = snapshot.topics.get(&**names.name(input.0));
            let Some(partition) = topic.and_then(|topic| topic.partitions.get(&input.1)) else {
                continue;
            };
            let at_end = partition.eof_offset >= 0 && partition.next_offset == partition.eof_offset;
            let delivered = positions.get(input).is_some_and(|(_, once)| once);
            if at_end && delivered {
                self.caught_up.insert(input, now);
            } else {
                self.caught_up.remove(&input);
            }
            if partition.ls_offset >= 0 {
                self.ends.insert(input, partition.ls_offset);
            }
        }
    }

    /// The lane's partitions or positions were changed: nothing of before holds.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn caught_up(&self, input: Input) -> bool {
        self.caught_up
            .get(&input)
            .is_some_and(|seen| seen.elapsed() < FRESH)
    }

    /// Records left, as far as known. Markers of transactions count until the end is met.
    pub(crate) fn lag(&self, positions: &Positions) -> Vec<(Topic, i32, i64)> {
        let left = |input: Input| {
            if self.caught_up(input) {
                return Some(0);
            }
            let (next, _) = positions.get(input)?;
            self.ends.get(&input).map(|end| (end - next).max(0))
        };
        let inputs = positions.inputs();
        inputs
            .filter_map(|input| Some((input.0, input.1, left(input)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Input = (Topic::Findings, 0);

    fn statistics(next: i64, eof: i64) -> Snapshot {
        let json = format!(
            r#"{{"name":"x","topics":{{"findings":{{"topic":"findings","partitions":{{
                "0":{{"next_offset":{next},"eof_offset":{eof},"ls_offset":12}},
                "-1":{{"next_offset":0,"eof_offset":-1001,"ls_offset":-1001}}}}}}}}}}"#
        );
        Snapshot::parse(json.as_bytes()).unwrap()
    }

    fn after(snapshot: Snapshot, positions: &Positions) -> Progress {
        let mut progress = Progress::default();
        progress.note(snapshot);
        assert!(
            !progress.caught_up(INPUT),
            "not before the client has delivered what it had"
        );
        progress.drained(&TopicNames::prefixed(""), positions);
        progress
    }

    fn at(offset: i64) -> Positions {
        let mut positions = Positions::default();
        positions.begin(INPUT, offset);
        positions
    }

    #[test]
    fn an_input_at_its_end_is_caught_up_and_has_no_lag_though_a_marker_follows() {
        let progress = after(statistics(12, 12), &at(11));
        assert!(progress.caught_up(INPUT));
        assert_eq!(progress.lag(&at(11)), [(Topic::Findings, 0, 0)]);
    }

    #[test]
    fn an_input_before_its_end_is_not() {
        let progress = after(statistics(8, -1001), &at(8));
        assert!(!progress.caught_up(INPUT));
        assert_eq!(progress.lag(&at(8)), [(Topic::Findings, 0, 4)]);
    }

    #[test]
    fn an_input_that_went_back_is_not() {
        let mut positions = at(8);
        assert!(positions.advance(INPUT, 10));
        positions.rewind();
        assert!(!after(statistics(12, 12), &positions).caught_up(INPUT));
    }
}
