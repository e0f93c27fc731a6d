//! The object's SQLite storage: two rows, each replaced as a whole.

use crate::hub::Stored;
use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue, State};

const CHECKPOINT: &str = "checkpoint";
const CREDITS: &str = "credits";

#[derive(Deserialize)]
struct Row {
    body: String,
}

/// Reads what an earlier life left. Storage that cannot be read is as empty storage: the hub starts, and says so on its first write.
pub(super) fn load(state: &State) -> Stored {
    let sql = state.storage().sql();
    let read = |name: &str| -> Option<String> {
        let query = "SELECT body FROM kept WHERE name = ?";
        let rows: Vec<Row> = sql.exec(query, vec![name.into()]).ok()?.to_array().ok()?;
        rows.into_iter().next().map(|row| row.body)
    };
    if create(&sql).is_err() {
        return Stored::default();
    }
    Stored {
        checkpoint: read(CHECKPOINT),
        credits: read(CREDITS),
    }
}

pub(super) fn save_checkpoint(state: &State, body: String) -> Result<()> {
    save(state, CHECKPOINT, body)
}

pub(super) fn save_credits(state: &State, body: String) -> Result<()> {
    save(state, CREDITS, body)
}

fn create(sql: &SqlStorage) -> Result<()> {
    sql.exec(
        "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        None,
    )?;
    Ok(())
}

fn save(state: &State, name: &str, body: String) -> Result<()> {
    let query = "INSERT INTO kept (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    state
        .storage()
        .sql()
        .exec(query, vec![name.into(), SqlStorageValue::String(body)])?;
    Ok(())
}
