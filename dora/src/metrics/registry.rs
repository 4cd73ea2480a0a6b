//! The metrics by name: those that are built in, each declared beside the function that makes its observations, and
//! those of the settings.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use kernel::near::UnknownName;

use super::metric::{Input, Metric};
use super::model::{Aggregation, Definition, Direction};
use super::unit::Unit;
use super::{ci, delivery, flow, planning, quality, review, security};
use crate::DoraError;
use crate::custom::{Aggregate, CustomMetric, CustomValue};
use crate::settings::CustomMetricSettings;

/// The built-in metrics, in the order in which they are listed.
pub(super) fn built_in<'a>() -> impl Iterator<Item = &'a Metric> {
    let groups = [
        delivery::METRICS,
        flow::METRICS,
        review::METRICS,
        ci::METRICS,
        planning::METRICS,
        quality::METRICS,
        security::METRICS,
    ];
    groups.into_iter().flatten()
}

/// The same, by name.
static BY_NAME: LazyLock<Vec<&'static Metric>> = LazyLock::new(|| {
    let mut all: Vec<&Metric> = built_in().collect();
    all.sort_unstable_by_key(|metric| &*metric.id);
    all
});

fn find_built_in(name: &str) -> Option<&'static Metric> {
    let found = BY_NAME.binary_search_by_key(&name, |metric| &*metric.id).ok()?;
    BY_NAME.get(found).copied()
}

fn custom(metric: CustomMetric) -> Metric {
    let aggregation = match metric.aggregate {
        Aggregate::Count => Aggregation::Count,
        Aggregate::PerWeek => Aggregation::PerWeek,
        Aggregate::Sum => Aggregation::Sum,
        Aggregate::Mean => Aggregation::Mean,
        Aggregate::Median => Aggregation::Median,
        Aggregate::P75 => Aggregation::P75,
        Aggregate::P90 => Aggregation::P90,
        Aggregate::Rate => Aggregation::Rate,
    };
    let unit = match (&metric.value, aggregation) {
        (_, Aggregation::PerWeek) => Unit::PerWeek,
        (_, Aggregation::Rate) => Unit::Ratio,
        (CustomValue::Between(..), _) => Unit::Seconds,
        (CustomValue::Field(_), _) => Unit::Number,
        _ => Unit::Count,
    };
    let metric = Arc::new(metric);
    Metric {
        id: Cow::Owned(metric.name.clone()),
        title: Cow::Owned(metric.name.replace('_', " ")),
        definition: Cow::Owned(metric.description.clone()),
        direction: Direction::Neither,
        window: metric.window,
        ..Metric::new(("custom", ""), unit, aggregation, Input::Custom(metric), ("", ""))
    }
}

/// The metrics of the settings. An error names the setting that can't be used.
pub(super) fn of_settings(settings: &[CustomMetricSettings]) -> Result<Vec<Metric>, DoraError> {
    let mut all: Vec<Metric> = Vec::new();
    for (index, settings) in settings.iter().enumerate() {
        let read = CustomMetric::read(settings).map_err(|wrong| {
            let first = wrong.into_iter().next();
            DoraError::Metric {
                key: first.as_ref().map_or(format!("metric.{index}"), |wrong| format!("metric.{index}.{}", wrong.key)),
                expected: first.map(|wrong| wrong.expected).unwrap_or_default(),
            }
        })?;
        if find_built_in(&read.name).is_some() || all.iter().any(|metric| metric.id == read.name) {
            return Err(DoraError::Metric {
                key: format!("metric.{index}.name"),
                expected: format!("a name that no other metric has; `{}` is taken", read.name),
            });
        }
        all.push(custom(read));
    }
    Ok(all)
}

/// All metrics that can be asked for, as they are declared.
pub(super) fn all(custom: &[CustomMetricSettings]) -> Result<Vec<Metric>, DoraError> {
    Ok(built_in().cloned().chain(of_settings(custom)?).collect())
}

/// All metrics that can be asked for: those that are built in, then those of the settings. An error names
/// the setting that can't be used.
pub fn definitions(custom: &[CustomMetricSettings]) -> Result<Vec<Definition>, DoraError> {
    Ok(all(custom)?.iter().map(Metric::define).collect())
}

/// The metric of a name.
pub(super) fn find(name: &str, custom: &[CustomMetricSettings]) -> Result<Cow<'static, Metric>, DoraError> {
    if let Some(metric) = find_built_in(name) {
        return Ok(Cow::Borrowed(metric));
    }
    let mut of_settings = of_settings(custom)?;
    if let Some(found) = of_settings.iter().position(|metric| metric.id == name) {
        return Ok(Cow::Owned(of_settings.swap_remove(found)));
    }
    let known = built_in().chain(&of_settings).map(|metric| &*metric.id);
    Err(DoraError::UnknownMetric(UnknownName::new(name, known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_and_says_what_it_is() {
        let all = definitions(&[]).unwrap();
        assert!(BY_NAME.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(all.iter().all(|metric| metric.definition.ends_with('.') && !metric.slices.is_empty()));
    }

    #[test]
    fn what_is_shown_beside_a_metric_is_a_metric_of_the_same_input() {
        for metric in built_in() {
            for (_, beside) in metric.beside {
                let beside = find(beside, &[]).unwrap();
                assert_eq!(std::mem::discriminant(&beside.input), std::mem::discriminant(&metric.input));
            }
        }
    }

    #[test]
    fn a_metric_of_ones_own_can_not_take_a_name_that_is_taken() {
        let mine = CustomMetricSettings {
            name: "change_size".into(),
            fact: "change".into(),
            aggregation: "count".into(),
            ..CustomMetricSettings::default()
        };
        let Err(DoraError::Metric { key, .. }) = definitions(&[mine]) else { panic!("it was taken") };
        assert_eq!(key, "metric.0.name");
    }

    #[test]
    fn every_metric_is_documented() {
        let document = include_str!("../../../docs/metrics.md");
        for metric in definitions(&[]).unwrap() {
            assert!(document.contains(&format!("`{}`", metric.name)), "docs/metrics.md does not know {}", metric.name);
        }
    }
}
