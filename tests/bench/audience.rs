//! The audience: all clients of a load on one thread and one event queue. A load generator that
//! needs both cores would leave none for the server.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use super::client::{Client, Dialect, Stage};
use super::tally::Tally;
use super::tape::Tape;

/// The close code for slow readers, as in docs/protocol.md.
const SENT_AWAY: u16 = 4009;
/// How many clients connect at the same time, unless a scenario wants a storm.
pub const CONNECTING_AT_ONCE: usize = 64;
/// The largest read.
const SCRATCH: usize = 256 * 1024;
/// The receive buffer of a client that will stop reading: small, so that the server notices it
/// soon.
const DEAF_BUFFER: usize = 16 * 1024;

/// Clients and what they received.
pub struct Audience {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    tape: Arc<Tape>,
    /// The servers to which newcomers connect, in turn.
    servers: Vec<SocketAddr>,
    dialect: Dialect,
    /// Connections begun so far.
    begun: usize,
    clients: Vec<Client>,
    /// Indices of clients that left.
    free: Vec<usize>,
    /// When to ask a client what it wants to say.
    due: BinaryHeap<Reverse<(Duration, usize)>>,
    asked: Vec<bool>,
    waiting: usize,
    deaf_waiting: usize,
    connecting: usize,
    at_once: usize,
    /// Counts since the last [`begin`](Self::begin).
    pub tally: Tally,
}

impl Audience {
    /// An empty audience of one server.
    pub fn new(tape: Arc<Tape>, server: SocketAddr, dialect: Dialect) -> Audience {
        Audience {
            poll: Poll::new().expect("an event queue"),
            events: Events::with_capacity(1024),
            scratch: vec![0; SCRATCH],
            tape,
            servers: vec![server],
            dialect,
            begun: 0,
            clients: Vec::new(),
            free: Vec::new(),
            due: BinaryHeap::new(),
            asked: Vec::new(),
            waiting: 0,
            deaf_waiting: 0,
            connecting: 0,
            at_once: CONNECTING_AT_ONCE,
            tally: Tally::new(0),
        }
    }

    /// Makes everybody leave. Who joins from now on connects to these servers in turn.
    pub fn move_to(&mut self, servers: Vec<SocketAddr>, dialect: Dialect) {
        (self.servers, self.dialect) = (servers, dialect);
        for place in 0..self.clients.len() {
            self.end(place);
        }
        self.due.clear();
        self.asked.fill(false);
    }

    /// Lets this many more clients connect.
    pub fn join(&mut self, count: usize) {
        self.waiting += count;
    }

    /// Of the clients that are yet to connect, this many get a small receive buffer, spread evenly.
    /// [`deafen`](Self::deafen) makes these deaf.
    pub fn prepare_deaf(&mut self, count: usize) {
        self.deaf_waiting = count;
    }

    /// Sets how many clients may connect at the same time.
    pub fn connect_at_once(&mut self, count: usize) {
        self.at_once = count;
    }

    /// Starts a new count, beginning with this tick.
    pub fn begin(&mut self, first: usize) {
        self.tally = Tally::new(first);
    }

    /// The number of open clients.
    pub fn open(&self) -> usize {
        self.clients.iter().filter(|client| client.is_open()).count()
    }

    /// Whether every client that was to join holds a price of each symbol, or has ended.
    pub fn is_assembled(&self) -> bool {
        self.waiting + self.connecting == 0
    }

    /// Whether every client that reads holds this round of each symbol.
    pub fn holds(&self, rounds: &[u32]) -> bool {
        self.readers().all(|client| is_current(client, rounds))
    }

    /// Makes the clients with small buffers stop reading.
    pub fn deafen(&mut self, count: usize) {
        let every = (self.clients.len() / count.max(1)).max(1);
        for client in self.clients.iter_mut().skip(every / 2).step_by(every).take(count) {
            client.is_deaf = true;
        }
    }

    /// Lets the deaf clients read again. Returns how many of them were closed as slow readers.
    /// Their other frames are not counted.
    pub fn undeafen(&mut self) -> u64 {
        self.begin(usize::MAX);
        let lost = &mut self.tally.faults.lost;
        let mut uncounted = Tally::new(usize::MAX);
        for client in self.clients.iter_mut().filter(|client| client.is_deaf) {
            client.is_deaf = false;
            if client.readable(&mut self.scratch, &self.tape, &mut uncounted).is_err() {
                let code = match client.stage {
                    Stage::Ended(code) => code,
                    _ => None,
                };
                client.stage = Stage::Ended(code);
                *lost.entry(code.unwrap_or(0)).or_default() += 1;
            }
        }
        // Reading what waited in their sockets takes a while.
        self.run(self.tape.now() + Duration::from_secs(5), |_| false);
        self.tally.faults.lost.get(&SENT_AWAY).copied().unwrap_or(0)
    }

    /// Makes this many clients leave, those connected longest, going round from index `from`.
    pub fn rotate(&mut self, count: usize, from: usize) -> usize {
        let length = self.clients.len();
        for place in (from..from + count).map(|place| place % length) {
            self.end(place);
        }
        (from + count) % length
    }

    fn end(&mut self, place: usize) {
        let client = &mut self.clients[place];
        if client.is_open() {
            client.leave();
            let _ = self.poll.registry().deregister(&mut client.stream);
            self.free.push(place);
        }
    }

    /// Runs the clients until `until` or until `enough`, which is asked about every 10 ms.
    pub fn run(&mut self, until: Duration, mut enough: impl FnMut(&Audience) -> bool) {
        let mut asked = self.tape.now();
        loop {
            let now = self.tape.now();
            if now >= until {
                return;
            }
            if now >= asked {
                if enough(self) {
                    return;
                }
                asked = now + Duration::from_millis(10);
            }
            self.begin_connections();
            let rest = until.min(asked).saturating_sub(now);
            if let Err(error) = self.poll.poll(&mut self.events, Some(rest)) {
                assert!(
                    error.kind() == io::ErrorKind::Interrupted,
                    "the event queue works: {error}"
                );
                continue;
            }
            self.turn();
            self.let_speak();
        }
    }

    /// After a load: a client that does not hold these rounds is behind, and the time until now
    /// counts as its waiting time.
    pub fn reckon(&mut self, rounds: &[u32]) {
        let now = self.tape.now();
        let tally = &mut self.tally;
        let pending = self.waiting + self.connecting;
        if pending > 0 {
            tally.faults.refused += pending as u64;
            tally
                .faults
                .note("a connection was never made, or never got a price of each symbol");
        }
        for client in self.clients.iter().filter(|client| client.is_open() && !client.is_deaf) {
            if is_current(client, rounds) {
                continue;
            }
            tally.faults.behind += 1;
            for (symbol, round) in rounds.iter().enumerate() {
                if let Some(held) = client.holds(symbol).filter(|held| held < round) {
                    tally.satisfied(symbol, held, *round, (client.since(), now), &self.tape);
                }
            }
        }
    }

    fn readers(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| client.is_open() && !client.is_deaf)
    }

    fn begin_connections(&mut self) {
        while self.waiting > 0 && self.connecting < self.at_once {
            self.waiting -= 1;
            // As in `deafen`: the middle of each group.
            let every = match self.deaf_waiting {
                0 => usize::MAX,
                count => (self.waiting + self.clients.len() + 1) / count,
            };
            let is_small = self.deaf_waiting > 0 && self.clients.len() % every == every / 2;
            match self.connect(is_small) {
                Ok(()) => self.connecting += 1,
                Err(error) => {
                    self.tally.faults.refused += 1;
                    self.tally.faults.note(&error.to_string());
                }
            }
        }
    }

    fn connect(&mut self, is_small: bool) -> io::Result<()> {
        let number = self.begun;
        self.begun += 1;
        let server = self.servers[number % self.servers.len()];
        let mut stream = match is_small {
            true => connect_with_small_buffer(server)?,
            false => TcpStream::connect(server)?,
        };
        let place = self.free.pop().unwrap_or(self.clients.len());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(place), interest)?;
        let client = Client::connect(stream, server, self.dialect, number, &self.tape);
        match self.clients.get_mut(place) {
            Some(slot) => *slot = client,
            None => {
                self.clients.push(client);
                self.asked.push(false);
            }
        }
        Ok(())
    }

    fn turn(&mut self) {
        for event in &self.events {
            let place = event.token().0;
            let Some(client) = self.clients.get_mut(place) else {
                continue;
            };
            if let Stage::Ended(_) = client.stage {
                continue;
            }
            let was_filled = client.stage == Stage::Current;
            let mut result = Ok(());
            if event.is_writable() {
                result = client.writable();
            }
            if result.is_ok() && event.is_readable() {
                result = client.readable(&mut self.scratch, &self.tape, &mut self.tally);
            }
            if let Err(error) = result {
                let faults = &mut self.tally.faults;
                faults.note(&error.to_string());
                match client.stage {
                    Stage::Ended(code) => *faults.lost.entry(code.unwrap_or(0)).or_default() += 1,
                    Stage::Connecting | Stage::Upgrading => faults.refused += 1,
                    Stage::Filling | Stage::Current => *faults.lost.entry(0).or_default() += 1,
                }
                client.stage = match client.stage {
                    ended @ Stage::Ended(_) => ended,
                    _ => Stage::Ended(None),
                };
                let _ = self.poll.registry().deregister(&mut client.stream);
            }
            if !was_filled && matches!(client.stage, Stage::Current | Stage::Ended(_)) {
                self.connecting = self.connecting.saturating_sub(1);
            }
            if client.speaks() && !self.asked[place] {
                self.asked[place] = true;
                self.due.push(Reverse((self.tape.now(), place)));
            }
        }
    }

    fn let_speak(&mut self) {
        let now = self.tape.now();
        while let Some(Reverse((due, place))) = self.due.peek().copied()
            && due <= now
        {
            self.due.pop();
            self.asked[place] = false;
            // The next read will find the error.
            if let Ok(Some(again)) = self.clients[place].speak(now) {
                self.asked[place] = true;
                self.due.push(Reverse((again, place)));
            }
        }
    }
}

fn is_current(client: &Client, rounds: &[u32]) -> bool {
    rounds
        .iter()
        .enumerate()
        .all(|(symbol, round)| client.holds(symbol) >= Some(*round))
}

fn connect_with_small_buffer(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(DEAF_BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    match socket.connect(&address.into()) {
        // EINPROGRESS.
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}
