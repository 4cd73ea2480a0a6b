//! What a pull skips: things whose details could not be fetched. One of them stops no stream. It is named as a
//! problem, kept with the stream's cursor, and asked for again by the next pulls, until it is fetched.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Missed;
use super::error::PullError;

/// Things of a stream that are kept to be asked for again. With more of them it is no longer single things that fail.
pub(super) const MAX_KEPT: usize = 100;
/// Things whose details are asked for side by side.
const AT_ONCE: usize = 4;
/// As often each next pull asks again; from then on one pull an hour does.
const ASKED_EACH_TIME: u32 = 10;
const SELDOM: TimeDelta = TimeDelta::hours(1);
/// Things that are named one by one; the rest is counted.
const NAMED: usize = 10;

/// Fetches the details of things, some at the same time, in their order. Those that can't be had are skipped, unless
/// the source refuses them all: then it is the stream that it refuses.
pub async fn details<T, F>(
    asked: impl IntoIterator<Item = (String, Value, F)>,
) -> Result<(Vec<T>, Vec<Missed>), PullError>
where
    F: Future<Output = Result<T, PullError>>,
{
    let asked = asked.into_iter().map(|(what, key, answer)| async move { (what, key, answer.await) });
    // Collected, as the compiler can't prove that a lazy one outlives its questions.
    let asked: Vec<_> = asked.collect();
    let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
    let (mut fetched, mut missed) = (Vec::new(), Vec::new());
    while let Some((what, key, answer)) = answers.next().await {
        match answer {
            Ok(answer) => fetched.push(answer),
            Err(error @ (PullError::RateLimited(_) | PullError::Cursor(_))) => return Err(error),
            Err(error) => missed.push(Missed { what, key, error }),
        }
    }
    let all_refused = fetched.is_empty() && missed.iter().all(|one| one.error.is_denied());
    match missed.first() {
        Some(first) if all_refused => Err(first.error.clone()),
        _ => Ok((fetched, missed)),
    }
}

/// A thing that was skipped, as the cursor keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    what: String,
    pub(super) key: Value,
    error: String,
    /// The source says that there is no such thing.
    gone: bool,
    asked: u32,
    asked_at: DateTime<Utc>,
}

/// All that a stream skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SkippedThings {
    pub(super) kept: Vec<Kept>,
    /// Things that are no longer asked for, since the source had none of them and there were too many.
    #[serde(default)]
    given_up: u64,
}

impl SkippedThings {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.given_up == 0
    }

    /// Whether one of them is something that the source has.
    pub(super) fn is_of_the_source(&self) -> bool {
        self.kept.iter().any(|kept| !kept.gone)
    }

    /// Those that it is time to ask for again.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Vec<Value> {
        let is_due = |kept: &&Kept| kept.asked < ASKED_EACH_TIME || now - kept.asked_at >= SELDOM;
        self.kept.iter().filter(is_due).map(|kept| kept.key.clone()).collect()
    }

    /// A thing that was asked for again: it is fetched now, or failed once more.
    pub(super) fn asked_again(&mut self, key: &Value, error: Option<&PullError>, now: DateTime<Utc>) {
        let Some(error) = error else { return self.kept.retain(|kept| kept.key != *key) };
        for kept in self.kept.iter_mut().filter(|kept| kept.key == *key) {
            kept.error = error.to_string();
            kept.gone = matches!(error, PullError::Gone(_));
            kept.asked = kept.asked.saturating_add(1);
            kept.asked_at = now;
        }
    }

    /// Keeps what a page skipped. Fails where so much does that it is no longer single things.
    pub(super) fn add(&mut self, missed: Vec<Missed>, now: DateTime<Utc>) -> Result<(), PullError> {
        for Missed { what, key, error } in missed {
            let gone = matches!(error, PullError::Gone(_));
            // a gap in a list is the same one, wherever it is now
            self.kept.retain(|kept| kept.key != key && kept.what != what);
            self.kept.push(Kept { what, key, error: error.to_string(), gone, asked: 0, asked_at: now });
            if self.kept.len() <= MAX_KEPT {
                continue;
            }
            let Some(oldest) = self.kept.iter().position(|kept| kept.gone) else {
                let why =
                    format!("the details of more than {MAX_KEPT} things can't be fetched; the last of them: {error}");
                return Err(PullError::Transient(why));
            };
            self.kept.remove(oldest);
            self.given_up += 1;
        }
        Ok(())
    }

    /// What is missing, in words.
    pub(super) fn problems(&self) -> Vec<String> {
        let named = self.kept.iter().take(NAMED);
        let mut problems: Vec<String> = named
            .map(|kept| format!("{} could not be fetched and is asked for again: {}", kept.what, kept.error))
            .collect();
        let mut rest = String::new();
        if let Some(more @ 1..) = self.kept.len().checked_sub(NAMED) {
            let _written = write!(rest, "{more} more could not be fetched and are asked for again");
        }
        if self.given_up > 0 {
            let between = if rest.is_empty() { "" } else { "; " };
            let _written = write!(rest, "{between}{} that the source does not have are given up", self.given_up);
        }
        problems.extend((!rest.is_empty()).then_some(rest));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(number: usize, error: PullError) -> Missed {
        Missed { what: format!("row {number}"), key: number.into(), error }
    }

    fn gone() -> PullError {
        PullError::Gone("/x".to_owned())
    }

    fn failed() -> PullError {
        PullError::Transient("500".to_owned())
    }

    #[test]
    fn what_is_skipped_is_requested_each_time_and_then_once_an_hour() {
        let mut skipped = SkippedThings::default();
        let mut now = DateTime::UNIX_EPOCH;
        skipped.add(vec![missed(1, failed()), missed(2, gone())], now).unwrap();
        for _ in 0..ASKED_EACH_TIME {
            now += TimeDelta::minutes(5);
            assert_eq!(skipped.due(now), [Value::from(1), Value::from(2)]);
            skipped.asked_again(&1.into(), Some(&failed()), now);
            skipped.asked_again(&2.into(), Some(&failed()), now);
        }
        assert!(skipped.due(now + TimeDelta::minutes(59)).is_empty());
        assert_eq!(skipped.due(now + SELDOM).len(), 2);
        skipped.asked_again(&1.into(), None, now);
        assert_eq!(skipped.problems(), ["row 2 could not be fetched and is asked for again: 500"]);
        skipped.asked_again(&2.into(), None, now);
        assert!(skipped.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_and_nothing_that_may_come_back_is_given_up() {
        let mut skipped = SkippedThings::default();
        let now = DateTime::UNIX_EPOCH;
        skipped.add((0..MAX_KEPT).map(|number| missed(number, failed())).collect(), now).unwrap();
        assert!(skipped.clone().add(vec![missed(MAX_KEPT, failed())], now).is_err());
        // again the same is no further one
        skipped.add(vec![missed(7, gone())], now).unwrap();
        skipped.add(vec![missed(MAX_KEPT, failed())], now).unwrap();
        assert_eq!(skipped.kept.len(), MAX_KEPT);
        let problems = skipped.problems();
        assert_eq!(problems.len(), NAMED + 1);
        let rest = "90 more could not be fetched and are asked for again; 1 that the source does not have are given up";
        assert_eq!(problems[NAMED], rest);
    }

    #[tokio::test]
    async fn a_source_that_refuses_all_details_refuses_the_stream() {
        let denied = || PullError::Denied { what: "x".to_owned(), missing: None };
        let ask = |answers: Vec<Result<u8, PullError>>| {
            let asked = answers.into_iter().enumerate();
            details(asked.map(|(number, answer)| (number.to_string(), number.into(), std::future::ready(answer))))
        };
        assert_eq!(ask(vec![Err(denied()), Err(denied())]).await, Err(denied()));
        let (fetched, missed) = ask(vec![Ok(7), Err(denied()), Err(gone())]).await.unwrap();
        assert_eq!((fetched, missed.len()), (vec![7], 2));
        assert!(ask(vec![Ok(7), Err(PullError::RateLimited(DateTime::UNIX_EPOCH))]).await.is_err());
        assert!(ask(Vec::new()).await.is_ok());
    }
}
