//! Times as Twelve Data writes them: local, without an offset.

use crate::api::Problem;
use crate::api::parameters::{bad, shown};
use crate::api::route::Zones;
use crate::market::{MINUTE, Millis, SECOND, from_iso8601, iso8601};
use std::cell::Cell;

/// A local time, as the milliseconds since 1970 at which a clock in UTC shows the same.
pub(super) type Local = Millis;

/// No zone changes its offset within a quarter of an hour that a clock divides.
const STEP: Millis = 15 * MINUTE;

/// A clock in a time zone.
pub(super) struct Clock<'a> {
    zone: &'a str,
    zones: Zones<'a>,
    /// The step that was looked up last, and its offset in milliseconds.
    last: Cell<(Millis, i64)>,
}

impl<'a> Clock<'a> {
    /// `None` for a zone that does not exist. `now` is any time.
    pub(super) fn new(zone: &'a str, zones: Zones<'a>, now: Millis) -> Option<Self> {
        if !zone.eq_ignore_ascii_case("UTC") {
            zones(zone, now)?;
        }
        let last = Cell::new((Millis::MAX, 0));
        Some(Self { zone, zones, last })
    }

    fn offset(&self, at: Millis) -> i64 {
        let step = at / STEP;
        let (known, mut offset) = self.last.get();
        if known != step {
            offset = match self.zone.eq_ignore_ascii_case("UTC") {
                true => 0,
                false => (self.zones)(self.zone, at).map_or(0, |seconds| i64::from(seconds) * 1_000),
            };
            self.last.set((step, offset));
        }
        offset
    }

    /// What the clock shows.
    pub(super) fn local(&self, at: Millis) -> Local {
        at.saturating_add_signed(self.offset(at))
    }

    /// When the clock shows this.
    pub(super) fn moment(&self, local: Local) -> Millis {
        let near = local.saturating_add_signed(-self.offset(local));
        local.saturating_add_signed(-self.offset(near))
    }
}

/// `2026-01-19 14:32:00`.
pub(super) fn date_time(local: Local) -> String {
    let iso = iso8601(local);
    iso.get(..19).unwrap_or_default().replace('T', " ")
}

/// `2026-01-19`.
pub(super) fn date(local: Local) -> String {
    let mut text = date_time(local);
    text.truncate(10);
    text
}

/// Seconds since 1970 of a time in ISO 8601.
pub(super) fn seconds(iso: &str) -> Option<i64> {
    from_iso8601(iso).and_then(|at| i64::try_from(at / SECOND).ok())
}

/// Reads `2026-01-19`, `2026-01-19 14:32:00`, or the latter with a `T`, in the parameter `name`.
///
/// # Errors
/// 400, saying which forms are right.
pub(super) fn read(name: &str, text: &str) -> Result<Local, Problem> {
    let is_plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | ' ' | 'T'));
    let rest = match text.len() {
        10 => "T00:00:00",
        16 => ":00",
        _ => "",
    };
    match from_iso8601(&format!("{text}{rest}Z")).filter(|_| is_plain) {
        Some(local) => Ok(local),
        None => bad(format!(
            "Invalid **{name}** provided: {}. Use a date such as 2026-01-19, or a time such as 2026-01-19 14:32:00",
            shown(text)
        )),
    }
}
