//! Answers of its hub that a relay gives to several callers. When thousands of pages come back at the
//! same moment, each wants the bars that its chart missed; their relay asks the hub once for all of
//! them.
//!
//! Why no bar is missed: a page is told of the bars that close after it has connected, so its answer
//! may be older than its question only if the relay was told of no bar between them.

use crate::market::{Millis, SECOND};

/// How long an answer is given to others.
const SHARED: Millis = 5 * SECOND;
/// Nothing waits longer for an answer.
const LONGEST: Millis = 60 * SECOND;
/// Most questions whose answers are kept.
const MOST: usize = 64;

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
    /// Nobody has asked this lately, or the answer was no good: ask.
    Nothing,
}

impl<A> Default for Copies<A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<A: Clone> Copies<A> {
    /// Looks for an answer to a question that `came` then. `bar_told`: when the relay was last told that
    /// a bar has closed. `is_good`: whether an answer can be given to others, once it is there.
    pub fn find(&self, asked: &str, came: Millis, bar_told: Millis, is_good: impl Fn(&A) -> Option<bool>) -> Found<A> {
        let Some((_, at, answer)) = self.0.iter().find(|(path, _, _)| path == asked) else {
            return Found::Nothing;
        };
        let is_later = (came..came + LONGEST).contains(at);
        let is_shared = *at > bar_told && (*at..*at + SHARED).contains(&came);
        match is_good(answer) {
            _ if is_later => Found::Answer(answer.clone()),
            Some(true) | None if is_shared => Found::Answer(answer.clone()),
            None => Found::Wait(answer.clone()),
            Some(_) => Found::Nothing,
        }
    }

    /// The question is asked now.
    pub fn add(&mut self, asked: &str, now: Millis, answer: A, is_good: impl Fn(&A) -> Option<bool>) {
        let is_kept = |at: Millis, answer: &A| match is_good(answer) {
            None => true,
            Some(is_good) => is_good && now.abs_diff(at) < SHARED,
        };
        self.0
            .retain(|(path, at, answer)| path != asked && is_kept(*at, answer));
        if self.0.len() >= MOST
            && let Some(oldest) = self.0.iter().position(|(_, _, answer)| is_good(answer).is_some())
        {
            self.0.remove(oldest);
        }
        if self.0.len() < MOST {
            self.0.push((asked.to_owned(), now, answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_771_243_205_000;
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
    fn an_answer_is_given_for_five_seconds_unless_a_bar_has_closed() {
        let find = |answer, came, bar| one(NOW, answer).find(PATH, came, bar, is_good);
        for answer in ["Bars", "under way"] {
            assert_eq!(find(answer, NOW + 4_999, NOW - 1), Found::Answer(answer));
        }
        assert_eq!(find("Bars", NOW + 5_000, 0), Found::Nothing);
        assert_eq!(find("Bars", NOW + 1, NOW), Found::Nothing, "a bar was told since");
        assert_eq!(find("Bars", NOW + 1, Millis::MAX), Found::Nothing, "there is no link");
        assert_eq!(one(NOW, "Bars").find("/api/history", NOW, 0, is_good), Found::Nothing);
    }

    #[test]
    fn who_comes_while_an_answer_is_under_way_waits_for_the_next_if_it_may_be_too_old() {
        let mut copies = one(NOW, "first");
        let find = |copies: &Copies<&'static str>, came| copies.find(PATH, came, NOW + 50, is_good);
        assert_eq!(find(&copies, NOW + 100), Found::Wait("first"));
        // It is there now; one of those who waited asks, and the others find that.
        copies.add(PATH, NOW + 200, "second", is_good);
        assert_eq!(find(&copies, NOW + 100), Found::Answer("second"));
        assert_eq!(
            find(&copies, NOW + 201),
            Found::Answer("second"),
            "no bar has closed since"
        );
    }

    #[test]
    fn an_error_is_given_only_to_those_who_came_before_it_was_asked_for() {
        assert_eq!(one(NOW, "Bad").find(PATH, NOW, 0, is_good), Found::Answer("Bad"));
        assert_eq!(one(NOW, "Bad").find(PATH, NOW + 1, 0, is_good), Found::Nothing);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_no_answer() {
        let earlier = NOW - 3_600_000;
        let mut copies = one(NOW, "Bars");
        assert_eq!(copies.find(PATH, earlier, 0, is_good), Found::Nothing);
        copies.add("/api/search?q=a", earlier, "Bars", is_good);
        assert_eq!(copies.0.len(), 1);
    }

    #[test]
    fn few_answers_are_kept_and_the_newest() {
        let mut copies = Copies::default();
        copies.add(PATH, NOW, "under way", is_good);
        for number in 0..2 * MOST {
            copies.add(&format!("{PATH}{number}"), NOW, "Bars", is_good);
        }
        assert_eq!(copies.0.len(), MOST);
        assert_eq!(
            copies.0.first().map(|(path, _, _)| path.as_str()),
            Some(PATH),
            "somebody waits for it"
        );
        let newest = format!("{PATH}{}", 2 * MOST - 1);
        assert_eq!(copies.find(&newest, NOW, 0, is_good), Found::Answer("Bars"));
        copies.add(PATH, NOW + SHARED, "Bars", is_good);
        assert_eq!(copies.0.len(), 1);
    }
}
