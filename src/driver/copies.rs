//! Answers of its hub that a relay gives to several callers. When thousands of pages come back at the
//! same moment, each wants the bars that its chart missed; their relay asks the hub once for all of
//! them.
//!
//! Why no bar is missed: a page is told of the bars that close after it has connected, so its answer
//! may be older than its question only if none has closed between them.

use crate::market::{MINUTE, Millis, SECOND};

/// How long an answer is given to others.
const SHARED: Millis = 5 * SECOND;
/// By then, after the turn of a minute, the hub has closed its bars.
const SETTLED: Millis = 4 * SECOND;
/// Most questions whose answers are kept.
const MOST: usize = 32;

/// The newest answers by what was asked. `A` is a handle of an answer, which may still be under way.
#[derive(Debug)]
pub struct Copies<A>(Vec<(String, Millis, A)>);

/// What there is for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<A> {
    /// This is its answer.
    Answer(A),
    /// An answer that is under way may be too old. Look again when it is there: whoever waited asks
    /// once for all.
    Wait(A),
    /// Ask.
    Nothing,
}

impl<A> Default for Copies<A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<A: Clone> Copies<A> {
    /// Looks for an answer to a question that `came` then. `is_good`: whether an answer can be given
    /// to others, once it is there.
    pub fn find(&self, asked: &str, came: Millis, is_good: impl Fn(&A) -> Option<bool>) -> Found<A> {
        let Some((_, at, answer)) = self.0.iter().find(|(path, _, _)| path == asked) else {
            return Found::Nothing;
        };
        let is_settled = at / MINUTE == came / MINUTE && at % MINUTE >= SETTLED && came < at + SHARED;
        match is_good(answer) {
            _ if *at >= came => Found::Answer(answer.clone()),
            Some(true) | None if is_settled => Found::Answer(answer.clone()),
            None => Found::Wait(answer.clone()),
            Some(_) => Found::Nothing,
        }
    }

    /// The question is asked now.
    pub fn add(&mut self, asked: &str, now: Millis, answer: A, is_good: impl Fn(&A) -> Option<bool>) {
        self.0
            .retain(|(path, at, answer)| path != asked && (now < at + SHARED || is_good(answer).is_none()));
        if self.0.len() < MOST {
            self.0.push((asked.to_owned(), now, answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: Millis = 20_500 * 24 * 60 * MINUTE + 30 * SECOND;
    const PATH: &str = "/api/history?symbol=AAPL";

    /// Answers are names; a capital letter: it is there; `Bad`: and is an error.
    fn is_good(answer: &&str) -> Option<bool> {
        match *answer {
            "Bad" => Some(false),
            other => other.starts_with(char::is_uppercase).then_some(true),
        }
    }

    fn one(at: Millis, answer: &'static str) -> Copies<&'static str> {
        let mut copies = Copies::default();
        copies.add(PATH, at, answer, is_good);
        copies
    }

    #[test]
    fn an_answer_is_given_for_five_seconds_within_a_minute() {
        let find = |at, answer, came| one(at, answer).find(PATH, came, is_good);
        assert_eq!(find(MIDDLE, "Bars", MIDDLE + 4_999), Found::Answer("Bars"));
        assert_eq!(find(MIDDLE, "under way", MIDDLE + 4_999), Found::Answer("under way"));
        assert_eq!(find(MIDDLE, "Bars", MIDDLE + 5_000), Found::Nothing);
        let turn = MIDDLE + 30 * SECOND;
        assert_eq!(find(turn - 1, "Bars", turn - 1), Found::Answer("Bars"));
        assert_eq!(find(turn - 1, "Bars", turn), Found::Nothing, "a bar may have closed");
        assert_eq!(find(turn + 3_999, "Bars", turn + 4_000), Found::Nothing);
        assert_eq!(find(turn + 4_000, "Bars", turn + 4_001), Found::Answer("Bars"));
        assert_eq!(
            one(MIDDLE, "Bars").find("/api/history", MIDDLE, is_good),
            Found::Nothing
        );
    }

    #[test]
    fn who_comes_while_an_answer_is_under_way_waits_for_the_next_if_it_may_be_too_old() {
        let turn = MIDDLE + 30 * SECOND;
        let mut copies = one(turn - 1, "first");
        assert_eq!(copies.find(PATH, turn, is_good), Found::Wait("first"));
        // It is there now; one of those who waited asks, and the others find that.
        copies.add(PATH, turn + 200, "second", is_good);
        assert_eq!(copies.find(PATH, turn, is_good), Found::Answer("second"));
        assert_eq!(copies.find(PATH, turn + 100, is_good), Found::Answer("second"));
        assert_eq!(copies.find(PATH, turn + 201, is_good), Found::Wait("second"));
    }

    #[test]
    fn an_error_is_given_only_to_those_who_came_before_it_was_asked_for() {
        assert_eq!(one(MIDDLE, "Bad").find(PATH, MIDDLE, is_good), Found::Answer("Bad"));
        assert_eq!(one(MIDDLE, "Bad").find(PATH, MIDDLE + 1, is_good), Found::Nothing);
    }

    #[test]
    fn few_answers_are_kept() {
        let mut copies = Copies::default();
        for number in 0..2 * MOST {
            copies.add(&format!("{PATH}{number}"), MIDDLE, "Bars", is_good);
        }
        assert_eq!(copies.0.len(), MOST);
        copies.add(PATH, MIDDLE + SHARED, "Bars", is_good);
        assert_eq!(copies.0.len(), 1);
    }
}
