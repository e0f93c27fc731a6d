//! Bars as rows of storage: JSON, because it is read by people too, and parsed in a millisecond.

use crate::hub::io::Kept;
use crate::market::{Bar, BarSource, DAY, Gap, Interval, MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// The minute bars of this span are one row.
pub const CHUNK: Millis = 240 * MINUTE;
/// How long minute bars are kept.
pub const MINUTES_KEPT: Millis = 5 * DAY;
/// Most rows of minutes of a symbol, with those that expired and are not deleted yet.
pub const ALL_ROWS: usize = 2 * (MINUTES_KEPT / CHUNK) as usize;
/// How long bars of an hour are kept, and everything else after it was written last.
pub const HOURS_KEPT: Millis = 90 * DAY;
/// How long bars of a day are kept.
pub const DAYS_KEPT: Millis = 5 * 366 * DAY;

/// Leads the names of all rows. Rows of another version are never read, and expire.
const VERSION: u32 = 1;

/// The content of a row of bars.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Chunk {
    /// In order of time.
    pub bars: Vec<Bar>,
    /// In order of time.
    pub gaps: Vec<Gap>,
}

/// Minutes since 1970, open, high, low, close, volume, 0 for the provider's and 1 for ours.
#[derive(Serialize, Deserialize)]
struct StoredBar(u64, f64, f64, f64, f64, Option<f64>, u8);

/// Start and end in minutes since 1970, and the reason.
#[derive(Serialize, Deserialize)]
struct StoredGap(u64, u64, String);

#[derive(Serialize, Deserialize)]
struct StoredChunk {
    bars: Vec<StoredBar>,
    gaps: Vec<StoredGap>,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    at: Millis,
    symbols: Vec<(String, Millis, StoredChunk)>,
}

impl From<&Bar> for StoredBar {
    fn from(bar: &Bar) -> Self {
        let source = match bar.source {
            BarSource::Provider => 0,
            BarSource::Hub => 1,
        };
        Self(
            bar.time / MINUTE,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            source,
        )
    }
}

impl From<StoredBar> for Bar {
    fn from(StoredBar(minute, open, high, low, close, volume, source): StoredBar) -> Self {
        Self {
            time: minute.saturating_mul(MINUTE),
            open,
            high,
            low,
            close,
            volume,
            source: if source == 0 {
                BarSource::Provider
            } else {
                BarSource::Hub
            },
        }
    }
}

impl From<&Chunk> for StoredChunk {
    fn from(chunk: &Chunk) -> Self {
        let gaps = chunk.gaps.iter();
        let gaps = gaps.map(|gap| StoredGap(gap.from / MINUTE, gap.to / MINUTE, gap.reason.clone()));
        Self {
            bars: chunk.bars.iter().map(StoredBar::from).collect(),
            gaps: gaps.collect(),
        }
    }
}

impl From<StoredChunk> for Chunk {
    fn from(stored: StoredChunk) -> Self {
        let gaps = stored.gaps.into_iter().map(|StoredGap(from, to, reason)| Gap {
            from: from.saturating_mul(MINUTE),
            to: to.saturating_mul(MINUTE),
            reason,
        });
        Self {
            bars: stored.bars.into_iter().map(Bar::from).filter(Bar::is_sound).collect(),
            gaps: gaps.collect(),
        }
    }
}

impl Chunk {
    /// Reads a row. One that cannot be read is empty: its bars can be asked for again.
    #[must_use]
    pub fn read(row: &str) -> Self {
        let stored = serde_json::from_str::<StoredChunk>(row);
        stored.map_or_else(|_| Self::default(), Self::from)
    }

    /// The row's text.
    #[must_use]
    pub fn row(&self) -> String {
        serde_json::to_string(&StoredChunk::from(self)).unwrap_or_default()
    }
}

/// A row of the journal: the bars that closed since the last one.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Entry {
    /// When it was written.
    pub at: Millis,
    /// By symbol: until when it is known what was traded, and what is new.
    pub symbols: Vec<(String, Millis, Chunk)>,
}

impl Entry {
    /// Start of its first bar; without bars, when it was written.
    #[must_use]
    pub fn begins(&self) -> Millis {
        let bars = self.symbols.iter().filter_map(|(_, _, chunk)| chunk.bars.first());
        bars.map(|bar| bar.time).min().unwrap_or(self.at)
    }

    /// Reads a row; `None` if it cannot be read.
    #[must_use]
    pub fn read(row: &str) -> Option<Self> {
        let stored = serde_json::from_str::<StoredEntry>(row).ok()?;
        let symbols = stored.symbols.into_iter();
        Some(Self {
            at: stored.at,
            symbols: symbols
                .map(|(symbol, known, chunk)| (symbol, known, chunk.into()))
                .collect(),
        })
    }

    /// The row's text.
    #[must_use]
    pub fn row(&self) -> String {
        let symbols = self.symbols.iter();
        let stored = StoredEntry {
            at: self.at,
            symbols: symbols
                .map(|(symbol, known, chunk)| (symbol.clone(), *known, chunk.into()))
                .collect(),
        };
        serde_json::to_string(&stored).unwrap_or_default()
    }
}

/// The start of the chunk that holds a minute.
#[must_use]
pub fn chunk_of(time: Millis) -> Millis {
    time - time % CHUNK
}

/// The names of a symbol's rows. Bars of the simulator are never mixed with real ones.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub simulated: bool,
}

impl Names {
    /// The series of a symbol's bars.
    #[must_use]
    pub fn bars(self, symbol: &str, interval: Interval) -> String {
        format!("{}/{symbol}/{}", self.lead(), interval.name())
    }

    /// The series of the row that says when a symbol's bars were filled.
    #[must_use]
    pub fn fills(self, symbol: &str) -> String {
        format!("{}/{symbol}/fills", self.lead())
    }

    /// The series of the rows that hold the newest bars of all symbols.
    #[must_use]
    pub fn journal(self) -> String {
        format!("{}/journal", self.lead())
    }

    fn lead(self) -> String {
        let market = if self.simulated { "simulated" } else { "real" };
        format!("{VERSION}/{market}")
    }

    /// A row of a symbol's bars, to keep. Only minute bars have more than one row.
    #[must_use]
    pub fn kept(self, symbol: &str, interval: Interval, start: Millis, chunk: &Chunk, now: Millis) -> Kept {
        let expires = match interval {
            Interval::Minute => start + CHUNK + MINUTES_KEPT,
            Interval::FiveMinutes | Interval::QuarterHour | Interval::Hour | Interval::FourHours | Interval::Day => {
                now + HOURS_KEPT
            }
        };
        Kept {
            series: self.bars(symbol, interval),
            start,
            expires,
            body: chunk.row(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk() -> Chunk {
        let told = Bar {
            high: 95_501.0,
            volume: Some(12.5),
            ..Bar::first(29_520_000 * MINUTE, 95_500.25, BarSource::Provider)
        };
        let ours = Bar::first(29_520_001 * MINUTE, 8.12e-6, BarSource::Hub);
        let gap = Gap {
            from: 29_520_002 * MINUTE,
            to: 29_520_004 * MINUTE,
            reason: "the hub was not running".to_owned(),
        };
        Chunk {
            bars: vec![told, ours],
            gaps: vec![gap],
        }
    }

    #[test]
    fn a_row_holds_every_price_exactly() {
        assert_eq!(Chunk::read(&chunk().row()), chunk());
        let entry = Entry {
            at: 7,
            symbols: vec![("BTC/USD".to_owned(), 6, chunk())],
        };
        assert_eq!(Entry::read(&entry.row()), Some(entry));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_empty() {
        for row in ["", "{}", "[]", r#"{"bars":[[1]],"gaps":[]}"#] {
            assert_eq!(Chunk::read(row), Chunk::default(), "{row}");
            assert_eq!(Entry::read(row), None);
        }
        let unsound = r#"{"bars":[[1,5.0,4.0,3.0,4.0,null,1]],"gaps":[]}"#;
        assert_eq!(Chunk::read(unsound), Chunk::default());
    }
}
