//! What must hold of every metric over every window: a window is the sum of its parts, rates are within 0 and 1,
//! and what bots review counts for no reviewer.

use chrono::{DateTime, TimeDelta, Utc};
use dora::{Aggregation, Definition, MetricAnswer, MetricPart, Question, ReportQuery, Unit};
use kernel::{AccountId, Completeness, Fact, Review, ReviewState, Version};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use store::Store;

use crate::api::served;
use crate::metrics;

const WINDOWS: usize = 8;

async fn ask(store: &Store, definition: &Definition, from: DateTime<Utc>, to: DateTime<Utc>) -> MetricAnswer {
    let by = definition.slices.iter().copied().find(|by| !by.names_people());
    let question = Question { from: Some(from), to: Some(to), by, ..Question::default() };
    metrics::ask(store, &[], (&definition.name, question)).await
}

/// Three moments, one after the other, at any second of the invented history and some time around it.
fn windows() -> Vec<[DateTime<Utc>; 3]> {
    let mut runner = TestRunner::deterministic();
    let second = 0..200 * 86_400_i64;
    let three = [second.clone(), second.clone(), second].prop_filter("apart", |three| {
        let [a, b, c] = three;
        a != b && b != c && a != c
    });
    let mut windows = Vec::new();
    for _ in 0..WINDOWS {
        let mut three = three.new_tree(&mut runner).unwrap().current();
        three.sort_unstable();
        windows.push(three.map(|second| served::end() - TimeDelta::days(190) + TimeDelta::seconds(second)));
    }
    windows
}

/// What adds up when one window follows another: how many were observed and, where the value says so, how much
/// there was of what. `None` for a metric that is about a moment, or about who has the most.
fn amounts(aggregation: Aggregation, part: &MetricPart, window: TimeDelta) -> Option<Vec<f64>> {
    let (n, days) = (part.n as f64, window.as_seconds_f64() / 86_400.0);
    let of = |name: &str| {
        let value = part.values.iter().find(|value| value.name.as_str() == name).and_then(|value| value.value);
        value.unwrap_or_default()
    };
    Some(match aggregation {
        Aggregation::Median | Aggregation::Mean | Aggregation::P75 | Aggregation::P90 => vec![n, n * of("mean")],
        Aggregation::Rate => vec![n, n * part.value.unwrap_or_default()],
        Aggregation::Count | Aggregation::Sum => vec![n, part.value.unwrap_or_default()],
        Aggregation::PerDay => vec![n, days * part.value.unwrap_or_default()],
        Aggregation::PerWeek => vec![n, days / 7.0 * part.value.unwrap_or_default()],
        Aggregation::RatioOfSums => vec![n],
        Aggregation::OpenAtDayEnd
        | Aggregation::AgeOfOpen
        | Aggregation::TimeOpen
        | Aggregation::LatestMean
        | Aggregation::LatestSum
        | Aggregation::LargestShare
        | Aggregation::FewestWithHalf
        | Aggregation::ShareOfWhole => return None,
    })
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

#[tokio::test]
async fn a_window_is_the_sum_of_its_parts() {
    let served = served::filled().await;
    let store = &served.database.store;
    let mut observed = 0;
    for definition in dora::definitions(&[]).unwrap() {
        for [from, middle, to] in windows() {
            let whole = ask(store, &definition, from, to).await;
            let of = |answer: &MetricAnswer, window| amounts(definition.aggregation, &answer.whole, window);
            let Some(amounts) = of(&whole, to - from) else { break };
            let (first, second) =
                (ask(store, &definition, from, middle).await, ask(store, &definition, middle, to).await);
            let parts = of(&first, middle - from).into_iter().flatten().zip(of(&second, to - middle).unwrap());
            for (amount, (a, b)) in amounts.into_iter().zip(parts) {
                assert!(same(amount, a + b), "{}: {amount} is not {a} + {b}", definition.name);
                observed += usize::from(amount > 0.0);
            }
            let steps: u64 = whole.whole.series.iter().map(|point| point.n).sum();
            assert_eq!(steps, whole.whole.n, "{}: its series", definition.name);
        }
    }
    assert!(observed > 200, "the invented organization says something of most metrics: {observed}");
}

#[tokio::test]
async fn rates_are_within_0_and_1() {
    let served = served::filled().await;
    let store = &served.database.store;
    let mut observed = 0;
    for definition in dora::definitions(&[]).unwrap() {
        let shares = [Aggregation::Rate, Aggregation::LargestShare, Aggregation::ShareOfWhole];
        for [from, _, to] in windows().into_iter().filter(|_| shares.contains(&definition.aggregation)) {
            assert_eq!(definition.unit, Unit::Ratio, "{}", definition.name);
            let answer = ask(store, &definition, from, to).await;
            for part in std::iter::once(&answer.whole).chain(&answer.slices) {
                let values = part.series.iter().map(|point| point.value).chain([part.value]).flatten();
                for value in values {
                    assert!((0.0..=1.0).contains(&value), "{} is {value}", definition.name);
                    observed += usize::from(value > 0.0 && value < 1.0);
                }
            }
        }
    }
    assert!(observed > 100, "the invented organization says something of most rates: {observed}");
}

/// A review of every change of the invented organization a minute after it was opened, by one account.
fn reviews_of_all(facts: &[Fact], reviewer: &AccountId) -> Vec<Fact> {
    let changes = facts.iter().filter_map(|fact| match fact {
        Fact::Change(change) => Some(change),
        _ => None,
    });
    let states = [ReviewState::Approved, ReviewState::Commented, ReviewState::ChangesRequested];
    let review = |(change, state): (&kernel::Change, ReviewState)| {
        Fact::Review(Review {
            reviewer: Some(reviewer.clone()),
            ..Review::new(
                format!("{}/review/of/{reviewer}", change.id),
                change.id.clone(),
                state,
                change.opened_at.unwrap() + TimeDelta::minutes(1),
                Version { completeness: Completeness::Reported, at: served::end() },
            )
        })
    };
    changes.zip(states.into_iter().cycle()).map(review).collect()
}

#[tokio::test]
async fn what_a_bot_reviews_changes_no_metric() {
    let served = served::filled().await;
    let store = &served.database.store;
    let facts: Vec<Fact> = served::organization().facts().collect();
    let account = |bot: bool| {
        let account = facts.iter().find_map(|fact| match fact {
            Fact::Account(account) if account.bot == bot => Some(account.id.clone()),
            _ => None,
        });
        account.unwrap()
    };
    let (from, to) = (served::end() - TimeDelta::days(90), served::end());
    let everything = async || {
        let query = ReportQuery { from: Some(from), to: Some(to), ..ReportQuery::default() };
        let report = dora::report(store, &served::settings(), &query).await.unwrap();
        let mut answers = Vec::new();
        for definition in dora::definitions(&[]).unwrap() {
            answers.push(ask(store, &definition, from, to).await);
        }
        (serde_json::to_value(report.metrics()).unwrap(), answers)
    };
    let before = everything().await;
    let reviews = reviews_of_all(&facts, &account(true));
    assert!(reviews.len() > 100, "{}", reviews.len());
    served::fill(store, reviews.into_iter()).await;
    let after = everything().await;
    assert_eq!(before.0, after.0);
    for (before, after) in before.1.iter().zip(&after.1) {
        assert_eq!(before, after, "{}", before.metric.name);
    }
    // the same by a person is seen
    served::fill(store, reviews_of_all(&facts, &account(false)).into_iter()).await;
    let after = everything().await;
    let changed = before.1.iter().zip(&after.1).filter(|(before, after)| before != after);
    let changed: Vec<&str> = changed.map(|(before, _)| before.metric.name.as_str()).collect();
    assert!(
        ["reviews", "review_depth", "time_to_first_review"].iter().all(|name| changed.contains(name)),
        "{changed:?}"
    );
}
