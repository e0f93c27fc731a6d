//! The object's SQLite storage: two rows, each replaced as a whole. [`StorageBreaker`] says when it is better left alone.

use crate::hub::{Row, StorageBreaker, Stored, Write};
use crate::market::Millis;
use serde::Deserialize;
use std::cell::RefCell;
use worker::{ScheduledTime, SqlStorage, SqlStorageValue, State};

thread_local! {
    /// Outlives the object, and ends with the isolate. There is one hub in it.
    static BREAKER: RefCell<StorageBreaker> = RefCell::default();
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

/// Begins a life of the hub: reads what an earlier one left, and what is wrong with storage. Storage that cannot be read is as empty
/// storage: the hub starts, and says so on its first write.
pub(super) fn begin_life(state: &State, checkpoint: Millis, now: Millis) -> (Stored, Option<String>) {
    let trouble = BREAKER.with_borrow_mut(|breaker| breaker.begin_life(checkpoint, now));
    let stored = load(state, trouble.is_none());
    (BREAKER.with_borrow(|breaker| breaker.newest(stored)), trouble)
}

/// Whether nothing may be written now, the alarm neither.
pub(super) fn is_held(now: Millis) -> bool {
    BREAKER.with_borrow(|breaker| breaker.holds(now))
}

/// Whether storage failed and has not worked since.
pub(super) fn is_troubled() -> bool {
    BREAKER.with_borrow(StorageBreaker::is_troubled)
}

/// Writes a row. It is taken but not committed yet: see [`committed`].
pub(super) fn save(state: &State, row: Row, body: String, now: Millis) -> Result<Write, String> {
    let write = BREAKER.with_borrow_mut(|breaker| breaker.begin_row(row, &body, now))?;
    let query = "INSERT INTO kept (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    let sql = state.storage().sql();
    let insert = || sql.exec(query, vec![name_of(row).into(), SqlStorageValue::String(body.clone())]);
    // A life that began with storage held back made no table.
    let done = insert().or_else(|_| create(&sql).and_then(|()| insert()));
    match done {
        Ok(_) => Ok(write),
        Err(error) => {
            BREAKER.with_borrow_mut(|breaker| breaker.refused(write));
            Err(error.to_string())
        }
    }
}

/// Sets the object's alarm.
pub(super) async fn set_alarm(state: &State, at: Millis) -> Result<Write, String> {
    let write = BREAKER.with_borrow_mut(StorageBreaker::begin_write);
    let time = ScheduledTime::new(js_sys::Date::new(&(at as f64).into()));
    let set = state.storage().set_alarm(time).await;
    if let Err(error) = set {
        BREAKER.with_borrow_mut(|breaker| breaker.refused(write));
        return Err(format!("the alarm could not be set: {error}"));
    }
    Ok(write)
}

/// Waits until a write, and all before it, is committed. Says whether storage works again after it had failed.
pub(super) async fn committed(state: &State, write: Write) -> bool {
    // It does not return if the write fails: the object is reset.
    state.storage().sync().await.is_ok() && BREAKER.with_borrow_mut(|breaker| breaker.commit(write))
}

fn load(state: &State, may_create: bool) -> Stored {
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

fn create(sql: &SqlStorage) -> worker::Result<()> {
    sql.exec(
        "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        None,
    )?;
    Ok(())
}
