//! The object's SQLite storage: two rows, each replaced as a whole. [`Caution`] says when it is better left alone.

use super::caution::Caution;
use crate::clock::Millis;
use crate::hub::Stored;
use serde::Deserialize;
use std::cell::RefCell;
use worker::{ScheduledTime, SqlStorage, SqlStorageValue, State};

const CHECKPOINT: &str = "checkpoint";
const CREDITS: &str = "credits";

/// What the operator reads while storage is left alone.
const HELD: &str = "storage failed when it was last written, and the platform reset the hub; prices go on without it, but a restart would forget them: \
     see the platform's log and the storage limits of the plan; it is tried again by itself";

thread_local! {
    /// Outlives the object, and ends with the isolate. There is one hub in it.
    static CAUTION: RefCell<Caution> = RefCell::default();
}

#[derive(Deserialize)]
struct Row {
    body: String,
}

/// Begins a life of the hub: reads what an earlier one left, and what is wrong with storage. Storage that cannot be read is as empty
/// storage: the hub starts, and says so on its first write.
pub(super) fn begin_life(state: &State, checkpoint: Millis, now: Millis) -> (Stored, Option<String>) {
    let (unsaved, trouble) = CAUTION.with_borrow_mut(|caution| {
        caution.begin_life(checkpoint, now);
        let trouble = caution.is_troubled().then(|| HELD.to_owned());
        let Stored { checkpoint, credits } = &caution.unsaved;
        let (checkpoint, credits) = (checkpoint.clone(), credits.clone());
        (Stored { checkpoint, credits }, trouble)
    });
    let stored = load(state, trouble.is_none());
    let newest = Stored {
        checkpoint: unsaved.checkpoint.or(stored.checkpoint),
        credits: unsaved.credits.or(stored.credits),
    };
    (newest, trouble)
}

/// Whether nothing may be written now, the alarm neither.
pub(super) fn is_held(now: Millis) -> bool {
    CAUTION.with_borrow(|caution| caution.holds(now))
}

/// Whether storage failed and has not worked since.
pub(super) fn is_troubled() -> bool {
    CAUTION.with_borrow(Caution::is_troubled)
}

/// A write that was taken but is not committed yet; hand it to [`committed`].
pub(super) struct Write(u64);

pub(super) fn save_checkpoint(state: &State, body: String, now: Millis) -> Result<Write, String> {
    CAUTION.with_borrow_mut(|caution| caution.unsaved.checkpoint = Some(body.clone()));
    save(state, CHECKPOINT, body, now)
}

pub(super) fn save_credits(state: &State, body: String, now: Millis) -> Result<Write, String> {
    CAUTION.with_borrow_mut(|caution| caution.unsaved.credits = Some(body.clone()));
    save(state, CREDITS, body, now)
}

/// Sets the object's alarm.
pub(super) async fn set_alarm(state: &State, at: Millis) -> Result<Write, String> {
    let write = begin_write();
    let time = ScheduledTime::new(js_sys::Date::new(&(at as f64).into()));
    let set = state.storage().set_alarm(time).await;
    set.map_err(|error| format!("the alarm could not be set: {error}"))?;
    Ok(write)
}

/// Waits until a write, and all before it, is committed. Says whether storage works again after it had failed.
pub(super) async fn committed(state: &State, Write(number): Write) -> bool {
    // It does not return if the write fails: the object is reset.
    state.storage().sync().await.is_ok() && CAUTION.with_borrow_mut(|caution| caution.commit(number))
}

fn begin_write() -> Write {
    Write(CAUTION.with_borrow_mut(Caution::begin_write))
}

fn load(state: &State, may_create: bool) -> Stored {
    let sql = state.storage().sql();
    let read = |name: &str| -> Option<String> {
        let query = "SELECT body FROM kept WHERE name = ?";
        let rows: Vec<Row> = sql.exec(query, vec![name.into()]).ok()?.to_array().ok()?;
        rows.into_iter().next().map(|row| row.body)
    };
    if may_create && create(&sql).is_err() {
        return Stored::default();
    }
    Stored {
        checkpoint: read(CHECKPOINT),
        credits: read(CREDITS),
    }
}

fn create(sql: &SqlStorage) -> worker::Result<()> {
    sql.exec(
        "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        None,
    )?;
    Ok(())
}

fn save(state: &State, name: &str, body: String, now: Millis) -> Result<Write, String> {
    if is_held(now) {
        return Err(HELD.to_owned());
    }
    let write = begin_write();
    let query = "INSERT INTO kept (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    let sql = state.storage().sql();
    let insert = || sql.exec(query, vec![name.into(), SqlStorageValue::String(body.clone())]);
    // A life that began with storage held back made no table.
    let done = insert().or_else(|_| create(&sql).and_then(|()| insert()));
    match done {
        Ok(_) => Ok(write),
        // Refused at once, which breaks nothing.
        Err(error) => {
            CAUTION.with_borrow_mut(|caution| caution.refused(write.0));
            Err(error.to_string())
        }
    }
}
