//! The source of all ticks: a Twelve Data that plays the tape to every subscriber, on its own
//! thread.
//!
//! Most systems are clients of Twelve Data and subscribe. For a system into which prices are
//! published, the source opens a connection itself. A tick counts as offered when it is due and
//! handed to the connections, whether or not they can take it at once: what waits here waits
//! because the system is behind.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::rest;
use super::tape::Tape;
use super::websocket::{
    Kind, Parsed, is_accepted, read_frame, read_head, read_masked_frame, write_acceptance, write_frame, write_request,
};

/// The longest sleep, and so the longest delay until a message of the other side is noticed.
const NAP: Duration = Duration::from_millis(1);

/// A running source. Dropping it ends it.
pub struct Source {
    shared: Arc<Shared>,
    address: SocketAddr,
    rest: rest::Server,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    tape: Arc<Tape>,
    play: Mutex<Option<Play>>,
    /// The address and path of a system into which prices are published.
    publish: Mutex<Option<(SocketAddr, String)>>,
    /// The most symbols that one open connection has subscribed to.
    subscribed: AtomicUsize,
    ended: AtomicBool,
}

/// A stretch of the tape and its speed.
struct Play {
    next: usize,
    end: usize,
    first: usize,
    begins: Duration,
    interval: f64,
}

impl Play {
    fn due(&self) -> Duration {
        self.begins + Duration::from_secs_f64((self.next - self.first) as f64 * self.interval)
    }
}

impl Source {
    /// Starts on a free port.
    pub fn start(tape: Arc<Tape>) -> Source {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            tape: tape.clone(),
            play: Mutex::default(),
            publish: Mutex::default(),
            subscribed: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let mut player = Player {
            listener,
            connections: Vec::new(),
            shared: shared.clone(),
        };
        Source {
            shared,
            address,
            rest: rest::Server::start(tape),
            thread: Some(std::thread::spawn(move || player.run())),
        }
    }

    /// The address at which a system subscribes.
    pub fn ws_url(&self) -> String {
        format!("ws://{}/v1/quotes/price", self.address)
    }

    /// The address at which a system requests quotes.
    pub fn rest_url(&self) -> String {
        self.rest.url()
    }

    /// How many quotes were sent by REST.
    pub fn rest_quotes(&self) -> usize {
        self.rest.quotes()
    }

    /// Connects to a system that accepts prices at this path.
    pub fn publish_to(&self, address: SocketAddr, path: &str) {
        *lock(&self.shared.publish) = Some((address, path.to_owned()));
    }

    /// Whether some system has subscribed to all symbols.
    pub fn has_subscriber(&self) -> bool {
        self.shared.subscribed.load(Ordering::Relaxed) >= self.shared.tape.symbols()
    }

    /// Plays the ticks from `first` up to, but not including, `end`, this many a second.
    pub fn play(&self, first: usize, end: usize, per_second: f64) {
        assert!(end <= self.shared.tape.ticks(), "the tape is too short");
        *lock(&self.shared.play) = Some(Play {
            next: first,
            end,
            first,
            begins: self.shared.tape.now(),
            interval: 1.0 / per_second,
        });
    }

    /// Whether everything was played.
    pub fn is_silent(&self) -> bool {
        lock(&self.shared.play).is_none()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Player {
    listener: TcpListener,
    connections: Vec<Connection>,
    shared: Arc<Shared>,
}

impl Player {
    fn run(&mut self) {
        while !self.shared.ended.load(Ordering::Relaxed) {
            self.take_connections();
            let due_in = self.offer_what_is_due();
            self.connections
                .retain_mut(|connection| connection.turn(&self.shared.tape).is_ok());
            let most = self.connections.iter().map(|connection| connection.symbols).max();
            self.shared.subscribed.store(most.unwrap_or(0), Ordering::Relaxed);
            std::thread::sleep(due_in.min(NAP));
        }
    }

    fn take_connections(&mut self) {
        if let Ok((stream, _)) = self.listener.accept() {
            self.connections.extend(Connection::new(stream, Side::Server).ok());
        }
        if let Some((address, path)) = lock(&self.shared.publish).take() {
            let stream = TcpStream::connect(address).expect("the system takes publishers");
            let mut connection = Connection::new(stream, Side::Publisher).expect("a socket that does not block");
            write_request(&mut connection.output, &address.to_string(), &path, &[]);
            self.connections.push(connection);
        }
    }

    /// Hands over the ticks that are due. Returns the time until the next one.
    fn offer_what_is_due(&mut self) -> Duration {
        let tape = &self.shared.tape;
        let mut slot = lock(&self.shared.play);
        let Some(play) = &mut *slot else {
            return NAP;
        };
        let now = tape.now();
        let second = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        while play.next < play.end && play.due() <= now {
            let frame = price_event(tape, play.next, second);
            tape.offer(play.next);
            for connection in &mut self.connections {
                connection.offer(&frame);
            }
            play.next += 1;
        }
        if play.next == play.end {
            *slot = None;
            return NAP;
        }
        play.due().saturating_sub(tape.now())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Server,
    Publisher,
}

struct Connection {
    stream: TcpStream,
    side: Side,
    is_open: bool,
    symbols: usize,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream, side: Side) -> io::Result<Connection> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            side,
            is_open: false,
            symbols: 0,
            input: Vec::new(),
            output: Vec::new(),
        })
    }

    fn offer(&mut self, frame: &str) {
        if self.symbols > 0 {
            write_frame(
                &mut self.output,
                Kind::Text,
                frame.as_bytes(),
                self.side == Side::Publisher,
            );
        }
    }

    /// Writes what can be written, and answers what was received. An error ends the connection.
    fn turn(&mut self, tape: &Tape) -> io::Result<()> {
        self.flush()?;
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.input.extend_from_slice(bytes.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        if !self.is_open {
            let Some((head, length)) = read_head(&self.input) else {
                return Ok(());
            };
            self.input.drain(..length);
            self.is_open = true;
            match self.side {
                Side::Server => write_acceptance(&mut self.output, &head),
                Side::Publisher if is_accepted(&head) => self.symbols = tape.symbols(),
                Side::Publisher => return Err(io::Error::other(head)),
            }
        }
        match self.side {
            Side::Server => self.hear_subscriber()?,
            Side::Publisher => self.hear_answers()?,
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(length) => drop(self.output.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn hear_subscriber(&mut self) -> io::Result<()> {
        while let Some((kind, payload, length)) = read_masked_frame(&self.input)? {
            self.input.drain(..length);
            match kind {
                Kind::Text => {
                    let said: Value = serde_json::from_slice(&payload).unwrap_or_default();
                    if let Some(answer) = self.answer(&said) {
                        write_frame(&mut self.output, Kind::Text, answer.to_string().as_bytes(), false);
                    }
                }
                Kind::Ping => write_frame(&mut self.output, Kind::Pong, &payload, false),
                Kind::Close => return Err(io::ErrorKind::ConnectionAborted.into()),
                Kind::Binary | Kind::Pong => {}
            }
        }
        Ok(())
    }

    fn answer(&mut self, said: &Value) -> Option<Value> {
        match said["action"].as_str()? {
            "subscribe" => {
                let names: Vec<&str> = match &said["params"]["symbols"] {
                    Value::String(list) => list.split(',').collect(),
                    Value::Array(list) => list
                        .iter()
                        .filter_map(|one| one.as_str().or(one["symbol"].as_str()))
                        .collect(),
                    _ => Vec::new(),
                };
                self.symbols += names.len();
                let success: Vec<Value> = names
                    .iter()
                    .map(|name| json!({"symbol": name, "exchange": "NASDAQ"}))
                    .collect();
                Some(json!({"event": "subscribe-status", "status": "ok", "success": success, "fails": []}))
            }
            "heartbeat" => Some(json!({"event": "heartbeat", "status": "ok"})),
            _ => None,
        }
    }

    /// Discards the answers that a publisher gets to each message.
    fn hear_answers(&mut self) -> io::Result<()> {
        let mut taken = 0;
        loop {
            match read_frame(self.input.get(taken..).unwrap_or_default()) {
                Parsed::Frame(Kind::Close, ..) | Parsed::Unreadable => {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                Parsed::Frame(_, _, length) => taken += length,
                Parsed::Partial => break,
            }
        }
        self.input.drain(..taken);
        Ok(())
    }
}

/// A tick in Twelve Data's format. Only currencies have a bid and an ask.
fn price_event(tape: &Tape, number: usize, second: u64) -> String {
    let tick = tape.tick(number);
    let name = tape.name(tick.symbol);
    let cents = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
    let (price, volume) = (cents(tick.price), tick.volume);
    if name.contains('/') {
        let spread = 1 + (volume % 4) as u32;
        let (bid, ask) = (cents(tick.price - spread), cents(tick.price + spread));
        format!(
            r#"{{"event":"price","symbol":"{name}","exchange":"Coinbase Pro","type":"Digital Currency","timestamp":{second},"price":{price},"bid":{bid},"ask":{ask},"day_volume":{volume}}}"#
        )
    } else {
        format!(
            r#"{{"event":"price","symbol":"{name}","currency":"USD","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock","timestamp":{second},"price":{price},"day_volume":{volume}}}"#
        )
    }
}
