//! Planted secrets as keys, headers and values of `alerts.raw`: none is on another topic, nor in a log at trace.

use std::collections::BTreeSet;
use std::time::Duration;

use reeve_tests::console::ConsumedRecord;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use reeve_tests::metrics::get;
use reeve_tests::planted::{PLANTED, Planted, Search, broken, whole};

const BOUND: Duration = Duration::from_secs(90);
const OUTPUTS: [&str; 5] = ["findings", "tasks", "task-events", "ledger", "dead-letters"];

/// Headers, key and value as the console producer takes them; the report's secret is in each of them.
fn line(number: usize, Planted { bytes, secret }: &Planted) -> String {
    let headers = match number % 4 {
        0 => format!("{secret}:1"),
        1 => format!("scanner:{secret},traceparent:{secret}"),
        2 => format!("ce_specversion:1.0,ce_id:{secret},ce_source:{secret},ce_type:t,ce_subject:{secret}"),
        _ => format!("authorization:Bearer {secret},ce_id:{secret}"),
    };
    format!("{headers}\t{secret}\t{}\n", String::from_utf8_lossy(bytes))
}

/// Everything of a record that its readers see.
fn content(record: &ConsumedRecord) -> Vec<u8> {
    let ConsumedRecord {
        key, headers, value, ..
    } = record;
    let headers = headers
        .iter()
        .flat_map(|(name, value)| [name.clone().into_bytes(), value.clone().unwrap_or_default()]);
    let rest = [key.clone().unwrap_or_default(), value.clone().unwrap_or_default()];
    headers.chain(rest).collect::<Vec<_>>().join(&b' ')
}

fn topic(line: &Line<'_>, name: &str) -> Vec<u8> {
    let records = line.kafka().consume(&line.topic(name));
    records.iter().map(content).collect::<Vec<_>>().join(&b'\n')
}

/// Publishes all of it and returns what every other topic then holds, what was logged and what is scraped.
fn run(line: &Line<'_>, environment: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let config = line.configuration(&[("properties: {}", "properties: { debug: all }")]);
    let launch = line
        .replica("a")
        .argument("-c")
        .argument(config)
        .env("REEVE_LOG", "trace");
    let launch = environment
        .iter()
        .fold(launch, |launch, (name, value)| launch.env(name, value));
    let mut replica = launch.ready();
    let (whole, broken) = (whole(), broken());
    let lines: String = whole
        .iter()
        .enumerate()
        .map(|(at, report)| self::line(at, report))
        .collect();
    line.kafka().produce_lines(&line.topic("alerts.raw"), &lines);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (number, Planted { bytes, .. }) in broken.iter().enumerate() {
        std::fs::write(folder.path().join(number.to_string()), bytes).expect("it is ours");
    }
    line.reeve(&["publish", &folder.path().display().to_string()]);
    let (all, alerts) = ((whole.len() + broken.len()) as f64, line.topic("alerts.raw"));
    wait_until(BOUND, "all is consumed and dispatched", || {
        let scrape = replica.scrape();
        let consumed = scrape.sum("reeve_records_consumed_total", &alerts);
        consumed >= all && scrape.sum("reeve_consumer_lag_records", "") == 0.0
    });
    let (_, metrics) = get(replica.port(), "/metrics").expect("it serves metrics");
    replica.stop();
    let mut shown = vec![
        ("the metrics".to_owned(), metrics.into_bytes()),
        ("the log at trace".to_owned(), replica.log().into_bytes()),
    ];
    shown.extend(OUTPUTS.map(|name| (name.to_owned(), topic(line, name))));
    shown
}

#[test]
fn no_planted_secret_is_on_another_topic_or_in_a_log() {
    let line = Line::new(Kafka::shared(), "canaries", 2);
    let (search, shown) = (Search::default(), run(&line, &[]));
    let raw = topic(&line, "alerts.raw");
    assert_eq!(
        search.found(&raw).len(),
        2 * PLANTED,
        "the search finds them where they are"
    );
    let log = shown.iter().find(|(place, _)| place == "the log at trace");
    let log = log
        .map(|(_, log)| String::from_utf8_lossy(log))
        .unwrap_or_default();
    assert!(
        log.contains("TRACE") && log.contains("librdkafka"),
        "it logs all it can"
    );
    assert!(!log.contains("panicked"));
    for (place, text) in &shown {
        search.check_none(place, text);
    }
}

#[test]
fn with_the_scrubber_off_every_planted_secret_is_on_other_topics() {
    let line = Line::new(Kafka::shared(), "control", 2);
    let (search, shown) = (
        Search::default(),
        run(&line, &[("REEVE_TEST_WITHOUT_SCRUBBER", "1")]),
    );
    let found: BTreeSet<&str> = shown.iter().flat_map(|(_, text)| search.found(text)).collect();
    assert_eq!(found.len(), 2 * PLANTED);
}
