//! SIGHUP: the next alert is routed by the new files; a bad one is told and changes nothing.

use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::metrics::Scrape;
use reeve_tests::replica::Replica;

const BOUND: Duration = Duration::from_secs(30);
const GAUGE: &str = "reeve_config_last_reload_successful";

fn routes(rule: &str, queue: &str) -> String {
    format!(
        "queues: [{{ name: {queue}, owner: team/{queue} }}]\nroutes: []\n\
         fallback: {{ name: {rule}, queue: {queue}, channel: ticket }}\n"
    )
}

fn alert(secret: &str) -> String {
    format!(
        r#"[{{"RuleID":"generic-api-key","Description":"Generic API Key","StartLine":1,"EndLine":1,"StartColumn":1,
           "EndColumn":20,"Match":"key={secret}","Secret":"{secret}","File":"src/a.py","Commit":"","Entropy":4.1,
           "Author":"","Email":"","Date":"","Message":"","Tags":[],"Fingerprint":"src/a.py:generic-api-key:1"}}]"#
    )
}

struct Installation {
    reeve: Embedded,
    replica: Replica,
}

impl Installation {
    fn routed_by(rule: &str, queue: &str) -> Self {
        let reeve = Embedded::default();
        std::fs::create_dir(reeve.path("config")).expect("it is ours");
        reeve.write("config/routes.yaml", &routes(rule, queue));
        let replica = reeve.run_with("log.txt", &["-c", "config"]);
        Self { reeve, replica }
    }

    fn publish(&self, secret: &str) {
        self.reeve.publish("alert.json", &alert(secret));
    }

    /// The queues of all tasks, sorted, once there are `count`.
    fn queues(&self, count: usize) -> Vec<String> {
        let mut queues = Vec::new();
        wait_until(BOUND, "every alert is a task", || {
            let tasks = self.reeve.tasks().into_iter();
            queues = tasks
                .map(|task| task["route"]["queue"].as_str().unwrap_or_default().to_owned())
                .collect();
            queues.len() == count
        });
        queues.sort();
        queues
    }

    fn reload(&self, told: &str) {
        self.replica.signal("HUP");
        self.replica.wait_log(BOUND, told);
    }

    fn wait_gauge(&self, expected: f64) -> Scrape {
        let mut scrape = self.replica.scrape();
        wait_until(BOUND, "the gauge tells how the reload went", || {
            scrape = self.replica.scrape();
            scrape.sum(GAUGE, "") == expected
        });
        scrape
    }
}

#[test]
fn the_next_alert_goes_where_the_new_routes_say() {
    let mut at = Installation::routed_by("first rule", "blue");
    at.publish("zQ7rT2vX9bN4mK8sL1pW");
    assert_eq!(at.queues(1), ["blue"]);
    at.reeve
        .write("config/routes.yaml", &routes("second rule", "green"));
    at.reload("configuration reloaded");
    at.publish("hD3kF6jG8aS2qW5eR7tY");
    assert_eq!(at.queues(2), ["blue", "green"]);
    let scrape = at.wait_gauge(1.0);
    assert_eq!(
        scrape.series("reeve_build_info").len(),
        1,
        "one configuration is in force"
    );
    assert!(scrape.sum("reeve_tasks_opened_total", "route=\"second rule\"") > 0.0);
    at.replica.stop();
}

#[test]
fn a_bad_configuration_is_told_with_its_place_and_the_one_before_stays() {
    let mut at = Installation::routed_by("first rule", "blue");
    at.reeve.write("config/routes.yaml", "routes: [ { nmae: x } ]\n");
    at.reload("the configuration before it is still in force");
    assert!(
        at.replica.log().contains("routes.yaml:1:"),
        "{}",
        at.replica.log()
    );
    at.wait_gauge(0.0);
    at.publish("zQ7rT2vX9bN4mK8sL1pW");
    assert_eq!(at.queues(1), ["blue"]);
    at.reeve
        .write("config/routes.yaml", &routes("second rule", "green"));
    at.reload("configuration reloaded");
    at.wait_gauge(1.0);
    at.replica.stop();
}
