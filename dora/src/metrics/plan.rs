//! What a question needs: its metrics, their windows and what they are made from; and the answers, from what was read.

mod answers;
mod contributed;

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use store::flow::Span;

use super::calendar::{Calendar, Step};
use super::compare::Compare;
use super::distribution::Distribution;
use super::metric::{Input, Metric};
use super::model::{AskedServices, MetricAnswer, MetricSettings, Question, Slice};
use super::ownership::Filter;
use super::parallel;
use super::reached::Reached;
use super::registry::find;
use super::tables::{Source, Tables};
use super::window::Window;
use crate::compute::{DeliveryRules, rule_set};
use crate::settings::{CustomMetricSettings, People};
use crate::{DoraError, Interval};

/// How long a window is that has no beginning.
const WINDOW: Duration = Duration::days(90);

/// A metric over a window.
#[derive(Clone)]
struct Part {
    metric: Cow<'static, Metric>,
    window: Window,
    /// The earlier window that it is compared with.
    compared: Option<Window>,
}

impl Part {
    fn windows(&self) -> impl Iterator<Item = Window> {
        [self.window].into_iter().chain(self.compared)
    }
}

/// What is computed for a question.
#[derive(Clone)]
pub(crate) struct Plan {
    question: Question,
    rules: DeliveryRules,
    parts: Vec<Part>,
    /// What is read beside what the metrics are made from.
    beside: Option<Source>,
}

impl Plan {
    pub fn new(settings: MetricSettings<'_>, names: &[&str], question: &Question) -> Result<Self, DoraError> {
        check_persons(settings.dora.people, question)?;
        Self::by_rules(rule_set(settings.dora.compat).delivery(), settings.custom, names, question)
    }

    /// A plan for built-in metrics by the same rules.
    pub fn with(&self, names: &[&str], question: &Question) -> Result<Self, DoraError> {
        Self::by_rules(self.rules, &[], names, question)
    }

    fn by_rules(
        rules: DeliveryRules,
        custom: &[CustomMetricSettings],
        names: &[&str],
        question: &Question,
    ) -> Result<Self, DoraError> {
        let calendar = Calendar { zone: question.time_zone };
        // the clock is read once, so that all windows up to now end at the same time
        let to = question.to.unwrap_or_else(Utc::now);
        let part = |name: &&str| {
            let metric = find(name, custom)?;
            let window = window_to(to, question.from, metric.window, &calendar)?;
            let compared = question.compare.map(|compare| compared(compare, window, &calendar)).transpose()?;
            Ok::<_, DoraError>(Part { metric, window, compared })
        };
        let parts: Vec<Part> = names.iter().map(part).collect::<Result<_, _>>()?;
        let mut most_steps = 0;
        for part in &parts {
            most_steps = most_steps.max(steps(&calendar, part.window, question)?.0.len());
        }
        // what the slices cost is known when they are
        question.budget.spend(parts.len() * question.values_in_step(), most_steps)?;
        if question.compare.is_some() {
            question.budget.spend(parts.len(), 1)?;
        }
        Ok(Self { question: question.clone(), rules, parts, beside: None })
    }

    fn input(&self, metric: &Metric) -> Input {
        metric.input_by(self.rules)
    }

    /// Whether rows are separated by who wrote their commits.
    pub fn by_writers(&self) -> bool {
        self.question.by == Some(Slice::Ai)
    }

    /// The same, which also reads this.
    pub(crate) fn reading(self, source: Source) -> Self {
        Self { beside: Some(source), ..self }
    }

    /// The same for one of the metrics.
    fn part(&self, part: &Part) -> Self {
        Self { question: self.question.clone(), rules: self.rules, parts: vec![part.clone()], beside: None }
    }

    /// A plan for each of the metrics, with its name.
    pub(crate) fn by_metric(&self) -> impl Iterator<Item = (&str, Self)> {
        self.parts.iter().map(|part| (&*part.metric.id, self.part(part)))
    }

    /// The plan for those of the metrics that are `wanted`, one by one.
    pub(crate) fn only(&self, wanted: impl IntoIterator<Item = bool>) -> Self {
        let parts = self.parts.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        Self { parts: parts.map(|(part, _)| part.clone()).collect(), ..self.clone() }
    }

    /// What is to be read.
    pub(crate) fn sources(&self) -> BTreeSet<Source> {
        let inputs = self.parts.iter().map(|part| self.input(&part.metric).source());
        let of_environment = self.is_of_environment().then_some(Source::Deployments);
        inputs.chain([Source::Ownership, Source::Bases]).chain(of_environment).chain(self.beside).collect()
    }

    /// Whether an environment is asked for; the deployments say what reached it.
    pub fn is_of_environment(&self) -> bool {
        self.question.environment.is_some()
    }

    /// The span in which all windows are.
    pub fn span(&self) -> Span {
        let windows = || self.parts.iter().flat_map(Part::windows);
        let from = windows().map(|window| window.from).min().unwrap_or_default();
        let to = windows().map(|window| window.to).max().unwrap_or_default();
        Span { from, to }
    }

    /// What is asked about, of what was read.
    pub(crate) fn filter(&self, tables: &Tables) -> Result<Filter, DoraError> {
        let computed = tables.bases.iter().map(|basis| basis.service.as_str()).collect();
        let filter = tables.ownership.filter(&self.question, &computed)?;
        let Some(environment) = self.question.environment.as_deref() else { return Ok(filter) };
        let seen = tables.deployments.all().filter(|entry| filter.sees_service(&entry.row.service));
        let reached = Reached::new(&seen.collect::<Vec<_>>(), environment)?;
        Ok(filter.in_environment(reached))
    }

    /// The services that are asked about, of what was read.
    pub(crate) fn asked_services(&self, tables: &Tables) -> Result<AskedServices, DoraError> {
        let filter = self.filter(tables)?;
        let asked = tables.bases.iter().filter(|basis| tables.ownership.passes_service(&basis.service, &filter));
        let first_deployment_at = asked.filter_map(|basis| basis.first).min();
        let projects: Vec<String> = filter.projects().cloned().collect();
        let (services, teams) = filter.into_names();
        let repositories = services.as_deref().map(|services| {
            let of_services = tables.ownership.repositories_of(services);
            of_services.into_iter().chain(projects).collect()
        });
        Ok(AskedServices { services, repositories, teams, first_deployment_at })
    }

    /// The answers, from what was read, on threads that may be busy for long.
    pub(crate) async fn answered(self, tables: Tables) -> Result<Vec<MetricAnswer>, DoraError> {
        self.answered_holding(tables, ()).await
    }

    /// The same, which holds something until the work is done, also where the caller is dropped.
    pub(crate) async fn answered_holding(
        self,
        tables: Tables,
        held: impl Send + 'static,
    ) -> Result<Vec<MetricAnswer>, DoraError> {
        parallel::computed("a metric", held, move || self.answer(&tables)).await
    }

    /// The distributions, from what was read, on such threads. It holds something until the work is done.
    pub(crate) async fn distributed(
        self,
        tables: Tables,
        held: impl Send + 'static,
    ) -> Result<Vec<Distribution>, DoraError> {
        parallel::computed("a distribution", held, move || self.distributions(&tables)).await
    }
}

/// Fails for a question by persons whom the settings do not show.
fn check_persons(shown_to: People, question: &Question) -> Result<(), DoraError> {
    let why = match (shown_to, question.persons.is_everyone()) {
        _ if !question.by.is_some_and(Slice::names_people) => return Ok(()),
        (People::Off, _) => "metrics are not asked for by person here: `dora.people` is `off`",
        (People::Themselves, true) => "metrics by person are shown to the person only: `dora.people` is `themselves`",
        _ => return Ok(()),
    };
    Err(DoraError::Question(why.to_owned()))
}

/// The earlier window that a window is compared with.
fn compared(compare: Compare, window: Window, calendar: &Calendar) -> Result<Window, DoraError> {
    let compared = compare.window(window, calendar);
    compared.ok_or_else(|| {
        let from = window.from;
        DoraError::Question(format!("the window begins at {from}: the calendar has no earlier one to compare it with"))
    })
}

/// The steps of a window, and how long each is.
fn steps(calendar: &Calendar, window: Window, question: &Question) -> Result<(Vec<Step>, Interval), DoraError> {
    let interval = question.interval.unwrap_or_else(|| calendar.interval(window));
    Ok((calendar.steps(window, interval)?, interval))
}

/// The window that ends at `to`; `length` is how far back it reaches unless asked otherwise.
fn window_to(
    to: DateTime<Utc>,
    from: Option<DateTime<Utc>>,
    length: Option<std::time::Duration>,
    calendar: &Calendar,
) -> Result<Window, DoraError> {
    let length = length.and_then(|length| Duration::from_std(length).ok()).unwrap_or(WINDOW);
    let from = from.or_else(|| calendar.before(to, length)).unwrap_or(to);
    if from >= to {
        return Err(DoraError::Question(format!("the window ends at {to}, which is not after its beginning {from}")));
    }
    Ok(Window { from, to })
}

/// The beginning of a window that ends at `to`. A length of whole days is that many days of the time zone, so
/// the same time of the day; `None` where the calendar has no such time.
#[must_use]
pub fn window_start(to: DateTime<Utc>, length: std::time::Duration, time_zone: Tz) -> Option<DateTime<Utc>> {
    Calendar { zone: time_zone }.before(to, Duration::from_std(length).ok()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::{Completeness, Service, Team, Version};
    use store::history::Services;
    use store::metric_rows::ServiceBasis;

    use super::*;
    use crate::metrics::ownership::Ownership;
    use crate::settings::Dora;

    #[test]
    fn a_team_stands_for_its_services_and_theirs_and_all_time_begins_with_what_counts_of_them() {
        let version = Version { completeness: Completeness::Reported, at: DateTime::default() };
        let service =
            |name: &str, team: &str| Service { team: Some(team.into()), ..Service::new(name.into(), version) };
        let team = |name: &str, parent: Option<&str>| Team {
            parent: parent.map(Into::into),
            ..Team::new(name.into(), version)
        };
        let known = Services {
            declared: vec![service("cart", "web"), service("pay", "shop"), service("wiki", "docs")],
            teams: vec![team("shop", None), team("web", Some("shop")), team("docs", None)],
            ..Services::default()
        };
        let day = |day: i64| DateTime::<Utc>::UNIX_EPOCH + Duration::days(day);
        // of `pay` no deployment counts
        let basis = |service: &str, first: Option<i64>| ServiceBasis {
            service: service.to_owned(),
            first: first.map(day),
            ..ServiceBasis::default()
        };
        let tables = Tables {
            ownership: Arc::new(Ownership::new(&known)),
            bases: Arc::new(vec![basis("cart", Some(7)), basis("pay", None), basis("wiki", Some(3))]),
            ..Tables::default()
        };
        let dora = Dora::default();
        let asked = |service: Option<&str>, team: Option<&str>| {
            let question =
                Question { service: service.map(Into::into), team: team.map(Into::into), ..Question::default() };
            let asked =
                Plan::new(MetricSettings { dora: &dora, custom: &[] }, &[], &question)?.asked_services(&tables)?;
            Ok::<_, DoraError>(AskedServices { repositories: None, ..asked })
        };
        let stands_for = |services: Option<&[&str]>, first: Option<i64>| AskedServices {
            services: services.map(|services| services.iter().map(|name| (*name).to_owned()).collect()),
            teams: None,
            repositories: None,
            first_deployment_at: first.map(day),
        };
        assert_eq!(asked(None, None).unwrap(), stands_for(None, Some(3)));
        assert_eq!(asked(None, Some("shop")).unwrap(), stands_for(Some(&["cart", "pay"]), Some(7)));
        assert_eq!(asked(Some("pay"), Some("shop")).unwrap(), stands_for(Some(&["pay"]), None));
        assert_eq!(asked(Some("wiki"), Some("shop")).unwrap(), stands_for(Some(&[]), None));
        assert!(matches!(asked(None, Some("wbe")), Err(DoraError::UnknownTeam(_))));
    }

    #[test]
    fn who_is_limited_to_a_team_is_answered_about_its_services_and_no_other_is_named() {
        let version = Version { completeness: Completeness::Reported, at: DateTime::default() };
        let service = |name: &str, team: &str| Service {
            team: Some(team.into()),
            repositories: vec![format!("h/{name}").as_str().into(), "h/shared".into()],
            ..Service::new(name.into(), version)
        };
        let team = |name: &str, parent: Option<&str>| Team {
            parent: parent.map(Into::into),
            ..Team::new(name.into(), version)
        };
        let known = Services {
            declared: vec![service("cart", "web"), service("pay", "shop"), service("wiki", "docs")],
            teams: vec![team("shop", None), team("web", Some("shop")), team("docs", None)],
            ..Services::default()
        };
        let tables = Tables { ownership: Arc::new(Ownership::new(&known)), ..Tables::default() };
        let dora = Dora::default();
        let asked = |limits: &[&str], question: Question| {
            let within = crate::Within::new(limits.iter().map(|team| BTreeSet::from([(*team).to_owned()])).collect());
            let question = Question { within, ..question };
            Plan::new(MetricSettings { dora: &dora, custom: &[] }, &[], &question)?.asked_services(&tables)
        };
        let names = |limits: &[&str]| {
            let asked = asked(limits, Question::default()).unwrap();
            (asked.services.unwrap(), asked.teams.unwrap())
        };
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&["shop"]), (owned(&["cart", "pay"]), owned(&["shop", "web"])));
        assert_eq!(names(&["shop", "web"]), (owned(&["cart"]), owned(&["web"])));
        assert_eq!(names(&["docs", "web"]), (owned(&[]), owned(&[])));
        assert_eq!(names(&["of another tenant"]), (owned(&[]), owned(&[])));
        let of_service = |name: &str| asked(&["web"], Question { service: Some(name.into()), ..Question::default() });
        assert_eq!(of_service("cart").unwrap().services, Some(owned(&["cart"])));
        let refused = of_service("wiki").unwrap_err().to_string();
        assert!(
            matches!(of_service("wiki"), Err(DoraError::UnknownService(_))) && !refused.contains("pay"),
            "{refused}"
        );
        let of_team = |name: &str| asked(&["web"], Question { team: Some(name.into()), ..Question::default() });
        assert_eq!(of_team("web").unwrap().services, Some(owned(&["cart"])));
        for unseen in ["shop", "docs", "nowhere"] {
            let Err(DoraError::UnknownTeam(unknown)) = of_team(unseen) else { panic!("{unseen} is known") };
            assert_eq!(unknown.near, Vec::<String>::new(), "{unseen}");
        }
        let of = |id: &str| asked(&["web"], Question { repository: Some(id.into()), ..Question::default() });
        assert!(of("h/cart").is_ok() && of("h/shared").is_ok());
        assert!(matches!(of("h/wiki"), Err(DoraError::UnknownRepository(_))));
    }
}
