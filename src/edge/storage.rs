//! The object's SQLite storage: two rows that are each replaced as a whole, the rows of the memory,
//! and the alarm. The driver decides when it must not be written.

use crate::driver::SharedBreaker;
use crate::hub::{Kept, Row, Span, Stored};
use crate::market::Millis;
use serde::Deserialize;
use worker::{ScheduledTime, SqlStorage, SqlStorageValue, State};

thread_local! {
    /// Outlives the object and ends with the isolate, which holds one hub.
    static BREAKER: SharedBreaker = SharedBreaker::default();
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

fn name_of(row: Row) -> &'static str {
    match row {
        Row::Checkpoint => "checkpoint",
        Row::Credits => "credits",
    }
}

/// The isolate's storage breaker.
pub(super) fn breaker() -> SharedBreaker {
    BREAKER.with(SharedBreaker::clone)
}

/// Reads the stored rows. Unreadable storage counts as empty: the hub starts and reports the
/// problem at its first write.
pub(super) fn load(state: &State, may_create: bool) -> Stored {
    let sql = state.storage().sql();
    let read = |row: Row| -> Option<String> {
        let query = "SELECT body FROM kept WHERE name = ?";
        let rows: Vec<Body> = sql.exec(query, vec![name_of(row).into()]).ok()?.to_array().ok()?;
        rows.into_iter().next().map(|row| row.body)
    };
    if may_create && create(&sql).is_err() {
        return Stored::default();
    }
    Stored {
        checkpoint: read(Row::Checkpoint),
        credits: read(Row::Credits),
        is_unsaved: false,
    }
}

/// Writes a row. It is accepted but not committed yet: see [`committed`].
pub(super) fn save(state: &State, row: Row, body: String) -> Result<(), String> {
    let query = "INSERT INTO kept (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    let sql = state.storage().sql();
    let insert = || sql.exec(query, vec![name_of(row).into(), SqlStorageValue::String(body.clone())]);
    // An instance that started while writing was forbidden has created no table.
    let done = insert().or_else(|_| create(&sql).and_then(|()| insert()));
    done.map(|_| ()).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct Remembered {
    start: f64,
    body: String,
}

/// Rows of the memory, the newest first. Rows that cannot be read count as absent.
pub(super) fn load_rows(state: &State, span: &Span) -> Vec<(Millis, String)> {
    let query =
        "SELECT start, body FROM memory WHERE series = ? AND start >= ? AND start < ? ORDER BY start DESC LIMIT ?";
    let bindings = vec![
        SqlStorageValue::String(span.series.clone()),
        whole(span.from),
        whole(span.to),
        whole(span.most as u64),
    ];
    let rows = state.storage().sql().exec(query, bindings);
    let rows: Vec<Remembered> = rows.and_then(|rows| rows.to_array()).unwrap_or_default();
    rows.into_iter().map(|row| (row.start as Millis, row.body)).collect()
}

/// Stores rows of the memory. They are accepted but not committed yet: see [`committed`].
pub(super) fn keep_rows(state: &State, rows: Vec<Kept>) -> Result<(), String> {
    let query = "INSERT INTO memory (series, start, expires, body) VALUES (?, ?, ?, ?) ON CONFLICT (series, start) \
                 DO UPDATE SET expires = excluded.expires, body = excluded.body";
    let sql = state.storage().sql();
    for row in rows {
        let bindings = vec![
            SqlStorageValue::String(row.series),
            whole(row.start),
            whole(row.expires),
            SqlStorageValue::String(row.body),
        ];
        let insert = || sql.exec(query, bindings.clone());
        let done = insert().or_else(|_| create(&sql).and_then(|()| insert()));
        done.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Deletes the rows of the memory that expired.
pub(super) fn drop_rows(state: &State, now: Millis) -> Result<(), String> {
    let done = state
        .storage()
        .sql()
        .exec("DELETE FROM memory WHERE expires < ?", vec![whole(now)]);
    done.map(|_| ()).map_err(|error| error.to_string())
}

/// A number for SQLite. JavaScript's numbers are exact up to 2^53.
fn whole(number: u64) -> SqlStorageValue {
    const MOST: u64 = 1 << 53;
    SqlStorageValue::Float(number.min(MOST) as f64)
}

pub(super) async fn set_alarm(state: &State, at: Millis) -> Result<(), String> {
    let time = ScheduledTime::new(js_sys::Date::new(&(at as f64).into()));
    state.storage().set_alarm(time).await.map_err(|error| error.to_string())
}

/// Waits until everything written is committed. If that fails, the platform resets the object and
/// this never returns.
pub(super) async fn committed(state: &State) -> bool {
    state.storage().sync().await.is_ok()
}

fn create(sql: &SqlStorage) -> worker::Result<()> {
    sql.exec(
        "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        None,
    )?;
    sql.exec(
        "CREATE TABLE IF NOT EXISTS memory (series TEXT NOT NULL, start INTEGER NOT NULL, expires INTEGER NOT NULL, \
         body TEXT NOT NULL, PRIMARY KEY (series, start)) WITHOUT ROWID",
        None,
    )?;
    Ok(())
}
