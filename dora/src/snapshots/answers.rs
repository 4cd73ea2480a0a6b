//! Answers that were given before. One is good for as long as nothing has changed that it is made from; an answer about a
//! window up to now also for no longer than [`UP_TO_NOW`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use runtime::kept::{Kept, Limits};

use crate::metrics::Versions;
use crate::{Budget, MetricAnswer, Question, Report, ReportSlice};

/// How long an answer about what was up to now is given again. It is half of how long such an answer may be behind the
/// clock: who keeps what is answered here keeps it as long again, and no longer.
pub const UP_TO_NOW: Duration = Duration::from_secs(15);
/// A window that ends so shortly before now was asked for up to now.
const JUST_NOW: TimeDelta = TimeDelta::seconds(2);
/// Values in the series of all answers of a tenant.
const MAX_POINTS: usize = 200_000;
/// Answers of a tenant.
const MAX_ANSWERS: usize = 1_000;

/// A question as it is asked again: a window up to now is the same a second later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    what: Vec<String>,
    question: Question,
    /// Whether the window ends now, and how long it is, where that is given.
    #[expect(clippy::option_option, reason = "a window that ends now may have the length that each metric gives it")]
    up_to_now: Option<Option<TimeDelta>>,
}

impl Key {
    pub fn new(what: Vec<String>, question: &Question) -> Self {
        // what a request may cost is no part of what it asks
        let question = &Question { budget: Budget::default(), ..question.clone() };
        let now = Utc::now();
        let is_now = question.to.is_none_or(|to| to <= now && now - to < JUST_NOW);
        if !is_now {
            return Self { what, question: question.clone(), up_to_now: None };
        }
        // without a beginning the window has the length that the metric gives it
        let length = question.from.map(|from| question.to.unwrap_or(now) - from);
        let length = if question.to.is_some() || length.is_none() { length } else { None };
        let fixed_from = question.from.filter(|_| question.to.is_none());
        Self { what, question: Question { from: fixed_from, to: None, ..question.clone() }, up_to_now: Some(length) }
    }

    /// Whether the window ends now.
    pub const fn is_up_to_now(&self) -> bool {
        self.up_to_now.is_some()
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Metric(Arc<MetricAnswer>),
    Report(Arc<Report>),
}

impl Answer {
    pub fn points(&self) -> usize {
        match self {
            Self::Metric(answer) => {
                let parts = std::iter::once(&answer.whole).chain(&answer.slices);
                parts.map(|part| part.series.len() + part.values.len()).sum()
            }
            // each step has all values
            Self::Report(report) => {
                let whole: usize = report.metrics().iter().map(|metric| metric.series.len() * 5).sum();
                let slices = report.slices.iter().flat_map(ReportSlice::metrics);
                whole + slices.map(|metric| metric.series.len() + metric.values.len()).sum::<usize>()
            }
        }
    }
}

/// An answer, and what it was made from.
#[derive(Clone, Debug)]
pub(super) struct Given {
    versions: Versions,
    at: Instant,
    answer: Answer,
}

impl Given {
    /// One that is given now.
    pub fn new(versions: Versions, answer: Answer) -> Self {
        Self { versions, at: Instant::now(), answer }
    }

    /// The answer and what it was made from, if that is what is held.
    pub fn of(self, key: &Key, held: &Versions) -> Option<(Answer, Versions)> {
        is_current(key, self.at, (&self.versions, held)).then_some((self.answer, self.versions))
    }
}

/// Whether an answer that was given at a time, made from some versions, is that of what is held.
fn is_current(key: &Key, at: Instant, (versions, held): (&Versions, &Versions)) -> bool {
    (!key.is_up_to_now() || at.elapsed() < UP_TO_NOW) && versions.are_those_of(held)
}

/// The answers of a tenant.
pub(super) type Answers = Kept<Key, Given>;

/// None, yet. They are measured by the points of their series.
pub(super) fn none() -> Answers {
    Kept::new(Limits { size: MAX_POINTS, places: MAX_ANSWERS, size_of_place: |_| 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Source;

    fn key(from: Option<TimeDelta>, to: Option<TimeDelta>) -> Key {
        let now = Utc::now();
        let at = |ago: TimeDelta| now - ago;
        Key::new(vec!["a".into()], &Question { from: from.map(at), to: to.map(at), ..Question::default() })
    }

    #[test]
    fn a_window_up_to_now_is_the_same_question_later() {
        let (days, none) = (TimeDelta::days, TimeDelta::zero());
        assert_eq!(key(None, None), key(None, None));
        assert_eq!(key(Some(days(30)), Some(none)).up_to_now, Some(Some(days(30))));
        assert_ne!(key(Some(days(30)), Some(none)), key(Some(days(31)), Some(none)));
        assert_ne!(key(Some(days(30)), Some(days(1))).question.to, None);
        // one that begins at a certain time does so also later
        assert_ne!(key(Some(days(30)), None), key(Some(days(31)), None));
    }

    #[test]
    fn an_answer_is_given_again_as_long_as_nothing_has_changed_and_up_to_now_for_a_time() {
        let (recently, long_ago) = (Instant::now(), Instant::now().checked_sub(UP_TO_NOW).unwrap());
        let (now, then) = (key(None, None), key(Some(TimeDelta::days(30)), Some(TimeDelta::days(1))));
        // what was made from nothing that is held is as new as all of it
        let (held, other) = (Versions::default(), Versions::default().of([Source::Changes]));
        for (key, at, versions, expected) in [
            (&now, recently, &held, true),
            (&then, recently, &held, true),
            (&then, recently, &other, false),
            (&now, long_ago, &held, false),
            (&then, long_ago, &held, true),
        ] {
            assert_eq!(is_current(key, at, (versions, &held)), expected, "{key:?}");
        }
    }
}
