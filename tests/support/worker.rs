//! The worker under test: the built bundle in the real workerd, with storage on disk.
//! `wrangler dev` starts it as the README says. In most tests `worker.mjs` beside this file starts
//! it, which takes a third of the time.
//!
//! It runs in its own process group, so that everything can be killed at once, as by a power
//! failure. A shell leads the group and waits for the end of its input, so that nothing keeps
//! running when the test process dies before it could clean up.

use std::ffi::OsString;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for a slow machine on which other workers start at the same time.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Kills the group when wrangler ends or the test process does.
const LEADER: &str = r#"("$@"; kill -KILL 0) & read -r _; kill -KILL 0"#;

#[derive(Clone, Copy)]
enum Starter {
    Miniflare,
    Wrangler,
}

/// A worker with its storage. Dropping it removes both.
pub struct Worker {
    port: u16,
    directory: TempDir,
    vars: Vec<(String, String)>,
    process: Option<Child>,
    starter: Starter,
    /// The program that runs instead of workerd.
    workerd: Option<PathBuf>,
}

impl Worker {
    /// A worker that answers, on an unused port, with empty storage and these vars.
    pub async fn start(vars: &[(&str, &str)]) -> Worker {
        Worker::start_by(Starter::Miniflare, vars).await
    }

    /// As [`start`](Self::start), by `wrangler dev`.
    pub async fn start_by_wrangler(vars: &[(&str, &str)]) -> Worker {
        Worker::start_by(Starter::Wrangler, vars).await
    }

    async fn start_by(starter: Starter, vars: &[(&str, &str)]) -> Worker {
        let mut worker = Worker {
            port: free_port(),
            directory: TempDir::new().unwrap(),
            vars: vars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            process: None,
            starter,
            workerd: None,
        };
        worker.run().await;
        worker
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The address for WebSocket clients.
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}/ws", self.port)
    }

    /// All that it printed, in all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Kills all its processes at once, without a clean shutdown.
    pub fn kill(&mut self) {
        if let Some(mut leader) = self.process.take() {
            kill_group(leader.id());
            let _ = leader.wait();
        }
    }

    /// Starts it again after a [`kill`](Self::kill): same port, same storage. Polls only `/health`,
    /// which leaves the hub asleep.
    pub async fn restart(&mut self) {
        self.kill();
        self.port_is_free().await;
        self.run().await;
    }

    /// The processes behind the leader may outlive it by a moment, and hold the port.
    async fn port_is_free(&self) {
        for _ in 0..100 {
            if TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// As [`restart`](Self::restart), with a workerd that survives the signal for a file over its
    /// size limit. Its storage then fails as on a full disk; see [`fill_disk`](Self::fill_disk).
    pub async fn restart_on_small_disk(&mut self) {
        let found = std::fs::read_dir(root().join("node_modules/@cloudflare")).unwrap();
        let packages = found.map(|entry| entry.unwrap().path().join("bin/workerd"));
        let workerd = { packages }.find(|path| path.exists()).expect("workerd is installed");
        let script = self.directory.path().join("workerd.sh");
        // Node resets signals in its children, so only a script in between can make workerd ignore
        // this one.
        let text = format!("#!/bin/sh\ntrap '' XFSZ\nexec '{}' \"$@\"\n", workerd.display());
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        self.workerd = Some(script);
        self.restart().await;
    }

    /// From now on no write beyond this offset of any file succeeds; `None`: the disk has room
    /// again.
    #[cfg(target_os = "linux")]
    #[allow(unsafe_code, reason = "std cannot limit a process")]
    pub fn fill_disk(&self, most: Option<u64>) {
        let limit = libc::rlimit {
            rlim_cur: most.unwrap_or(libc::RLIM_INFINITY),
            rlim_max: libc::RLIM_INFINITY,
        };
        for process in self.workerds() {
            // SAFETY: prlimit reads one struct that lives until it returns, and the process is one
            // of ours.
            let result = unsafe { libc::prlimit(process, libc::RLIMIT_FSIZE, &raw const limit, std::ptr::null_mut()) };
            assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
        }
    }

    /// The resident memory of its workerd, in MiB.
    #[cfg(target_os = "linux")]
    pub fn memory(&self) -> f64 {
        let of_one = |process: libc::pid_t| {
            let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        self.workerds().into_iter().filter_map(of_one).sum::<f64>() / 1024.0
    }

    /// The workerd processes of this worker: those of its process group.
    #[cfg(target_os = "linux")]
    fn workerds(&self) -> Vec<libc::pid_t> {
        let group = self.process.as_ref().expect("a running worker").id();
        let is_one = |process: &libc::pid_t| {
            // `PID (NAME) STATE PARENT GROUP …`
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let (name, rest) = stat.rsplit_once(") ").unwrap_or_default();
            name.ends_with("(workerd") && rest.split(' ').nth(2) == Some(&group.to_string())
        };
        let processes = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        let found: Vec<_> = processes.filter(is_one).collect();
        assert!(!found.is_empty(), "no workerd runs");
        found
    }

    async fn run(&mut self) {
        self.process = Some(self.spawn());
        let http = reqwest::Client::new();
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let health = http
                .get(self.url("/health"))
                .timeout(Duration::from_secs(5))
                .send()
                .await;
            if health.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            let ended = self
                .process
                .as_mut()
                .is_none_or(|leader| leader.try_wait().unwrap().is_some());
            assert!(
                !ended && Instant::now() < deadline,
                "the worker did not come up:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn spawn(&self) -> Child {
        let root = root();
        let bin = root.join("node_modules/.bin");
        for needed in [bin.join("wrangler"), root.join("build/release/index.js")] {
            assert!(
                needed.exists(),
                "{} is missing; run `npm run setup && npm run build` first",
                needed.display()
            );
        }
        let output = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", LEADER, "sh"]);
        match self.starter {
            Starter::Miniflare => self.by_miniflare(&mut command),
            Starter::Wrangler => self.by_wrangler(&mut command),
        }
        if let Some(workerd) = &self.workerd {
            command.env("MINIFLARE_WORKERD_PATH", workerd);
        }
        command
            .current_dir(root)
            .env("PATH", path())
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("X_LOCAL_OBSERVABILITY", "false")
            .env("CLOUDFLARE_DEV_REGISTRY_PATH", self.directory.path().join("registry"))
            .env("NODE_COMPILE_CACHE", root.join(".tools/node-compile-cache"))
            // The files that a killed wrangler leaves behind are removed with the rest.
            .env("TMPDIR", self.directory.path())
            .env_remove("TWELVE_DATA_API_KEY")
            .stdin(Stdio::piped())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .process_group(0)
            .spawn()
            .expect("sh and wrangler start")
    }

    fn by_miniflare(&self, command: &mut Command) {
        let vars: serde_json::Map<_, _> = { self.vars.iter() }
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        command
            .args(["node", "tests/support/worker.mjs", &self.port.to_string()])
            .arg(self.state_path())
            .arg(options())
            .arg(serde_json::Value::Object(vars).to_string());
    }

    fn by_wrangler(&self, command: &mut Command) {
        command
            .args(["wrangler", "dev", "--ip", "127.0.0.1", "--inspector-port", "0"])
            .arg("--show-interactive-dev-session=false")
            .args(["--port", &self.port.to_string()])
            .arg("--persist-to")
            .arg(self.state_path());
        for (name, value) in &self.vars {
            command.args(["--var", &format!("{name}:{value}")]);
        }
    }

    /// The folder of its objects' storage and alarms.
    pub fn state_path(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log.txt")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the worker's log:\n{}", self.log());
        }
        self.kill();
    }
}

/// What wrangler reads from wrangler.toml, read once for all tests.
fn options() -> &'static str {
    static OPTIONS: OnceLock<String> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let mut node = Command::new("node");
        node.arg("tests/support/worker.mjs")
            .current_dir(root())
            .env("PATH", path());
        let output = node.output().expect("node starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("JSON").trim().to_owned()
    })
}

/// A PATH on which wrangler and the Node that it needs precede the machine's own.
fn path() -> OsString {
    let mut path = root().join("node_modules/.bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[allow(unsafe_code, reason = "std can kill a process, but not a process group")]
fn kill_group(leader: u32) {
    let group = libc::pid_t::try_from(leader).expect("a process id");
    // SAFETY: kill takes two numbers. The group is ours: its leader is a child that was not waited
    // for yet.
    unsafe {
        libc::kill(-group, libc::SIGKILL);
    }
}

/// An unused port below the ephemeral ones (on Linux 32768 and up). The system could give one of
/// those to some connection before the worker listens, or while it is down for a restart.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Processes that run at the same time start at different ports.
    let start = std::process::id().wrapping_mul(97);
    let candidates = std::iter::repeat_with(|| {
        let offset = start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        u16::try_from(FIRST + offset).expect("a port number")
    });
    let mut free = candidates
        .take(COUNT as usize)
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().expect("a free port")
}
