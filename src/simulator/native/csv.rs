//! `format=CSV`: a JSON answer as a table.
//!
//! The first line has the columns, which are the fields of the rows in their order; then there is a
//! line per row. A nested field is a column `outer.inner` (`fifty_two_week.low`), a list is one
//! cell with commas, `null` is an empty cell. Of a series or a list only the rows remain: `meta`,
//! `count` and `status` have no place in a table.
//!
//! No source shows Twelve Data's table for several symbols. Here it is one table in the order
//! asked, with `symbol` as the first column. It contains the symbol as requested, unless the rows
//! contain their symbol themselves, as those of `/quote` do. A symbol that fails is a row too, with
//! cells in `code`, `message` and `status`, so nothing is lost. Fields that a row lacks are empty
//! cells.

use std::borrow::Cow;

use super::super::json::{Json, Object};
use super::super::rest::{Failure, Query};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    /// With the character between cells.
    Csv(char),
}

impl Format {
    /// From `format` and `delimiter`, which defaults to a semicolon.
    pub(crate) fn asked(query: &Query) -> Result<Format, Failure> {
        match query.get("format") {
            None => return Ok(Format::Json),
            Some(name) if name.eq_ignore_ascii_case("json") => return Ok(Format::Json),
            Some(name) if name.eq_ignore_ascii_case("csv") => {}
            Some(name) => {
                let message = format!("Invalid **format** provided: {name}. Supported formats: JSON, CSV");
                return Err(Failure::new(400, message));
            }
        }
        let mut written = query.get("delimiter").unwrap_or(";").chars();
        match (written.next(), written.next()) {
            (Some(delimiter), None) if !matches!(delimiter, '"' | '\r' | '\n') => Ok(Format::Csv(delimiter)),
            _ => Err(Failure::new(
                400,
                "Invalid **delimiter** provided. It should be one character, such as ; or a comma",
            )),
        }
    }
}

/// The table of an answer. `is_batch`: the answer is a map from symbols to answers.
pub(crate) fn table(answer: &Json, is_batch: bool, delimiter: char) -> String {
    let rows: Vec<Row> = if let (true, Json::Object(Object(answers))) = (is_batch, answer) {
        let each = answers.iter();
        each.flat_map(|(symbol, one)| rows(one, Some(symbol))).collect()
    } else {
        rows(answer, None).collect()
    };
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(&name.as_ref()) {
            columns.push(name);
        }
    }
    let mut text = String::new();
    write_line(&mut text, columns.iter().copied(), delimiter);
    for row in &rows {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column);
        let cells = columns.iter().map(|column| cell(column).map_or("", |(_, cell)| cell));
        write_line(&mut text, cells, delimiter);
    }
    text
}

/// Column names and cells.
type Row<'a> = Vec<(Cow<'a, str>, String)>;

fn rows<'a>(answer: &'a Json, symbol: Option<&'a str>) -> impl Iterator<Item = Row<'a>> {
    let listed = if let Json::Object(object) = answer {
        object.get("values").or_else(|| object.get("data")).unwrap_or(answer)
    } else {
        answer
    };
    let items = if let Json::List(items) = listed {
        items.as_slice()
    } else {
        std::slice::from_ref(listed)
    };
    items.iter().map(move |item| {
        let mut row = Row::new();
        if let (Some(symbol), Json::Object(object)) = (symbol, item)
            && object.get("symbol").is_none()
        {
            row.push(("symbol".into(), symbol.to_owned()));
        }
        flatten(item, "".into(), &mut row);
        row
    })
}

fn flatten<'a>(value: &'a Json, name: Cow<'a, str>, row: &mut Row<'a>) {
    let cell = match value {
        Json::Object(Object(fields)) => {
            for (inner, value) in fields {
                let name = match name.is_empty() {
                    true => Cow::Borrowed(inner.as_ref()),
                    false => format!("{name}.{inner}").into(),
                };
                flatten(value, name, row);
            }
            return;
        }
        Json::List(items) => items.iter().map(Json::plain).collect::<Vec<_>>().join(","),
        Json::Null => String::new(),
        Json::Bool(_) | Json::Integer(_) | Json::Number(_) | Json::Text(_) => value.plain(),
    };
    row.push((name, cell));
}

/// A cell is quoted only where it would be misread otherwise (RFC 4180).
fn write_line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>, delimiter: char) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(delimiter);
        }
        if cell.contains([delimiter, '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}
