//! `/time_series`: the bars of symbols, newest first.
//!
//! Dates are read on the clock of `timezone`, by default the exchange's, which is known only with
//! the answer. So the hub is asked for bars up to half a day beyond the dates, and those that are
//! too many are left out here.

use super::form::{Fields, Item, Layout, Places, Value};
use super::instruments::Wanted;
use super::local_time::{Clock, Local, date, date_time, read};
use super::quote::{unknown_zone, zone};
use super::{only, refuse};
use crate::api::Problem;
use crate::api::history::{MOST_BARS, interval};
use crate::api::parameters::{Parameters, bad, shown};
use crate::api::route::{Asked, Route, ShowEach, Zones};
use crate::hub::{Answer, History, HistoryQuestion, Question};
use crate::market::{Bar, DAY, Instrument, Interval, MINUTE, Millis, never_closes, scale_for};

pub(super) const ROUTE: Route = Route {
    path: "/time_series",
    parameters: &[
        "symbol",
        "interval",
        "exchange",
        "mic_code",
        "outputsize",
        "start_date",
        "end_date",
        "date",
        "order",
        "timezone",
        "dp",
        "format",
        "delimiter",
        "prepost",
        "previous_close",
        "adjust",
        "apikey",
        "source",
        "country",
        "type",
        "figi",
        "isin",
        "cusip",
    ],
    hint: "the parameters are symbol, interval, exchange, mic_code, outputsize, start_date, end_date, date, order, \
        timezone, dp, format and delimiter, as in ?symbol=AAPL&interval=1min&outputsize=100",
    asks,
};

const USUAL_BARS: usize = 30;
/// Most bars of all symbols of a request together.
const MOST_IN_ALL: usize = 20_000;
/// A local time is at most this much earlier, or later, than UTC.
const BEHIND: Millis = 12 * 60 * MINUTE;
const AHEAD: Millis = 14 * 60 * MINUTE;

/// The dates of a request, in local time.
#[derive(Clone, Copy)]
enum Dates {
    /// From the first one, inclusive, to the second one, exclusive.
    Between(Option<Local>, Option<Local>),
    /// The running day less so many.
    DaysAgo(u64),
}

/// What is asked of each symbol.
struct Wish {
    interval: Interval,
    /// Most bars, counted back from the end.
    size: usize,
    dates: Dates,
    is_ascending: bool,
    /// `None` for the exchange's.
    timezone: Option<String>,
    layout: Layout,
}

fn asks(parameters: &Parameters) -> Result<Asked, Problem> {
    refuse(parameters, &["country", "type", "figi", "isin", "cusip"])?;
    only(parameters, "prepost", "false")?;
    only(parameters, "previous_close", "false")?;
    only(parameters, "adjust", "splits")?;
    let wanted = Wanted::asked(parameters)?;
    let dates = dates(parameters)?;
    let usual = match dates {
        Dates::Between(None, _) => USUAL_BARS,
        Dates::Between(Some(_), _) | Dates::DaysAgo(_) => MOST_BARS.min(MOST_IN_ALL / wanted.len()),
    };
    let wish = Wish {
        interval: interval(parameters.required("interval")?)?,
        size: parameters.limit("outputsize", usual, MOST_BARS)?,
        dates,
        is_ascending: match parameters.one("order")? {
            None => false,
            Some(order) if order.eq_ignore_ascii_case("desc") => false,
            Some(order) if order.eq_ignore_ascii_case("asc") => true,
            Some(order) => return bad(format!("Invalid **order** provided: {}. Use asc or desc", shown(order))),
        },
        timezone: zone(parameters)?,
        layout: Layout::asked(parameters)?,
    };
    let bars = wish.size * wanted.len();
    if bars > MOST_IN_ALL {
        return bad(format!(
            "{bars} bars are more than the {MOST_IN_ALL} that fit in an answer: use fewer symbols or a smaller outputsize"
        ));
    }
    let questions = wanted.instruments().map(|instrument| wish.question(instrument));
    let questions = questions.collect();
    let reply = move |answers: &[Answer], zones: Zones<'_>| {
        let mut answers = answers.iter();
        wanted.reply(wish.layout, |instrument| match answers.next() {
            Some(Answer::History(history)) => wish.series(instrument, history, zones),
            _ => Err((500, "the hub answered another question".to_owned())),
        })
    };
    Ok(Asked::Each(questions, ShowEach::new(reply)))
}

fn dates(parameters: &Parameters) -> Result<Dates, Problem> {
    let bound = |name| parameters.one(name)?.map(|text| read(name, text)).transpose();
    let between = (bound("start_date")?, bound("end_date")?);
    match (parameters.one("date")?, between) {
        (None, (from, to)) => Ok(Dates::Between(from, to)),
        (Some(_), (Some(_), _) | (_, Some(_))) => {
            bad("**date** is one day: use it without start_date and end_date".to_owned())
        }
        (Some(day), _) if day.eq_ignore_ascii_case("today") => Ok(Dates::DaysAgo(0)),
        (Some(day), _) if day.eq_ignore_ascii_case("yesterday") => Ok(Dates::DaysAgo(1)),
        (Some(day), _) => {
            let from = read("date", day)? / DAY * DAY;
            Ok(Dates::Between(Some(from), Some(from.saturating_add(DAY))))
        }
    }
}

impl Wish {
    fn is_daily(&self) -> bool {
        self.interval == Interval::Day
    }

    /// The question whose answer has all bars that are wanted, and perhaps later ones.
    fn question(&self, instrument: &Instrument) -> Question {
        let (before, later) = match self.dates {
            Dates::Between(_, None) | Dates::DaysAgo(0) => (None, 0),
            // Days are dates of the exchange, on whichever clock.
            Dates::Between(_, Some(to)) if self.is_daily() => (Some(to), 0),
            Dates::Between(_, Some(to)) => (Some(to.saturating_add(BEHIND)), BEHIND + AHEAD),
            Dates::DaysAgo(days) => (None, (days + 1) * DAY),
        };
        Question::History(HistoryQuestion {
            instrument: instrument.clone(),
            interval: self.interval,
            limit: self.size + (later / self.interval.length()) as usize,
            before,
        })
    }

    fn series(&self, instrument: &Instrument, history: &History, zones: Zones<'_>) -> Item {
        let is_pair = instrument.pair().is_some();
        let own = history.timezone.as_deref().or(is_pair.then_some("UTC"));
        let zone = match (&self.timezone, own) {
            _ if self.is_daily() => "UTC",
            (Some(zone), _) => zone,
            (None, Some(own)) => own,
            (None, None) if history.bars.is_empty() => "UTC",
            (None, None) => {
                let sentence = format!("the time zone of {instrument}'s exchange is not known yet: use timezone=UTC");
                return Err((503, sentence));
            }
        };
        let clock = Clock::new(zone, zones, history.as_of).ok_or_else(|| (400, unknown_zone(zone)))?;
        let today = clock.local(history.as_of) / DAY * DAY;
        let (from, to) = match self.dates {
            Dates::Between(from, to) => (from, to),
            Dates::DaysAgo(days) => {
                let from = today.saturating_sub(days * DAY);
                (Some(from), Some(from + DAY))
            }
        };
        let from = from.map_or(0, |from| clock.moment(from));
        let to = to.map_or(Millis::MAX, |to| clock.moment(to));
        let bars = history.bars.iter().rev();
        let mut bars: Vec<&Bar> = bars
            .filter(|bar| (from..to).contains(&bar.time))
            .take(self.size)
            .collect();
        if bars.is_empty() {
            return Err(none(instrument, history));
        }
        if self.is_ascending {
            bars.reverse();
        }
        let prices = bars.iter().flat_map(|bar| [bar.open, bar.high, bar.low, bar.close]);
        let places = Places::or_at_least(self.layout.dp, scale_for(prices, 2));
        // A table has no place for what `meta` says.
        let is_marked = history.simulated && self.layout.is_table();
        let rows = bars.iter().map(|bar| {
            let local = clock.local(bar.time);
            let time = if self.is_daily() { date(local) } else { date_time(local) };
            let mut row = vec![
                ("datetime", Value::Text(time)),
                ("open", Value::Text(places.write(bar.open))),
                ("high", Value::Text(places.write(bar.high))),
                ("low", Value::Text(places.write(bar.low))),
                ("close", Value::Text(places.write(bar.close))),
            ];
            if !is_pair {
                let volume = bar.volume.map(|volume| volume.to_string());
                row.push(("volume", Value::text(volume.as_deref())));
            }
            if is_marked {
                row.push(("simulated", Value::plain(Some(true))));
            }
            row
        });
        let rows = Value::List(rows.collect());
        let incomplete = self.incomplete(&bars, (from, to), history);
        let meta = Value::Fields(meta(instrument, history, incomplete));
        Ok(vec![
            ("meta", meta),
            ("values", rows),
            ("status", Value::text(Some("ok"))),
        ])
    }

    /// Why bars are missing, if some are.
    fn incomplete<'a>(&self, bars: &[&Bar], (from, to): (Millis, Millis), history: &'a History) -> Option<&'a str> {
        let oldest = bars.iter().map(|bar| bar.time).min()?;
        let is_full = bars.len() == self.size;
        let begin = if is_full { oldest } else { from };
        let gap = history.gaps.iter().find(|gap| gap.to > begin && gap.from < to);
        let is_short = !is_full && oldest > from && history.more;
        gap.map(|gap| gap.reason.as_str())
            .or(history.reason.as_deref().filter(|_| is_short))
    }
}

fn none(instrument: &Instrument, history: &History) -> (u16, String) {
    match &history.reason {
        Some(reason) if history.is_refused => (404, format!("**symbol** {instrument} is not served: {reason}")),
        Some(reason) => (503, format!("no bars of {instrument} are known yet: {reason}")),
        None => (
            400,
            "No data is available on the specified dates. Try other values of start_date and end_date".to_owned(),
        ),
    }
}

fn meta(instrument: &Instrument, history: &History, incomplete: Option<&str>) -> Fields {
    let text = |text: &Option<String>| Value::text(text.as_deref());
    let mut meta = vec![
        ("symbol", Value::text(Some(instrument.symbol()))),
        ("interval", Value::text(Some(history.interval.name()))),
    ];
    match instrument.pair() {
        Some((base, quote)) => {
            meta.push(("currency_base", Value::text(Some(base))));
            meta.push(("currency_quote", Value::text(Some(quote))));
            if never_closes(history.r#type.as_deref()) {
                meta.push(("exchange", text(&history.exchange)));
            }
        }
        None => {
            meta.push(("currency", text(&history.currency)));
            meta.push(("exchange_timezone", text(&history.timezone)));
            meta.push(("exchange", text(&history.exchange)));
            meta.push(("mic_code", text(&history.mic_code)));
        }
    }
    meta.push(("type", text(&history.r#type)));
    if incomplete.is_some() {
        meta.push(("incomplete", Value::text(incomplete)));
    }
    if history.simulated {
        meta.push(("simulated", Value::plain(Some(true))));
    }
    meta
}
