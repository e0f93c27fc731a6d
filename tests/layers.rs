//! Which folder of `src` may import which, checked against the `use` lines and the paths in the
//! code.
//!
//! ARCHITECTURE.md shows the same table. A pure folder uses no platform and no clock, and no two
//! files of one folder import each other.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each folder may import of our own code. `hub/…` are the parts of the hub; `hub` joins them.
const ARROWS: &[(&str, &[&str])] = &[
    ("market", &[]),
    ("access", &["market"]),
    ("provider", &["market"]),
    ("dialect", &["market"]),
    ("hub/answer", &["market", "dialect"]),
    ("hub/io", &["market", "access", "dialect", "provider", "hub/answer"]),
    ("hub/config", &["market", "access", "provider"]),
    ("hub/book", &["market", "hub/io", "hub/config"]),
    ("hub/demand", &["market", "hub/io", "hub/book"]),
    ("hub/errand", &["market", "provider", "hub/io"]),
    (
        "hub/upstream",
        &["market", "provider", "hub/io", "hub/config", "hub/demand", "hub/errand"],
    ),
    (
        "hub/memory",
        &[
            "market",
            "provider",
            "hub/answer",
            "hub/io",
            "hub/config",
            "hub/errand",
            "hub/book",
        ],
    ),
    (
        "hub/delivery",
        &[
            "market",
            "access",
            "dialect",
            "hub/answer",
            "hub/io",
            "hub/config",
            "hub/demand",
            "hub/book",
        ],
    ),
    ("hub/persist", &["market", "hub/io", "hub/config", "hub/book"]),
    ("hub/report", &["market", "dialect", "hub"]),
    ("hub", &["market", "access", "provider", "dialect"]),
    ("driver", &["market", "access", "dialect", "provider", "hub"]),
    ("api", &["market", "access", "dialect", "hub"]),
    ("simulator", &["market"]),
];

/// Words that a pure folder may not contain: the platform, JavaScript, clocks, randomness, async.
const IMPURE: &[&str] = &[
    "worker::",
    "js_sys",
    "web_sys",
    "wasm_bindgen",
    "SystemTime",
    "Instant::",
    "fastrand::Rng::new",
    "fastrand::u64",
    "async fn",
    ".await",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `src` without its tests; files of tests are left out.
fn files() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&source(), &mut found);
    let mut files = Vec::new();
    for path in found {
        let name = path
            .strip_prefix(source())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        if !name.contains("/tests/") {
            files.push((name, code));
        }
    }
    files.sort();
    files
}

/// The folder of the table to which a module path such as `hub::book::Entry` belongs.
fn folder_of(path: &str) -> Option<&'static str> {
    let path = path.replace("::", "/");
    let path = path.trim_end_matches(".rs");
    let is_below = |folder: &&&str| path == **folder || path.starts_with(&format!("{folder}/"));
    let folders = ARROWS.iter().map(|(folder, _)| folder);
    folders.filter(is_below).max_by_key(|folder| folder.len()).copied()
}

/// The modules that a file names: `crate::…` as written, `super::…` resolved from the file. A list
/// in braces is one path for each of its items.
fn imports(name: &str, code: &str) -> BTreeSet<String> {
    let module: Vec<&str> = name
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .split('/')
        .collect();
    let parent = |levels: usize| module.get(..module.len().saturating_sub(levels)).unwrap().join("::");
    let code: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for (start, root) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code.get(..start).unwrap();
        if before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let mut rest = code.get(start..).unwrap();
        let mut base = String::new();
        if root == "crate::" {
            rest = rest.strip_prefix("crate::").unwrap();
        } else {
            let mut levels = 0;
            while let Some(after) = rest.strip_prefix("super::") {
                rest = after;
                levels += 1;
            }
            // Inside `#[cfg]`-free code a file's own `super` is its folder.
            base = parent(levels) + "::";
        }
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(rest.len());
        let (head, tail) = rest.split_at(end);
        if let Some(list) = tail.strip_prefix('{') {
            let list = list.split('}').next().unwrap();
            found.extend(list.split(',').map(|item| format!("{base}{head}{}", item.trim())));
        } else {
            found.insert(format!("{base}{head}"));
        }
    }
    found
}

/// The items that `hub/mod.rs` re-exports, by the part that they come from.
fn handed_on() -> BTreeMap<String, &'static str> {
    let code = fs::read_to_string(source().join("hub/mod.rs")).unwrap();
    let mut items = BTreeMap::new();
    for line in code.split(';').filter(|part| part.contains("pub use ")) {
        let path = line.split("pub use ").last().unwrap();
        let (module, list) = path.split_once("::").unwrap();
        let from = folder_of(&format!("hub/{module}")).unwrap_or("hub");
        for item in list.trim_matches(|c| c == '{' || c == '}').split(',') {
            items.insert(item.trim().trim_end_matches('}').trim().to_owned(), from);
        }
    }
    items
}

/// The folder that an import leads to.
fn target(path: &str, handed_on: &BTreeMap<String, &'static str>) -> Option<&'static str> {
    let folder = folder_of(path)?;
    let item = path.strip_prefix("hub::")?.split("::").next();
    match (folder, item) {
        ("hub", Some(item)) => Some(handed_on.get(item).copied().unwrap_or("hub")),
        _ => Some(folder),
    }
    .or(Some(folder))
}

#[test]
fn arrows_point_down() {
    let handed_on = handed_on();
    assert_eq!(handed_on.get("Book"), Some(&"hub/book"), "the parts' names are read");
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, code) in files() {
        let Some(from) = folder_of(&name) else { continue };
        let allowed = ARROWS.iter().find(|(folder, _)| *folder == from).unwrap().1;
        for path in imports(&name, &code) {
            let to = if path.starts_with("hub::") {
                target(&path, &handed_on)
            } else {
                folder_of(&path)
            };
            let Some(to) = to.filter(|to| *to != from) else {
                continue;
            };
            seen.insert((from, to));
            let may = |one: &&str| to == *one || to.starts_with(&format!("{one}/"));
            // The module that joins the parts may import them all.
            let joins = from == "hub" && to.starts_with("hub/");
            if !joins && !allowed.iter().any(may) {
                wrong.push(format!("{name} imports {path}: {from} must not know {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for arrow in [
        ("hub/delivery", "hub/book"),
        ("hub/upstream", "provider"),
        ("api", "hub"),
    ] {
        assert!(seen.contains(&arrow), "the reading of `use` lines has missed {arrow:?}");
    }
}

#[test]
fn pure_folders_name_no_platform_and_no_clock() {
    let mut wrong = Vec::new();
    for (name, code) in files() {
        if folder_of(&name).is_none() {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            let says = line.split("//").next().unwrap();
            wrong.extend(
                IMPURE
                    .iter()
                    .filter(|word| says.contains(*word))
                    .map(|word| format!("{name}:{}: {word}", number + 1)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_who_speaks_twelve_data_names_its_frames_headers_and_paths() {
    let words = [
        "X-TD-APIKEY",
        "\"apikey",
        "api-credits-",
        "subscribe-status",
        "/quote?",
        "/time_series",
        "/symbol_search",
        "/market_state",
        "api.twelvedata",
        "ws.twelvedata",
    ];
    let mut wrong = Vec::new();
    for (name, code) in files() {
        let folders = [
            "provider/twelve_data/",
            // Our own protocol has some of its words.
            "provider/hub/",
            "dialect/twelve_data/",
            "api/twelve_data/",
            "simulator/",
        ];
        let speaks_it = folders.iter().any(|folder| name.starts_with(folder));
        for (number, line) in code.lines().enumerate().filter(|_| !speaks_it) {
            let says = line.split("//").next().unwrap();
            wrong.extend(
                words
                    .iter()
                    .filter(|word| says.contains(*word))
                    .map(|word| format!("{name}:{}: {word}", number + 1)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_files_import_each_other() {
    let files = files();
    let known: BTreeSet<String> = files
        .iter()
        .map(|(name, _)| name.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::"))
        .collect();
    let module_of = |path: &str| {
        let mut path = path.to_owned();
        while !known.contains(&path) {
            let (shorter, _) = path.rsplit_once("::")?;
            path = shorter.to_owned();
        }
        Some(path)
    };
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, code) in &files {
        let from = name.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        for path in imports(name, code) {
            if let Some(to) = module_of(&path).filter(|to| *to != from) {
                graph.entry(from.clone()).or_default().insert(to);
            }
        }
    }
    let mut circles = Vec::new();
    for (from, targets) in &graph {
        for to in targets {
            let back = graph.get(to).is_some_and(|targets| targets.contains(from));
            // A folder's `mod.rs` re-exports from its files, which is not a cycle.
            let is_folder = from.starts_with(&format!("{to}::")) || to.starts_with(&format!("{from}::"));
            if back && from < to && !is_folder {
                circles.push(format!("{from} <-> {to}"));
            }
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}
