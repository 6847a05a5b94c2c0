//! What a mapping costs beside a built-in format that reads the same records: the aim is at most three times as much.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench stops at what is wrong with itself"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::secret::HmacKeys;
use reeve_formats::{Mappings, RawMapping, Settings, parse};
use reeve_policy::config::Document;
use serde_json::{Value, json};

const RECORDS: usize = 100;

/// gitleaks under other names: no built-in format claims it.
const TWIN: &str = r#"
name: twin
version: 1
tool: twin
detect: { has: [RuleId, Secret, File] }
records:
  observe:
    secrets: [Match]
    subject:
      - { kind: secret, value: Secret }
      - { kind: place }
    source: { rule: RuleId, reference: Fingerprint, url: Link }
    location: { path: File, line: StartLine, commit: Commit }
    times: { exposed_since: Date }
    problem:
      issue_type: secret_exposed
      title: { text: "{Description} in {File}" }
samples:
  input: '{ "RuleId": "r", "Secret": "an-example-value", "Match": "an-example-value", "File": "f", "Description": "d" }'
  expect: [{ subject: "secret:value:hmac:*" }]
"#;

fn record(rule: &str, at: usize) -> Value {
    json!({
        "Description": "Generic API Key", "StartLine": at, "EndLine": at, "StartColumn": 5, "EndColumn": 40,
        "Match": format!("api_key = \"zq81x{at:08}w\""), "Secret": format!("zq81x{at:08}w"), "File": format!("src/module_{at}.py"),
        "SymlinkFile": "", "Commit": "d1ccafd98ab590205dcdaec41f0de0b32a7e0e8c", "Entropy": 3.7, "Author": "Ines",
        "Email": "ines@example.com", "Date": "2026-01-02T03:04:05Z", "Message": "add the client", "Tags": [], rule: "generic-api-key",
        "Fingerprint": format!("d1ccafd9:src/module_{at}.py:generic-api-key:{at}"),
    })
}

fn report(rule: &str) -> String {
    let records: Vec<Value> = (0..RECORDS).map(|at| record(rule, at)).collect();
    serde_json::to_string(&records).unwrap()
}

fn settings() -> Settings {
    let raw: RawMapping = Document::read("twin.yaml", TWIN).unwrap().parse().unwrap();
    Settings {
        mappings: Mappings::compile([raw]).unwrap(),
        ..Settings::new(HmacKeys::new(b"0123456789abcdef0123456789abcdef").unwrap())
    }
}

fn mapping_beside_built_in(criterion: &mut Criterion) {
    let settings = settings();
    let mut group = criterion.benchmark_group("gitleaks");
    for (name, rule) in [("built-in", "RuleID"), ("mapping", "RuleId")] {
        let text = report(rule);
        let alert = RawAlert {
            value: text.as_bytes(),
            headers: &[],
            origin: Origin::File { file: "bench".into() },
            received_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        };
        let format = parse(&alert, &settings).formats;
        assert_eq!(format.len(), 1, "{format:?}");
        group.throughput(Throughput::Elements(RECORDS as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| parse(black_box(&alert), &settings))
        });
    }
    group.finish();
}

criterion_group!(benches, mapping_beside_built_in);
criterion_main!(benches);
