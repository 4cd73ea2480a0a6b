//! What can be asked. Lists are Relay connections, read forward.

use async_graphql::{Context, InputValueError, InputValueResult, Object, Scalar, ScalarType};
use chrono::Utc;
use chrono_tz::Tz;
use dora::{Budget, Definition, Interval, MetricAnswer, Report, Slice};
use runtime::http::Peer;
use store::queries::{ChangeFilter, DeploymentFilter};

use super::carried;
use super::paging::{List, list, part, rows};
use super::refusal::refused;
use crate::ApiState;
use crate::params::{LIMIT_MAX, TIME, WINDOW, Window, time};
use crate::problem::Problem;
use crate::reads::{self, MetricQuestion, Question};
use crate::scope::Scope;
use crate::views::{Change, Deployment, Explanation, Finding, RawEvent, Repository, Service, TenantView};

/// The root of all queries.
pub struct Query;

/// What sei knows about how software is delivered. Durations are in seconds, times in UTC; what was not
/// observed is null.
#[Object]
impl Query {
    /// Whose data this is: the header `sei-tenant` chooses.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn tenant(&self, context: &Context<'_>) -> async_graphql::Result<TenantView> {
        Ok(context.data::<Scope>()?.tenant.clone().into())
    }

    /// The five metrics over a window, with their series. Without `window`, `from` and `to`: 90 days up to now.
    #[graphql(complexity = "500 + dora::REPORT_SERIES * steps(window, from, to, interval) + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn dora(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The time up to now: `30d`, `90d` …, or `all` since the first deployment.")] window: Option<
            String,
        >,
        from: Option<TimeOrDay>,
        to: Option<TimeOrDay>,
        interval: Option<Interval>,
        service: Option<String>,
        #[graphql(desc = "A team, with the teams that are part of it.")] team: Option<String>,
        #[graphql(desc = "A year from 2019 to 2025, then a group if wanted: `2025/technology`.")] benchmark: Option<
            String,
        >,
        #[graphql(desc = "Where days, weeks and months are cut; the configured time zone without it.")]
        time_zone: Option<String>,
    ) -> async_graphql::Result<Report> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let time_zone = zone(state, time_zone.as_deref())?;
        let question = Question {
            window: parse_window(window, from, to, time_zone)?,
            interval: interval,
            service,
            team,
            benchmark,
            time_zone,
            budget: context.data::<Budget>()?.clone(),
        };
        reads::report(state, scope, question).await.map_err(|problem| refused(&problem))
    }

    /// The metrics that can be asked for, built in and of the settings.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn metrics(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Definition>> {
        reads::metrics(context.data()?).map_err(|problem| refused(&problem))
    }

    /// A metric over a window: the whole, and if asked for each slice. Without `window`, `from` and `to`: up to
    /// now, 90 days for most.
    #[graphql(complexity = "500 + steps(window, from, to, interval) + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn metric(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One of the names of `metrics`.")] name: String,
        window: Option<String>,
        from: Option<TimeOrDay>,
        to: Option<TimeOrDay>,
        interval: Option<Interval>,
        service: Option<String>,
        team: Option<String>,
        repository: Option<String>,
        #[graphql(desc = "A value for each of these.")] by: Option<Slice>,
        time_zone: Option<String>,
    ) -> async_graphql::Result<MetricAnswer> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let time_zone = zone(state, time_zone.as_deref())?;
        let question = MetricQuestion {
            window: parse_window(window, from, to, time_zone)?,
            interval: interval,
            service,
            team,
            repository,
            by: by,
            time_zone,
            budget: context.data::<Budget>()?.clone(),
        };
        reads::metric(state, scope, &name, question).await.map_err(|problem| refused(&problem))
    }

    /// Production deployments, newest first.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn deployments(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        service: Option<String>,
        team: Option<String>,
        window: Option<String>,
        from: Option<TimeOrDay>,
        to: Option<TimeOrDay>,
        #[graphql(desc = "Only those that failed, or only those that did not.")] failed: Option<bool>,
    ) -> List<Deployment> {
        let window = parse_window(window, from, to, zone(context.data()?, None)?)?;
        let filter = DeploymentFilter {
            service,
            team,
            from: window.and_then(|window| window.from),
            to: window.and_then(|window| window.to),
            failed,
        };
        let scope: &Scope = context.data()?;
        let mut page = reads::deployments(scope, &filter, part(first, after.as_deref())?).await;
        if let (Ok(page), Some(limit)) = (&mut page, carried::asked(context)) {
            let mut rows: Vec<&mut Deployment> = page.rows.iter_mut().map(|(_, row)| row).collect();
            let read = reads::carry(scope, &mut rows, limit.min(LIMIT_MAX)).await;
            read.map_err(|error| refused(&error.into()))?;
        }
        list(page, after.is_some())
    }

    /// Changes, and commits outside of any change, that reached production; newest deployment first.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        service: Option<String>,
        team: Option<String>,
        #[graphql(desc = "Only those that this deployment carried.")] deployment: Option<String>,
        window: Option<String>,
        from: Option<TimeOrDay>,
        to: Option<TimeOrDay>,
    ) -> List<Change> {
        let window = parse_window(window, from, to, zone(context.data()?, None)?)?;
        let filter = ChangeFilter {
            service,
            team,
            deployment,
            from: window.and_then(|window| window.from),
            to: window.and_then(|window| window.to),
        };
        list(reads::changes(context.data()?, &filter, part(first, after.as_deref())?).await, after.is_some())
    }

    /// Services by name.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn services(&self, context: &Context<'_>, first: Option<u32>, after: Option<String>) -> List<Service> {
        list(reads::services(context.data()?, part(first, after.as_deref())?).await, after.is_some())
    }

    /// Repositories by id.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn repositories(&self, context: &Context<'_>, first: Option<u32>, after: Option<String>) -> List<Repository> {
        list(reads::repositories(context.data()?, part(first, after.as_deref())?).await, after.is_some())
    }

    /// What the engine noticed about the data itself.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn findings(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        service: Option<String>,
    ) -> List<Finding> {
        let part = part(first, after.as_deref())?;
        list(reads::findings(context.data()?, service.as_deref(), part).await, after.is_some())
    }

    /// Why a deployment or a change counts as it does; null when nothing has this id. The id is that of a
    /// deployment, a change or a commit, or a tag or version.
    #[graphql(complexity = "500 + child_complexity")]
    async fn explain(&self, context: &Context<'_>, id: String) -> async_graphql::Result<Option<Explanation>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        reads::explain(state, scope, &id).await.map_err(|problem| refused(&problem))
    }

    /// The events that reported a deployment, an incident, a change, a review, a CI run or a work item, as the log
    /// has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the fact, as evidence and rows have it.")] fact: String,
    ) -> async_graphql::Result<Vec<RawEvent>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        reads::events(state, scope, *context.data::<Peer>()?, &fact).await.map_err(|problem| refused(&problem))
    }
}

/// How many steps the series of a question have, about. Where the window begins with the first deployment that is not
/// known here: the budget of the request counts them when they are.
fn steps(window: Option<String>, from: Option<TimeOrDay>, to: Option<TimeOrDay>, interval: Option<Interval>) -> usize {
    let now = Utc::now();
    let window = parse_window(window, from, to, Tz::UTC).ok().flatten();
    let days = match window {
        None | Some(Window { from: None, to: Some(_) }) => 90,
        Some(Window { from: None, to: None }) => 0,
        Some(Window { from: Some(from), to }) => (to.unwrap_or(now) - from).num_days().max(0),
    };
    let length = match interval {
        Some(Interval::Day) => 1,
        Some(Interval::Week) => 7,
        Some(Interval::Month) => 30,
        Some(Interval::Quarter) => 91,
        Some(Interval::Year) => 365,
        // one by which there are few
        None => (days / 50).max(7),
    };
    usize::try_from(days / length + 1).unwrap_or(usize::MAX)
}

/// A time: an instant (RFC 3339) or a day such as `2026-02-28`, which begins at midnight of the time zone that
/// is asked in.
pub struct TimeOrDay(String);

#[Scalar]
impl ScalarType for TimeOrDay {
    fn parse(value: async_graphql::Value) -> InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.0.clone())
    }
}

fn zone(state: &ApiState, name: Option<&str>) -> async_graphql::Result<Tz> {
    reads::time_zone(state, name).map_err(|problem| refused(&problem))
}

fn parse_window(
    window: Option<String>,
    from: Option<TimeOrDay>,
    to: Option<TimeOrDay>,
    zone: Tz,
) -> async_graphql::Result<Option<Window>> {
    let window = match window {
        None => None,
        Some(text) => {
            let window = Window::parse(&text, Utc::now(), zone);
            Some(window.ok_or_else(|| refused(&Problem::parameter("window", &text, WINDOW)))?)
        }
    };
    let instant = |name: &str, given: Option<TimeOrDay>| {
        let read = |TimeOrDay(text)| time(&text, zone).ok_or_else(|| refused(&Problem::parameter(name, &text, TIME)));
        given.map(read).transpose()
    };
    Window::of(window, instant("from", from)?, instant("to", to)?).map_err(|problem| refused(&problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_series_are_estimated_from_what_is_asked() {
        let text = |text: &str| Some(text.to_owned());
        let time = |text: &str| Some(TimeOrDay(text.to_owned()));
        assert_eq!(steps(text("3650d"), None, None, Some(Interval::Day)), 3651);
        assert_eq!(steps(None, None, None, Some(Interval::Day)), 91);
        assert_eq!(steps(None, time("2020-01-01"), time("2025-01-01"), Some(Interval::Month)), 61);
        assert_eq!(steps(None, None, time("2025-01-01"), Some(Interval::Week)), 13);
        assert!(steps(text("3650d"), None, None, None) <= 54, "an automatic interval has few steps");
        assert!(steps(None, time("1971-01-01"), None, Some(Interval::Day)) > 20_000);
        for unknown in ["all", "nonsense"] {
            assert!(steps(text(unknown), None, None, Some(Interval::Day)) <= 91, "counted when it is known");
        }
    }
}
