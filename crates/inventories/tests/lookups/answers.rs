//! What is an answer and what is none.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reeve_domain::context::SourceStatus;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::stub::{Reply, Stub, json, owned_by, response, status};
use crate::world::{
    PATIENT, assert_silent, inventories, key, lookup, now, plain, resolver, statuses, subject,
};
use reeve_inventories::Ask;

const JSON: &str = "content-type: application/json";

async fn check_silent(case: &str, bytes: Vec<u8>, wanted: SourceStatus) {
    let stub = Stub::serving(move |_| Reply::Bytes(bytes.clone())).await;
    let known = lookup(&plain(&stub.url(), ""), "alice").await;
    assert_silent(&known, wanted, case);
    assert_eq!(stub.count(), 1, "{case}: asked once");
}

async fn check_answer(case: &str, bytes: Vec<u8>, owner: Option<&str>) {
    let stub = Stub::serving(move |_| Reply::Bytes(bytes.clone())).await;
    let known = lookup(&plain(&stub.url(), ""), "alice").await;
    let wanted = if owner.is_some() {
        SourceStatus::Ok
    } else {
        SourceStatus::Absent
    };
    assert_eq!(
        (statuses(&known), resolver(&known)),
        (vec![wanted], owner),
        "{case}"
    );
    assert_eq!(known.is_ownerless(), owner.is_none(), "{case}");
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn gzipped(compressed: &[u8]) -> Vec<u8> {
    let length = format!("content-length: {}", compressed.len());
    response("200 OK", &[JSON, "content-encoding: gzip", &length], compressed)
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", body.len()).into_bytes();
    framed.extend_from_slice(body);
    framed.extend_from_slice(b"\r\n0\r\n\r\n");
    framed
}

fn body_of(reply: &[u8]) -> Vec<u8> {
    let at = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    reply[at + 4..].to_vec()
}

fn nested(depth: usize) -> String {
    let inner = depth - 2;
    format!(
        r#"{{"subject": {{"x": {}{}}}}}"#,
        "[".repeat(inner),
        "]".repeat(inner)
    )
}

#[tokio::test]
async fn complete_json_in_every_allowed_frame_is_an_answer() {
    let body = body_of(&owned_by("payments"));
    let length = format!("content-length: {}", body.len());
    let owner = Some("payments");
    check_answer("one length", owned_by("payments"), owner).await;
    let media = "content-type: application/vnd.acme+json; charset=utf-8";
    check_answer(
        "a JSON media type",
        response("200 OK", &[media, &length], &body),
        owner,
    )
    .await;
    check_answer("another 2xx", response("203 OK", &[JSON, &length], &body), owner).await;
    let framed = response("200 OK", &[JSON, "transfer-encoding: chunked"], &chunked(&body));
    check_answer("chunks, which mark their own end", framed, owner).await;
    check_answer("gzip", gzipped(&gzip(&body)), owner).await;
}

#[tokio::test]
async fn a_listed_status_or_null_is_absent_and_only_that() {
    check_answer("404", status("404 Not Found", &[]), None).await;
    let html = response(
        "404 Not Found",
        &["content-type: text/html", "content-length: 2"],
        b"no",
    );
    check_answer("404 with a page", html, None).await;
    check_answer("null", json(r#"{"subject": null}"#), None).await;
    check_silent("another 4xx", status("410 Gone", &[]), SourceStatus::Invalid).await;
    check_silent("nothing where it should stand", json("{}"), SourceStatus::Invalid).await;
}

#[tokio::test]
async fn a_subject_without_an_owner_is_an_answer_too() {
    let stub = Stub::serving(|_| Reply::Bytes(json(r#"{"subject": {"owners": {"resolver": null}}}"#))).await;
    let known = lookup(&plain(&stub.url(), ""), "alice").await;
    assert_eq!(statuses(&known), [SourceStatus::Ok]);
    assert!(known.is_ownerless());
}

#[tokio::test]
async fn error_statuses_are_no_answer() {
    check_silent(
        "500",
        status("500 Internal Server Error", &[]),
        SourceStatus::Invalid,
    )
    .await;
    check_silent("204", response("204 No Content", &[], b""), SourceStatus::Invalid).await;
    check_silent("401", status("401 Unauthorized", &[]), SourceStatus::Refused).await;
    check_silent("403", status("403 Forbidden", &[]), SourceStatus::Refused).await;
    check_silent("429", status("429 Too Many Requests", &[]), SourceStatus::Limited).await;
    let wait = status("503 Service Unavailable", &["retry-after: 3"]);
    check_silent("503 with a date to come back", wait, SourceStatus::Limited).await;
}

#[tokio::test]
async fn half_and_ambiguous_bodies_are_no_answer() {
    let body = body_of(&owned_by("payments"));
    let length = format!("content-length: {}", body.len());
    let longer = format!("content-length: {}", body.len() + 1);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("truncated", response("200 OK", &[JSON, &longer], &body)),
        (
            "two lengths that differ",
            response("200 OK", &[JSON, &length, &longer], &body),
        ),
        (
            "two lengths that agree",
            response("200 OK", &[JSON, &length, &length], &body),
        ),
        (
            "a list of lengths",
            response("200 OK", &[JSON, &format!("{length}, {}", body.len())], &body),
        ),
        ("ended by the connection", response("200 OK", &[JSON], &body)),
        (
            "HTTP/1.0 without a length",
            [
                b"HTTP/1.0 200 OK\r\n".to_vec(),
                response("", &[JSON], &body)[11..].to_vec(),
            ]
            .concat(),
        ),
        (
            "length and chunks",
            response(
                "200 OK",
                &[JSON, &length, "transfer-encoding: chunked"],
                &chunked(&body),
            ),
        ),
        (
            "chunks without an end",
            response(
                "200 OK",
                &[JSON, "transfer-encoding: chunked"],
                &chunked(&body)[..20],
            ),
        ),
        ("half a gzip", gzipped(&gzip(&body)[..20])),
        ("not a gzip", gzipped(&body)),
    ];
    for (case, bytes) in cases {
        check_silent(case, bytes, SourceStatus::Invalid).await;
    }
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let body = body_of(&owned_by("payments"));
    let length = format!("content-length: {}", body.len());
    let long = format!("x-long: {}", "a".repeat(33 * 1024));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("not HTTP", b"\x00\xff\x13garbage\r\n\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("not JSON", json("{\"subject\": {")),
        ("JSON and more", json("{\"subject\": {}} {}")),
        (
            "not UTF-8",
            response("200 OK", &[JSON, "content-length: 3"], b"\"\xff\""),
        ),
        (
            "HTML",
            response("200 OK", &["content-type: text/html", &length], &body),
        ),
        ("no content type", response("200 OK", &[&length], &body)),
        (
            "two content types",
            response("200 OK", &[JSON, JSON, &length], &body),
        ),
        (
            "an encoding not asked for",
            response("200 OK", &[JSON, "content-encoding: br", &length], &body),
        ),
        (
            "a text where the subject should stand",
            json(r#"{"subject": "alice"}"#),
        ),
        ("a list of no objects", json(r#"{"subject": [1, 2]}"#)),
        ("long headers", response("200 OK", &[JSON, &length, &long], &body)),
        ("too deep", json(&nested(65))),
        ("far too deep", json(&nested(100_000))),
    ];
    for (case, bytes) in cases {
        let known = check_garbage(bytes).await;
        assert_silent(&known, SourceStatus::Invalid, case);
    }
    let stub = Stub::serving(|_| Reply::Bytes(json(&nested(64)))).await;
    assert_eq!(
        statuses(&lookup(&plain(&stub.url(), ""), "alice").await),
        [SourceStatus::Ok]
    );
}

async fn check_garbage(bytes: Vec<u8>) -> reeve_domain::context::Knowledge {
    let stub = Stub::serving(move |_| Reply::Bytes(bytes.clone())).await;
    lookup(&plain(&stub.url(), ""), "alice").await
}

/// A good answer, padded to this length.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = body_of(&owned_by("payments"));
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn huge_and_bombed_bodies_are_no_answer() {
    let plainly = |body: &[u8]| {
        response(
            "200 OK",
            &[JSON, &format!("content-length: {}", body.len())],
            body,
        )
    };
    let in_chunks = |body: &[u8]| response("200 OK", &[JSON, "transfer-encoding: chunked"], &chunked(body));
    let (most, more) = (padded(1_048_576), padded(1_048_577));
    check_answer("as long as allowed", plainly(&most), Some("payments")).await;
    check_answer(
        "as long as allowed, in chunks",
        in_chunks(&most),
        Some("payments"),
    )
    .await;
    check_silent("too long", plainly(&more), SourceStatus::Invalid).await;
    check_silent("too long, in chunks", in_chunks(&more), SourceStatus::Invalid).await;

    let stored = |body: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    check_answer(
        "gzip that hardly shrinks",
        gzipped(&stored(&padded(1_000_000))),
        Some("payments"),
    )
    .await;
    check_answer(
        "gzip that shrinks a short text well",
        gzipped(&gzip(&padded(60_000))),
        Some("payments"),
    )
    .await;
    check_silent(
        "a bomb below the limit",
        gzipped(&gzip(&padded(1_000_000))),
        SourceStatus::Invalid,
    )
    .await;
    let twice = [gzip(&padded(700_000)[..]), stored(&vec![b' '; 700_000])].concat();
    check_silent(
        "too long in two members",
        in_chunks_of_gzip(&twice),
        SourceStatus::Invalid,
    )
    .await;
    let many = [gzip(b"").repeat(60_000), gzip(&padded(100))].concat();
    check_silent(
        "too long before decompression",
        in_chunks_of_gzip(&many),
        SourceStatus::Invalid,
    )
    .await;
    let few = [gzip(b"").repeat(600), gzip(&padded(100))].concat();
    check_answer("some empty members", in_chunks_of_gzip(&few), Some("payments")).await;
    let bomb = gzip(&padded(64 * 1024 * 1024));
    assert!(bomb.len() < 100_000);
    check_silent("a bomb", gzipped(&bomb), SourceStatus::Invalid).await;
}

fn in_chunks_of_gzip(compressed: &[u8]) -> Vec<u8> {
    response(
        "200 OK",
        &[JSON, "content-encoding: gzip", "transfer-encoding: chunked"],
        &chunked(compressed),
    )
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_secret_along() {
    let target = Stub::serving(|_| Reply::Bytes(owned_by("thieves"))).await;
    for location in [
        target.url(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        for line in [
            "301 Moved",
            "302 Found",
            "307 Temporary Redirect",
            "308 Permanent Redirect",
        ] {
            check_silent(
                line,
                status(line, &[&format!("location: {location}/")]),
                SourceStatus::Invalid,
            )
            .await;
        }
    }
    assert_eq!(target.count(), 0);
    let control = lookup(&plain(&target.url(), ""), "alice").await;
    assert_eq!(resolver(&control), Some("thieves"));
}

#[tokio::test]
async fn an_inventory_that_is_down_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let inventories = plain(&url, "");
    assert_silent(
        &lookup(&inventories, "alice").await,
        SourceStatus::Unreachable,
        "down",
    );
    assert_eq!(inventories.available(), [("primary", false)]);
}

#[tokio::test]
async fn nothing_hangs_past_its_deadline() {
    let half = response("200 OK", &[JSON, "content-length: 1000"], b"{\"subject\":");
    for (case, sent) in [
        ("nothing", Vec::new()),
        ("half a head", b"HTTP/1.1 200 OK\r\n".to_vec()),
        ("half a body", half),
    ] {
        let stub = Stub::serving(move |_| Reply::Hang(sent.clone())).await;
        let inventories = plain(&stub.url(), ", limits: { deadline_ms: 200 }");
        let began = Instant::now();
        assert_silent(&lookup(&inventories, "alice").await, SourceStatus::Timeout, case);
        assert!(
            began.elapsed() < PATIENT,
            "{case}: ended by the inventory's own deadline"
        );
    }
}

#[tokio::test]
async fn a_look_up_ends_by_its_deadline_however_slow_the_inventories_are() {
    let stub = Stub::serving(|_| Reply::Hang(Vec::new())).await;
    let inventories = plain(&stub.url(), ", limits: { deadline_ms: 60000 }");
    let subjects: Vec<_> = (0..200).map(|id| subject(&format!("user-{id}"))).collect();
    let asks: Vec<_> = subjects.iter().map(Ask::about).collect();
    let looked = inventories.lookup(&asks, Duration::from_millis(50), now());
    let known = timeout(Duration::from_secs(5), looked).await.unwrap();
    assert_eq!(known.len(), 200);
    known
        .iter()
        .for_each(|known| assert_silent(known, SourceStatus::Timeout, "slow"));
}

#[tokio::test]
async fn the_key_is_percent_encoded_in_the_request() {
    let stub = Stub::serving(|_| Reply::Bytes(owned_by("payments"))).await;
    lookup(&plain(&stub.url(), ""), "a b/c?d#e").await;
    let path = stub.requests().remove(0).split(' ').nth(1).unwrap().to_owned();
    let encoded = path.strip_prefix("/v1/subjects/").unwrap();
    assert!(!encoded.contains(['/', '?', '#', ':']), "{encoded}");
    let decoded = percent_encoding::percent_decode_str(encoded)
        .decode_utf8()
        .unwrap();
    assert_eq!(decoded, key("a b/c?d#e").as_str());
}

#[tokio::test]
async fn an_inventory_is_not_asked_about_what_the_request_needs_and_the_subject_lacks() {
    let stub = Stub::serving(|_| Reply::Bytes(owned_by("payments"))).await;
    let inventories = inventories(&format!(
        "inventories: [{{ name: repos, request: {{ url: \"{}/{{location.repository}}\" }} }}]",
        stub.url()
    ));
    let known = lookup(&inventories, "alice").await;
    assert_eq!(
        (stub.count(), statuses(&known).len(), known.is_ownerless()),
        (0, 0, false)
    );
}

#[tokio::test]
async fn in_a_list_the_first_element_that_matches_is_the_subject_and_the_list_is_asked_for_once() {
    let rows = r#"{"items": [{"id": "bob", "team": "b"}, {"id": "alice", "team": "a"}, {"id": "alice", "team": "z"}]}"#;
    let stub = Stub::serving(move |_| Reply::Bytes(json(rows))).await;
    let inventories = inventories(&format!(
        "inventories: [{{ name: list, request: {{ url: \"{}/all\" }}, at: /items, \
         where: {{ /id: \"{{subject.attributes.login}}\" }}, fields: {{ owners.resolver: /team }} }}]",
        stub.url()
    ));
    for (login, owner) in [("alice", Some("a")), ("bob", Some("b")), ("carol", None)] {
        let mut subject = subject(login);
        subject.attributes.insert("login".into(), login.into());
        let known = crate::world::ask(&inventories, &Ask::about(&subject)).await;
        assert_eq!(resolver(&known), owner, "{login}");
        assert_eq!(known.is_ownerless(), owner.is_none(), "{login}");
    }
    assert_eq!(stub.count(), 1);
}
