//! An inventory that knows one subject, does not know most, and fails for a few.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

const OWNED: &str = r#"{"subject":{"identity_class":"machine","environment":"production","owners":{
    "resolver":{"type":"team","ref":"team/payments-platform"},"business":{"type":"user","ref":"user/ines.costa"}}}}"#;

/// Serves on a port of its own for as long as the test's process lives. It knows every AWS access key, and fails for
/// every location.
pub(crate) fn serve() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let asked = lines.next().unwrap_or_default();
    // all of the request is read, so that closing does not reset the connection
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let (status, body) = if asked.contains("access-key") {
        ("200 OK", OWNED)
    } else if asked.contains("location") {
        ("503 Service Unavailable", "{}")
    } else {
        ("404 Not Found", "{}")
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    drop(stream.write_all(format!("{head}{body}").as_bytes()));
}
