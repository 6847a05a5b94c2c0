//! What dispatchers tell each other: sealed on whatever way it takes, and each record of an event with an id of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reeve_dispatcher::{Counts, Dispatcher, Lookups, Observe, Parts, SEAL, State};
use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::observation::Observation;
use reeve_domain::secret::{AliasKind, HmacKeys};
use reeve_domain::time::Timestamp;
use reeve_formats::{Item, Scrub, Settings};
use reeve_inventories::{Inventories, RawInventories, Surroundings};
use reeve_log::{Outgoing, Record, Segment, Topic, TopicNames, partition};
use reeve_policy::Policy;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const PARTITIONS: i32 = 4;
const SECRET: &str = "q7RmT2xWc9LkZ4vBn8YpHd3JsF6gUe1A";
const SHA1: &str = "a9ac8f6916ea8ee4e61cfcb8058f0f7a8b4779f5";

struct Quiet;

impl Observe for Quiet {
    fn counts(&mut self, _: &Counts) {}
    fn state(&mut self, _: i32, _: Option<State<'_>>) {}
}

/// Which partition an event reaches first.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Its subject's.
    Straight,
    /// Another one: the count of partitions was changed, or its sender has a partitioner of its own.
    Around,
}

/// All partitions in one process; what is written to `task-events` is read again.
struct Net {
    dispatcher: Dispatcher<Quiet>,
    keys: Arc<HmacKeys>,
    way: Way,
    offset: i64,
    events: Vec<Outgoing>,
    letters: Vec<Value>,
    _runtime: Runtime,
}

impl Net {
    fn new(way: Way) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let keys = HmacKeys::new(b"0123456789abcdef0123456789abcdef").expect("32 bytes are enough");
        let keys = Arc::new(keys.with_alias_kinds(&[AliasKind::Sha1]));
        let around = Surroundings {
            env: &|_| None,
            base: std::path::Path::new("."),
        };
        let none = RawInventories {
            inventories: Vec::new(),
        };
        let inventories =
            Inventories::compile(none, around).unwrap_or_else(|_| unreachable!("there is none"));
        let parts = Parts {
            policy: Arc::new(Policy::shipped()),
            lookups: Lookups::new(inventories, runtime.handle().clone(), Duration::from_secs(1), 0),
            keys: Arc::clone(&keys),
            names: TopicNames::prefixed(""),
            partitions: PARTITIONS,
            accept_loss: false,
            scrub: Scrub::On,
            sealed: true,
        };
        Self {
            dispatcher: Dispatcher::new(parts, Quiet),
            keys,
            way,
            offset: 0,
            events: Vec::new(),
            letters: Vec::new(),
            _runtime: runtime,
        }
    }

    /// Reads a report; the key of its one finding.
    fn report(&mut self, report: &Value) -> Bytes {
        let value = report.to_string();
        let alert = RawAlert {
            value: value.as_bytes(),
            headers: &[],
            origin: Origin::File { file: "-".into() },
            received_at: now(),
        };
        let parsed = reeve_formats::parse(&alert, &Settings::new(Arc::clone(&self.keys)));
        let mut found = parsed.items.into_iter().filter_map(|item| match item {
            Item::Observed { observations, .. } => observations.into_iter().next(),
            _ => None,
        });
        let finding: Observation = found.next().expect("it is a report of one finding");
        let key = finding
            .subject()
            .expect("a finding has a subject")
            .key
            .to_string();
        let body = serde_json::to_vec(&finding).expect("it is JSON");
        let key = Bytes::from(key);
        self.read(
            Topic::Findings,
            key.clone(),
            body.into(),
            Vec::new(),
            Way::Straight,
        );
        key
    }

    fn read(&mut self, topic: Topic, key: Bytes, value: Bytes, headers: Vec<(String, Vec<u8>)>, way: Way) {
        let shift = i32::from(way == Way::Around);
        self.offset += 1;
        let record = Record {
            topic,
            partition: (partition::of_key(&key, PARTITIONS) + shift) % PARTITIONS,
            offset: self.offset,
            timestamp: now(),
            key: Some(key),
            value: Some(value),
            headers,
        };
        let output = self.dispatcher.run(vec![record], now());
        self.dispatcher.committed(now());
        for record in output.records {
            self.take(record);
        }
    }

    fn take(&mut self, record: Outgoing) {
        let value = record.value.clone().unwrap_or_default();
        match record.topic {
            Topic::DeadLetters => self
                .letters
                .push(serde_json::from_slice(&value).expect("a letter is JSON")),
            Topic::TaskEvents => {
                self.events.push(record.clone());
                let named = |(name, value): &(&str, Bytes)| ((*name).to_owned(), value.to_vec());
                let headers: Vec<_> = record.headers.iter().map(named).collect();
                let forwarded = headers.iter().any(|(name, _)| name == "reeve-forwarded");
                let way = if forwarded { Way::Straight } else { self.way };
                self.read(Topic::TaskEvents, record.key, value, headers, way);
            }
            _ => {}
        }
    }

    fn redirects(&self) -> usize {
        let redirected = |case: &&reeve_ledger::Case| case.redirected_to().is_some();
        self.dispatcher.cases().filter(redirected).count()
    }
}

fn now() -> Timestamp {
    "2026-09-10T00:00:00Z".parse().expect("a constant time")
}

fn by_value() -> Value {
    json!([{
        "RuleID": "generic-api-key", "Description": "Generic API Key", "StartLine": 3, "EndLine": 3, "StartColumn": 1,
        "EndColumn": 30, "Match": format!("key = {SECRET}"), "Secret": SECRET, "File": "app/settings.py",
        "SymlinkFile": "", "Commit": "0".repeat(40), "Entropy": 4.4, "Author": "Ana Ruiz", "Email": "ana@example.org",
        "Date": "2026-09-02T08:11:00Z", "Message": "settings", "Tags": [], "Fingerprint": "f",
    }])
}

fn by_sha1() -> Value {
    json!({
        "version": "1.5.0", "plugins_used": [{ "name": "KeywordDetector" }], "filters_used": [],
        "results": { "app/settings.py": [{
            "type": "Secret Keyword", "filename": "app/settings.py", "hashed_secret": SHA1, "is_verified": false,
            "line_number": 3,
        }] },
        "generated_at": "2026-09-01T08:15:00Z",
    })
}

fn event(key: &Bytes, actor: &str, what: &str, body: &Value) -> Bytes {
    let event = json!({
        "kind": "event", "event_id": "one", "type": what, "subject_key": String::from_utf8_lossy(key),
        "actor": { "id": "ana", "kind": actor }, "at": "2026-09-09T00:00:00Z", "body": body,
    });
    event.to_string().into()
}

fn header(record: &Outgoing, wanted: &str) -> Option<Bytes> {
    let found = record.headers.iter().find(|(name, _)| *name == wanted);
    found.map(|(_, value)| value.clone())
}

#[test]
fn what_dispatchers_tell_each_other_is_sealed_whatever_way_it_takes() {
    for way in [Way::Straight, Way::Around] {
        let mut net = Net::new(way);
        net.report(&by_sha1());
        net.report(&by_value());
        assert_eq!((net.redirects(), net.letters.len()), (1, 0));
        assert!(net.events.len() >= 2, "a link and a merge");
        for record in &net.events {
            let (seal, value) = (header(record, SEAL), record.value.clone());
            let (seal, value) = (seal.expect("it is sealed"), value.expect("it has a value"));
            assert!(net.keys.is_seal(&seal, &record.key, &value));
        }
    }
}

#[test]
fn a_seal_of_another_event_makes_nobody_reeve() {
    let mut net = Net::new(Way::Straight);
    let alias = net.report(&by_sha1());
    net.report(&by_value());
    let sealed = net.events.first().expect("a link").clone();
    let seal = header(&sealed, SEAL).expect("it is sealed");
    let before = (net.redirects(), net.events.len());
    let main = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
    let forged = event(&alias, "system", "link", &json!({ "main": main }));
    for headers in [Vec::new(), vec![(SEAL.to_owned(), seal.to_vec())]] {
        for way in [Way::Straight, Way::Around] {
            net.read(
                Topic::TaskEvents,
                alias.clone(),
                forged.clone(),
                headers.clone(),
                way,
            );
        }
    }
    assert_eq!(net.letters.len(), 4);
    assert!(
        net.letters
            .iter()
            .all(|letter| letter["reason"] == "not_permitted")
    );
    assert_eq!((net.redirects(), net.events.len()), before);
}

#[test]
fn a_persons_event_needs_no_seal_and_its_records_share_its_id_but_not_theirs() {
    let mut net = Net::new(Way::Around);
    let alias = net.report(&by_sha1());
    net.report(&by_value());
    net.events.clear();
    let said = event(&alias, "human", "acknowledged", &Value::Null);
    net.read(Topic::TaskEvents, alias, said, Vec::new(), Way::Around);
    assert!(net.letters.is_empty(), "{:?}", net.letters);
    // sent on to the alias, by the alias to its main key, and to that one's partition
    assert_eq!(net.events.len(), 3);
    let bodies = net.events.iter().map(|record| record.value.clone());
    for body in bodies {
        let body: Value = serde_json::from_slice(&body.unwrap_or_default()).expect("an event is JSON");
        assert_eq!(body["event_id"], "one");
    }
    let record = |record: &Outgoing| (header(record, "ce_id"), header(record, "ce_subject"));
    let told: Vec<_> = net.events.iter().map(record).collect();
    assert_eq!(
        told[1], told[2],
        "the same record, where it belongs: nothing of it is new"
    );
    let apart: BTreeSet<_> = told.iter().map(|(id, _)| id).collect();
    assert_eq!(apart.len(), 2);
    assert!(net.events.iter().all(|record| header(record, SEAL).is_none()));
}
