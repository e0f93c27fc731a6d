mod contract;
mod replies;
mod requests;
mod twelve_data;

use super::{Asked, Problem, Reply, route};
use crate::hub::{Answer, Question};

/// What a GET of `path` asks for; `query` is a list of names and values.
fn get(path: &str, query: &[(&str, &str)], accept: Option<&str>) -> Result<Asked, Problem> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let parameters: Vec<(String, String)> = query.iter().map(pair).collect();
    route("GET", path, &parameters, accept)
}

fn question(path: &str, query: &[(&str, &str)]) -> Result<Question, Problem> {
    match get(path, query, None)? {
        Asked::Hub(question, _) => Ok(question),
        other => panic!("{path} asks the hub, not for {other:?}"),
    }
}

/// The reply to a GET of `path`, if the hub gives this answer.
fn reply(path: &str, query: &[(&str, &str)], accept: Option<&str>, answer: &Answer) -> Reply {
    match get(path, query, accept) {
        Ok(Asked::Hub(_, show)) => show.reply(answer),
        other => panic!("{path} asks the hub, not for {other:?}"),
    }
}
