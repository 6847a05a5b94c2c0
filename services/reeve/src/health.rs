//! `reeve health`: asks a running reeve whether it is ready, for container health checks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;
use crate::exit::{Failure, Outcome, why};
use crate::normalize::note;

const PATIENCE: Duration = Duration::from_secs(2);

/// Exit 0 if `/readyz` says so, else 1.
///
/// # Errors
/// 1 with the reason.
pub fn run(config: &Config) -> Outcome {
    let nowhere = || {
        Failure::Findings(
            "no metrics are served (`metrics.address` is `none`): nobody can be asked".to_owned(),
        )
    };
    let answer = ask(config.metrics_address.ok_or_else(nowhere)?).map_err(Failure::Findings)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200") {
        note(body.trim());
        return Ok(());
    }
    Err(Failure::Findings(body.trim().to_owned()))
}

fn ask(address: SocketAddr) -> Result<String, String> {
    let address = reachable(address);
    let failed = |error: std::io::Error| format!("{address}: {}", why(error.kind()));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer).map_err(failed)?;
    Ok(answer)
}

/// An address to listen on everywhere is asked on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}
