//! Prometheus' own parser and linter. `npm test` provides it: see scripts/lib/promtool.mjs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Checks a page of metrics with promtool. Returns its complaints; empty if there are none.
pub fn check(page: &str) -> String {
    let mut promtool = Command::new(path())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is missing: install Prometheus, or give promtool's path in PROMTOOL_PATH");
    promtool
        .stdin
        .take()
        .expect("a pipe")
        .write_all(page.as_bytes())
        .expect("promtool reads");
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    let mut said = said.concat().trim().to_owned();
    if said.is_empty() && !output.status.success() {
        said = format!("promtool ended with {}", output.status);
    }
    said
}

fn path() -> PathBuf {
    if let Some(chosen) = std::env::var_os("PROMTOOL_PATH") {
        return chosen.into();
    }
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/bin/promtool");
    if ours.exists() { ours } else { "promtool".into() }
}
