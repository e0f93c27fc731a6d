//! `public/openapi.json` says what the routes do: it names the same paths, methods, parameters and
//! limits. `tests/clients/contract.test.mjs` checks the answers.

use super::super::parameters::ANY;
use super::super::route::Route;
use super::super::routes::{self, ROUTES};
use super::super::twelve_data;
use super::*;
use crate::market::Interval;
use serde_json::Value;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../public/openapi.json");
/// Methods of every route, which the document mentions once.
const EVERYWHERE: [&str; 2] = ["HEAD", "OPTIONS"];

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(&twelve_data::ROUTES)
}

/// A part of the document, or the component to which it refers.
fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

/// The operations of a path, by method.
fn operations<'a>(document: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let operations = document["paths"][path].as_object().unwrap();
    let with_method = operations
        .iter()
        .map(|(method, operation)| (method.to_uppercase(), operation));
    with_method.collect()
}

/// The parameters of an operation that stand behind the question mark.
fn query<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let all = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let all = all.iter().map(|one| resolved(document, one));
    all.filter(|one| one["in"] == "query").collect()
}

fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}

/// A value as it stands in an address.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Values that the document calls right.
fn right(document: &Value, parameter: &Value) -> Vec<String> {
    let schema = resolved(document, &parameter["schema"]);
    let examples = parameter["examples"].as_object();
    let examples = examples.into_iter().flatten().map(|(_, example)| &example["value"]);
    let listed = schema["enum"].as_array().into_iter().flatten();
    let single = [
        &parameter["example"],
        &parameter["schema"]["default"],
        &schema["minimum"],
        &schema["maximum"],
    ];
    let all = examples.chain(listed).chain(single);
    all.filter(|value| !value.is_null()).map(written).collect()
}

/// Values that it calls wrong.
fn wrong(document: &Value, parameter: &Value) -> Vec<String> {
    let schema = resolved(document, &parameter["schema"]);
    let beyond = |limit: &str, by: i64| schema[limit].as_i64().map(|limit| (limit + by).to_string());
    let none_of_these = !schema["enum"].is_null() || !schema["const"].is_null();
    let nonsense = none_of_these.then(|| "nonsense".to_owned());
    let all = [beyond("minimum", -1), beyond("maximum", 1), nonsense];
    all.into_iter().flatten().collect()
}

#[test]
fn the_document_has_each_route_with_its_methods_and_parameters() {
    let document = document();
    let paths: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(paths, routes().map(|route| route.path).collect());
    for route in routes() {
        let path = route.path;
        let operations = operations(&document, path);
        let methods: BTreeSet<&str> = operations.iter().map(|(method, _)| method.as_str()).collect();
        let allowed: BTreeSet<&str> = routes::methods(route).split(", ").collect();
        // Where nothing can be got, HEAD has no meaning either.
        let everywhere = EVERYWHERE
            .into_iter()
            .filter(|method| *method != "HEAD" || methods.contains("GET"));
        assert_eq!(&methods | &everywhere.collect(), allowed, "{path}");
        for (method, operation) in &operations {
            let parameters: BTreeSet<&str> = query(&document, operation).into_iter().map(name).collect();
            if route.parameters != ANY {
                let taken = route.parameters.iter().copied().collect();
                assert_eq!(parameters, taken, "{method} {path}");
            }
        }
    }
}

#[test]
fn values_are_right_and_wrong_as_the_document_says() {
    let document = document();
    for route in routes() {
        let path = route.path;
        let got = operations(&document, path)
            .into_iter()
            .filter(|(method, _)| method == "GET");
        for (_, operation) in got {
            let parameters = query(&document, operation);
            let required = parameters.iter().filter(|parameter| parameter["required"] == true);
            let required: Vec<(&str, String)> = required
                .map(|parameter| (name(parameter), right(&document, parameter).remove(0)))
                .collect();
            let asked = |parameter: &str, value: Option<&str>| {
                let others = required.iter().filter(|(name, _)| *name != parameter);
                let mut query: Vec<(&str, &str)> = others.map(|(name, value)| (*name, value.as_str())).collect();
                query.extend(value.map(|value| (parameter, value)));
                let asked = get(path, &query, None).map(|asked| format!("{asked:?}"));
                (format!("{path} {query:?}"), asked)
            };
            for parameter in &parameters {
                let name = name(parameter);
                for value in right(&document, parameter) {
                    let (request, answer) = asked(name, Some(&value));
                    assert!(answer.is_ok(), "{request}: {answer:?}");
                }
                for value in wrong(&document, parameter) {
                    let (request, answer) = asked(name, Some(&value));
                    assert_eq!(answer.map_err(|problem| problem.status()), Err(400), "{request}");
                }
                let (request, without) = asked(name, None);
                let default = &parameter["schema"]["default"];
                if parameter["required"] == true {
                    assert_eq!(without.map_err(|problem| problem.status()), Err(400), "{request}");
                } else if !default.is_null() {
                    assert_eq!(without, asked(name, Some(&written(default))).1, "{request}");
                }
            }
            if route.parameters != ANY {
                let (request, answer) = asked("unknown", Some("1"));
                assert_eq!(answer.map_err(|problem| problem.status()), Err(400), "{request}");
            }
        }
    }
}

#[test]
fn every_example_of_an_error_has_the_status_under_which_it_stands() {
    let document = document();
    for route in routes() {
        for (method, operation) in operations(&document, route.path) {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("400"), "{method} {}", route.path);
            for (status, response) in responses {
                let contents = resolved(&document, response)["content"].as_object();
                for (kind, content) in contents.into_iter().flatten() {
                    let said = match (kind.as_str(), status.as_str()) {
                        (_, "200") => continue,
                        ("application/problem+json", _) => &content["example"]["status"],
                        _ => &content["example"]["code"],
                    };
                    let is_right = said.is_null() || *said == status.parse::<u16>().unwrap();
                    assert!(is_right, "{method} {} {status}: {content}", route.path);
                }
            }
        }
    }
}

#[test]
fn the_document_is_of_this_version_and_has_all_intervals() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let intervals = Interval::ALL.map(Interval::name);
    assert_eq!(
        document["components"]["schemas"]["Interval"]["enum"],
        serde_json::json!(intervals)
    );
}
