//! Whether targets are met over a window, by the answers of the metrics that they are about.

use std::collections::BTreeSet;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use dora::{Budget, Caveat, Definition, Interval, MetricAnswer, MetricPart, Slice, TargetState, Unit, Window};
use kernel::TargetBound;
use serde::Serialize;
use store::mapping;
use store::targets::TargetRow;
use utoipa::ToSchema;

use super::agreed::Agreed;
use crate::access::Access;
use crate::problem::Problem;
use crate::questions::{MetricQuestion, ServiceFilter, TargetResultsQuestion};
use crate::scope::Scope;
use crate::{ApiState, reads};

/// What metrics of work items are grouped as: where no team says which projects it plans in, an item is of the team of those
/// who work on it.
const OF_ITEMS: &str = "planning";

/// Whose a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Of services and projects, and so of the teams that own them.
    Services,
    /// Of the teams whose members did what it is about.
    Members,
    /// Of the organization alone.
    Organization,
}

impl Whose {
    fn of(metric: &Definition, agreed: &Agreed) -> Self {
        let has = |slice| metric.slices.contains(&slice);
        match (has(Slice::Team), has(Slice::AuthorTeam)) {
            (true, is_of_members) if !(is_of_members && metric.group == OF_ITEMS && !agreed.has_projects()) => {
                Self::Services
            }
            (_, true) => Self::Members,
            _ => Self::Organization,
        }
    }
}

/// A target with the value that it is held against.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct TargetResult {
    /// The team whose value it is, where each team was asked for; null for the whole that was asked about.
    #[schema(required)]
    pub team: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// The metric's title.
    pub title: String,
    /// The unit of target and value.
    pub unit: Unit,
    /// On which side of the target it is met.
    pub bound: TargetBound,
    /// The target.
    pub target: f64,
    /// The target for people.
    pub target_text: String,
    /// The team that agreed on it; null where the organization did, or a team that you may not see.
    #[schema(required)]
    pub agreed_by: Option<String>,
    /// What was agreed, in words.
    pub note: String,
    /// The window.
    pub window: Window,
    /// The length of the steps.
    pub interval: Interval,
    /// The metric's value over the window.
    #[schema(required)]
    pub value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// Whether the value meets the target; null where nothing was observed.
    #[schema(required)]
    pub met: Option<bool>,
    /// Of a target that is missed, the beginning of the first of the last steps that all miss it; null where the last step
    /// meets it.
    #[schema(required)]
    pub missed_since: Option<DateTime<Utc>>,
    /// What a reader must know about the value.
    pub caveats: Vec<Caveat>,
}

/// Targets whose results are asked for.
#[derive(Debug)]
pub(crate) struct AskedTargets<'q> {
    question: &'q TargetResultsQuestion,
    agreed: Agreed,
    /// Whose targets the whole is held against; `None` for the organization.
    team: Option<String>,
    /// The metrics that are needed.
    metrics: Vec<Definition>,
}

impl<'q> AskedTargets<'q> {
    /// Reads which targets a question is about. Fails for a service or a team that is not there, or may not be seen.
    pub async fn read(state: &ApiState, scope: &Scope, question: &'q TargetResultsQuestion) -> Result<Self, Problem> {
        reads::asked_services(state, scope, &question.services).await?;
        let _turn = scope.turn().await;
        let agreed = Agreed::read(&scope.store).await?;
        let team = if agreed.is_empty() { None } else { owner(scope, &question.services).await? };
        let needed = if question.each_team() { agreed.metrics() } else { agreed.metrics_of(team.as_deref()) };
        // one of the settings may be there no more
        let mut metrics = reads::metrics(state)?;
        let of_all = question.services.team.is_none() && question.services.service.is_none();
        metrics.retain(|metric| {
            needed.contains(metric.name.as_str()) && (of_all || Whose::of(metric, &agreed) != Whose::Organization)
        });
        Ok(Self { question, agreed, team, metrics })
    }

    /// What the answer costs, about.
    pub fn cost(&self) -> usize {
        self.question.cost_of(self.metrics.len(), Utc::now())
    }

    /// The results: of the whole, then where that was asked of each team by name; each in the order of the metrics.
    pub async fn results(&self, state: &ApiState, scope: &Scope, budget: Budget) -> Result<Vec<TargetResult>, Problem> {
        let mut answers = Vec::new();
        for whose in [Whose::Services, Whose::Members, Whose::Organization] {
            let of_these = self.metrics.iter().filter(|metric| Whose::of(metric, &self.agreed) == whose);
            let names: Vec<&str> = of_these.map(|metric| metric.name.as_str()).collect();
            let question = self.question_about(whose);
            if !names.is_empty() {
                answers.extend(reads::several(state, scope, &names, &question, budget.clone()).await?.answer);
            }
        }
        let mut results: Vec<TargetResult> =
            answers.iter().filter_map(|answer| self.of_whole(answer, &scope.access)).collect();
        for team in self.teams(&answers) {
            let of_team = answers.iter().filter_map(|answer| self.of_team(team, answer, &scope.access));
            results.extend(of_team);
        }
        Ok(results)
    }

    fn question_about(&self, whose: Whose) -> MetricQuestion {
        let services = self.question.services.clone();
        let each_team = self.question.each_team();
        match whose {
            Whose::Services => self.question.metrics(services, each_team.then_some(Slice::Team)),
            Whose::Members => {
                // a team is a slice of all, and no filter
                let is_by_team = each_team || services.team.is_some();
                let services = ServiceFilter { team: None, ..services };
                self.question.metrics(services, is_by_team.then_some(Slice::AuthorTeam))
            }
            Whose::Organization => self.question.metrics(services, None),
        }
    }

    fn of_whole(&self, answer: &MetricAnswer, access: &Access) -> Option<TargetResult> {
        let target = self.target(self.team.as_deref(), answer)?;
        let is_part = self.question.services.service.is_some() || (self.team.is_none() && access.services.is_some());
        if is_part && answer.metric.aggregation.depends_on_size() {
            return None;
        }
        let part = match &self.question.services.team {
            Some(team) if Whose::of(&answer.metric, &self.agreed) == Whose::Members => slice(answer, team),
            _ => Some(&answer.whole),
        };
        Some(result(None, target, (answer, part), access))
    }

    /// The target that a team, or the organization, has for a metric. What the whole agreed on about how many or how often
    /// says nothing about its parts.
    fn target(&self, team: Option<&str>, answer: &MetricAnswer) -> Option<&TargetRow> {
        let found = self.agreed.of(team, &answer.metric.name)?;
        let is_own = found.team.as_deref() == team && self.question.environment.is_none();
        (is_own || !answer.metric.aggregation.depends_on_size()).then_some(found)
    }

    fn of_team(&self, team: &str, answer: &MetricAnswer, access: &Access) -> Option<TargetResult> {
        let target = self
            .target(Some(team), answer)
            .filter(|_| Whose::of(&answer.metric, &self.agreed) != Whose::Organization)?;
        Some(result(Some(team), target, (answer, slice(answer, team)), access))
    }

    /// The teams that the answers have, where each was asked for; of a team those that are part of it.
    fn teams<'a>(&self, answers: &'a [MetricAnswer]) -> BTreeSet<&'a str> {
        if !self.question.each_team() {
            return BTreeSet::new();
        }
        let names = answers.iter().flat_map(|answer| &answer.slices).filter_map(|part| part.slice.as_deref());
        let asked = self.question.services.team.as_deref();
        let is_part = |name: &&str| asked.is_none_or(|team| *name != team && self.agreed.line(name).contains(&team));
        names.filter(is_part).collect()
    }
}

/// The team that answers for what is asked about.
async fn owner(scope: &Scope, services: &ServiceFilter) -> Result<Option<String>, Problem> {
    let Some(service) = services.service.as_deref().filter(|_| services.team.is_none()) else {
        return Ok(services.team.clone());
    };
    let declared = mapping::services(&scope.store).await?;
    Ok(declared.into_iter().find(|declared| declared.name == service).and_then(|declared| declared.team))
}

fn slice<'a>(answer: &'a MetricAnswer, name: &str) -> Option<&'a MetricPart> {
    answer.slices.iter().find(|part| part.slice.as_deref() == Some(name))
}

fn result(
    team: Option<&str>,
    target: &TargetRow,
    (answer, part): (&MetricAnswer, Option<&MetricPart>),
    access: &Access,
) -> TargetResult {
    let state = part.map(|part| TargetState::of(part, target.bound, target.value));
    let unit = answer.metric.unit;
    // what a team that may not be seen has agreed on counts, but not in its words
    let is_seen = target.team.as_deref().is_none_or(|team| access.sees_team(team));
    TargetResult {
        team: team.map(str::to_owned),
        metric: answer.metric.name.clone(),
        title: answer.metric.title.clone(),
        unit,
        bound: target.bound,
        target: target.value,
        target_text: unit.text(target.value),
        agreed_by: target.team.clone().filter(|_| is_seen),
        note: if is_seen { target.note.clone() } else { String::new() },
        window: answer.window,
        interval: answer.interval,
        value: part.and_then(|part| part.value),
        text: part.and_then(|part| part.text.clone()),
        n: part.map_or(0, |part| part.n),
        met: state.and_then(|state| state.met),
        missed_since: state.and_then(|state| state.missed_since),
        caveats: part.map(|part| part.caveats.clone()).unwrap_or_default(),
    }
}
