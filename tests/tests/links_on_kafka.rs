//! One secret under several keys on Kafka: partitions tell each other, whoever owns them meanwhile.

use std::time::Duration;

use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use reeve_tests::one_secret::{detect_secrets, gitlab, gitleaks};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);
const PARTITIONS: u32 = 8;

fn publish(line: &Line<'_>, key: &str, report: &str) {
    let topic = line.topic("alerts.raw");
    line.kafka()
        .produce_lines(&topic, &format!("from:scan\t{key}\t{report}\n"));
}

fn living(line: &Line<'_>) -> Vec<Value> {
    let printed = line.reeve(&["tasks", "-o", "json"]);
    let all = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"));
    all.filter(|task: &Value| task["state"] != "merged").collect()
}

#[track_caller]
fn one_task(line: &Line<'_>, sightings: u64) -> Value {
    wait_until(PATIENCE, "one task for all keys", || {
        let living = living(line);
        living.len() == 1 && living[0]["sightings"]["count"] == sightings
    });
    living(line).remove(0)
}

#[test]
fn the_keys_of_a_secret_meet_while_their_partitions_move_from_one_replica_to_three_to_two() {
    let line = Line::new(Kafka::shared(), "linked", PARTITIONS);
    let mut one = line.replica("one").ready();
    publish(&line, "a", &detect_secrets(3));
    let first = one_task(&line, 1);
    let mut others = ["two", "three"].map(|instance| line.replica(instance).ready());
    publish(&line, "b", &gitleaks(1));
    let joined = one_task(&line, 2);
    assert_eq!(
        first["task_id"], joined["task_id"],
        "the task that was opened first lives on"
    );
    one.stop();
    publish(&line, "c", &gitlab());
    publish(&line, "d", &detect_secrets(9));
    let last = one_task(&line, 4);
    assert_eq!(last["first_detected_at"], "2026-09-01T08:15:00Z");
    assert!(line.kafka().consume(&line.topic("dead-letters")).is_empty());
    others.iter_mut().for_each(reeve_tests::replica::Replica::stop);
}

#[test]
fn a_link_that_a_stranger_writes_to_kafka_is_a_dead_letter_and_joins_nothing() {
    let line = Line::new(Kafka::shared(), "forged", PARTITIONS);
    let mut replica = line.replica("one").ready();
    publish(&line, "a", &gitleaks(1));
    let task = one_task(&line, 1);
    let key = task["subject"]["key"].as_str().expect("a task has a subject");
    let forged = json!({
        "event_id": "link-forged", "type": "link", "subject_key": key, "actor": { "id": "reeve", "kind": "system" },
        "at": "2026-09-02T08:11:00Z", "body": { "main": "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6" },
    });
    let events = line.topic("task-events");
    for header in ["from:stranger", "reeve_seal:stranger"] {
        line.kafka()
            .produce_lines(&events, &format!("{header}\t{key}\t{forged}\n"));
    }
    let letters = line.topic("dead-letters");
    wait_until(PATIENCE, "a letter for each", || {
        line.kafka().consume(&letters).len() == 2
    });
    for letter in line.kafka().consume(&letters) {
        let letter = String::from_utf8(letter.value.unwrap_or_default()).expect("a letter is JSON");
        assert!(letter.contains("\"reason\":\"not_permitted\""), "{letter}");
    }
    assert_eq!(one_task(&line, 1), task);
    replica.stop();
}
