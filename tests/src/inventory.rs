//! An inventory on loopback that answers as it is told to: well, badly, slowly or not at all.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const BETWEEN_BYTES: Duration = Duration::from_millis(100);

/// What it does with a request.
#[derive(Debug, Clone)]
pub enum Behavior {
    /// These bytes, at once.
    Answers(Vec<u8>),
    /// These bytes, one every 100 ms.
    Drips(Vec<u8>),
    /// Nothing, until the client gives up.
    Hangs,
}

/// Who answers on a port of loopback for as long as the test's process lives.
#[derive(Debug)]
pub struct Inventory {
    port: u16,
    behavior: Arc<Mutex<Behavior>>,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Inventory {
    /// On a port of its own.
    pub fn start(behavior: Behavior) -> Self {
        Self::start_on(0, behavior)
    }

    /// On that port; 0 is any free one.
    pub fn start_on(port: u16, behavior: Behavior) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("nobody else took the port");
        let address = listener.local_addr().expect("it is bound");
        let inventory = Self {
            port: address.port(),
            behavior: Arc::new(Mutex::new(behavior)),
            asked: Arc::default(),
        };
        let (behavior, asked) = (Arc::clone(&inventory.behavior), Arc::clone(&inventory.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behavior, asked) = (Arc::clone(&behavior), Arc::clone(&asked));
                std::thread::spawn(move || serve(stream, &behavior, &asked));
            }
        });
        inventory
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on it does that.
    pub fn set(&self, behavior: Behavior) {
        *self.behavior.lock().expect("nobody panics with it") = behavior;
    }

    /// When it was asked.
    pub fn asked(&self) -> Vec<Instant> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

/// One request of a connection. A client that goes away is no fault of the inventory.
fn serve(mut stream: TcpStream, behavior: &Mutex<Behavior>, asked: &Mutex<Vec<Instant>>) {
    let mut request = [0; 4096];
    if stream.read(&mut request).is_ok_and(|length| length > 0) {
        asked.lock().expect("nobody panics with it").push(Instant::now());
        let behavior = behavior.lock().expect("nobody panics with it").clone();
        match behavior {
            Behavior::Answers(bytes) => drop(stream.write_all(&bytes)),
            Behavior::Drips(bytes) => drip(&mut stream, &bytes),
            Behavior::Hangs => drop(stream.read(&mut request)),
        }
    }
}

fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    let paced = stream.set_read_timeout(Some(BETWEEN_BYTES));
    assert!(paced.is_ok(), "100 ms is a time-out");
    for byte in bytes {
        // a client that has hung up ends the read at once
        let gone = stream.read(&mut [0]).is_ok();
        if gone || stream.write_all(&[*byte]).is_err() {
            return;
        }
    }
}

/// A response with a length; `headers` are lines without their ends.
pub fn response(status: &str, headers: &[&str], body: &[u8]) -> Behavior {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    Behavior::Answers([head.as_bytes(), body].concat())
}

/// A JSON body with 200.
pub fn json(body: &str) -> Behavior {
    response("200 OK", &["content-type: application/json"], body.as_bytes())
}
