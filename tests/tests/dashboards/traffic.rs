//! A running reeve, and alerts and events that make each of its metrics count.

use std::time::Duration;

use reeve_tests::alerts::Alerts;
use reeve_tests::embedded::Embedded;
use reeve_tests::host::{wait_for, wait_until};
use reeve_tests::replica::Replica;
use serde_json::{Value, json};

use crate::inventory;

const GITLEAKS: &str = include_str!("../../../services/reeve/samples/gitleaks.json");
const TRUFFLEHOG: &str = include_str!("../../../services/reeve/samples/trufflehog.ndjson");
const SECURITY_HUB: &str = include_str!("../../../services/reeve/samples/securityhub.json");
const CLOUDTRAIL: &str = include_str!("../../../services/reeve/samples/cloudtrail.json");
const BROKEN: &str = include_str!("../../../services/reeve/samples/broken.json");
const DEADLINES: &str = include_str!("../../../config/deadlines.yaml");
const ACCESS_KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const ROLE: &str = "identity:aws:role:123456789012/batch-admin";
const ROOT: &str = "identity:aws:root:123456789012";
const BOUND: Duration = Duration::from_secs(60);

/// reeve on the embedded log with short deadlines and an inventory.
#[derive(Debug)]
pub(crate) struct Traffic {
    reeve: Embedded,
    replica: Replica,
}

impl Traffic {
    /// Starts it; nothing has come in yet.
    pub(crate) fn start() -> Self {
        let reeve = Embedded::default();
        std::fs::create_dir(reeve.path("config")).expect("it is ours");
        let short = DEADLINES
            .replace(
                "{ contain: 4h, remediate: 24h }",
                "{ contain: 1s, remediate: 2s }",
            )
            .replace(
                "{ contain: 24h, remediate: 3d }",
                "{ contain: 2s, remediate: 20s }",
            );
        assert_ne!(short, DEADLINES, "the shipped deadlines are shortened");
        reeve.write("config/deadlines.yaml", &short);
        let mut command = reeve.command();
        command.args(["run", "-c", "config"]).env(
            "REEVE_INVENTORY_URL",
            format!("http://127.0.0.1:{}", inventory::serve()),
        );
        let mut replica = Replica::start(&command, reeve.port(), reeve.path("stderr"));
        replica.wait_ready();
        Self { reeve, replica }
    }

    /// Where it serves its metrics.
    pub(crate) const fn port(&self) -> u16 {
        self.reeve.port()
    }

    /// Everything that can happen to a task, once.
    pub(crate) fn drive(&self) {
        for report in [GITLEAKS, TRUFFLEHOG, SECURITY_HUB, BROKEN, &root_was_used()] {
            self.publish(report);
        }
        self.publish_many(1, 300);
        for key in [ACCESS_KEY, ROLE, ROOT] {
            self.wait(key, "opened", |task| task["state"] == "open");
        }
        self.say(ROLE, "acknowledged", None);
        self.say(ROLE, "blocked", Some(&json!({ "reason": "resources" })));
        self.say(
            ROOT,
            "attestation",
            Some(&json!({ "document": "DOC-7", "reviewer": "berta" })),
        );
        self.say(ACCESS_KEY, "claimed", None);
        self.wait(ROOT, "attested", |task| task["closure"] == "attested");
        self.publish(&key_set_to("Inactive", 1));
        self.wait(ACCESS_KEY, "verified", |task| task["closure"] == "verified");
        self.publish(&key_set_to("Active", 2));
        self.wait(ACCESS_KEY, "opened again", |task| task["cycle"] == 2);
    }

    /// More of it, for about two minutes, so that there is something to draw.
    pub(crate) fn go_on(&self) {
        let more = wait_for(Duration::from_secs(120), || {
            let round = self.reeve.prints(&["tasks", "-o", "json"]).lines().count() as u64;
            self.publish_many(round + 2, 20 + (round % 7) as u32 * 15);
            self.publish(&key_set_to(
                if round.is_multiple_of(2) {
                    "Inactive"
                } else {
                    "Active"
                },
                round,
            ));
            None::<()>
        });
        assert!(more.is_none(), "it goes on to the bound");
    }

    /// An orderly end.
    pub(crate) fn stop(&mut self) {
        self.replica.stop();
    }

    fn publish(&self, report: &str) {
        let filled = report.replace("{{now}}", &now().to_string());
        let path = self.reeve.write("report.json", &filled);
        self.reeve.prints(&["publish", &path]);
    }

    fn publish_many(&self, seed: u64, count: u32) {
        let alerts = Alerts::generate(seed, count, 60);
        let paths: Vec<String> = alerts
            .by_key
            .iter()
            .map(|(key, alert)| self.reeve.write(key, &alert.value))
            .collect();
        let mut arguments = vec!["publish"];
        arguments.extend(paths.iter().map(String::as_str));
        self.reeve.prints(&arguments);
    }

    fn say(&self, key: &str, event_type: &str, body: Option<&Value>) {
        let task = self.wait(key, "there", |_| true);
        let id = task["task_id"].as_str().unwrap_or_default().to_owned();
        let body = body.unwrap_or(&Value::Null).to_string();
        let mut arguments = vec!["event", "--task", &id, "--type", event_type, "--actor", "ana"];
        if body != "null" {
            arguments.extend(["--body", &body]);
        }
        self.reeve.prints(&arguments);
    }

    fn wait(&self, key: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut found = Value::Null;
        wait_until(BOUND, what, || {
            let printed = self.reeve.prints(&["tasks", "-o", "json"]);
            let tasks = printed
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let mut tasks = tasks.filter(|task| task["subject"]["key"] == key && holds(task));
            found = tasks.next().unwrap_or_default();
            !found.is_null()
        });
        found
    }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn key_set_to(status: &str, number: u64) -> String {
    let mut trail: Value = serde_json::from_str(CLOUDTRAIL).expect("the sample is JSON");
    let record = &mut trail["Records"][0];
    record["eventName"] = json!("UpdateAccessKey");
    record["requestParameters"]["status"] = json!(status);
    record["eventID"] = json!(format!("5b6c7d8e-{number}"));
    trail.to_string()
}

fn root_was_used() -> String {
    let now = now().to_string();
    json!([{
        "schemaVersion": "2.0", "accountId": "123456789012", "region": "eu-west-1", "id": "gd-2",
        "type": "Policy:IAMUser/RootCredentialUsage", "severity": 2, "title": "Root was used",
        "createdAt": now, "updatedAt": now,
        "resource": { "resourceType": "AccessKey", "accessKeyDetails": {
            "accessKeyId": "ASIARZPUZDIKED7T3FJ6", "principalId": "123456789012", "userType": "Root", "userName": "Root",
        } },
        "service": { "serviceName": "guardduty", "archived": false },
    }])
    .to_string()
}
