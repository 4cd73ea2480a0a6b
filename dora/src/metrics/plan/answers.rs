//! The answers of a plan, from what was read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use store::metric_rows::ServiceBasis;

use super::{Part, Plan, steps};
use crate::compute::DeliveryRules;
use crate::metrics::aggregate::{self, Asked};
use crate::metrics::calendar::{Calendar, Step};
use crate::metrics::compare::Comparison;
use crate::metrics::distribution::Distribution;
use crate::metrics::metric::Metric;
use crate::metrics::model::{MetricAnswer, MetricPart, Slice};
use crate::metrics::observations::Observations;
use crate::metrics::ownership::Filter;
use crate::metrics::parallel;
use crate::metrics::registry::find;
use crate::metrics::rows::Micros;
use crate::metrics::slices::Parts;
use crate::metrics::spans::Spans;
use crate::metrics::tables::Tables;
use crate::metrics::view::View;
use crate::metrics::window::Window;
use crate::{Budget, DoraError, Interval};

impl Plan {
    /// The answers, from what was read.
    pub(crate) fn answer(&self, tables: &Tables) -> Result<Vec<MetricAnswer>, DoraError> {
        let filter = self.filter(tables)?;
        let calendar = Calendar { zone: self.question.time_zone };
        let of_plan = OfPlan { plan: self, tables, filter: &filter, calendar: &calendar };
        let (mut windows, mut compared) = (BTreeMap::new(), BTreeMap::new());
        for part in &self.parts {
            if let Entry::Vacant(new) = windows.entry(part.window) {
                new.insert(of_plan.window(part.window, steps(&calendar, part.window, &self.question)?));
            }
            if let Some(window) = part.compared
                && let Entry::Vacant(new) = compared.entry(window)
            {
                new.insert(of_plan.window(window, one_step(window)));
            }
        }
        let jobs: Vec<(&Part, &OfWindow<'_>, Option<&OfWindow<'_>>)> = self
            .parts
            .iter()
            .filter_map(|part| {
                let before = part.compared.and_then(|window| compared.get(&window));
                Some((part, windows.get(&part.window)?, before))
            })
            .collect();
        let answers = parallel::each(&jobs, |(part, of_window, before)| {
            let mut answer =
                of_plan.answer(&part.metric, of_window, self.question.values_in_series.unwrap_or_default())?;
            if let Some(before) = before {
                let before = of_plan.answer(&part.metric, before, false)?;
                for slice in answer.slices_only_of(&before) {
                    answer.slices.push(of_plan.nothing(part, &slice)?);
                }
                answer.slices.sort_by(|one, other| one.slice.cmp(&other.slice));
                answer.compare_with(&before);
            }
            Ok(answer)
        });
        answers.into_iter().collect()
    }

    /// The distributions of the metrics, from what was read.
    pub(crate) fn distributions(&self, tables: &Tables) -> Result<Vec<Distribution>, DoraError> {
        let filter = self.filter(tables)?;
        let calendar = Calendar { zone: self.question.time_zone };
        let of_plan = OfPlan { plan: self, tables, filter: &filter, calendar: &calendar };
        let services: Vec<_> = of_plan.services().collect();
        let distribution = |part: &Part| {
            let OfWindow { window, view, steps, .. } = of_plan.window(part.window, one_step(part.window));
            let (observations, parts) = view.observe(&self.input(&part.metric))?;
            let asked = Asked {
                metric: &part.metric,
                by: self.question.by,
                environment: self.question.environment.as_deref(),
                spans: &Spans::new(&calendar, window, &steps),
                daily: false,
                rules: self.rules_of(&part.metric),
                values_in_series: false,
                budget: &self.question.budget,
                services: &services,
            };
            let (whole, slices) = aggregate::distributed(&asked, (&observations, &parts))?;
            let (metric, time_zone, by) = (part.metric.define(), self.question.time_zone, self.question.by);
            Ok(Distribution { metric, window, time_zone, by, whole, slices })
        };
        self.parts.iter().map(distribution).collect()
    }

    /// What each of the metrics answers about a slice of which nothing was observed, in neither window.
    pub(crate) fn nothing_of(&self, tables: &Tables, slice: &str) -> Result<Vec<MetricPart>, DoraError> {
        let (filter, calendar) = (self.filter(tables)?, Calendar { zone: self.question.time_zone });
        let of_plan = OfPlan { plan: self, tables, filter: &filter, calendar: &calendar };
        let nothing = |part: &Part| {
            let nothing = of_plan.nothing(part, slice)?;
            let unit = part.metric.unit;
            let compared = part.compared.map(|window| Comparison::new(nothing.value, window, (None, 0), unit));
            Ok(MetricPart { compared, ..nothing })
        };
        self.parts.iter().map(nothing).collect()
    }

    /// What the rules that are followed decide about a metric.
    pub(super) fn rules_of(&self, metric: &Metric) -> DeliveryRules {
        if metric.group == "delivery" { self.rules } else { DeliveryRules::default() }
    }
}

/// What the answers of a plan are made from.
struct OfPlan<'t> {
    plan: &'t Plan,
    tables: &'t Tables,
    filter: &'t Filter,
    calendar: &'t Calendar,
}

impl<'t> OfPlan<'t> {
    fn window(&self, window: Window, (steps, interval): (Vec<Step>, Interval)) -> OfWindow<'t> {
        let micros = Micros { from: window.from.timestamp_micros(), to: window.to.timestamp_micros() };
        let view = View::new(self.tables, self.filter, micros, self.plan.question.by);
        OfWindow { window, view, steps, interval }
    }

    fn answer(
        &self,
        metric: &Metric,
        of_window: &OfWindow<'_>,
        values_in_series: bool,
    ) -> Result<MetricAnswer, DoraError> {
        let OfWindow { window, view, steps, interval } = of_window;
        let question = &self.plan.question;
        let services: Vec<_> = self.services().collect();
        let asked = Asked {
            metric,
            by: question.by,
            environment: question.environment.as_deref(),
            spans: &Spans::new(self.calendar, *window, steps),
            daily: *interval == Interval::Day,
            rules: self.plan.rules_of(metric),
            values_in_series,
            budget: &question.budget,
            services: &services,
        };
        let (observations, parts) = view.observe(&self.plan.input(metric))?;
        let beside = parallel::each(metric.beside, |(name, id)| {
            let (observations, _) = view.observe(&find(id, &[])?.input)?;
            Ok::<_, DoraError>((*name, observations))
        });
        let beside = beside.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (whole, slices) = aggregate::answer(&asked, (&observations, &parts), &beside)?;
        Ok(MetricAnswer {
            metric: metric.define(),
            window: *window,
            time_zone: question.time_zone,
            interval: *interval,
            by: question.by,
            whole,
            slices,
        })
    }

    /// What a metric answers about a slice of which nothing was observed in its window.
    fn nothing(&self, part: &Part, slice: &str) -> Result<MetricPart, DoraError> {
        let (plan, ownership) = (self.plan, &self.tables.ownership);
        let (steps, interval) = steps(self.calendar, part.window, &plan.question)?;
        let is_part = |service: &str| match plan.question.by {
            Some(Slice::Team) => ownership.is_of_team(service, slice),
            Some(Slice::Service) => service == slice,
            _ => true,
        };
        let services: Vec<_> = self.services().filter(|basis| is_part(&basis.service)).collect();
        let asked = Asked {
            metric: &part.metric,
            by: None,
            environment: plan.question.environment.as_deref(),
            spans: &Spans::new(self.calendar, part.window, &steps),
            daily: interval == Interval::Day,
            rules: plan.rules_of(&part.metric),
            values_in_series: false,
            budget: &Budget::default(),
            services: &services,
        };
        let none = Observations::default();
        let beside: Vec<_> = part.metric.beside.iter().map(|(name, _)| (*name, none.clone())).collect();
        let (whole, _) = aggregate::answer(&asked, (&none, &Parts::default()), &beside)?;
        Ok(MetricPart { slice: Some(slice.to_owned()), ..whole })
    }

    /// The services that are asked about.
    fn services(&self) -> impl Iterator<Item = &'t ServiceBasis> {
        let (tables, filter) = (self.tables, self.filter);
        tables.bases.iter().filter(move |basis| tables.ownership.passes_service(&basis.service, filter))
    }
}

/// What metrics over the same window share.
struct OfWindow<'t> {
    window: Window,
    view: View<'t>,
    steps: Vec<Step>,
    interval: Interval,
}

/// A window that is a single step.
pub(super) fn one_step(window: Window) -> (Vec<Step>, Interval) {
    (vec![Step { from: window.from, to: window.to, label: String::new() }], Interval::Year)
}
