//! The systems that are compared, each a child process on a free port of 127.0.0.1, and how each
//! gets the tape. Most subscribe to the source as they would to Twelve Data; prices are published
//! to nchan.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Dialect;
use super::null;
use super::process;
use super::source::Source;
use super::tape::Tape;

/// The secret of a hub and its relays.
pub const RELAY_SECRET: &str = "secret-of-the-benchmark";
/// The key that the source is given. It accepts any.
const KEY: &str = "key-of-the-benchmark";
const START_LIMIT: Duration = Duration::from_secs(30);
const BENCH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench");

/// A system in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The worker, over `hamster.v1`.
    Ours,
    /// The worker, over plain JSON.
    OursJson,
    /// The worker, over Socket.IO.
    OursSocketIo,
    /// The worker, over Twelve Data's protocol.
    OursTwelveData,
    /// The worker, as server-sent events.
    OursSse,
    /// A hand-written Durable Object that sends each tick to all clients.
    Raw,
    /// The design of the original.
    Flask,
    /// Node and Socket.IO.
    SocketIo,
    /// nginx with nchan.
    Nchan,
    /// The control: see `null.rs`.
    Null,
}

impl Kind {
    /// In the order of the report.
    pub const ALL: [Kind; 10] = [
        Kind::Ours,
        Kind::OursJson,
        Kind::OursSocketIo,
        Kind::OursTwelveData,
        Kind::OursSse,
        Kind::Raw,
        Kind::Flask,
        Kind::SocketIo,
        Kind::Nchan,
        Kind::Null,
    ];

    /// The name in `--systems` and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ours => "ours",
            Kind::OursJson => "ours-json",
            Kind::OursSocketIo => "ours-socketio",
            Kind::OursTwelveData => "ours-td",
            Kind::OursSse => "ours-sse",
            Kind::Raw => "raw",
            Kind::Flask => "flask",
            Kind::SocketIo => "socketio",
            Kind::Nchan => "nchan",
            Kind::Null => "null",
        }
    }

    /// Whether it is this project's worker.
    pub fn is_ours(self) -> bool {
        match self {
            Kind::Ours | Kind::OursJson | Kind::OursSocketIo | Kind::OursTwelveData | Kind::OursSse => true,
            Kind::Raw | Kind::Flask | Kind::SocketIo | Kind::Nchan | Kind::Null => false,
        }
    }

    fn dialect(self) -> Dialect {
        match self {
            Kind::Ours => Dialect::Hamster,
            Kind::OursJson => Dialect::Json,
            Kind::Raw | Kind::Nchan | Kind::Null => Dialect::Stream,
            Kind::OursTwelveData => Dialect::TwelveData,
            Kind::OursSse => Dialect::Sse,
            Kind::OursSocketIo | Kind::Flask | Kind::SocketIo => Dialect::SocketIo,
        }
    }
}

/// Where the systems' programs are installed.
pub struct Places {
    /// The path of Node 22.
    pub node: PathBuf,
    /// The folder that `scripts/lib/peers.mjs` installed into. An empty folder means that the peer
    /// is unavailable.
    pub peers: PathBuf,
}

/// A running system. Dropping it ends it.
pub struct System {
    /// Which system it is.
    pub kind: Kind,
    /// The dialect of its clients.
    pub dialect: Dialect,
    /// The address for its clients.
    pub address: SocketAddr,
    child: Child,
    _scratch: TempDir,
}

impl System {
    /// Starts it with the source as its upstream.
    ///
    /// # Errors
    /// Why it is unavailable here, as a sentence.
    pub fn start(kind: Kind, places: &Places, source: &Source, tape: &Tape) -> Result<System, String> {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let port = free_port().map_err(|error| error.to_string())?;
        let mut command = command(kind, places, source, tape, scratch.path(), port)?;
        command.env("UPSTREAM", source.ws_url()).env("SYMBOLS", tape.list());
        let system = System::launch(kind, command, port, scratch)?;
        if kind == Kind::Nchan {
            source.publish_to(system.address, "/publish");
        }
        Ok(system)
    }

    /// Starts a relay of this system, which must be the worker.
    ///
    /// # Errors
    /// Why it is unavailable here, as a sentence.
    pub fn start_relay(&self, name: &str, places: &Places, tape: &Tape) -> Result<System, String> {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let port = free_port().map_err(|error| error.to_string())?;
        let vars = json!({
            "RELAY_OF": format!("http://{}", self.address),
            "RELAY_NAME": name,
            "RELAY_CLIENTS": "32000",
        });
        System::launch(Kind::Ours, ours(places, tape, vars), port, scratch)
    }

    fn launch(kind: Kind, mut command: Command, port: u16, scratch: TempDir) -> Result<System, String> {
        // Its standard input ends with this process in any case, which ends the workers' launcher.
        let spawned = command
            .env("PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn();
        let child = spawned.map_err(|error| format!("{:?} could not be started: {error}", command.get_program()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut system = System {
            kind,
            dialect: kind.dialect(),
            address,
            child,
            _scratch: scratch,
        };
        system.wait_until_it_answers()?;
        Ok(system)
    }

    /// The CPU time so far of all its processes.
    pub fn cpu_time(&self) -> Option<Duration> {
        self.members().into_iter().map(process::cpu_time).sum()
    }

    /// The resident memory of all its processes in MiB.
    pub fn memory(&self) -> Option<f64> {
        self.members().into_iter().map(process::memory).sum()
    }

    /// Its processes. For a worker only workerd counts, as the Node that launched it does nothing.
    fn members(&self) -> Vec<u32> {
        let is_worker = self.kind.is_ours() || self.kind == Kind::Raw;
        let mut members = process::family(self.child.id());
        members.retain(|id| !is_worker || process::program(*id).as_deref() == Some("workerd"));
        members
    }

    fn wait_until_it_answers(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended at its start ({status})"));
            }
            if answers(self.address).is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("it did not answer within 30 s".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        process::kill_group(self.child.id());
        let _ = self.child.wait();
    }
}

fn command(
    kind: Kind,
    places: &Places,
    source: &Source,
    tape: &Tape,
    scratch: &Path,
    port: u16,
) -> Result<Command, String> {
    let installed = |name: &str| {
        let path = places.peers.join(name);
        path.exists()
            .then_some(path)
            .ok_or("it is not installed; the reason is above".to_owned())
    };
    let mut command;
    match kind {
        Kind::Ours | Kind::OursJson | Kind::OursSocketIo | Kind::OursTwelveData | Kind::OursSse => {
            let vars = json!({
                "TWELVE_DATA_API_KEY": KEY,
                "TWELVE_DATA_WS_URL": source.ws_url(),
                "TWELVE_DATA_REST_URL": source.rest_url(),
                "SYMBOL_LIMIT": "1000",
                "CREDITS_PER_MINUTE": "1000",
                "CREDITS_PER_DAY": "0",
            });
            command = ours(places, tape, vars);
        }
        Kind::Raw => {
            let vars = json!({"UPSTREAM": source.ws_url(), "SYMBOLS": tape.list()});
            command = worker(places, "raw", &vars);
        }
        Kind::Flask => {
            // Not the script beside it, which contains the path at which it was installed.
            command = Command::new(installed("flask/bin/python")?);
            command.args(["-m", "gunicorn"]);
            // As Flask-SocketIO's documentation recommends: one worker, gevent, and
            // gevent-websocket's handler.
            command
                .args([
                    "-k",
                    "geventwebsocket.gunicorn.workers.GeventWebSocketWorker",
                    "-w",
                    "1",
                ])
                .args(["--worker-connections", "20000", "--log-level", "error"])
                .args([
                    "--bind",
                    &format!("127.0.0.1:{port}"),
                    "--chdir",
                    &format!("{BENCH}/peers"),
                ])
                .arg("flask_server:app");
        }
        Kind::SocketIo => {
            installed("npm/node_modules/socket.io")?;
            command = Command::new(&places.node);
            command
                .arg(format!("{BENCH}/peers/socketio-server.mjs"))
                .env("PEERS", places.peers.join("npm"))
                .env("NODE_ENV", "production");
        }
        Kind::Nchan => {
            let root = installed("nginx")?;
            let config = nginx_config(&root, tape.symbols(), port);
            let file = scratch.join("nginx.conf");
            std::fs::write(&file, config).map_err(|error| error.to_string())?;
            command = Command::new(root.join("usr/sbin/nginx"));
            command
                .arg("-p")
                .arg(scratch)
                .arg("-e")
                .arg("stderr")
                .arg("-c")
                .arg(file);
        }
        Kind::Null => {
            command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
            command.arg(null::OPTION);
        }
    }
    Ok(command)
}

/// This project's worker: a hub or a relay, by these vars.
fn ours(places: &Places, tape: &Tape, mut vars: Value) -> Command {
    vars["SYMBOLS"] = json!(tape.list());
    vars["RELAY_SECRET"] = json!(RELAY_SECRET);
    // All clients connect from this machine.
    vars["CLIENTS_PER_ADDRESS"] = json!("100000");
    vars["CALLS_PER_MINUTE"] = json!("1000000");
    worker(places, "ours", &vars)
}

fn worker(places: &Places, which: &str, vars: &Value) -> Command {
    let mut command = Command::new(&places.node);
    command
        .arg(format!("{BENCH}/worker.mjs"))
        .args([which, &vars.to_string()]);
    command
}

/// One channel, a worker process for each core, and enough kept messages that a new client starts
/// with every symbol.
fn nginx_config(root: &Path, symbols: usize, port: u16) -> String {
    let root = root.display();
    let kept = symbols.max(1_000);
    format!(
        "load_module {root}/usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
worker_processes auto;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  tcp_nodelay on;
  nchan_shared_memory_size 256M;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ return 200; }}
    location = /ws {{
      nchan_subscriber websocket;
      nchan_channel_id ticks;
      nchan_subscriber_first_message oldest;
    }}
    location = /publish {{
      nchan_publisher websocket;
      nchan_channel_id ticks;
      nchan_message_buffer_length {kept};
      nchan_message_timeout 1h;
    }}
  }}
}}
"
    )
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether an HTTP server answers, with any status.
fn answers(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    io::Write::write_all(
        &mut stream,
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )?;
    stream.read_exact(&mut [0; 12])
}
