//! Whether every alert is accounted for exactly once, read by Java's client and with no code of reeve's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::alerts::Alerts;
use crate::console::ConsumedRecord;
use crate::kafka::Kafka;

/// Where a result stands in `alerts.raw`: partition, offset and, unless it is the whole document, its index.
pub type Place = (i64, i64, Option<u64>);

/// What the topics hold under `read_committed`, and what was published.
#[derive(Debug)]
pub struct Audit {
    raw_topic: String,
    raw: Vec<ConsumedRecord>,
    findings: Vec<(Place, Value)>,
    letters: Vec<(Place, Value)>,
    tasks: Vec<Body>,
    ledger: Vec<Body>,
    published: Alerts,
}

/// A record with its place, its key and its value, which is null for a tombstone.
#[derive(Debug, Clone)]
struct Body {
    partition: i32,
    key: String,
    kind: String,
    value: Value,
}

impl Audit {
    /// Reads the topics `<name>.…`, to which nobody writes any more.
    pub fn read(kafka: &Kafka, name: &str, published: &Alerts) -> Self {
        let topics = ["alerts.raw", "findings", "dead-letters", "tasks", "ledger"];
        let [raw, observed, letters, tasks, ledger] = std::thread::scope(|scope| {
            let readers = topics.map(|topic| scope.spawn(move || kafka.consume(&format!("{name}.{topic}"))));
            readers.map(|reader| reader.join().expect("the reader does not panic"))
        });
        Self {
            raw_topic: format!("{name}.alerts.raw"),
            raw,
            findings: with_places(&observed, "provenance"),
            letters: with_places(&letters, "source"),
            tasks: tasks.iter().map(Body::of).collect(),
            ledger: ledger.iter().map(Body::of).collect(),
            published: published.clone(),
        }
    }

    /// Everything that is not as promised, in words; empty if all is well.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(self.raw_faults());
        faults.extend(compare("finding", self.expected(Fate::Finding), &self.findings));
        faults.extend(compare("dead letter", self.expected(Fate::Letter), &self.letters));
        faults.extend(self.source_faults());
        faults.extend(self.task_faults());
        faults.extend(self.ledger_faults());
        faults
    }

    /// Every task as it stands, on what a run with other clocks and batches must agree: subject, issue, state, cycle,
    /// band and sightings by task id.
    pub fn projection(&self) -> BTreeMap<String, Vec<String>> {
        let cases = self.cases();
        let tasks = cases.values().flat_map(|(_, case)| tasks_of(case));
        let shown = |task: &Value| {
            [
                &task["subject"]["key"],
                &task["issue_type"],
                &task["state"],
                &task["cycle"],
                &task["priority"]["band"],
                &task["priority"]["score"],
                &task["ownerless"],
                &task["route"]["queue"],
                &task["sightings"]["count"],
                &task["sightings"]["sources"],
            ]
            .map(Value::to_string)
            .to_vec()
        };
        tasks.map(|task| (text(&task["task_id"]), shown(task))).collect()
    }

    /// Every task in full as the ledger has it, by task id.
    pub fn ledger_tasks(&self) -> BTreeMap<String, Value> {
        let cases = self.cases();
        let tasks = cases.values().flat_map(|(_, case)| tasks_of(case));
        tasks.map(|task| (text(&task["task_id"]), task.clone())).collect()
    }

    /// How often a record `kind` of `tasks` was written, as `opened`.
    pub fn changes(&self, kind: &str) -> usize {
        self.tasks
            .iter()
            .filter(|task| task.value["change"] == kind)
            .count()
    }

    /// Whether the first record of some case is gone.
    pub fn is_compacted(&self) -> bool {
        let mut seen = BTreeSet::new();
        let mut first = self.ledger.iter().filter(|record| seen.insert(&record.key));
        first.any(|record| record.value["revision"].as_u64() > Some(1))
    }

    /// Key and first ledger record of a case that was written more than once.
    pub fn first_record_of_a_repeated_case(&self) -> (String, String) {
        let mut first: BTreeMap<&str, &Value> = BTreeMap::new();
        let repeated = self.ledger.iter().find_map(|record| {
            let value = *first.entry(&record.key).or_insert(&record.value);
            (*value != record.value).then(|| (record.key.clone(), value.to_string()))
        });
        repeated.expect("some case was written twice")
    }

    fn raw_faults(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for record in &self.raw {
            *seen.entry(record.key_text()).or_default() += 1;
        }
        let published = self.published.by_key.keys();
        let wrong = published.filter(|key| seen.get(*key) != Some(&1));
        wrong
            .map(|key| format!("alert {key} is not once in alerts.raw"))
            .collect()
    }

    fn expected(&self, fate: Fate) -> Vec<Place> {
        let of = |record: &ConsumedRecord| {
            let alert = self.published.by_key.get(&record.key_text());
            let indexes: Vec<Option<u64>> = alert.map_or_else(Vec::new, |alert| match fate {
                Fate::Finding => alert
                    .findings
                    .iter()
                    .map(|index| Some(u64::from(*index)))
                    .collect(),
                Fate::Letter => alert.letters.iter().map(|index| index.map(u64::from)).collect(),
            });
            let at = (i64::from(record.partition), record.offset);
            indexes
                .into_iter()
                .map(move |index| (at.0, at.1, index))
                .collect::<Vec<_>>()
        };
        self.raw.iter().flat_map(of).collect()
    }

    fn source_faults(&self) -> Vec<String> {
        let topics = self
            .findings
            .iter()
            .map(|(place, body)| (place, &body["provenance"]["topic"]));
        let topics = topics.chain(
            self.letters
                .iter()
                .map(|(place, body)| (place, &body["source"]["topic"])),
        );
        let wrong = topics.filter(|(_, topic)| **topic != self.raw_topic.as_str());
        wrong
            .map(|(place, topic)| format!("{place:?} says that it is from {topic}"))
            .collect()
    }

    /// Revisions rise by one from 1; a task is opened once, and reopened once per cycle.
    fn task_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        let mut begun: BTreeMap<(String, u64), usize> = BTreeMap::new();
        for task in &self.tasks {
            let id = text(&task.value["task_id"]);
            let revision = task.value["revision"].as_u64().unwrap_or_default();
            let before = last.insert(id.clone(), revision).unwrap_or_default();
            if revision != before + 1 {
                faults.push(format!("task {id}: revision {revision} follows {before}"));
            }
            let change = text(&task.value["change"]);
            if task.kind != format!("io.reeve.task.{change}.v1") {
                faults.push(format!("task {id}: `{change}` is announced as {}", task.kind));
            }
            if change == "opened" || change == "reopened" {
                let cycle = task.value["cycle"].as_u64().unwrap_or_default();
                *begun.entry((id, cycle)).or_default() += 1;
            }
        }
        let doubled = begun.iter().filter(|(_, times)| **times != 1);
        faults.extend(
            doubled.map(|((id, cycle), times)| format!("task {id}: cycle {cycle} began {times} times")),
        );
        if last.len() != self.published.tasks() {
            faults.push(format!(
                "{} tasks, {} expected",
                last.len(),
                self.published.tasks()
            ));
        }
        faults
    }

    /// The ledger counts each finding once, and agrees with what stands on `tasks`.
    fn ledger_faults(&self) -> Vec<String> {
        let mut faults = self.order_faults();
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        for (_, finding) in &self.findings {
            *findings.entry(text(&finding["subject"]["key"])).or_default() += 1;
        }
        let cases = self.cases();
        for (key, count) in &findings {
            let case = cases.get(key.as_str()).map(|(_, case)| *case);
            let sightings: u64 = case.map_or(0, |case| {
                tasks_of(case)
                    .filter_map(|task| task["sightings"]["count"].as_u64())
                    .sum()
            });
            if sightings != *count {
                faults.push(format!("{key}: {sightings} sightings of {count} findings"));
            }
        }
        let told: BTreeMap<String, &Value> = self
            .tasks
            .iter()
            .map(|task| (text(&task.value["task_id"]), &task.value))
            .collect();
        let kept: BTreeMap<String, &Value> = cases
            .values()
            .flat_map(|(_, case)| tasks_of(case))
            .map(|task| (text(&task["task_id"]), task))
            .collect();
        faults.extend(differences(&told, &kept));
        faults
    }

    /// A case lives on one partition, and its revisions rise.
    fn order_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut last: BTreeMap<&str, (i32, u64)> = BTreeMap::new();
        for record in self.ledger.iter().filter(|record| !record.value.is_null()) {
            let revision = record.value["revision"].as_u64().unwrap_or_default();
            if let Some((partition, before)) = last.insert(&record.key, (record.partition, revision)) {
                if partition != record.partition {
                    faults.push(format!(
                        "{}: on partitions {partition} and {}",
                        record.key, record.partition
                    ));
                }
                if revision <= before {
                    faults.push(format!(
                        "{}: ledger revision {revision} follows {before}",
                        record.key
                    ));
                }
            }
        }
        faults
    }

    /// The last record of each key.
    fn cases(&self) -> BTreeMap<&str, (i32, &Value)> {
        let mut cases = BTreeMap::new();
        for record in &self.ledger {
            cases.insert(record.key.as_str(), (record.partition, &record.value));
        }
        cases.retain(|_, (_, value)| !value.is_null());
        cases
    }
}

impl Body {
    fn of(record: &ConsumedRecord) -> Self {
        Self {
            partition: record.partition,
            key: record.key_text(),
            kind: record.header("ce_type").unwrap_or_default(),
            value: json(record),
        }
    }
}

#[derive(Clone, Copy)]
enum Fate {
    Finding,
    Letter,
}

fn json(record: &ConsumedRecord) -> Value {
    let value = record.value.as_deref();
    value.map_or(Value::Null, |value| {
        serde_json::from_slice(value).expect("reeve writes JSON")
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn tasks_of(case: &Value) -> impl Iterator<Item = &Value> {
    case["tasks"].as_array().into_iter().flatten()
}

fn with_places(records: &[ConsumedRecord], field: &str) -> Vec<(Place, Value)> {
    let read = |record: &ConsumedRecord| {
        let body = json(record);
        let at = &body[field];
        let number = |name: &str| at[name].as_i64().unwrap_or(-1);
        (
            (number("partition"), number("offset"), at["index"].as_u64()),
            body,
        )
    };
    records.iter().map(read).collect()
}

/// As multisets: what is missing, what is doubled, what nobody asked for.
fn compare(what: &str, expected: Vec<Place>, found: &[(Place, Value)]) -> Vec<String> {
    let mut balance: BTreeMap<Place, i64> = BTreeMap::new();
    for place in expected {
        *balance.entry(place).or_default() -= 1;
    }
    for (place, _) in found {
        *balance.entry(*place).or_default() += 1;
    }
    let wrong = balance.into_iter().filter(|(_, balance)| *balance != 0);
    wrong
        .map(|(place, balance)| format!("{what} of {place:?}: {balance:+}"))
        .collect()
}

/// Where the last record on `tasks` and the ledger's task are not of one revision and state.
fn differences(told: &BTreeMap<String, &Value>, kept: &BTreeMap<String, &Value>) -> Vec<String> {
    let stand = |task: Option<&&Value>| task.map(|task| (task["revision"].clone(), task["state"].clone()));
    let ids = told.keys().chain(kept.keys()).collect::<BTreeSet<_>>();
    let differ = ids
        .into_iter()
        .filter(|id| stand(told.get(*id)) != stand(kept.get(*id)));
    differ
        .map(|id| {
            format!(
                "task {id}: told {:?}, kept {:?}",
                stand(told.get(id)),
                stand(kept.get(id))
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEY: &str = "secret:value:hmac:k/x";

    fn sound() -> Audit {
        let published = Alerts::generate(3, 1, 1);
        let (key, alert) = published.by_key.first_key_value().unwrap();
        assert_eq!(
            (alert.findings.as_slice(), alert.letters.len()),
            ([0].as_slice(), 0)
        );
        let raw = ConsumedRecord {
            partition: 0,
            offset: 5,
            timestamp_ms: 0,
            key: Some(key.clone().into_bytes()),
            headers: Vec::new(),
            value: None,
        };
        let finding = json!({ "subject": { "key": KEY }, "provenance": { "topic": "t.alerts.raw" } });
        let task = json!({ "task_id": "t-1", "revision": 1, "cycle": 1, "state": "open", "change": "opened",
            "sightings": { "count": 1 } });
        let body = |kind: &str, value: Value| Body {
            partition: 0,
            key: KEY.into(),
            kind: kind.into(),
            value,
        };
        Audit {
            raw_topic: "t.alerts.raw".into(),
            raw: vec![raw],
            findings: vec![((0, 5, Some(0)), finding)],
            letters: Vec::new(),
            tasks: vec![body("io.reeve.task.opened.v1", task.clone())],
            ledger: vec![body("", json!({ "revision": 1, "tasks": [task] }))],
            published,
        }
    }

    fn check_found(break_it: impl FnOnce(&mut Audit), fault: &str) {
        let mut audit = sound();
        break_it(&mut audit);
        let faults = audit.faults();
        assert!(faults.iter().any(|found| found.contains(fault)), "{faults:?}");
    }

    #[test]
    fn a_sound_run_has_no_faults() {
        assert_eq!(sound().faults(), Vec::<String>::new());
    }

    #[test]
    fn a_ledger_is_compacted_once_the_first_revision_of_a_case_is_gone() {
        let mut audit = sound();
        audit.ledger.push(audit.ledger[0].clone());
        audit.ledger[1].value["revision"] = json!(2);
        assert!(!audit.is_compacted());
        audit.ledger.remove(0);
        assert!(audit.is_compacted());
    }

    #[test]
    fn a_lost_a_doubled_and_a_stray_finding_are_found() {
        check_found(|audit| audit.findings.clear(), "(0, 5, Some(0)): -1");
        check_found(
            |audit| audit.findings.push(audit.findings[0].clone()),
            "(0, 5, Some(0)): +1",
        );
        check_found(|audit| audit.findings[0].0.1 = 6, "(0, 6, Some(0)): +1");
    }

    #[test]
    fn a_dead_letter_that_nobody_asked_for_is_found() {
        let letter = ((0, 5, None), json!({ "source": { "topic": "t.alerts.raw" } }));
        check_found(
            |audit| audit.letters.push(letter),
            "dead letter of (0, 5, None): +1",
        );
    }

    #[test]
    fn a_task_that_was_opened_twice_is_found() {
        check_found(|audit| audit.tasks.push(audit.tasks[0].clone()), "began 2 times");
        check_found(
            |audit| audit.tasks.push(audit.tasks[0].clone()),
            "revision 1 follows 1",
        );
    }

    #[test]
    fn a_ledger_that_counts_twice_or_disagrees_with_the_tasks_is_found() {
        check_found(
            |audit| audit.ledger[0].value["tasks"][0]["sightings"]["count"] = json!(2),
            "2 sightings of 1",
        );
        check_found(
            |audit| audit.ledger[0].value["tasks"][0]["revision"] = json!(2),
            "kept Some",
        );
        check_found(|audit| audit.ledger.clear(), "0 sightings of 1");
    }

    #[test]
    fn a_ledger_that_goes_back_or_lies_on_two_partitions_is_found() {
        check_found(
            |audit| audit.ledger.push(audit.ledger[0].clone()),
            "ledger revision 1 follows 1",
        );
        let moved = |audit: &mut Audit| {
            audit.ledger.push(audit.ledger[0].clone());
            audit.ledger[1].partition = 1;
        };
        check_found(moved, "on partitions 0 and 1");
    }
}
