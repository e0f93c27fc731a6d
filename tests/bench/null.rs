//! The control: a server that only copies. Like the other systems it is a separate process and
//! subscribes to the source. It writes what arrives to every client, all that arrived at once in
//! one write. Its time is the share of the kernel and of the generator; a system that is slower
//! than this is slower by itself.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use serde_json::json;

use super::websocket::{Kind, Parsed, read_frame, read_head, write_acceptance, write_frame, write_request};

/// The option that makes this program the control.
pub const OPTION: &str = "--serve-null";
const LISTENER: Token = Token(usize::MAX);
const UPSTREAM: Token = Token(usize::MAX - 1);
/// A client with this many unsent bytes is dropped.
const BACKLOG: usize = 16 * 1024 * 1024;

/// Serves the source's `SYMBOLS` from `UPSTREAM` on the port in `PORT`, until standard input ends.
pub fn serve() {
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let var = |name: &str| std::env::var(name).expect("a var of the benchmark");
    let port: u16 = var("PORT").parse().expect("a port");
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).expect("a free port");
    let upstream = var("UPSTREAM");
    let source = upstream
        .trim_start_matches("ws://")
        .split('/')
        .next()
        .unwrap_or_default();
    let source = source.parse().expect("an address");
    let mut copier = Copier::new(listener, source, &var("SYMBOLS")).expect("the source takes subscribers");
    loop {
        copier.turn().expect("the source stays");
    }
}

struct Copier {
    poll: Poll,
    events: Events,
    listener: TcpListener,
    upstream: TcpStream,
    upstream_input: Vec<u8>,
    clients: BTreeMap<usize, Reader>,
    next_client: usize,
    /// The newest frame of each symbol, for clients that join later.
    newest: BTreeMap<String, Vec<u8>>,
}

struct Reader {
    stream: TcpStream,
    is_open: bool,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Copier {
    fn new(mut listener: TcpListener, source: SocketAddr, symbols: &str) -> io::Result<Copier> {
        let mut stream = std::net::TcpStream::connect(source)?;
        let mut request = Vec::new();
        write_request(&mut request, &source.to_string(), "/v1/quotes/price", &[]);
        let subscribe = json!({"action": "subscribe", "params": {"symbols": symbols}}).to_string();
        stream.write_all(&request)?;
        let mut head = Vec::new();
        let mut byte = [0];
        while read_head(&head).is_none() {
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        let mut frame = Vec::new();
        write_frame(&mut frame, Kind::Text, subscribe.as_bytes(), true);
        stream.write_all(&frame)?;
        stream.set_nonblocking(true)?;
        let mut upstream = TcpStream::from_std(stream);
        let poll = Poll::new()?;
        poll.registry().register(&mut upstream, UPSTREAM, Interest::READABLE)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Copier {
            poll,
            events: Events::with_capacity(1024),
            listener,
            upstream,
            upstream_input: Vec::new(),
            clients: BTreeMap::new(),
            next_client: 0,
            newest: BTreeMap::new(),
        })
    }

    fn turn(&mut self) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(Duration::from_millis(100)))?;
        let mut news = Vec::new();
        let tokens: Vec<Token> = self.events.iter().map(mio::event::Event::token).collect();
        for token in tokens {
            match token {
                LISTENER => self.accept()?,
                UPSTREAM => self.hear(&mut news)?,
                Token(client) => self.serve(client),
            }
        }
        if !news.is_empty() {
            self.clients
                .retain(|_, client| !client.is_open || client.send(&news).is_ok());
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Ok((mut stream, _)) = self.listener.accept() {
            stream.set_nodelay(true)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut stream, Token(self.next_client), interest)?;
            let client = Reader {
                stream,
                is_open: false,
                input: Vec::new(),
                output: Vec::new(),
            };
            self.clients.insert(self.next_client, client);
            self.next_client += 1;
        }
        Ok(())
    }

    /// Reads the prices that arrived. A frame from the source is forwarded to a client byte for
    /// byte.
    fn hear(&mut self, news: &mut Vec<u8>) -> io::Result<()> {
        read_all(&mut self.upstream, &mut self.upstream_input)?;
        let mut taken = 0;
        while let Parsed::Frame(kind, payload, length) = read_frame(&self.upstream_input[taken..]) {
            let frame = &self.upstream_input[taken..taken + length];
            let text = std::str::from_utf8(payload).unwrap_or_default();
            if kind == Kind::Text
                && let Some(rest) = text.strip_prefix(r#"{"event":"price","symbol":""#)
            {
                let symbol = rest.split('"').next().unwrap_or_default();
                news.extend_from_slice(frame);
                match self.newest.get_mut(symbol) {
                    Some(newest) => frame.clone_into(newest),
                    None => drop(self.newest.insert(symbol.to_owned(), frame.to_owned())),
                }
            }
            taken += length;
        }
        self.upstream_input.drain(..taken);
        Ok(())
    }

    fn serve(&mut self, number: usize) {
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        if client.turn(&self.newest).is_err() {
            self.clients.remove(&number);
        }
    }
}

impl Reader {
    fn turn(&mut self, newest: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
        read_all(&mut self.stream, &mut self.input)?;
        if let Some((head, length)) = read_head(&self.input).filter(|_| !self.is_open) {
            self.input.drain(..length);
            write_acceptance(&mut self.output, &head);
            self.output.extend(newest.values().flatten());
            self.is_open = true;
        }
        if self.is_open {
            // What a client sends is ignored.
            self.input.clear();
        }
        self.send(&[])
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while self.output.is_empty() && !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(length) => rest = &rest[length..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.output.extend_from_slice(rest);
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(length) => drop(self.output.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        match self.output.len() > BACKLOG {
            true => Err(io::ErrorKind::OutOfMemory.into()),
            false => Ok(()),
        }
    }
}

fn read_all(stream: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    let mut bytes = [0; 64 * 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => into.extend_from_slice(&bytes[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
