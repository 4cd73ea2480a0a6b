//! Metrics in the graph: many in one question, with what each is held against.

use async_graphql::{Context, SimpleObject};
use chrono::Utc;
use dora::{Benchmark, Budget, Distribution, Level, Mean, MetricAnswer};

use super::refusal::{invalid, refused};
use crate::ApiState;
use crate::questions::{DistributionQuestion, Invalid, MetricQuestion, ServiceFilter};
use crate::reads;
use crate::scope::Scope;

/// Metrics in one question, at most.
const NAMES: usize = 30;
/// What a metric of one of many things costs less than one that is asked for by itself: most of it is in memory then.
const SHARED_COST: usize = 400;

/// A metric over a window, and what it is held against.
#[derive(Clone, Debug, SimpleObject)]
pub struct MeasuredMetric {
    #[graphql(flatten)]
    answer: MetricAnswer,
    /// The level of the whole, by the benchmark; of the metrics that have levels.
    level: Option<Level>,
    /// The Quick Check score of the whole, 0 to 10; of the metrics that have scores.
    score: Option<f64>,
    /// How others score, where published.
    benchmark: Option<Mean>,
}

/// What metrics of several names cost.
pub(super) fn cost(names: &[String], question: Option<&MetricQuestion>) -> usize {
    let one = question.map_or_else(|| MetricQuestion::default().cost(Utc::now()), |question| question.cost(Utc::now()));
    one.saturating_mul(names.len())
}

/// The same of one of many things.
pub(super) fn shared_cost(names: &[String], question: Option<&MetricQuestion>) -> usize {
    cost(names, question).saturating_sub(SHARED_COST.saturating_mul(names.len()))
}

/// What distributions behind metrics of several names cost.
pub(super) fn distributions_cost(names: &[String], question: Option<&DistributionQuestion>) -> usize {
    cost(names, question.map(DistributionQuestion::metric).as_ref())
}

/// The services whose metrics are asked for, if not those that the question names.
pub(super) enum Whose {
    /// Those of the question.
    Asked,
    /// A service.
    Service(String),
    /// The services of a team, and of the teams that are part of it.
    Team(String),
}

/// The metrics of these names.
pub(super) async fn metrics(
    context: &Context<'_>,
    whose: Whose,
    names: &[String],
    question: Option<MetricQuestion>,
) -> async_graphql::Result<Vec<MeasuredMetric>> {
    let names = checked_names(names)?;
    let mut question = question.unwrap_or_default();
    narrow(&mut question.services, whose)?;
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    let answers = reads::several(state, scope, &names, &question, budget(context)).await;
    let answers = answers.map_err(|problem| refused(&problem))?.answer;
    let measured = answers.into_iter().map(|answer| {
        let rating = dora::rate(&answer, &Benchmark::default());
        MeasuredMetric {
            level: rating.and_then(|rating| rating.level),
            score: rating.and_then(|rating| rating.score),
            benchmark: rating.and_then(|rating| rating.benchmark),
            answer,
        }
    });
    Ok(measured.collect())
}

/// The distributions behind the metrics of these names.
pub(super) async fn distributions(
    context: &Context<'_>,
    names: &[String],
    question: Option<DistributionQuestion>,
) -> async_graphql::Result<Vec<Distribution>> {
    let names = checked_names(names)?;
    let question = question.unwrap_or_default().metric();
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    let answers = reads::distributions(state, scope, (&names, &question), budget(context)).await;
    answers.map(|dated| dated.answer).map_err(|problem| refused(&problem))
}

/// Names of metrics, if that many may be asked for.
fn checked_names(names: &[String]) -> async_graphql::Result<Vec<&str>> {
    if names.is_empty() || names.len() > NAMES {
        let expected = format!("1 to {NAMES} names of metrics");
        return Err(invalid(Invalid::value("names", names.len().to_string(), expected)));
    }
    Ok(names.iter().map(String::as_str).collect())
}

/// What the questions of the request may cost together; of a subscription each event has a budget.
fn budget(context: &Context<'_>) -> Budget {
    context.data_opt::<Budget>().cloned().unwrap_or_else(reads::budget)
}

/// Narrows a question to a thing. It names that thing or none.
fn narrow(services: &mut ServiceFilter, whose: Whose) -> async_graphql::Result<()> {
    let (name, asked, own) = match whose {
        Whose::Asked => return Ok(()),
        Whose::Service(service) => ("service", &mut services.service, service),
        Whose::Team(team) => ("team", &mut services.team, team),
    };
    match asked.replace(own.clone()) {
        Some(other) if other != own => {
            Err(invalid(Invalid::contradiction(name, other, format!("`{own}`, whose metrics these are"))))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_narrows_the_question_and_a_question_about_another_is_refused() {
        let mut services = ServiceFilter { service: None, team: Some("web".to_owned()) };
        narrow(&mut services, Whose::Service("cart".to_owned())).unwrap();
        assert_eq!((services.service.as_deref(), services.team.as_deref()), (Some("cart"), Some("web")));
        assert!(narrow(&mut services, Whose::Team("docs".to_owned())).is_err());
    }
}
