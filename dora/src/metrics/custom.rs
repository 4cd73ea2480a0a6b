//! Metrics that users define: their facts as a frame, their conditions and values as expressions of polars.

use std::collections::BTreeMap;

use kernel::Change;
use kernel::catalog::Declared;
use polars::prelude::*;
use store::flow::Span;
use store::tables::{self, CellValue, Table, Which};
use store::{StoreError, StoreTx};
use strum::VariantArray;

use super::change_type::change_type;
use super::model::Slice;
use super::observations::Observations;
use super::rows::{Micros, Name, Subject};
use crate::DoraError;
use crate::custom::{Comparison, Condition, CustomMetric, CustomValue, Operand, fields, measurable};

/// A column on its way into a frame.
enum Cells {
    Text(Vec<Option<String>>),
    Number(Vec<Option<f64>>),
    Bool(Vec<Option<bool>>),
    Time(Vec<Option<i64>>),
    Texts(Vec<Option<Vec<String>>>),
}

impl Cells {
    fn new(kind: tables::CellKind) -> Self {
        match kind {
            tables::CellKind::Text => Self::Text(Vec::new()),
            tables::CellKind::Int | tables::CellKind::Float => Self::Number(Vec::new()),
            tables::CellKind::Bool => Self::Bool(Vec::new()),
            tables::CellKind::Time => Self::Time(Vec::new()),
            tables::CellKind::Texts => Self::Texts(Vec::new()),
        }
    }

    fn push(&mut self, value: CellValue) -> Result<(), StoreError> {
        match (self, value) {
            (Self::Text(cells), CellValue::Text(value)) => cells.push(value),
            (Self::Number(cells), CellValue::Int(value)) => cells.push(value.map(|value| value as f64)),
            (Self::Number(cells), CellValue::Float(value)) => cells.push(value),
            (Self::Bool(cells), CellValue::Bool(value)) => cells.push(value),
            (Self::Time(cells), CellValue::Time(value)) => cells.push(value),
            (Self::Texts(cells), CellValue::Texts(value)) => cells.push(value),
            (_, value) => {
                let text = format!("{value:?} is in a column whose values are of another kind");
                return Err(StoreError::Unreadable(text));
            }
        }
        Ok(())
    }
}

/// The name of the column that says whether a list holds a text.
fn holds(field: &str, text: &str) -> String {
    format!("{field} has {text}")
}

/// A condition as an expression: null where the field is missing, unless it asks for just that.
fn expression(condition: &Condition) -> Expr {
    let field = || col(condition.field);
    let operand = match &condition.operand {
        None if condition.comparison == Comparison::Equal => return field().is_null(),
        None => return field().is_not_null(),
        Some(Operand::Text(text)) if matches!(condition.comparison, Comparison::Has | Comparison::HasNot) => {
            let there = col(holds(condition.field, text));
            return if condition.comparison == Comparison::Has { there } else { there.not() };
        }
        Some(Operand::Text(text)) => lit(text.as_str()),
        Some(Operand::Number(number)) => lit(*number),
        Some(Operand::Bool(is)) => lit(*is),
    };
    match condition.comparison {
        Comparison::Equal | Comparison::Has => field().eq(operand),
        Comparison::NotEqual | Comparison::HasNot => field().neq(operand),
        Comparison::Less => field().lt(operand),
        Comparison::LessOrEqual => field().lt_eq(operand),
        Comparison::Greater => field().gt(operand),
        Comparison::GreaterOrEqual => field().gt_eq(operand),
    }
}

/// Whether a fact is chosen by a condition of the filter. What is missing is another value than any, and holds
/// nothing.
fn chooses(condition: &Condition) -> Expr {
    let missing = matches!(condition.comparison, Comparison::NotEqual | Comparison::HasNot);
    expression(condition).fill_null(lit(missing))
}

/// What is taken of a fact, as a number; durations in microseconds. Of what is missing nothing can be taken,
/// and a condition on it neither holds nor fails to.
fn value(taken: &CustomValue) -> Expr {
    match taken {
        CustomValue::One => lit(1.0),
        CustomValue::Field(field) => col(*field),
        CustomValue::Between(to, from) => (col(*to) - col(*from)).cast(DataType::Float64),
        CustomValue::Holds(condition) => expression(condition).cast(DataType::Float64),
    }
}

/// The column with the position of each row.
const POSITION: &str = "position of the row";
/// The column with the value taken of each row.
const VALUE: &str = "value taken";

/// The facts of a kind in a span of time: a frame, and the lists beside it.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    frame: DataFrame,
    lists: BTreeMap<String, Vec<Option<Vec<String>>>>,
}

/// The fields that name who a fact is by, of which one is there at most.
const AUTHORS: [&str; 3] = ["author", "reviewer", "assignee"];
/// The fields that say of what type a fact is, the first one that is there.
const KINDS: [&str; 2] = ["kind", "severity"];

/// What metrics of a kind of fact can be asked for by: what its fields state.
pub(super) fn slices(fact: &str) -> Vec<Slice> {
    let kind = measurable().find(|kind| kind.name == fact);
    let has = |name: &str| kind.into_iter().flat_map(fields).any(|(field, _)| field == name);
    let states = |slice: &Slice| match slice {
        Slice::Service | Slice::Team => has("service") || has("repository"),
        Slice::AuthorTeam | Slice::Author => AUTHORS.into_iter().any(has),
        Slice::Repository => has("repository") || has("project"),
        Slice::Label => has("labels"),
        Slice::Type => fact == Change::NAME || KINDS.into_iter().any(has),
        // who wrote the commits of a change is no field of it, and neither is the author of what was reviewed
        Slice::Ai | Slice::ReviewTeams | Slice::ReviewPair => false,
    };
    Slice::VARIANTS.iter().copied().filter(states).collect()
}

/// What metrics of a kind of fact observed, and what it is about.
pub(super) type Observed = (Vec<Subject>, Observations);

impl Facts {
    /// Reads the facts of a kind that happened in a span, by the field that says when.
    pub async fn read(tx: &mut StoreTx, (fact, at): (&'static str, &str), span: Span) -> Result<Self, DoraError> {
        let table = tables::tables(tx, &[fact]).await?.pop();
        let table = table.ok_or_else(|| StoreError::Unreadable(format!("there is no table `{fact}`")))?;
        let kind = measurable().find(|kind| kind.name == fact);
        let known = |name: &str| name == "deleted" || kind.into_iter().flat_map(fields).any(|(field, _)| field == name);
        let columns = table.columns.into_iter().filter(|column| known(&column.name)).collect();
        let table = Table { columns, ..table };
        let mut cells: Vec<Cells> = table.columns.iter().map(|column| Cells::new(column.kind)).collect();
        let which = Which { within: Some((at.to_owned(), span.from, span.to)), not_deleted: true };
        tables::read(tx, &table, &which, |row| {
            for (cells, value) in cells.iter_mut().zip(row) {
                cells.push(value)?;
            }
            Ok(())
        })
        .await?;
        let names = table.columns.into_iter().map(|column| column.name);
        Self::new(names.zip(cells).collect())
    }

    fn new(cells: BTreeMap<String, Cells>) -> Result<Self, DoraError> {
        let mut lists = BTreeMap::new();
        let mut columns = Vec::new();
        for (name, cells) in cells {
            let column = match cells {
                Cells::Text(cells) => Column::new(name.as_str().into(), cells),
                Cells::Number(cells) => Column::new(name.as_str().into(), cells),
                Cells::Bool(cells) => Column::new(name.as_str().into(), cells),
                Cells::Time(cells) => Column::new(name.as_str().into(), cells),
                Cells::Texts(cells) => {
                    lists.insert(name, cells);
                    continue;
                }
            };
            columns.push(column);
        }
        let mut frame = DataFrame::new_infer_height(columns)?;
        let rows = u32::try_from(frame.height()).unwrap_or(u32::MAX);
        frame.with_column(Column::new(POSITION.into(), (0..rows).collect::<Vec<_>>()))?;
        Ok(Self { frame, lists })
    }

    /// The facts that a metric chooses, with the value that it takes of each.
    fn chosen(&self, metric: &CustomMetric, window: Micros) -> Result<DataFrame, DoraError> {
        let of_value = match &metric.value {
            CustomValue::Holds(condition) => Some(condition),
            _ => None,
        };
        let mut frame = self.frame.clone();
        for condition in metric.filter.iter().chain(of_value) {
            if let (Some(Operand::Text(text)), Some(cells)) = (&condition.operand, self.lists.get(condition.field)) {
                let there = |cell: &Option<Vec<String>>| cell.as_ref().map(|held| held.contains(text));
                let name = holds(condition.field, text);
                frame.with_column(Column::new(name.as_str().into(), cells.iter().map(there).collect::<Vec<_>>()))?;
            }
        }
        let happened = col(metric.at).gt_eq(lit(window.from)).and(col(metric.at).lt(lit(window.to)));
        let mut lazy = frame.lazy().filter(happened);
        for condition in &metric.filter {
            lazy = lazy.filter(chooses(condition));
        }
        Ok(lazy.with_column(value(&metric.value).alias(VALUE)).collect()?)
    }

    /// What a metric observes in a window.
    pub fn observe(&self, metric: &CustomMetric, window: Micros) -> Result<Observed, DoraError> {
        let (mut subjects, mut into) = (Vec::new(), Observations::default());
        let frame = self.chosen(metric, window)?;
        let texts = |name: &str| -> Vec<Option<Name>> {
            let column = frame.column(name).ok().and_then(|column| column.str().ok());
            column.map(|column| column.iter().map(|text| text.map(Name::from)).collect()).unwrap_or_default()
        };
        let author = AUTHORS.map(&texts).into_iter().find(|all| !all.is_empty());
        let (service, repository, project) = (texts("service"), texts("repository"), texts("project"));
        let (title, branch) = (texts("title"), texts("source_branch"));
        let kinds = KINDS.map(&texts);
        let (ats, values) = (frame.column(metric.at)?.i64()?, frame.column(VALUE)?.f64()?);
        let rows = ats.iter().zip(values.iter()).zip(frame.column(POSITION)?.u32()?.iter());
        for (nth, ((at, value), position)) in rows.enumerate() {
            let (Some(at), Ok(subject)) = (at, u32::try_from(subjects.len())) else { continue };
            // a clock that ran backwards says nothing
            let value = value.filter(|value| !matches!(metric.value, CustomValue::Between(..)) || *value >= 0.0);
            let of = |all: &[Option<Name>]| all.get(nth).cloned().flatten();
            let labels = self.lists.get("labels").zip(position).and_then(|(labels, row)| labels.get(row as usize));
            let labels = labels.and_then(Option::as_deref).unwrap_or_default();
            let kind = if metric.fact == Change::NAME {
                let title = of(&title).unwrap_or_default();
                Some(change_type(&title, labels, of(&branch).as_deref()).into())
            } else {
                kinds.iter().find_map(|kinds| of(kinds))
            };
            subjects.push(Subject {
                service: of(&service),
                repository: of(&repository),
                project: of(&project),
                labels: labels.iter().map(|label| Name::from(label.as_str())).collect(),
                kind,
                ai: None,
                author: author.as_deref().and_then(of),
            });
            into.about(subject);
            into.perhaps(at, value);
        }
        Ok((subjects, into))
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::CustomMetricSettings;

    use super::*;

    fn cells() -> BTreeMap<String, Cells> {
        let texts = |all: [Option<&str>; 4]| Cells::Text(all.map(|text| text.map(ToOwned::to_owned)).to_vec());
        let labels = [Some(vec!["bug".to_owned()]), Some(vec![]), None, Some(vec!["bug".to_owned(), "ui".to_owned()])];
        BTreeMap::from([
            ("state".to_owned(), texts([Some("merged"), Some("merged"), Some("open"), Some("merged")])),
            ("repository".to_owned(), texts([Some("h/a"), Some("h/b"), Some("h/a"), None])),
            ("additions".to_owned(), Cells::Number(vec![Some(10.0), Some(700.0), Some(5.0), None])),
            ("opened_at".to_owned(), Cells::Time(vec![Some(1), Some(50), Some(3), Some(4)])),
            ("merged_at".to_owned(), Cells::Time(vec![Some(21), Some(42), Some(33), Some(54)])),
            ("labels".to_owned(), Cells::Texts(labels.to_vec())),
        ])
    }

    fn values(filter: &[&str], value: Option<&str>, aggregation: &str) -> Vec<(i64, f64)> {
        let settings = CustomMetricSettings {
            name: "mine".into(),
            fact: "change".into(),
            filter: filter.iter().map(|text| (*text).to_owned()).collect(),
            value: value.map(ToOwned::to_owned),
            aggregation: aggregation.into(),
            ..CustomMetricSettings::default()
        };
        let facts = Facts::new(cells()).unwrap();
        let (_, seen) = facts.observe(&CustomMetric::read(&settings).unwrap(), Micros { from: 0, to: 1_000 }).unwrap();
        let values = seen.values();
        seen.at.into_iter().zip(values).filter_map(|(at, value)| Some((at, value?))).collect()
    }

    #[test]
    fn conditions_choose_facts() {
        let counted = |filter: &[&str]| values(filter, None, "count").into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(counted(&[]), [21, 42, 33, 54]);
        assert_eq!(counted(&["state = merged", "labels has bug"]), [21, 54]);
        assert_eq!(counted(&["labels has not bug"]), [42, 33]);
        assert_eq!(counted(&["additions > 5"]), [21, 42]);
        assert_eq!(counted(&["additions != 10"]), [42, 33, 54]);
        assert_eq!(counted(&["additions = null"]), [54]);
        assert_eq!(counted(&["repository != null", "state != open"]), [21, 42]);
    }

    #[test]
    fn values_are_fields_spans_and_conditions_and_what_is_missing_is_left_out() {
        assert_eq!(values(&[], Some("additions"), "sum"), [(21, 10.0), (42, 700.0), (33, 5.0)]);
        // of the second the clock ran backwards
        assert_eq!(values(&[], Some("merged_at - opened_at"), "median"), [(21, 20.0), (33, 30.0), (54, 50.0)]);
        assert_eq!(values(&[], Some("additions > 500"), "rate"), [(21, 0.0), (42, 1.0), (33, 0.0)]);
        assert_eq!(values(&["state = merged"], Some("labels has ui"), "rate"), [(21, 0.0), (42, 0.0), (54, 1.0)]);
    }

    #[test]
    fn a_kind_of_fact_offers_the_slices_that_its_fields_state() {
        use Slice::{Author, AuthorTeam, Label, Repository, Service, Team, Type};
        assert_eq!(slices("change"), [Service, Team, AuthorTeam, Repository, Label, Type, Author]);
        assert_eq!(slices("review"), [AuthorTeam, Author]);
        assert_eq!(slices("incident"), [Service, Team, Repository, Type]);
        assert_eq!(slices("work_item"), [AuthorTeam, Repository, Label, Type, Author]);
        assert_eq!(slices("quality_measure"), [Service, Team, Repository]);
    }

    #[test]
    fn what_was_not_read_is_an_error_and_not_a_metric_without_observations() {
        let settings = CustomMetricSettings {
            name: "mine".into(),
            fact: "change".into(),
            aggregation: "count".into(),
            ..CustomMetricSettings::default()
        };
        let metric = CustomMetric::read(&settings).unwrap();
        let without_time = cells().into_iter().filter(|(name, _)| name != "merged_at").collect();
        let facts = Facts::new(without_time).unwrap();
        assert!(matches!(facts.observe(&metric, Micros { from: 0, to: 1_000 }), Err(DoraError::Frame(_))));
        assert!(Cells::new(tables::CellKind::Bool).push(CellValue::Int(Some(1))).is_err());
    }

    #[test]
    fn a_condition_on_a_missing_value_is_no_observation() {
        // the last change has no additions and no repository, the third no labels
        for (condition, expected) in [
            ("additions > 500", vec![(21, 0.0), (42, 1.0), (33, 0.0)]),
            ("additions >= 700", vec![(21, 0.0), (42, 1.0), (33, 0.0)]),
            ("additions < 10", vec![(21, 0.0), (42, 0.0), (33, 1.0)]),
            ("additions <= 10", vec![(21, 1.0), (42, 0.0), (33, 1.0)]),
            ("additions = 10", vec![(21, 1.0), (42, 0.0), (33, 0.0)]),
            ("additions != 10", vec![(21, 0.0), (42, 1.0), (33, 1.0)]),
            ("repository = h/a", vec![(21, 1.0), (42, 0.0), (33, 1.0)]),
            ("repository != h/a", vec![(21, 0.0), (42, 1.0), (33, 0.0)]),
            ("labels has bug", vec![(21, 1.0), (42, 0.0), (54, 1.0)]),
            ("labels has not bug", vec![(21, 0.0), (42, 1.0), (54, 0.0)]),
            // these ask for just that
            ("additions = null", vec![(21, 0.0), (42, 0.0), (33, 0.0), (54, 1.0)]),
            ("additions != null", vec![(21, 1.0), (42, 1.0), (33, 1.0), (54, 0.0)]),
        ] {
            assert_eq!(values(&[], Some(condition), "rate"), expected, "{condition}");
        }
        assert_eq!(values(&["additions = null"], Some("additions > 500"), "rate"), []);
    }
}
