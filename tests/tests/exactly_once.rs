//! Whatever dies, stops or is aborted between a raw alert and its task: each alert counts once.

use std::time::Duration;

use reeve_tests::alerts::Alerts;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;

const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn an_undisturbed_run_accounts_for_every_alert_and_ends_at_a_word() {
    let line = Line::new(Kafka::shared(), "calm", 4);
    let mut replica = line.replica("one").ready();
    line.publish(&Alerts::generate(1, 300, 60));
    line.wait_settled(PATIENCE);
    replica.stop();
    line.check();
}
