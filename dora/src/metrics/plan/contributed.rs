//! What contributed to the changes of the metrics of a plan, from what was read.

use std::collections::{BTreeMap, BTreeSet};

use store::metric_rows::ServiceBasis;

use super::answers::one_step;
use super::{Part, Plan};
use crate::DoraError;
use crate::metrics::aggregate::{self, Asked, scaled};
use crate::metrics::calendar::Calendar;
use crate::metrics::contributions::{
    Contribution, ContributionBy, ContributionMethod, Contributions, Observed, StageContribution, StageContributions,
    Weighted, difference, mix_and_rate, remainder, replaced,
};
use crate::metrics::frames::quantile;
use crate::metrics::metric::Metric;
use crate::metrics::model::{Aggregation, MetricPart, ValueName};
use crate::metrics::observations::Observations;
use crate::metrics::ownership::Filter;
use crate::metrics::parallel;
use crate::metrics::registry::find;
use crate::metrics::rows::Micros;
use crate::metrics::slices::Parts;
use crate::metrics::spans::Spans;
use crate::metrics::tables::Tables;
use crate::metrics::unit::Unit;
use crate::metrics::view::View;
use crate::metrics::window::Window;

/// The metric whose stages are metrics, too.
const LEAD_TIME: &str = "change_lead_time";

impl Plan {
    /// What contributed to the change of each metric, from what was read.
    pub(crate) fn contributions(&self, tables: &Tables, by: ContributionBy) -> Result<Vec<Contributions>, DoraError> {
        let filter = self.filter(tables)?;
        let calendar = Calendar { zone: self.question.time_zone };
        let asked = tables.bases.iter().filter(|basis| tables.ownership.passes_service(&basis.service, &filter));
        let services: Vec<&ServiceBasis> = asked.collect();
        let compared = Compared { plan: self, tables, filter: &filter, calendar: &calendar, services: &services, by };
        self.parts.iter().map(|part| compared.contributions(part)).collect()
    }

    /// The same on threads that may be busy for long. It holds something until the work is done.
    pub(crate) async fn contributed(
        self,
        tables: Tables,
        by: ContributionBy,
        held: impl Send + 'static,
    ) -> Result<Vec<Contributions>, DoraError> {
        parallel::computed("contributions", held, move || self.contributions(&tables, by)).await
    }
}

/// What two windows are compared by.
struct Compared<'t> {
    plan: &'t Plan,
    tables: &'t Tables,
    filter: &'t Filter,
    calendar: &'t Calendar,
    services: &'t [&'t ServiceBasis],
    by: ContributionBy,
}

/// A metric in one of the windows.
struct Side {
    whole: MetricPart,
    parts: BTreeMap<String, MetricPart>,
    /// What is known of each observation, as it is observed.
    observed: Observed,
    /// Of ratios: the sum that each part is a share of.
    shares_of: BTreeMap<String, f64>,
    stages: Vec<(StageName, MetricPart)>,
}

/// The metric of a stage and its title.
type StageName = (String, String);

impl Compared<'_> {
    fn contributions(&self, part: &Part) -> Result<Contributions, DoraError> {
        let metric = &*part.metric;
        let refused = |why: &str| DoraError::Question(format!("the change of `{}` {why}", metric.id));
        let earlier = part.compared.ok_or_else(|| refused("needs an earlier window: `compare`"))?;
        let method = ContributionMethod::of(metric.aggregation).ok_or_else(|| {
            refused("is made of no parts: expected a metric that is a sum, a rate, a mean or a quantile")
        })?;
        let slice = self.by.slice();
        if !metric.slices().contains(&slice) {
            return Err(refused(&format!("can't be asked for by {}", self.by)));
        }
        let (now, before) = (self.side(metric, part.window)?, self.side(metric, earlier)?);
        let (value, before_value) = (now.whole.value, before.whole.value);
        let more = value.zip(before_value).map(|(value, before)| value - before);
        let names: BTreeSet<&String> = now.parts.keys().chain(before.parts.keys()).collect();
        let names: Vec<&String> = names.into_iter().collect();
        let effects = match more {
            Some(_) => self.effects(metric, method, &names, (&before, &now))?,
            None => names.iter().map(|_| Effect::default()).collect(),
        };
        let rows = names.iter().zip(effects);
        let rows = rows.map(|(name, effect)| shown(name, effect, (&before, &now), (metric.unit, more)));
        let mut parts: Vec<Contribution> = rows.collect();
        let size = |part: &Contribution| part.contribution.map_or(-1.0, f64::abs);
        parts.sort_by(|one, other| size(other).total_cmp(&size(one)).then_with(|| one.part.cmp(&other.part)));
        let left = more.map(|more| remainder(more, parts.iter().filter_map(|part| part.contribution)));
        Ok(Contributions {
            metric: metric.define(),
            window: part.window,
            compared: earlier,
            time_zone: self.calendar.zone,
            by: self.by,
            method,
            value,
            text: now.whole.text.clone(),
            n: now.whole.n,
            before_value,
            before_text: before.whole.text.clone(),
            before_n: before.whole.n,
            difference: more,
            difference_text: more.map(|more| metric.unit.text(more)),
            change: more.zip(before_value.filter(|before| *before != 0.0)).map(|(more, before)| more / before.abs()),
            parts,
            remainder: left,
            stages: (metric.id == LEAD_TIME).then(|| stages(&before, &now)),
        })
    }

    /// What each of the parts contributed, in their order.
    fn effects(
        &self,
        metric: &Metric,
        method: ContributionMethod,
        names: &[&String],
        (before, now): (&Side, &Side),
    ) -> Result<Vec<Effect>, DoraError> {
        Ok(match method {
            ContributionMethod::Difference => {
                let sum = |name: &&String| Effect::of(difference(now.value(name), before.value(name)));
                names.iter().map(sum).collect()
            }
            ContributionMethod::MixAndRate => {
                let weighted = |side: &Side| names.iter().map(|name| side.weighted(metric, name)).collect::<Vec<_>>();
                let effects = mix_and_rate(&weighted(before), &weighted(now)).unwrap_or_default();
                let mut effects = effects.into_iter();
                let next = |_| match effects.next() {
                    Some((mix, rate)) => Effect { mix: Some(mix), rate: Some(rate), ..Effect::of(mix + rate) },
                    None => Effect::default(),
                };
                names.iter().map(next).collect()
            }
            ContributionMethod::Replacement => {
                let at = match metric.aggregation {
                    Aggregation::P75 => 0.75,
                    Aggregation::P90 => 0.9,
                    _ => 0.5,
                };
                let is_lower = self.plan.rules_of(metric).lower_median && metric.aggregation == Aggregation::Median;
                let without = replaced(&now.observed, &before.observed, &quantile("value", at, is_lower))?;
                let effect = |name: &&String| {
                    let otherwise = without.get(*name).copied().flatten().map(|value| scaled(metric.unit, value));
                    now.whole.value.zip(otherwise).map_or_else(Effect::default, |(is, was)| Effect::of(is - was))
                };
                names.iter().map(effect).collect()
            }
        })
    }

    /// A metric in a window, with each observation in one part.
    fn side(&self, metric: &Metric, window: Window) -> Result<Side, DoraError> {
        let time = Micros { from: window.from.timestamp_micros(), to: window.to.timestamp_micros() };
        let view = View::new(self.tables, self.filter, time, Some(self.by.slice()));
        let (observations, parts) = view.observe(&self.plan.input(metric))?;
        let slices = parts.slices.parted(|names| self.called(names));
        let parts = Parts { slices, ..Parts::default() };
        let (whole, slices) = self.answer(metric, window, (&observations, &parts))?;
        let in_window =
            || (0..observations.len()).filter(|row| observations.at.get(*row).is_some_and(|at| time.holds(*at)));
        let name = |row: usize| observations.subject.get(row).and_then(|subject| parts.slices.first(*subject));
        let named = |row: usize| name(row).unwrap_or_default().to_owned();
        let mut shares_of: BTreeMap<String, f64> = BTreeMap::new();
        for row in in_window() {
            if let Some(of) = observations.of.get(row) {
                *shares_of.entry(named(row)).or_default() += of;
            }
        }
        let is_replaced = ContributionMethod::of(metric.aggregation) == Some(ContributionMethod::Replacement);
        let known = in_window().filter(|_| is_replaced).filter_map(|row| Some((named(row), observations.known(row)?)));
        let stages = if metric.id == LEAD_TIME { self.stages(metric, &view, window)? } else { Vec::new() };
        let of_name = |part: MetricPart| (part.slice.clone().unwrap_or_default(), part);
        let observed = known.collect();
        Ok(Side { whole, parts: slices.into_iter().map(of_name).collect(), observed, shares_of, stages })
    }

    /// What the names together are called that something is part of.
    fn called(&self, names: &[&str]) -> String {
        if self.by != ContributionBy::Team {
            return names.join(", ");
        }
        let team = |service: &&str| self.tables.ownership.teams_of_service(service).first().map(String::as_str);
        let teams: BTreeSet<&str> = names.iter().filter_map(team).collect();
        teams.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// The stages of the lead time that add up to it: not the part of one that stands beside them.
    fn stages(
        &self,
        metric: &Metric,
        view: &View<'_>,
        window: Window,
    ) -> Result<Vec<(StageName, MetricPart)>, DoraError> {
        let stage = |id: &str| {
            let stage = find(id, &[])?;
            let (observations, _) = view.observe(&stage.input)?;
            let (whole, _) = self.answer(&stage, window, (&observations, &Parts::default()))?;
            Ok::<_, DoraError>(((stage.id.clone().into_owned(), stage.title.clone().into_owned()), whole))
        };
        let beside = metric.beside.iter().filter(|(name, _)| *name != ValueName::Approval);
        beside.map(|(_, id)| stage(id)).collect()
    }

    fn answer(
        &self,
        metric: &Metric,
        window: Window,
        observed: (&Observations, &Parts),
    ) -> Result<(MetricPart, Vec<MetricPart>), DoraError> {
        let (steps, _) = one_step(window);
        let asked = Asked {
            metric,
            by: Some(self.by.slice()),
            environment: self.plan.question.environment.as_deref(),
            spans: &Spans::new(self.calendar, window, &steps),
            daily: false,
            rules: self.plan.rules_of(metric),
            values_in_series: false,
            budget: &self.plan.question.budget,
            services: self.services,
        };
        aggregate::answer(&asked, observed, &[])
    }
}

/// What a part contributed.
#[derive(Clone, Copy, Debug, Default)]
struct Effect {
    contribution: Option<f64>,
    mix: Option<f64>,
    rate: Option<f64>,
}

impl Effect {
    fn of(contribution: f64) -> Self {
        Self { contribution: Some(contribution), ..Self::default() }
    }
}

impl Side {
    /// The value of a part.
    fn value(&self, name: &str) -> Option<f64> {
        self.parts.get(name)?.value
    }

    /// A part of a mean or a ratio.
    fn weighted(&self, metric: &Metric, name: &str) -> Weighted {
        let Some(part) = self.parts.get(name) else { return Weighted::default() };
        let weight = match metric.aggregation {
            Aggregation::RatioOfSums => self.shares_of.get(name).copied().unwrap_or_default(),
            _ => part.n as f64,
        };
        Weighted { weight, value: part.value }
    }

    /// The time that is spent in a stage per change that has a lead time.
    fn mean_of_stage(&self, nth: usize) -> Option<f64> {
        let (_, stage) = self.stages.get(nth)?;
        let spent = mean(stage).unwrap_or_default() * stage.n as f64;
        (self.whole.n > 0).then(|| spent / self.whole.n as f64)
    }
}

fn mean(part: &MetricPart) -> Option<f64> {
    part.values.iter().find(|value| value.name == ValueName::Mean)?.value
}

fn shown(
    name: &str,
    effect: Effect,
    (before, now): (&Side, &Side),
    (unit, difference): (Unit, Option<f64>),
) -> Contribution {
    let of = |side: &Side| {
        let part = side.parts.get(name);
        part.map_or((None, None, 0), |part| (part.value, part.text.clone(), part.n))
    };
    let ((value, text, n), (before_value, before_text, before_n)) = (of(now), of(before));
    let Effect { contribution, mix, rate } = effect;
    let share = contribution.zip(difference.filter(|difference| *difference != 0.0));
    Contribution {
        part: Some(name.to_owned()).filter(|name| !name.is_empty()),
        value,
        text,
        n,
        before_value,
        before_text,
        before_n,
        contribution,
        contribution_text: contribution.map(|contribution| unit.text(contribution)),
        share: share.map(|(contribution, difference)| contribution / difference),
        mix,
        rate,
    }
}

/// What each stage contributed to the change of the mean lead time.
fn stages(before: &Side, now: &Side) -> StageContributions {
    let (mean_now, mean_before) = (mean(&now.whole), mean(&before.whole));
    let more = mean_now.zip(mean_before).map(|(now, before)| now - before);
    let stage = |(nth, ((metric, title), part)): (usize, &(StageName, MetricPart))| {
        let (mean, before_mean) = (now.mean_of_stage(nth), before.mean_of_stage(nth));
        StageContribution {
            metric: metric.clone(),
            title: title.clone(),
            median: part.value,
            before_median: before.stages.get(nth).and_then(|(_, part)| part.value),
            mean,
            before_mean,
            contribution: mean.zip(before_mean).map(|(now, before)| now - before),
        }
    };
    let stages: Vec<StageContribution> = now.stages.iter().enumerate().map(stage).collect();
    let left = more.map(|more| remainder(more, stages.iter().filter_map(|stage| stage.contribution)));
    StageContributions { mean: mean_now, before_mean: mean_before, difference: more, stages, remainder: left }
}
