//! The form of Twelve Data's answers: fields in its order, numbers as strings, errors as objects,
//! several symbols as a map, and the same as a table (`format=CSV`).
//!
//! The order matters: its Python client takes the first field of a bar for the bar's time.

use crate::api::parameters::{Parameters, bad, shown};
use crate::api::{Problem, Reply};
use crate::market::scale_for;

/// A value of a field.
pub(super) enum Value {
    Null,
    /// A number or a truth value, as JSON writes it.
    Plain(String),
    Text(String),
    Fields(Fields),
    List(Vec<Fields>),
}

/// The fields of an object, in order, each name once.
pub(super) type Fields = Vec<(&'static str, Value)>;

impl Value {
    /// A text, or null.
    pub(super) fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_owned()))
    }

    /// A number or a truth value, or null.
    pub(super) fn plain(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Null, |value| Self::Plain(value.to_string()))
    }

    fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Plain(value) => json.push_str(value),
            Self::Text(text) => write_text(text, json),
            Self::Fields(fields) => write_fields(fields, json),
            Self::List(items) => {
                json.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        json.push(',');
                    }
                    write_fields(item, json);
                }
                json.push(']');
            }
        }
    }
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn write_fields(fields: &Fields, json: &mut String) {
    json.push('{');
    for (place, (name, value)) in fields.iter().enumerate() {
        if place > 0 {
            json.push(',');
        }
        write_text(name, json);
        json.push(':');
        value.write(json);
    }
    json.push('}');
}

/// How many decimals the numbers of an answer have.
#[derive(Clone, Copy)]
pub(super) enum Places {
    /// As many as were asked for with `dp`.
    Exactly(u8),
    /// These, and more where a number needs them.
    AtLeast(u8),
}

impl Places {
    /// What `dp` asks for; without it, the decimals of the instrument.
    pub(super) fn or_at_least(dp: Option<u8>, decimals: Option<u8>) -> Self {
        dp.map_or(Self::AtLeast(decimals.unwrap_or(2)), Self::Exactly)
    }

    /// A price as text.
    pub(super) fn write(self, price: f64) -> String {
        match self {
            Self::Exactly(places) => fixed(price, places),
            Self::AtLeast(least) => match scale_for([price].into_iter(), least) {
                Some(places) => fixed(price, places),
                None => price.to_string(),
            },
        }
    }

    /// The difference of two prices as text, with the decimals of the more exact one.
    pub(super) fn write_difference(self, price: f64, other: f64) -> String {
        let places = match self {
            Self::Exactly(places) => places,
            Self::AtLeast(least) => scale_for([price, other].into_iter(), least).unwrap_or(least),
        };
        fixed(price - other, places)
    }
}

/// A number with this many decimals.
pub(super) fn fixed(number: f64, places: u8) -> String {
    format!("{number:.*}", usize::from(places))
}

/// How an answer is written: the parameters `dp`, `format` and `delimiter`.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) dp: Option<u8>,
    /// The character between the cells of a table; `None` for JSON.
    csv: Option<char>,
}

impl Layout {
    /// Whether it is written as CSV.
    pub(super) fn is_table(self) -> bool {
        self.csv.is_some()
    }

    /// # Errors
    /// 400 for a value that is none of Twelve Data's.
    pub(super) fn asked(parameters: &Parameters) -> Result<Self, Problem> {
        let dp = match parameters.one("dp")? {
            None | Some("-1") => None,
            Some(text) => match text.parse() {
                Ok(dp @ 0..=11) => Some(dp),
                _ => return bad(format!("Invalid **dp** provided: {}. Use 0 to 11", shown(text))),
            },
        };
        let mut delimiter = parameters.one("delimiter")?.unwrap_or(";").chars();
        let delimiter = match (delimiter.next(), delimiter.next()) {
            (Some(one), None) if !one.is_control() && one != '"' => one,
            _ => return bad("Invalid **delimiter** provided. Use one character, such as ; or a comma".to_owned()),
        };
        let csv = match parameters.one("format")? {
            None => None,
            Some(name) if name.eq_ignore_ascii_case("json") => None,
            Some(name) if name.eq_ignore_ascii_case("csv") => Some(delimiter),
            Some(name) => {
                let name = shown(name);
                return bad(format!("Invalid **format** provided: {name}. Use JSON or CSV"));
            }
        };
        Ok(Self { dp, csv })
    }
}

/// The answer for one thing, or Twelve Data's error.
pub(super) type Item = Result<Fields, (u16, String)>;

/// The reply of one item.
pub(super) fn single(item: Item, layout: Layout) -> Reply {
    match (item, layout.csv) {
        (Err((code, message)), _) => Problem::TwelveData(code, message).reply(),
        (Ok(fields), None) => {
            let mut json = String::new();
            write_fields(&fields, &mut json);
            Reply::new(200, "application/json", json).tagged()
        }
        (Ok(fields), Some(delimiter)) => as_table(&[(None, fields)], delimiter),
    }
}

/// The reply of several items under the names by which they were asked for, in that order.
pub(super) fn batch(items: Vec<(String, Item)>, layout: Layout) -> Reply {
    let fields = |item: Item| item.unwrap_or_else(|(code, message)| error_fields(code, &message));
    let reply = if let Some(delimiter) = layout.csv {
        let named = items.into_iter().map(|(name, item)| (Some(name), fields(item)));
        as_table(&named.collect::<Vec<_>>(), delimiter)
    } else {
        let mut json = String::new();
        for (name, item) in items {
            json.push(if json.is_empty() { '{' } else { ',' });
            write_text(&name, &mut json);
            json.push(':');
            write_fields(&fields(item), &mut json);
        }
        json.push('}');
        Reply::new(200, "application/json", json).tagged()
    };
    // By this header its Python client knows that the errors within are not the whole call's.
    reply.with_header("Is_batch", "true")
}

/// The body of an error.
pub(in crate::api) fn error(code: u16, message: &str) -> String {
    let mut json = String::new();
    write_fields(&error_fields(code, message), &mut json);
    json
}

fn error_fields(code: u16, message: &str) -> Fields {
    vec![
        ("code", Value::plain(Some(code))),
        ("message", Value::text(Some(message))),
        ("status", Value::text(Some("error"))),
    ]
}

/// A line for each row. Of a series or a list only the rows remain. In a batch the first column is
/// the symbol as it was asked for, unless the rows have it; an error is a row of its own.
fn as_table(items: &[(Option<String>, Fields)], delimiter: char) -> Reply {
    let mut rows: Vec<Vec<(String, String)>> = Vec::new();
    for (name, fields) in items {
        let list = fields.iter().find_map(|(_, value)| match value {
            Value::List(list) => Some(list.as_slice()),
            Value::Null | Value::Plain(_) | Value::Text(_) | Value::Fields(_) => None,
        });
        for row in list.unwrap_or(std::slice::from_ref(fields)) {
            let mut cells = Vec::new();
            if let (Some(name), false) = (name, row.iter().any(|(field, _)| *field == "symbol")) {
                cells.push(("symbol".to_owned(), name.clone()));
            }
            flatten(row, "", &mut cells);
            rows.push(cells);
        }
    }
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let mut table = String::new();
    write_line(&mut table, columns.iter().copied(), delimiter);
    for row in &rows {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column);
        let cells = columns.iter().map(|column| cell(column).map_or("", |(_, cell)| cell));
        write_line(&mut table, cells, delimiter);
    }
    // Its Python client recognises a table by exactly this type.
    Reply::new(200, "text/csv", table).tagged()
}

/// Fields within fields become columns such as `fifty_two_week.low`.
fn flatten(fields: &Fields, before: &str, cells: &mut Vec<(String, String)>) {
    for (name, value) in fields {
        let name = format!("{before}{name}");
        match value {
            Value::Fields(inner) => flatten(inner, &format!("{name}."), cells),
            Value::Text(text) | Value::Plain(text) => cells.push((name, text.clone())),
            Value::Null | Value::List(_) => cells.push((name, String::new())),
        }
    }
}

/// A cell is quoted only where it would be misread otherwise (RFC 4180).
fn write_line<'a>(table: &mut String, cells: impl Iterator<Item = &'a str>, delimiter: char) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            table.push(delimiter);
        }
        if cell.contains([delimiter, '"', '\r', '\n']) {
            table.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
        } else {
            table.push_str(cell);
        }
    }
    table.push('\n');
}
