//! What can be subscribed to.

use std::time::Duration;

use async_graphql::{Context, ErrorExtensions, Subscription};
use chrono::Utc;
use dora::{MetricAnswer, Versions};
use futures::{Stream, stream};
use kernel::Right;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::refusal::refused;
use crate::ApiState;
use crate::live::{
    DeploymentEvent, End, Event, EventKind, Filter, IncidentEvent, LagEvent, Next, Recheck, Reset, SourceEvent, Start,
    Subscriber, Wanted,
};
use crate::problem::Problem;
use crate::questions::{MetricQuestion, ServiceFilter};
use crate::reads;
use crate::scope::Scope;

/// Metrics of one subscription, at most.
const MOST_METRICS: usize = 20;
/// How long there is between two answers of one subscription.
const BETWEEN_ANSWERS: Duration = Duration::from_secs(1);

/// The kind of the error that a subscriber has missed events.
pub(super) const MISSED: &str = "urn:sei:problem:missed-events";

/// Sends a connection that one of its subscriptions was ended, and why.
#[derive(Clone, Debug)]
pub(super) struct Ended(pub(super) mpsc::Sender<End>);

/// The root of all subscriptions.
pub struct Subscription;

/// What happens, as it happens. Ask by the protocol `graphql-transport-ws`.
#[Subscription]
impl Subscription {
    /// Deployments that are new, have another verdict or are gone.
    async fn deployments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only of this service.")] service: Option<String>,
        #[graphql(desc = "Only of services of this team, or of a team that is part of it.")] team: Option<String>,
        #[graphql(desc = "`cursor` of the last event that you have: goes on after it.")] after: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<DeploymentEvent>> + use<>> {
        let wanted = Subject { kind: EventKind::Deployment, services: ServiceFilter { service, team }, after };
        events(context, wanted, |event| match event {
            Event::Deployment(event) => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// Incidents that are new, have changed or are gone.
    async fn incidents(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only of this service.")] service: Option<String>,
        #[graphql(desc = "Only of services of this team, or of a team that is part of it.")] team: Option<String>,
        #[graphql(desc = "`cursor` of the last event that you have: goes on after it.")] after: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<IncidentEvent>> + use<>> {
        let wanted = Subject { kind: EventKind::Incident, services: ServiceFilter { service, team }, after };
        events(context, wanted, |event| match event {
            Event::Incident(event) => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// Metrics over a window, in the order of their names: at once, and again when they have other values, once a second
    /// at most.
    #[graphql(complexity = "names.len() * question.clone().unwrap_or_default().cost(Utc::now()) + child_complexity")]
    async fn metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Some of the names of the query `metrics`, 20 at most.")] names: Vec<String>,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Vec<MetricAnswer>>> + use<>> {
        let question = question.unwrap_or_default();
        if names.is_empty() || names.len() > MOST_METRICS {
            let expected = format!("1 to {MOST_METRICS} names");
            return Err(refused(&Problem::parameter("names", &names.len().to_string(), expected)));
        }
        let wanted = Subject { kind: EventKind::Metrics, services: question.services.clone(), after: None };
        let subscriber = subscribe(context, &wanted).await?;
        let asked = Asked {
            state: context.data::<ApiState>()?.clone(),
            scope: context.data::<Scope>()?.clone(),
            names,
            question,
        };
        Ok(answers(asked, subscriber, context.data::<Ended>()?.clone()))
    }

    /// Sources that work again, or do not.
    async fn sources(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "`cursor` of the last event that you have: goes on after it.")] after: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<SourceEvent>> + use<>> {
        let wanted = Subject { kind: EventKind::Source, services: ServiceFilter::default(), after };
        events(context, wanted, |event| match event {
            Event::Source(event) => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// How many events of the log are not processed yet: when that has changed, every 5 s at most.
    async fn lag(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<LagEvent>> + use<>> {
        let wanted = Subject { kind: EventKind::Lag, services: ServiceFilter::default(), after: None };
        events(context, wanted, |event| match event {
            Event::Lag(event) => Some(event.clone()),
            _ => None,
        })
        .await
    }
}

/// What a subscription is about.
struct Subject {
    kind: EventKind,
    services: ServiceFilter,
    after: Option<String>,
}

async fn subscribe(context: &Context<'_>, wanted: &Subject) -> async_graphql::Result<Subscriber> {
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    let subscribed = async {
        scope.access.check(Right::Read)?;
        reads::asked_services(state, scope, &wanted.services).await?;
        let ServiceFilter { service, team } = wanted.services.clone();
        let filter = Filter { kinds: Some([wanted.kind].into()), service, team, access: scope.access.clone() };
        let start = wanted.after.clone().map_or(Start::Now, Start::After);
        // its connection has the place, and ends it with the server
        let recheck = context.data_opt::<Recheck>().cloned();
        state.hub().subscribe(&scope.tenant.tenant, Wanted { filter, start, recheck }, None, None).await
    };
    subscribed.await.map_err(|problem| refused(&problem))
}

async fn events<T: Send + 'static>(
    context: &Context<'_>,
    wanted: Subject,
    pick: fn(&Event) -> Option<T>,
) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<T>> + use<T>> {
    let subscriber = subscribe(context, &wanted).await?;
    let ended = context.data::<Ended>()?.clone();
    Ok(stream::unfold((subscriber, ended), move |(mut subscriber, ended)| async move {
        loop {
            let event = match subscriber.next().await? {
                Next::Message(message) => pick(&message.event).map(Ok),
                Next::Reset(reset, _) => Some(Err(missed(reset))),
                Next::End(end) => {
                    // where the connection is gone, there is no client to inform
                    let _gone = ended.0.send(end).await;
                    return None;
                }
                Next::Ready(_) | Next::Beat(_) => None,
            };
            if let Some(event) = event {
                return Some((event, (subscriber, ended)));
            }
        }
    }))
}

fn missed(reset: Reset) -> async_graphql::Error {
    async_graphql::Error::new(reset.detail()).extend_with(|_, extensions| {
        extensions.set("type", MISSED);
        extensions.set("reason", reset.as_str());
    })
}

/// What is answered repeatedly.
struct Asked {
    state: ApiState,
    scope: Scope,
    names: Vec<String>,
    question: MetricQuestion,
}

impl Asked {
    /// The answers as they are now, and what they are made from.
    async fn answer(&self) -> Result<(Vec<MetricAnswer>, Versions), Problem> {
        let scope = self.scope.clone().read_at(std::time::Instant::now());
        let cost = self.names.len().saturating_mul(self.question.cost(Utc::now()));
        let _turn = self.state.admission().reports_by_cost(&scope, cost).await?;
        let (mut answers, mut versions) = (Vec::new(), Versions::default());
        let budget = reads::budget();
        for name in &self.names {
            let dated = reads::metric(&self.state, &scope, name, &self.question, budget.clone()).await?;
            answers.push(dated.answer);
            versions = versions.and(dated.versions);
        }
        Ok((answers, versions))
    }
}

/// What a subscription to metrics goes on with.
struct Answering {
    asked: Asked,
    subscriber: Subscriber,
    ended: Ended,
    last: Option<(Versions, Instant)>,
}

fn answers(
    asked: Asked,
    subscriber: Subscriber,
    ended: Ended,
) -> impl Stream<Item = async_graphql::Result<Vec<MetricAnswer>>> {
    let answering = Answering { asked, subscriber, ended, last: None };
    stream::unfold(Some(answering), |answering| async move {
        let mut answering = answering?;
        loop {
            if let Some((_, at)) = answering.last {
                answering.changed().await?;
                sleep_until(at + BETWEEN_ANSWERS).await;
                let access = answering.subscriber.access().clone();
                answering.asked.scope = answering.asked.scope.with_access(access);
            }
            match answering.asked.answer().await {
                // a busy server, or one that was asked too much, answers later
                Err(problem) if matches!(problem.status, 429 | 503) && answering.last.is_some() => {
                    answering.wait_again();
                }
                // what can't be answered now can't be answered later
                Err(problem) => return Some((Err(refused(&problem)), None)),
                Ok((answers, versions)) => {
                    let is_new = answering.last.as_ref().is_none_or(|(last, _)| *last != versions);
                    answering.last = Some((versions, Instant::now()));
                    if is_new {
                        return Some((Ok(answers), Some(answering)));
                    }
                }
            }
        }
    })
}

impl Answering {
    /// Waits until values may have changed; `None` at the end.
    async fn changed(&mut self) -> Option<()> {
        loop {
            match self.subscriber.next().await? {
                Next::Message(_) | Next::Beat(_) | Next::Reset(..) => return Some(()),
                Next::Ready(_) => {}
                Next::End(end) => {
                    // where the connection is gone, there is no client to inform
                    let _gone = self.ended.0.send(end).await;
                    return None;
                }
            }
        }
    }

    /// The next answer waits as if one had been given.
    fn wait_again(&mut self) {
        if let Some((_, at)) = &mut self.last {
            *at = Instant::now();
        }
    }
}
