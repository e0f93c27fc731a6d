//! `/symbol_search`, `/api_usage` and `/technical_indicators`.

use super::form::{Fields, Layout, Value, single};
use super::local_time::date_time;
use super::only;
use crate::api::Reply;
use crate::api::parameters::{bad, shown};
use crate::api::route::{Asked, Route, ShowEach};
use crate::api::search::question;
use crate::hub::{Answer, Found, Question};

pub(super) const SYMBOL_SEARCH: Route = Route {
    path: "/symbol_search",
    parameters: &[
        "symbol",
        "outputsize",
        "show_plan",
        "format",
        "delimiter",
        "apikey",
        "source",
    ],
    hint: "the parameters are symbol, outputsize, show_plan, format and delimiter, as in ?symbol=apple&outputsize=10",
    asks: |parameters| {
        let layout = Layout::asked(parameters)?;
        let shows_plan = match parameters.one("show_plan")? {
            None => false,
            Some(value) if value.eq_ignore_ascii_case("false") => false,
            Some(value) if value.eq_ignore_ascii_case("true") => true,
            Some(value) => {
                let value = shown(value);
                return bad(format!("Invalid **show_plan** provided: {value}. Use true or false"));
            }
        };
        let question = question(parameters, "symbol", parameters.limit("outputsize", 30, 120)?)?;
        let reply = move |answers: &[Answer]| {
            let item = match answers {
                [Answer::Search(search)] => match &search.reason {
                    // Nothing was found, but nobody knows that there is nothing.
                    Some(reason) if search.results.is_empty() => Err((503, reason.clone())),
                    _ => Ok(vec![
                        (
                            "data",
                            Value::List(search.results.iter().map(|found| listing(found, shows_plan)).collect()),
                        ),
                        ("status", Value::text(Some("ok"))),
                    ]),
                },
                _ => Err((500, "the hub answered another question".to_owned())),
            };
            single(item, layout)
        };
        Ok(Asked::Each(
            vec![question],
            ShowEach::new(move |answers, _| reply(answers)),
        ))
    },
};

fn listing(found: &Found, shows_plan: bool) -> Fields {
    let text = |text: &Option<String>| Value::text(text.as_deref());
    let mut fields = vec![
        ("symbol", Value::text(Some(&found.symbol))),
        ("instrument_name", text(&found.name)),
        ("exchange", text(&found.exchange)),
        ("mic_code", text(&found.mic_code)),
        ("exchange_timezone", Value::Null),
        ("instrument_type", text(&found.r#type)),
        ("country", text(&found.country)),
        ("currency", text(&found.currency)),
    ];
    if shows_plan {
        let access = vec![("global", text(&found.plan)), ("plan", text(&found.plan))];
        fields.push(("access", Value::Fields(access)));
    }
    fields
}

pub(super) const API_USAGE: Route = Route {
    path: "/api_usage",
    parameters: &["timezone", "format", "delimiter", "apikey", "source"],
    hint: "the parameters are format and delimiter",
    asks: |parameters| {
        only(parameters, "timezone", "UTC")?;
        let layout = Layout::asked(parameters)?;
        let reply = move |answers: &[Answer]| {
            let item = match answers {
                [Answer::Status(status)] => {
                    let (minute, day) = (&status.credits.minute, &status.credits.day);
                    let mut fields = vec![
                        ("timestamp", Value::Text(date_time(status.time))),
                        ("current_usage", Value::plain(Some(minute.used))),
                        ("plan_limit", Value::plain(Some(minute.limit))),
                    ];
                    if let Some(day) = day {
                        fields.push(("daily_usage", Value::plain(Some(day.used))));
                        fields.push(("plan_daily_limit", Value::plain(Some(day.limit))));
                    }
                    Ok(fields)
                }
                _ => Err((500, "the hub answered another question".to_owned())),
            };
            single(item, layout)
        };
        let show = ShowEach::new(move |answers, _| reply(answers));
        Ok(Asked::Each(vec![Question::Status], show))
    },
};

/// There are none. Twelve Data's Python client asks for them before it does anything else.
pub(super) const TECHNICAL_INDICATORS: Route = Route {
    path: "/technical_indicators",
    parameters: &["format", "delimiter", "apikey", "source"],
    hint: "this route takes none",
    asks: |_| {
        let none = r#"{"data":{},"status":"ok"}"#.to_owned();
        Ok(Asked::Known(Reply::new(200, "application/json", none).tagged()))
    },
};
