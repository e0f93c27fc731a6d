//! What survives a restart: one row with the whole cache, written on the alarm.
//!
//! It is one row because Cloudflare bills rows written: at one write per 30 seconds the cache costs
//! 2,880 of the free plan's 100,000 rows a day, whatever the number of symbols.

use crate::hub::io::Trouble;
use crate::hub::{Book, Config};
use crate::market::{Cell, Details, Instrument, MINUTE, Millis, Provenance, Quote, Reference, Session, never_closes};
use serde::{Deserialize, Serialize};

/// The stored form. Unknown versions and unreadable rows are ignored: losing the cache is
/// acceptable, failing to start is not.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    version: u32,
    /// Simulated prices must never be restored as real ones, nor real ones as simulated.
    simulated: bool,
    /// When a viewer or REST request was last here.
    last_seen: Option<Millis>,
    /// Fingerprint of the endpoint and key that `trouble` is about.
    #[serde(default)]
    upstream: u32,
    /// A long wait before the next connection attempt.
    #[serde(default)]
    trouble: Option<Trouble>,
    cells: Vec<StoredCell>,
}

#[derive(Serialize, Deserialize)]
struct StoredCell {
    symbol: String,
    quote: Option<Quote>,
    reference: Reference,
    /// Absent in rows of an earlier version.
    #[serde(default)]
    details: Details,
}

const VERSION: u32 = 1;

/// The usable content of a stored row.
#[derive(Debug, Default)]
pub struct Earlier {
    /// When a viewer or REST request was last here.
    pub last_seen: Option<Millis>,
    /// Symbols whose quotes have the provenance `restored`.
    pub cells: Vec<(Instrument, Cell)>,
    /// A wait, if it concerns the same endpoint and key.
    pub trouble: Option<Trouble>,
}

impl Earlier {
    /// Reads a stored row. A cache of the other kind of upstream (simulated or real) is dropped.
    #[must_use]
    pub fn read(row: Option<&str>, config: &Config, now: Millis) -> Self {
        let stored = row.and_then(|text| serde_json::from_str::<Checkpoint>(text).ok());
        let Some(stored) = stored.filter(|stored| stored.version == VERSION && stored.simulated == config.simulated)
        else {
            return Self::default();
        };
        let cells = stored.cells.into_iter().filter_map(|cell| {
            let instrument = Instrument::parse(&cell.symbol).ok()?;
            let quote = cell.quote.map(|quote| Quote {
                provenance: Provenance::Restored,
                stale_since: quote.stale_since.or(Some(quote.received)),
                // An earlier version stored only `exchange_time`.
                as_of: quote.as_of.max(quote.exchange_time.unwrap_or_default()),
                ..quote
            });
            let currency = cell.details.currency.clone().or(Cell::of(&instrument).details.currency);
            let details = Details {
                currency,
                ..cell.details
            };
            let mut reference = cell.reference;
            let told = reference.asked.saturating_add(config.reference + MINUTE);
            let trades = matches!(reference.session, Session::Open | Session::Extended);
            if trades && told < now && !never_closes(details.kind.as_deref()) {
                // The market may have closed since.
                reference.session = Session::Unknown;
            }
            Some((
                instrument,
                Cell {
                    quote,
                    reference,
                    details,
                },
            ))
        });
        Self {
            last_seen: stored.last_seen,
            cells: cells.collect(),
            trouble: stored.trouble.filter(|_| stored.upstream == config.upstream),
        }
    }
}

/// What the row contains besides the book.
#[derive(Debug)]
pub struct Beside<'a> {
    pub config: &'a Config,
    /// When a viewer or REST request was last here.
    pub last_seen: Option<Millis>,
    /// A long wait before the next connection attempt.
    pub trouble: Option<Trouble>,
}

/// The row that [`Effect::SaveCheckpoint`](crate::hub::Effect::SaveCheckpoint) carries.
#[must_use]
pub fn row(book: &Book, beside: Beside<'_>) -> String {
    let known = book.iter().filter(|(_, entry)| entry.cell.quote.is_some());
    let cells = known.map(|(_, entry)| StoredCell {
        symbol: entry.instrument.to_string(),
        quote: entry.cell.quote.clone(),
        reference: entry.cell.reference.clone(),
        details: entry.cell.details.clone(),
    });
    let checkpoint = Checkpoint {
        version: VERSION,
        simulated: beside.config.simulated,
        last_seen: beside.last_seen,
        upstream: beside.config.upstream,
        trouble: beside.trouble,
        cells: cells.collect(),
    };
    serde_json::to_string(&checkpoint).unwrap_or_default()
}
