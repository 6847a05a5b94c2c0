//! What a test may ask of the machine it runs on: a free port, and a wait that has an end.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(20);

/// A port on 127.0.0.1 that nobody listened on a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("loopback has a free port")
        .port()
}

/// Waits until `condition` holds; the only way a test waits. Fails the test after `bound`.
#[track_caller]
pub fn wait_until(bound: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let met = wait_for(bound, || condition().then_some(()));
    assert!(met.is_some(), "not within {bound:?}: {what}");
}

/// The first answer of `attempt`, asked again and again for at most `bound`.
#[expect(
    clippy::disallowed_methods,
    reason = "the one bounded wait that all tests share"
)]
pub fn wait_for<T>(bound: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = attempt() {
            return Some(answer);
        }
        if begun.elapsed() >= bound {
            return None;
        }
        std::thread::sleep(POLL);
    }
}
