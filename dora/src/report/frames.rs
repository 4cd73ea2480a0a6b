//! Aggregation with polars: rows with the number of their step in, one summary of all of them and one a
//! step out. Quantiles are interpolated linearly between ranks (Hyndman & Fan type 7).

use std::collections::HashMap;

use polars::prelude::*;

use crate::DoraError;

/// What is asked of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stat {
    /// The median.
    Median,
    /// The third quartile.
    P75,
    /// The ninth decile.
    P90,
    /// The mean.
    Mean,
    /// The sum.
    Sum,
    /// How many values are there.
    Count,
}

impl Stat {
    fn of(self, column: &'static str, lower: bool) -> Expr {
        let column = col(column);
        let quantile = |at: f64| column.clone().quantile(lit(at), QuantileMethod::Linear);
        let value = match self {
            Self::Median if lower => column.quantile(lit(0.5), QuantileMethod::Lower),
            Self::Median => quantile(0.5),
            Self::P75 => quantile(0.75),
            Self::P90 => quantile(0.9),
            Self::Mean => column.mean(),
            Self::Sum => column.sum(),
            Self::Count => column.count(),
        };
        value.cast(DataType::Float64)
    }
}

/// Rows: the step that each belongs to, and columns of values, where there are any.
pub(crate) struct Frame {
    pub steps: Vec<u32>,
    /// Of an even number of values the median is the lower of the two in the middle, as `DevLake` has it.
    pub lower_median: bool,
    pub columns: Vec<(&'static str, Vec<Option<f64>>)>,
}

/// The answers for some rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary(HashMap<(&'static str, Stat), f64>);

impl Summary {
    /// An answer; `None` where there was nothing to answer from.
    pub fn get(&self, column: &'static str, stat: Stat) -> Option<f64> {
        self.0.get(&(column, stat)).copied()
    }

    /// A sum or a count.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
    pub fn count(&self, column: &'static str, stat: Stat) -> u64 {
        self.get(column, stat).unwrap_or_default() as u64
    }
}

/// The answers over all rows, and for each step.
pub(crate) struct Summaries {
    pub all: Summary,
    pub steps: Vec<Summary>,
}

/// Asks something of the columns of a frame.
pub(crate) fn summarise(frame: Frame, steps: usize, wanted: &[(&'static str, Stat)]) -> Result<Summaries, DoraError> {
    let lower = frame.lower_median;
    let mut columns = vec![Column::new("step".into(), frame.steps)];
    columns.extend(frame.columns.into_iter().map(|(name, values)| Column::new(name.into(), values)));
    let frame = DataFrame::new_infer_height(columns)?;
    let name = |column: &str, stat: Stat| format!("{column} {stat:?}");
    let asked: Vec<Expr> =
        wanted.iter().map(|(column, stat)| stat.of(column, lower).alias(name(column, *stat))).collect();
    let all = frame.clone().lazy().select(asked.clone()).collect()?;
    let by_step = frame.lazy().group_by([col("step")]).agg(asked).collect()?;

    let mut summaries = Summaries { all: Summary::default(), steps: vec![Summary::default(); steps] };
    let numbers = by_step.column("step")?.u32()?;
    for (column, stat) in wanted {
        let key = (*column, *stat);
        let name = name(column, *stat);
        summaries.all.0.extend(all.column(&name)?.f64()?.get(0).map(|value| (key, value)));
        for (number, value) in numbers.iter().zip(by_step.column(&name)?.f64()?.iter()) {
            let step = number.and_then(|number| summaries.steps.get_mut(number as usize));
            if let (Some(step), Some(value)) = (step, value) {
                step.0.insert(key, value);
            }
        }
    }
    Ok(summaries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated_between_ranks() {
        let values = [15.0, 20.0, 35.0, 40.0, 50.0].map(Some).to_vec();
        let frame = Frame { steps: vec![0, 0, 0, 1, 1], lower_median: false, columns: vec![("x", values)] };
        let wanted = [("x", Stat::Median), ("x", Stat::P75), ("x", Stat::P90), ("x", Stat::Mean), ("x", Stat::Count)];
        let found = summarise(frame, 3, &wanted).unwrap();
        for (stat, value) in [(Stat::Median, 35.0), (Stat::P75, 40.0), (Stat::P90, 46.0), (Stat::Mean, 32.0)] {
            assert!((found.all.get("x", stat).unwrap() - value).abs() < 1e-9, "{stat:?}");
        }
        assert_eq!(found.steps[1].get("x", Stat::Median), Some(45.0));
        assert_eq!(found.steps[1].count("x", Stat::Count), 2);
        assert_eq!(found.steps[2].get("x", Stat::Median), None);
    }

    #[test]
    fn a_lower_median_is_one_of_the_values() {
        let values = [4.0, 1.0, 3.0, 2.0].map(Some).to_vec();
        let frame = Frame { steps: vec![0; 4], lower_median: true, columns: vec![("x", values)] };
        let found = summarise(frame, 1, &[("x", Stat::Median), ("x", Stat::P75)]).unwrap();
        assert_eq!(found.all.get("x", Stat::Median), Some(2.0));
        assert_eq!(found.all.get("x", Stat::P75), Some(3.25));
    }

    #[test]
    fn what_is_missing_is_left_out_and_never_0() {
        let frame =
            Frame { steps: vec![0, 0, 0], lower_median: false, columns: vec![("x", vec![None, Some(10.0), None])] };
        let found = summarise(frame, 1, &[("x", Stat::Median), ("x", Stat::Mean), ("x", Stat::Count)]).unwrap();
        assert_eq!(found.all.get("x", Stat::Median), Some(10.0));
        assert_eq!(found.all.get("x", Stat::Mean), Some(10.0));
        assert_eq!(found.all.count("x", Stat::Count), 1);
        let empty = Frame { steps: vec![], lower_median: false, columns: vec![("x", vec![])] };
        let found = summarise(empty, 1, &[("x", Stat::Median), ("x", Stat::Mean), ("x", Stat::Count)]).unwrap();
        assert_eq!(found.all.get("x", Stat::Median), None);
        assert_eq!(found.all.get("x", Stat::Mean), None);
        assert_eq!(found.all.count("x", Stat::Count), 0);
    }
}
