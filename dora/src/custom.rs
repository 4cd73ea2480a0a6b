//! Metrics that users define: what their conditions and values mean, checked against the fields that facts
//! have. The engine computes from what is read here, so what passes here can be computed.

use std::collections::BTreeSet;

use kernel::Fact;
use kernel::catalog::{Holds, Kind};
use runtime::settings::Findings;

use crate::settings::CustomMetricSettings;

/// Reports what is wrong with the metrics of the settings.
pub fn check(metrics: &[CustomMetricSettings], findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for (index, metric) in metrics.iter().enumerate() {
        if !seen.insert(metric.name.as_str()) {
            findings.name(format!("metric.{index}.name"), &metric.name, false, "metrics");
        }
        for wrong in CustomMetric::read(metric).err().unwrap_or_default() {
            findings.error(format!("metric.{index}.{}", wrong.key), wrong.found, wrong.expected);
        }
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// An instant.
    Time,
    /// A list of texts.
    Texts,
}

use FieldKind::{Bool, Number, Text, Texts, Time};

/// The kinds of facts that metrics can be made of.
pub fn measurable() -> impl Iterator<Item = &'static Kind> {
    Fact::KINDS.iter().copied().filter(|kind| kind.happened_at.is_some())
}

/// The fields of a kind of fact that metrics can be made of: neither its own id and address, nor ids of commits, nor
/// what is marked as deleted, which no metric counts.
pub fn fields(kind: &'static Kind) -> impl Iterator<Item = (&'static str, FieldKind)> {
    let others = kind.columns.iter().filter(|column| !matches!(column.name, "id" | "deleted" | "url"));
    others.filter_map(|column| {
        let holds = match column.holds {
            Holds::Text => Text,
            Holds::Texts => Texts,
            Holds::Int | Holds::Float => Number,
            Holds::Bool => Bool,
            Holds::Time => Time,
            Holds::Sha | Holds::Shas => return None,
        };
        Some((column.name, holds))
    })
}

/// How two things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `has`: a list holds it.
    Has,
    /// `has not`: a list does not hold it.
    HasNot,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

/// A condition on a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The field.
    pub field: &'static str,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what; `None` stands for `null`.
    pub operand: Option<Operand>,
}

/// What is taken of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomValue {
    /// The fact itself counts as 1.
    One,
    /// A number.
    Field(&'static str),
    /// The time from the second field to the first, in seconds.
    Between(&'static str, &'static str),
    /// 1 where a condition holds, else 0.
    Holds(Condition),
}

kernel::closed_list! {
    /// What is made of the values.
    pub enum Aggregate: "aggregation" {
        /// How many facts.
        Count,
        /// How many facts a week.
        PerWeek,
        /// The sum.
        Sum,
        /// The mean.
        Mean,
        /// The median.
        Median,
        /// The third quartile.
        P75,
        /// The ninth decile.
        P90,
        /// The share of those for which the condition holds.
        Rate,
    }
}

/// A metric that a user defined, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomMetric {
    /// Its name.
    pub name: String,
    /// What it says.
    pub description: String,
    /// The facts.
    pub fact: &'static str,
    /// All of these hold.
    pub filter: Vec<Condition>,
    /// What is taken of each.
    pub value: CustomValue,
    /// What is made of it.
    pub aggregate: Aggregate,
    /// The field that says when it happened.
    pub at: &'static str,
    /// How far back it looks unless asked otherwise.
    pub window: Option<std::time::Duration>,
}

/// What is wrong with a metric: the key below it, what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    /// The key, such as `filter.0`.
    pub key: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

fn wrong(key: impl Into<String>, found: &str, expected: impl Into<String>) -> DefinitionError {
    DefinitionError { key: key.into(), found: format!("`{found}`"), expected: expected.into() }
}

impl CustomMetric {
    /// Understands a metric, or says all that is wrong with it.
    pub fn read(settings: &CustomMetricSettings) -> Result<Self, Vec<DefinitionError>> {
        let mut all = Vec::new();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if settings.name.is_empty() || !settings.name.chars().all(good) || settings.name.len() > 60 {
            all.push(wrong("name", &settings.name, "1 to 60 lower-case letters, digits or `_`"));
        }
        let aggregate = settings.aggregation.parse::<Aggregate>();
        if let Err(error) = &aggregate {
            all.push(wrong("aggregation", &error.found, format!("one of {}", error.expected)));
        }
        let known =
            measurable().find_map(|kind| Some((kind, kind.happened_at?)).filter(|_| kind.name == settings.fact));
        let Some((fact, happened_at)) = known else {
            let names: Vec<&str> = measurable().map(|kind| kind.name).collect();
            all.push(wrong("fact", &settings.fact, format!("one of {}", names.join(", "))));
            return Err(all);
        };
        let mut filter = Vec::new();
        for (nth, text) in settings.filter.iter().enumerate() {
            match condition(fact, text) {
                Ok(condition) => filter.push(condition),
                Err(expected) => all.push(wrong(format!("filter.{nth}"), text, expected)),
            }
        }
        let at = match &settings.at {
            None => happened_at,
            Some(name) => {
                if let Some((name, Time)) = field(fact, name) {
                    name
                } else {
                    all.push(wrong("at", name, format!("a time of a {}: {}", fact.name, names(fact, &[Time]))));
                    happened_at
                }
            }
        };
        let value = aggregate.ok().and_then(|aggregate| {
            let found = settings.value.as_deref();
            match taken(fact, found, aggregate) {
                Ok(value) => Some((aggregate, value)),
                Err(expected) => {
                    all.push(wrong("value", found.unwrap_or("nothing"), expected));
                    None
                }
            }
        });
        match value {
            Some((aggregate, value)) if all.is_empty() => Ok(Self {
                name: settings.name.clone(),
                description: settings.description.clone(),
                fact: fact.name,
                filter,
                value,
                aggregate,
                at,
                window: settings.window,
            }),
            _ => Err(all),
        }
    }
}

fn field(fact: &'static Kind, name: &str) -> Option<(&'static str, FieldKind)> {
    fields(fact).find(|(known, _)| *known == name)
}

fn names(fact: &'static Kind, kinds: &[FieldKind]) -> String {
    let names = fields(fact).filter(|(_, kind)| kinds.contains(kind)).map(|(name, _)| name);
    names.collect::<Vec<_>>().join(", ")
}

const ALL: [FieldKind; 5] = [Text, Number, Bool, Time, Texts];

/// `field = text`, `number > 5`, `labels has bug`, `resolved_at = null`.
fn condition(fact: &'static Kind, text: &str) -> Result<Condition, String> {
    let (name, rest) =
        text.trim().split_once(' ').ok_or("a field, a comparison and a value, such as `state = merged`")?;
    let (name, kind) = field(fact, name).ok_or_else(|| format!("a field of a {}: {}", fact.name, names(fact, &ALL)))?;
    let rest = rest.trim_start();
    let known = [
        ("has not ", Comparison::HasNot),
        ("has ", Comparison::Has),
        ("!=", Comparison::NotEqual),
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("=", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let (comparison, operand) = known
        .iter()
        .find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?.trim())))
        .ok_or("one of the comparisons =, !=, <, <=, >, >=, has, has not")?;
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let on_list = matches!(comparison, Comparison::Has | Comparison::HasNot);
    if operand == "null" && equality && kind != Texts {
        return Ok(Condition { field: name, comparison, operand: None });
    }
    let operand = match kind {
        Texts if on_list => Operand::Text(operand.to_owned()),
        Texts => return Err(format!("`has` or `has not`, since {name} is a list")),
        Text if equality => Operand::Text(operand.to_owned()),
        Text => return Err(format!("= or !=, since {name} is a text")),
        Number if !on_list => {
            let number = operand.parse().ok().filter(|number: &f64| number.is_finite());
            Operand::Number(number.ok_or_else(|| format!("a number, which {name} is compared with"))?)
        }
        Bool if equality => Operand::Bool(operand.parse().map_err(|_| format!("true or false, which {name} is"))?),
        Number | Bool => return Err(format!("=, !=, <, <=, > or >=, since {name} is no list")),
        Time => return Err(format!("`{name} = null` or `{name} != null`: the window chooses the time")),
    };
    Ok(Condition { field: name, comparison, operand: Some(operand) })
}

fn taken(fact: &'static Kind, text: Option<&str>, aggregate: Aggregate) -> Result<CustomValue, String> {
    match aggregate {
        Aggregate::Count | Aggregate::PerWeek => match text {
            None => Ok(CustomValue::One),
            Some(_) => Err("no value: facts are counted; conditions belong into `filter`".to_owned()),
        },
        Aggregate::Rate => {
            let text = text.ok_or("a condition, such as `outcome = failure`")?;
            condition(fact, text).map(CustomValue::Holds)
        }
        _ => {
            let expected = || {
                format!(
                    "a number ({}), or the time between two fields such as `merged_at - opened_at` ({})",
                    names(fact, &[Number]),
                    names(fact, &[Time])
                )
            };
            let text = text.ok_or_else(expected)?;
            if let Some((Some((to, Time)), Some((from, Time)))) =
                text.split_once(" - ").map(|(to, from)| (field(fact, to.trim()), field(fact, from.trim())))
            {
                return Ok(CustomValue::Between(to, from));
            }
            match field(fact, text.trim()) {
                Some((name, Number)) => Ok(CustomValue::Field(name)),
                _ => Err(expected()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(fact: &str, filter: &[&str], value: Option<&str>, aggregation: &str) -> CustomMetricSettings {
        CustomMetricSettings {
            name: "mine".to_owned(),
            fact: fact.to_owned(),
            filter: filter.iter().map(|text| (*text).to_owned()).collect(),
            value: value.map(ToOwned::to_owned),
            aggregation: aggregation.to_owned(),
            ..CustomMetricSettings::default()
        }
    }

    #[test]
    fn a_metric_is_understood() {
        let read = CustomMetric::read(&settings(
            "change",
            &["state = merged", "labels has not generated", "additions >= 10", "ready_at != null"],
            Some("merged_at - opened_at"),
            "median",
        ))
        .unwrap();
        assert_eq!(read.at, "merged_at");
        assert_eq!(read.value, CustomValue::Between("merged_at", "opened_at"));
        let expected = [
            ("state", Comparison::Equal, Some(Operand::Text("merged".to_owned()))),
            ("labels", Comparison::HasNot, Some(Operand::Text("generated".to_owned()))),
            ("additions", Comparison::GreaterOrEqual, Some(Operand::Number(10.0))),
            ("ready_at", Comparison::NotEqual, None),
        ];
        let expected = expected.map(|(field, comparison, operand)| Condition { field, comparison, operand });
        assert_eq!(read.filter, expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key() {
        for (settings, key) in [
            (settings("changes", &[], None, "count"), "fact"),
            (settings("change", &["status = merged"], None, "count"), "filter.0"),
            (settings("change", &["state = merged", "additions > many"], None, "count"), "filter.1"),
            (settings("change", &["labels = bug"], None, "count"), "filter.0"),
            (settings("change", &["title > a"], None, "count"), "filter.0"),
            (settings("change", &["merged_at > 2026-01-01"], None, "count"), "filter.0"),
            (settings("change", &["state"], None, "count"), "filter.0"),
            (settings("change", &[], Some("title"), "median"), "value"),
            (settings("change", &[], None, "median"), "value"),
            (settings("change", &[], Some("additions"), "count"), "value"),
            (settings("change", &[], Some("additions"), "rate"), "value"),
            (settings("change", &[], Some("additions"), "average"), "aggregation"),
            (CustomMetricSettings { at: Some("title".to_owned()), ..settings("change", &[], None, "count") }, "at"),
            (CustomMetricSettings { name: "My metric".to_owned(), ..settings("change", &[], None, "count") }, "name"),
        ] {
            let wrong = CustomMetric::read(&settings).unwrap_err();
            assert_eq!(wrong.iter().map(|wrong| wrong.key.as_str()).collect::<Vec<_>>(), [key], "{settings:?}");
        }
    }
}
