//! What an alert may be wrapped in, how deep, how large, and what a broken one costs.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::Write;

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use reeve_formats::{Limits, Parsed, Settings};
use serde_json::{Value, json};
use support::{findings, output, parse_bytes, parse_with_headers, settings, tally};

fn leak() -> Value {
    json!({"RuleID": "generic-api-key", "Secret": "dfjksdjfs3294dfjlsdaf213", "File": "tests/api.py"})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn parsed(bytes: &[u8]) -> Parsed {
    parse_bytes(bytes, &settings())
}

/// The wrapped leak is one finding, under these envelopes, with the key it has bare.
fn check(bytes: &[u8], envelopes: &[&str]) {
    let bare = parsed(leak().to_string().as_bytes());
    let wrapped = parsed(bytes);
    assert_eq!(tally(&wrapped), "observed 1", "{envelopes:?}");
    assert_eq!(wrapped.envelopes, envelopes);
    assert_eq!(
        findings(&wrapped)[0].subject,
        findings(&bare)[0].subject,
        "{envelopes:?}"
    );
}

#[test]
fn every_envelope_is_peeled() {
    let text = leak().to_string();
    let encoded = BASE64.encode(text.as_bytes());
    let event =
        json!({"detail-type": "Finding", "source": "acme", "detail": leak(), "time": "2026-01-01T00:00:00Z"});
    let structured = |name: &str, data: Value| json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", name: data});
    for (envelope, names) in [
        (json!([leak()]), &[][..]),
        (event, &["eventbridge"]),
        (structured("data", leak()), &["cloudevents"]),
        (structured("data", text.into()), &["cloudevents"]),
        (structured("data_base64", encoded.into()), &["cloudevents"]),
    ] {
        check(envelope.to_string().as_bytes(), names);
    }
}

#[test]
fn every_envelope_of_a_cloud_is_peeled() {
    let text = leak().to_string();
    let encoded = BASE64.encode(text.as_bytes());
    let logs =
        json!({"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": [{"id": "1", "message": text}]});
    for (envelope, names) in [
        (
            json!({"Type": "Notification", "MessageId": "1", "Message": text}),
            &["sns"][..],
        ),
        (logs.clone(), &["cloudwatch-logs"]),
        (
            json!({"awslogs": {"data": BASE64.encode(&gzip(logs.to_string().as_bytes()))}}),
            &["cloudwatch-logs", "gzip"],
        ),
        (
            json!({"message": {"data": encoded, "messageId": "1"}, "subscription": "s"}),
            &["pubsub"],
        ),
        (
            json!({"receivedMessages": [{"ackId": "1", "message": {"data": encoded}}]}),
            &["pubsub"],
        ),
        (
            json!({"eventType": "e", "topic": "t", "data": leak(), "dataVersion": "1"}),
            &["event-grid"],
        ),
    ] {
        check(envelope.to_string().as_bytes(), names);
    }
}

#[test]
fn every_envelope_of_a_store_is_peeled() {
    let text = leak().to_string();
    for (envelope, names) in [
        (
            json!({"@odata.context": "c", "value": [leak()]}),
            &["graph-collection"][..],
        ),
        (
            json!({"@odata.context": "c", "value": leak()}),
            &["graph-collection"],
        ),
        (
            json!({"hits": {"hits": [{"_id": "1", "_source": leak()}]}}),
            &["elasticsearch-hits"],
        ),
        (
            json!({"result": leak(), "sid": "1", "search_name": "n"}),
            &["splunk-alert"],
        ),
        (
            json!({"_index": "alerts", "_id": "1", "_source": leak()}),
            &["elasticsearch-hit"],
        ),
        (
            json!({"preview": false, "offset": 0, "result": {"_raw": text, "host": "h"}}),
            &["splunk-alert"],
        ),
        (
            json!({"time": 1, "sourcetype": "_json", "event": leak()}),
            &["splunk-hec"],
        ),
        (
            json!({"time": 1, "sourcetype": "_json", "event": text}),
            &["splunk-hec"],
        ),
    ] {
        check(envelope.to_string().as_bytes(), names);
    }
}

#[test]
fn every_envelope_of_a_queue_is_peeled() {
    let text = leak().to_string();
    let encoded = BASE64.encode(text.as_bytes());
    let mut record = leak();
    record["category"] = "Findings".into();
    for (envelope, names) in [
        (
            json!([{"ackId": "1", "message": {"data": encoded, "messageId": "1"}}]),
            &["pubsub"][..],
        ),
        (json!({"records": [record]}), &["azure-records"]),
        (
            json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": text}]}),
            &["aws-event", "sqs"],
        ),
        (
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": text}}]}),
            &["aws-event", "sns"],
        ),
        (
            json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": encoded}}]}),
            &["aws-event", "kinesis"],
        ),
        (
            json!({"category": "kube-audit", "operationName": "x", "properties": {"log": text}}),
            &["aks-audit"],
        ),
        (
            json!({"configauditreports.aquasecurity.github.io": [leak()]}),
            &["kubernetes-reports"],
        ),
        (
            json!({"kind": "FindingList", "items": [leak()]}),
            &["kubernetes-list"],
        ),
    ] {
        check(envelope.to_string().as_bytes(), names);
    }
}

#[test]
fn every_layer_of_bytes_is_peeled() {
    let text = leak().to_string();
    check(&gzip(text.as_bytes()), &["gzip"]);
    check(&zstd::encode_all(text.as_bytes(), 0).unwrap(), &["zstd"]);
    check(&gzip(&gzip(text.as_bytes())), &["gzip"]);
    check(format!("\u{feff}{text}").as_bytes(), &["bom"]);
    check(
        format!("scoutsuite_results =\n{text}\n").as_bytes(),
        &["script-prefix"],
    );
}

#[test]
fn a_cloud_event_in_headers_has_its_payload_in_the_body() {
    let headers: Vec<(String, Vec<u8>)> = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_source", "/s"),
        ("ce_type", "t"),
        ("ce_time", "2026-01-02T03:04:05Z"),
    ]
    .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
    .to_vec();
    let wrapped = parse_with_headers(leak().to_string().as_bytes(), &headers, &settings());
    assert_eq!(wrapped.envelopes, ["cloudevents"]);
    assert_eq!(
        findings(&wrapped)[0].observed_at.to_string(),
        "2026-01-02T03:04:05Z"
    );
    let tombstone = parse_with_headers(b"", &headers, &settings());
    assert!(tombstone.empty);
}

#[test]
fn a_report_without_results_is_empty_and_nothing_else() {
    for nothing in [
        "",
        " \n",
        "null",
        "[]",
        "[ ]\n",
        "null\nnull\n",
        "{\"Records\":[]}",
        "\u{feff}[]",
    ] {
        let parsed = parsed(nothing.as_bytes());
        assert!(
            parsed.empty && parsed.records == 0 && parsed.items.is_empty(),
            "{nothing:?}"
        );
    }
    assert!(parsed(&gzip(b"[]")).empty);
    assert!(!parsed(b"{}").empty);
}

#[test]
fn a_bad_line_is_refused_alone() {
    let lines = format!("{}\n{{\"RuleID\":\n\n{}\r\n{{\"a\":1}}\n", leak(), leak());
    let parsed = parsed(lines.as_bytes());
    assert_eq!(
        tally(&parsed),
        "observed 2, rejected not_json 1, rejected unknown_format 1"
    );
    assert!(output(&parsed).contains("at line 2"));
}

#[test]
fn a_bad_line_of_other_bytes_is_refused_alone() {
    let mut lines = leak().to_string().into_bytes();
    lines.extend(b"\n{\"RuleID\":\"\xff\"}\n");
    lines.extend(leak().to_string().into_bytes());
    assert_eq!(tally(&parsed(&lines)), "observed 2, rejected not_utf8 1");
    assert_eq!(tally(&parsed(b"{\n\"a\":\"\xff\"}")), "rejected not_utf8 1");
}

#[test]
fn utf_16_with_its_mark_is_read() {
    let text = format!(
        "\u{feff}{}\r\n",
        serde_json::to_string_pretty(&json!([leak()])).unwrap()
    );
    let bytes = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        check(&bytes(order), &["utf-16", "bom"]);
    }
    let whole = bytes(u16::to_le_bytes);
    let half = parsed(&whole[..whole.len() - 1]);
    assert_eq!(tally(&half), "rejected not_utf8 1");
    assert!(output(&half).contains(&format!("not UTF-16 at byte {}", whole.len() - 2)));
    let alone = [&whole[..40], b"\x00\xd8", &whole[40..]].concat();
    assert!(output(&parsed(&alone)).contains("not UTF-16 at byte 40"));
}

#[test]
fn what_breaks_a_document_is_refused_once_at_its_position() {
    let pretty = serde_json::to_string_pretty(&json!([leak(), leak()])).unwrap();
    let broken = parsed(&pretty.as_bytes()[..pretty.len() - 3]);
    assert_eq!(tally(&broken), "rejected not_json 1");
    let several = format!(
        "{}{}\n{{\"x\"",
        leak(),
        serde_json::to_string_pretty(&leak()).unwrap()
    );
    assert_eq!(
        tally(&parsed(several.as_bytes())),
        "observed 2, rejected not_json 1"
    );
}

#[test]
fn elements_of_an_array_are_alerts_of_their_own() {
    let mixed = json!([leak(), {"a": 1}, 7, null, [leak()]]);
    assert_eq!(
        tally(&parsed(mixed.to_string().as_bytes())),
        "observed 2, rejected unknown_format 3"
    );
    assert_eq!(tally(&parsed(b"[1,2,3]")), "rejected unknown_format 1");
    assert_eq!(tally(&parsed(b"7")), "rejected unknown_format 1");
}

#[test]
fn four_envelopes_are_peeled_and_a_fifth_is_refused() {
    let wrap = |inner: Value| json!({"detail-type": "x", "source": "s", "detail": inner});
    let four = (0..4).fold(leak(), |inner, _| wrap(inner));
    assert_eq!(tally(&parsed(four.to_string().as_bytes())), "observed 1");
    assert_eq!(
        tally(&parsed(wrap(four).to_string().as_bytes())),
        "rejected too_deep 1"
    );
}

#[test]
fn a_key_that_occurs_twice_is_refused_with_its_place() {
    let parsed = parsed(br#"{"RuleID":"a","Secret":{"hunter2":1,"hunter2":2},"File":"f"}"#);
    assert_eq!(tally(&parsed), "rejected duplicate_key 1");
    assert!(output(&parsed).contains("/Secret/*"));
    let long: String = (0..200).map(|number| format!("\"k{number}\":1,")).collect();
    let again = format!("{{{long}\"k7\":2}}");
    assert_eq!(tally(&self::parsed(again.as_bytes())), "rejected duplicate_key 1");
}

#[test]
fn depth_is_counted_exactly() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parsed(nested(128).as_bytes()).empty);
    assert_eq!(tally(&parsed(nested(129).as_bytes())), "rejected too_deep 1");
}

#[test]
fn a_million_levels_cost_no_stack_and_end_as_too_deep() {
    let whole = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let objects = "{\"a\":".repeat(1_000_000);
    for text in [whole, "[".repeat(1_000_000), objects] {
        assert_eq!(tally(&parsed(text.as_bytes())), "rejected too_deep 1");
    }
}

#[test]
fn sizes_have_limits() {
    let tight = Settings {
        limits: Limits {
            document_bytes: 100,
            keys: 3,
            ..Limits::default()
        },
        ..settings()
    };
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(200));
    assert_eq!(
        tally(&parse_bytes(long.as_bytes(), &tight)),
        "rejected too_large 1"
    );
    assert_eq!(
        tally(&parse_bytes(
            format!("{{\"a\":1}}\n{long}\n{{\"a\":1}}").as_bytes(),
            &tight
        )),
        "rejected too_large 1, rejected unknown_format 2"
    );
    assert_eq!(
        tally(&parse_bytes(br#"{"a":1,"b":2,"c":3,"d":4}"#, &tight)),
        "rejected too_large 1"
    );
}

#[test]
fn a_bomb_is_not_inflated() {
    let zeros = vec![b' '; 1 << 20];
    assert_eq!(tally(&parsed(&gzip(&zeros))), "rejected bomb 1");
    assert_eq!(
        tally(&parsed(&zstd::encode_all(zeros.as_slice(), 0).unwrap())),
        "rejected bomb 1"
    );
    let nested = (0..5).fold(leak().to_string().into_bytes(), |inner, _| gzip(&inner));
    assert_eq!(tally(&parsed(&nested)), "rejected bomb 1");
    assert_eq!(
        tally(&parsed(&gzip(leak().to_string().as_bytes())[..20])),
        "rejected not_json 1"
    );
}

#[test]
fn a_control_message_is_dropped_with_its_reason() {
    let control =
        json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]});
    assert_eq!(
        tally(&parsed(control.to_string().as_bytes())),
        "dropped control_message 1"
    );
    let confirmation =
        json!({"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example", "Message": "x"});
    assert_eq!(
        tally(&parsed(confirmation.to_string().as_bytes())),
        "dropped control_message 1"
    );
}

#[test]
fn any_four_envelopes_in_any_order_give_the_alert_inside() {
    let wraps: [fn(Value) -> Value; 9] = [
        |inner| json!({"detail-type": "x", "source": "s", "detail": inner}),
        |inner| json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": inner}),
        |inner| json!({"Type": "Notification", "Message": inner.to_string()}),
        |inner| json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": inner.to_string()}]}),
        |inner| json!({"subscription": "s", "message": {"data": BASE64.encode(inner.to_string().as_bytes())}}),
        |inner| json!({"@odata.context": "c", "value": [inner]}),
        |inner| json!({"hits": {"hits": [{"_source": inner}]}}),
        |inner| json!({"result": {"_raw": inner.to_string()}, "sid": "1", "search_name": "n"}),
        |inner| {
            let packed = gzip(inner.to_string().as_bytes());
            json!({"receivedMessages": [{"message": {"data": BASE64.encode(&packed)}}]})
        },
    ];
    let bare = parsed(leak().to_string().as_bytes());
    let count = wraps.len();
    for order in 0..count.pow(4) {
        let layers = (0..4).map(|place| wraps[order / count.pow(place) % count]);
        let wrapped = layers.fold(leak(), |inner, wrap| wrap(inner));
        let parsed = parsed(wrapped.to_string().as_bytes());
        assert_eq!(tally(&parsed), "observed 1", "{wrapped}");
        assert_eq!(findings(&parsed)[0].subject.key, findings(&bare)[0].subject.key);
    }
}

#[test]
fn every_envelope_of_a_report_of_trivy_is_peeled() {
    let scan = json!({"invocation": {}, "scanner": {"uri": "pkg:github/acme/scanner", "result": leak()}, "metadata": {}});
    let statement = json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "subject": [{"name": "till", "digest": {"sha256": "44"}}], "predicate": scan});
    let payload = BASE64.encode(statement.to_string().as_bytes());
    let signed = json!({"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"keyid": "", "sig": "MEUC"}]});
    let told = json!({"verb": "update", "operatorObject": leak()});
    check(scan.to_string().as_bytes(), &["cosign-vuln"]);
    check(statement.to_string().as_bytes(), &["in-toto", "cosign-vuln"]);
    check(signed.to_string().as_bytes(), &["dsse", "in-toto", "cosign-vuln"]);
    check(told.to_string().as_bytes(), &["trivy-operator-webhook"]);
}

#[test]
fn a_report_that_its_operator_deleted_proves_nothing() {
    let reports = include_str!("../fixtures/trivy-operator/updated.json");
    let reports: Vec<Value> = serde_json::from_str(reports).unwrap();
    let told = |verb: &str| {
        let event = json!({"verb": verb, "operatorObject": reports[0]});
        parse_bytes(event.to_string().as_bytes(), &settings())
    };
    assert_eq!(tally(&told("update")), "observed 1");
    assert_eq!(tally(&told("delete")), "dropped control_message 1");
    assert!(told("delete").receipts.is_empty());
}
