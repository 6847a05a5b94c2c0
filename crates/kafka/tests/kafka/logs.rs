//! librdkafka's most talkative log shows neither what records hold nor a password.

use std::io::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use reeve_kafka::KafkaLane;
use reeve_log::{Log, Outgoing, Place, Topic};
use tracing_subscriber::fmt::MakeWriter;

use crate::cluster::{Cluster, copies, first_records, outgoing};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn at_trace_with_all_debug_contexts_nothing_secret_is_written() {
    let canaries = [
        "canary-value",
        "canary-key",
        "canary-header",
        "canary-password",
        "canary-user",
    ];
    let cluster = Cluster::new();
    let alert = Outgoing {
        value: Some(Bytes::from_static(b"canary-value")),
        headers: vec![("h", Bytes::from_static(b"canary-header"))],
        ..outgoing(Topic::Alerts, Place::ByKey, "canary-key")
    };
    let mut config = cluster.normalizer();
    for (name, value) in [
        ("debug", "all"),
        ("sasl.username", "canary-user"),
        ("sasl.password", "canary-password"),
        ("ssl.key.password", "canary-password"),
    ] {
        config.connection.properties.insert(name.into(), value.into());
    }
    let access = reeve_kafka::Access::new(config.connection.clone(), cluster.names);

    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        access.write([alert], &mut |_| {}).unwrap();
        let mut lane = KafkaLane::open(config).unwrap();
        let records = first_records(&mut lane);
        let mut output = copies(&records, Topic::Findings);
        output.records[0].headers = vec![("h", Bytes::from_static(b"canary-header"))];
        lane.commit(output).unwrap();
        lane.leave().unwrap();
    });

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.lines().filter(|line| line.contains("librdkafka")).count() > 500,
        "the log was on"
    );
    for canary in canaries {
        let line = text.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "{canary}");
    }
}
