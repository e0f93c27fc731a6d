//! Twelve Data's `/quote`, for systems that ask for previous closes. Every quote is the tape's
//! round 0, so REST agrees with what the WebSocket sent first.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::tape::Tape;

/// A running server. Dropping it ends it.
pub struct Server {
    address: SocketAddr,
    quotes: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on a free port.
    pub fn start(tape: Arc<Tape>) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (quotes, ended): (Arc<AtomicUsize>, Arc<AtomicBool>) = Default::default();
        let (count, end) = (quotes.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                let given = stream.ok().and_then(|stream| answer(stream, &tape));
                count.fetch_add(given.unwrap_or(0), Ordering::Relaxed);
            }
        });
        Server {
            address,
            quotes,
            ended,
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of quotes sent.
    pub fn quotes(&self) -> usize {
        self.quotes.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads one request and answers it. Returns how many quotes the answer has; `None` if there was no
/// request.
fn answer(mut stream: TcpStream, tape: &Tape) -> Option<usize> {
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut bytes).ok()? {
            0 => return None,
            length => request.extend_from_slice(bytes.get(..length)?),
        }
    }
    let request = String::from_utf8_lossy(&request)
        .replace("%2F", "/")
        .replace("%2C", ",");
    let (_, names) = request.split_whitespace().nth(1)?.split_once("symbol=")?;
    let names: Vec<&str> = names.split('&').next()?.split(',').collect();
    let body = match names.as_slice() {
        [only] => quote(tape, only),
        several => Value::Object(
            several
                .iter()
                .map(|name| ((*name).to_owned(), quote(tape, name)))
                .collect::<Map<_, _>>(),
        ),
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    Some(names.len())
}

fn quote(tape: &Tape, name: &str) -> Value {
    let Some(symbol) = tape.symbol(name) else {
        return json!({"code": 404, "message": "**symbol** not found", "status": "error"});
    };
    let tick = tape.tick(tape.number(symbol, 0));
    let price = format!("{}.{:02}", tick.price / 100, tick.price % 100);
    json!({
        "symbol": name,
        "close": price,
        "previous_close": price,
        "volume": tick.volume.to_string(),
        "is_market_open": true,
    })
}
