//! Answers that were given before. One is good for as long as nothing has changed that answers are made from; an answer
//! about a window up to now also for no longer than [`UP_TO_NOW`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use tokio::sync::Mutex as Flight;

use crate::{Budget, MetricAnswer, Question, Report};

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
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Metrics(Arc<Vec<MetricAnswer>>),
    Report(Arc<Report>),
}

impl Answer {
    fn points(&self) -> usize {
        match self {
            Self::Metrics(answers) => {
                let parts = answers.iter().flat_map(|answer| std::iter::once(&answer.whole).chain(&answer.slices));
                parts.map(|part| part.series.len() + part.values.len()).sum()
            }
            // each step has all values
            Self::Report(report) => report.metrics().iter().map(|metric| metric.series.len() * 5).sum(),
        }
    }
}

/// An answer, and what it was made from.
#[derive(Clone, Debug)]
struct Given {
    version: u64,
    at: Instant,
    answer: Answer,
}

/// The place of a question's answer. Who holds it answers; others who ask the same wait for that.
#[derive(Debug, Default)]
pub(super) struct Slot(Option<Given>);

impl Slot {
    /// The answer, if it is that of this version.
    pub fn answer(&self, key: &Key, version: u64) -> Option<&Answer> {
        let given = self.0.as_ref().filter(|given| given.version == version)?;
        (key.up_to_now.is_none() || given.at.elapsed() < UP_TO_NOW).then_some(&given.answer)
    }

    pub fn put(&mut self, version: u64, answer: Answer) {
        self.0 = Some(Given { version, at: Instant::now(), answer });
    }
}

#[derive(Debug)]
struct Kept {
    slot: Arc<Flight<Slot>>,
    used: Instant,
    points: usize,
}

/// The answers of a tenant.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<HashMap<Key, Kept>>);

impl Answers {
    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a question's answer.
    pub fn slot(&self, key: &Key) -> Arc<Flight<Slot>> {
        let mut kept = self.kept();
        if let Some(known) = kept.get_mut(key) {
            known.used = Instant::now();
            return Arc::clone(&known.slot);
        }
        let slot = Arc::default();
        kept.insert(key.clone(), Kept { slot: Arc::clone(&slot), used: Instant::now(), points: 0 });
        let_go(&mut kept);
        slot
    }

    /// Notes how large an answer is.
    pub fn note(&self, key: &Key, answer: &Answer) {
        let mut kept = self.kept();
        if let Some(kept) = kept.get_mut(key) {
            kept.points = answer.points();
        }
        let_go(&mut kept);
    }

    /// Forgets the place of a question that was not answered, unless others wait for it.
    pub fn give_up(&self, key: &Key, slot: &Arc<Flight<Slot>>) {
        let mut kept = self.kept();
        let is_place = kept.get(key).is_some_and(|known| Arc::ptr_eq(&known.slot, slot));
        // one is kept here, one is the caller's
        if is_place && Arc::strong_count(slot) <= 2 {
            kept.remove(key);
        }
    }
}

/// Lets go of the answers that were asked for longest ago where there are too many.
#[expect(clippy::mutable_key_type, reason = "a key holds the default budget, which is never spent from")]
fn let_go(kept: &mut HashMap<Key, Kept>) {
    let mut points: usize = kept.values().map(|kept| kept.points).sum();
    while points > MAX_POINTS || kept.len() > MAX_ANSWERS {
        let oldest = kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone());
        let Some(gone) = oldest.and_then(|oldest| kept.remove(&oldest)) else { return };
        points -= gone.points;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn answers_that_were_asked_for_longest_ago_are_let_go() {
        let answers = Answers::default();
        let key = |name: usize| Key::new(vec![name.to_string()], &Question::default());
        for name in 0..=MAX_ANSWERS {
            answers.slot(&key(name));
            answers.note(&key(name), &Answer::Metrics(Arc::default()));
        }
        let kept = answers.0.lock().unwrap();
        assert_eq!(kept.len(), MAX_ANSWERS);
        assert!(!kept.contains_key(&key(0)) && kept.contains_key(&key(MAX_ANSWERS)));
    }

    #[test]
    fn questions_that_are_never_answered_take_no_room() {
        let answers = Answers::default();
        let key = |name: usize| Key::new(vec![name.to_string()], &Question::default());
        // given up without a word
        for name in 0..2 * MAX_ANSWERS {
            answers.slot(&key(name));
        }
        assert_eq!(answers.0.lock().unwrap().len(), MAX_ANSWERS);
        let last = key(2 * MAX_ANSWERS - 1);
        let (slot, waits) = (answers.slot(&last), answers.slot(&last));
        answers.give_up(&last, &slot);
        drop(slot);
        assert!(answers.0.lock().unwrap().contains_key(&last), "another waits for it");
        answers.give_up(&last, &waits);
        assert!(!answers.0.lock().unwrap().contains_key(&last));
    }
}
