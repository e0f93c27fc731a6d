//! One client: what it sends on its connection, how it reads, and which round it holds of each
//! symbol.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use hamster_kit::Fault;
use mio::net::TcpStream;
use serde_json::json;

use super::events;
use super::hamster::{self, Reader};
use super::link;
use super::plain::price_in;
use super::tally::Tally;
use super::tape::Tape;
use super::websocket::{Kind, Parsed, is_accepted, read_frame, read_head, write_frame, write_request};

/// The protocol of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: `hamster.v1`, after a subscription.
    Hamster,
    /// Ours: `hamster.uplink.v1`, as a relay speaks it, after a subscription.
    Link,
    /// Ours: plain JSON, after a subscription.
    Json,
    /// Ours: Twelve Data's protocol, after a subscription.
    TwelveData,
    /// Ours: server-sent events, over HTTP.
    Sse,
    /// Prices in plain JSON, without a subscription.
    Stream,
    /// Socket.IO 4 on Engine.IO's WebSocket transport. Prices come as events.
    SocketIo,
}

impl Dialect {
    fn path(self) -> &'static str {
        match self {
            Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            Dialect::TwelveData => "/v1/quotes/price?apikey=any",
            Dialect::Sse => "/api/stream",
            Dialect::Link => link::PATH,
            Dialect::Hamster | Dialect::Json | Dialect::Stream => "/ws",
        }
    }

    /// Header fields of the upgrade request.
    fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Dialect::Hamster => &hamster::FIELDS,
            Dialect::Link => &link::FIELDS,
            Dialect::Json | Dialect::TwelveData | Dialect::Sse | Dialect::Stream | Dialect::SocketIo => &[],
        }
    }

    /// Whether prices come in channels of deltas, which are acknowledged.
    fn has_channels(self) -> bool {
        matches!(self, Dialect::Hamster | Dialect::Link)
    }
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// TCP is not connected.
    Connecting,
    /// The upgrade is requested.
    Upgrading,
    /// Open, but not every symbol has a price yet.
    Filling,
    /// Open, and every symbol has a price.
    Current,
    /// Ended, with the code of a close frame if there was one.
    Ended(Option<u16>),
}

/// A client of the audience.
pub struct Client {
    /// Its connection.
    pub stream: TcpStream,
    /// Its state.
    pub stage: Stage,
    /// When it began to connect.
    pub began: Duration,
    /// Whether it has stopped reading.
    pub is_deaf: bool,
    /// The round that it holds of each symbol.
    held: Vec<Option<u32>>,
    /// When it first held all symbols. Ticks offered before then are not expected of it.
    since: Duration,
    missing: usize,
    address: SocketAddr,
    dialect: Dialect,
    /// Different for each client of an audience.
    number: usize,
    reader: Reader,
    input: Vec<u8>,
    /// Of a stream of events: what came and is not a whole event yet.
    events: Vec<u8>,
    output: Vec<u8>,
    unacknowledged: usize,
    acknowledged: (u64, Duration),
    /// Seconds for which this link has spoken.
    spoken: u64,
}

impl Client {
    /// When it first held a price of every symbol.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// Starts to connect to the server at this address.
    pub fn connect(stream: TcpStream, address: SocketAddr, dialect: Dialect, number: usize, tape: &Tape) -> Client {
        Client {
            stream,
            stage: Stage::Connecting,
            began: tape.now(),
            is_deaf: false,
            held: vec![None; tape.symbols()],
            since: Duration::MAX,
            missing: tape.symbols(),
            address,
            dialect,
            number,
            reader: Reader::default(),
            input: Vec::new(),
            events: Vec::new(),
            output: Vec::new(),
            unacknowledged: 0,
            acknowledged: (0, Duration::ZERO),
            spoken: 0,
        }
    }

    /// Whether it is connected and not about to leave.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Filling | Stage::Current)
    }

    /// The round that it holds of a symbol.
    pub fn holds(&self, symbol: usize) -> Option<u32> {
        self.held[symbol]
    }

    /// The connection is writable: sends what is waiting, at first the upgrade request.
    pub fn writable(&mut self) -> io::Result<()> {
        if self.stage == Stage::Connecting {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            if self.stream.peer_addr().is_err() {
                return Ok(());
            }
            self.stream.set_nodelay(true)?;
            let (host, path) = (self.address.to_string(), self.dialect.path());
            if self.dialect == Dialect::Sse {
                events::write_request(&mut self.output, &host, path);
            } else {
                write_request(&mut self.output, &host, path, self.dialect.fields());
            }
            self.stage = Stage::Upgrading;
        }
        self.flush()
    }

    /// Reads what has arrived. An error ends the client.
    pub fn readable(&mut self, scratch: &mut [u8], tape: &Tape, tally: &mut Tally) -> io::Result<()> {
        if self.is_deaf {
            return Ok(());
        }
        loop {
            let length = match self.stream.read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let fresh = &scratch[..length];
            // Most reads are whole frames, which need no copy.
            if self.input.is_empty() {
                let taken = self.take(fresh, tape, tally)?;
                self.input.extend_from_slice(&fresh[taken..]);
            } else {
                let mut input = std::mem::take(&mut self.input);
                input.extend_from_slice(fresh);
                let taken = self.take(&input, tape, tally)?;
                input.drain(..taken);
                self.input = input;
            }
            if length < scratch.len() {
                return Ok(());
            }
        }
    }

    /// Whether it has to be asked what it wants to say.
    pub fn speaks(&self) -> bool {
        self.dialect.has_channels() && self.is_open()
    }

    /// Says what is due: an acknowledgement, and what a relay tells its hub. Returns when to ask
    /// again.
    pub fn speak(&mut self, now: Duration) -> io::Result<Option<Duration>> {
        let again = self.acknowledge(now)?;
        if self.dialect != Dialect::Link || !self.is_open() {
            return Ok(again);
        }
        for text in link::said(self.number, self.spoken) {
            self.say(&text)?;
        }
        let pause = link::pause(self.number, self.spoken);
        self.spoken += 1;
        Ok(Some(now + pause))
    }

    /// Sends an `ack` when one is due. Returns when to ask again.
    fn acknowledge(&mut self, now: Duration) -> io::Result<Option<Duration>> {
        if !self.dialect.has_channels() || self.reader.stream == 0 {
            return Ok(None);
        }
        if self.reader.seq == self.acknowledged.0 || !self.is_open() || self.is_deaf {
            return Ok(None);
        }
        let wait = match self.dialect == Dialect::Link || self.unacknowledged >= hamster::ACK_BYTES {
            true => 1_000,
            false => self.reader.ack_ms.max(1_000),
        };
        let due = self.acknowledged.1 + Duration::from_millis(wait);
        if now < due {
            return Ok(Some(due));
        }
        self.send_ack(now)?;
        Ok(None)
    }

    /// Closes the connection.
    pub fn leave(&mut self) {
        write_frame(&mut self.output, Kind::Close, &1000u16.to_be_bytes(), true);
        let _ = self.flush();
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        self.stage = Stage::Ended(Some(1000));
    }

    /// Processes the whole frames at the beginning of a buffer. Returns their length in bytes.
    fn take(&mut self, bytes: &[u8], tape: &Tape, tally: &mut Tally) -> io::Result<usize> {
        let mut taken = 0;
        if self.stage == Stage::Upgrading {
            let Some((head, length)) = read_head(bytes) else {
                return Ok(0);
            };
            let is_open = match self.dialect {
                Dialect::Sse => events::is_accepted(&head),
                _ => is_accepted(&head),
            };
            if !is_open {
                return Err(io::Error::other(head));
            }
            taken = length;
            self.stage = Stage::Filling;
            match self.dialect {
                Dialect::Hamster | Dialect::Json | Dialect::TwelveData => {
                    self.say(&json!({"action": "subscribe", "params": {"symbols": tape.list()}}).to_string())?;
                }
                Dialect::Link => self.say(&link::subscription(tape))?,
                Dialect::Sse | Dialect::Stream | Dialect::SocketIo => {}
            }
        }
        let now = tape.now();
        if self.dialect == Dialect::Sse {
            while let Some((chunk, length)) = events::read_chunk(&bytes[taken..]).map_err(io::Error::other)? {
                taken += length;
                self.events.extend_from_slice(chunk);
                self.events(now, tape, tally)?;
            }
            return Ok(taken);
        }
        loop {
            match read_frame(&bytes[taken..]) {
                Parsed::Frame(kind, payload, length) => {
                    taken += length;
                    self.unacknowledged += length;
                    tally.frame(length);
                    self.frame(kind, payload, now, tape, tally)?;
                }
                Parsed::Partial => return Ok(taken),
                Parsed::Unreadable => return Err(io::Error::other("a frame that is none")),
            }
        }
    }

    /// Processes the whole events that have come.
    fn events(&mut self, now: Duration, tape: &Tape, tally: &mut Tally) -> io::Result<()> {
        let mut came = std::mem::take(&mut self.events);
        let mut taken = 0;
        while let Some((event, length)) = events::read_event(&came[taken..]) {
            taken += length;
            tally.frame(length);
            if let Some(data) = events::data_of(event) {
                self.text(data, now, tape, tally)?;
            }
        }
        came.drain(..taken);
        self.events = came;
        Ok(())
    }

    fn frame(&mut self, kind: Kind, payload: &[u8], now: Duration, tape: &Tape, tally: &mut Tally) -> io::Result<()> {
        match kind {
            Kind::Text => self.text(payload, now, tape, tally),
            Kind::Ping => {
                write_frame(&mut self.output, Kind::Pong, payload, true);
                self.flush()
            }
            Kind::Close => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                self.stage = Stage::Ended(code);
                Err(io::Error::other("closed"))
            }
            Kind::Binary | Kind::Pong => Ok(()),
        }
    }

    fn text(&mut self, payload: &[u8], now: Duration, tape: &Tape, tally: &mut Tally) -> io::Result<()> {
        let text = std::str::from_utf8(payload).map_err(io::Error::other)?;
        match self.dialect {
            Dialect::Hamster | Dialect::Link => return self.hamster(text, now, tape, tally),
            Dialect::SocketIo => match text.as_bytes() {
                [b'0', ..] => return self.say("40"),
                [b'2'] => return self.say("3"),
                [b'4', b'2', ..] => {}
                _ => return Ok(()),
            },
            Dialect::Json | Dialect::Stream | Dialect::TwelveData | Dialect::Sse => {}
        }
        match price_in(text, tape) {
            Some(Some((symbol, round))) => self.holding(symbol, round, now, tape, tally),
            Some(None) => tally.faults.wrong += 1,
            None if text.starts_with(r#"{"event":"error""#) => tally.faults.fault(text),
            None => {}
        }
        Ok(())
    }

    fn hamster(&mut self, text: &str, now: Duration, tape: &Tape, tally: &mut Tally) -> io::Result<()> {
        let mut reader = std::mem::take(&mut self.reader);
        let result = hamster::read(&mut reader, text, tape, &mut |symbol, round| match round {
            Some(round) => self.holding(symbol, round, now, tape, tally),
            None => tally.faults.wrong += 1,
        });
        self.reader = reader;
        match result {
            Ok(()) if text.starts_with(r#"{"event":"error""#) => tally.faults.fault(text),
            Ok(()) => {}
            Err(Fault::Hole(_)) => tally.faults.gaps += 1,
            Err(Fault::Form(what)) => tally.faults.fault(what),
        }
        if std::mem::take(&mut self.reader.is_asked) && self.reader.stream > 0 {
            self.send_ack(now)?;
        }
        Ok(())
    }

    fn send_ack(&mut self, now: Duration) -> io::Result<()> {
        self.acknowledged = (self.reader.seq, now);
        self.unacknowledged = 0;
        self.say(&self.reader.acknowledgement())
    }

    /// The client now holds this round of a symbol, and with it all earlier ones.
    fn holding(&mut self, symbol: usize, round: u32, now: Duration, tape: &Tape, tally: &mut Tally) {
        match self.held[symbol].replace(round) {
            None => {
                self.missing -= 1;
                if self.missing == 0 {
                    self.stage = Stage::Current;
                    self.since = now;
                    tally.filled.add(now - self.began);
                }
            }
            Some(before) if round < before => {
                self.held[symbol] = Some(before);
                tally.faults.backwards += 1;
            }
            // For example a quote that is sent again because its previous close changed.
            Some(before) if round == before => {}
            Some(before) => {
                tally.updates += 1;
                tally.satisfied(symbol, before, round, (self.since, now), tape);
            }
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        write_frame(&mut self.output, Kind::Text, text.as_bytes(), true);
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
}
