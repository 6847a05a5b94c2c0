//! What cannot be seen from outside: a name that leads to a forbidden address.

use std::path::Path;
use std::sync::Arc;

use reeve_domain::context::SourceStatus;
use reeve_domain::key::{Case, Class, Confidence, Resolved, SubjectKey};
use reeve_domain::time::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::address::GuardedNames;
use super::*;
use crate::mapping::{Mapping, Pointer};
use crate::raw::{RawCache, RawLimits};
use crate::template::Template;

fn inventory(url: &str, names: GuardedNames) -> Arc<HttpInventory> {
    let limits = RawLimits::default();
    let mut headers = Headers::default();
    headers.add("x-api-key", "k", Path::new("/")).unwrap();
    let judge = Judge {
        absent: [404].into(),
        bytes_max: limits.body_bytes_max,
    };
    let template = RequestTemplate {
        url: Template::parse(url).unwrap(),
        at: Pointer::parse("").unwrap(),
        wheres: Vec::new(),
        mapping: Mapping::plain(Default::default()),
    };
    let exchange = Exchange::new(client(names, false, &limits).unwrap(), headers, judge);
    let parts = HttpParts {
        template,
        exchange,
        cache: RawCache::default(),
        limits,
    };
    Arc::new(HttpInventory::new("primary", parts))
}

async fn status(inventory: &Arc<HttpInventory>) -> SourceStatus {
    let key = SubjectKey::of(Class::Identity, "aws", "user", &["alice"], Case::Sensitive).unwrap();
    let subject = Resolved::new(key, "alice", Confidence::High).subject;
    match inventory.begin(&Ask::about(&subject), &subject.key, Timestamp::EPOCH) {
        Begun::Waiting(waiting) => {
            waiting
                .finish(Instant::now() + Duration::from_secs(10))
                .await
                .status
        }
        Begun::Settled(reply) => reply.status,
        Begun::NotAsked => panic!("it has all it needs"),
    }
}

/// A server that answers once.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    port
}

#[tokio::test]
async fn a_name_that_leads_to_a_forbidden_address_is_refused_even_beside_a_good_one() {
    let port = server().await;
    let url = format!("http://inventory.test:{port}/");
    for addresses in [
        &["169.254.169.254"][..],
        &["127.0.0.1", "169.254.169.254"],
        &["::ffff:169.254.169.254"],
    ] {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let refused = inventory(&url, GuardedNames::fixed(addresses));
        assert_eq!(status(&refused).await, SourceStatus::Refused);
    }
    let loopback = inventory(&url, GuardedNames::fixed(vec!["127.0.0.1".parse().unwrap()]));
    assert_eq!(status(&loopback).await, SourceStatus::Ok);
}
