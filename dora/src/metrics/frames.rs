//! Frames of polars: rows with the number of their cell in, one summary a cell out. Quantiles are interpolated linearly
//! between ranks (Hyndman & Fan type 7).

use std::collections::HashMap;

use polars::prelude::*;

use crate::DoraError;

/// The column that says which cell a row is in.
const CELL: &str = "cell";
/// The column that says what a row is counted under within its cell.
const KEY: &str = "key";

/// A column of a frame.
pub(super) type Cells<'a> = (&'a str, Vec<Option<f64>>);

/// A summary of the rows of a cell, under its name.
pub(super) type Wanted = (&'static str, Expr);

/// The quantile of a column; with `lower` one of its values where it lies between two.
pub(super) fn quantile(column: &str, at: f64, lower: bool) -> Expr {
    col(column).quantile(lit(at), if lower { QuantileMethod::Lower } else { QuantileMethod::Linear })
}

/// The sum of a column of whole numbers, exact in whatever order they come.
pub(super) fn exact_sum(column: &str) -> Expr {
    col(column).cast(DataType::Int64).sum()
}

/// The summaries of cells; a cell without rows has none.
#[derive(Debug, Default)]
pub(super) struct Summaries {
    positions: HashMap<u32, usize>,
    columns: HashMap<&'static str, Vec<Option<f64>>>,
}

impl Summaries {
    /// A value; `None` where there was nothing to make it from.
    pub fn get(&self, name: &'static str, cell: usize) -> Option<f64> {
        let position = self.positions.get(&u32::try_from(cell).ok()?)?;
        self.columns.get(name)?.get(*position).copied().flatten()
    }

    /// A count.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
    pub fn count(&self, name: &'static str, cell: usize) -> u64 {
        self.get(name, cell).unwrap_or_default() as u64
    }
}

fn frame(cells: Vec<u32>, keys: Option<Vec<u32>>, columns: Vec<Cells<'_>>) -> Result<LazyFrame, DoraError> {
    let mut all = vec![Column::new(CELL.into(), cells)];
    all.extend(keys.map(|keys| Column::new(KEY.into(), keys)));
    all.extend(columns.into_iter().map(|(name, values)| Column::new(name.into(), values)));
    Ok(DataFrame::new_infer_height(all)?.lazy())
}

fn named(wanted: &[Wanted]) -> Vec<Expr> {
    wanted.iter().map(|(name, expression)| expression.clone().cast(DataType::Float64).alias(*name)).collect()
}

fn collect(lazy: LazyFrame, wanted: &[Wanted]) -> Result<Summaries, DoraError> {
    let frame = lazy.collect()?;
    let mut summaries = Summaries::default();
    let numbers = frame.column(CELL)?.u32()?;
    summaries.positions = numbers.iter().enumerate().filter_map(|(position, cell)| Some((cell?, position))).collect();
    for (name, _) in wanted {
        summaries.columns.insert(name, frame.column(name)?.f64()?.iter().collect());
    }
    Ok(summaries)
}

/// Summarizes the rows of each cell.
pub(super) fn summarize(cells: Vec<u32>, columns: Vec<Cells<'_>>, wanted: &[Wanted]) -> Result<Summaries, DoraError> {
    collect(frame(cells, None, columns)?.group_by([col(CELL)]).agg(named(wanted)), wanted)
}

/// Makes one row of those of a key in each cell, then summarizes the keys of each cell.
pub(super) fn summarize_keys(
    (cells, keys): (Vec<u32>, Vec<u32>),
    values: Vec<Option<f64>>,
    of_key: Expr,
    wanted: &[Wanted],
) -> Result<Summaries, DoraError> {
    let by_key = frame(cells, Some(keys), vec![("value", values)])?.group_by([col(CELL), col(KEY)]).agg([of_key]);
    collect(by_key.group_by([col(CELL)]).agg(named(wanted)), wanted)
}

/// The median of numbers.
pub(crate) fn median(values: Vec<f64>) -> Result<Option<f64>, DoraError> {
    let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
    let found =
        summarize(vec![0; values.len()], vec![("value", values)], &[("median", quantile("value", 0.5, false))])?;
    Ok(found.get("median", 0))
}

/// The rows of each key in each cell, summed, the largest first.
pub(super) fn largest(
    (cells, keys): (Vec<u32>, Vec<u32>),
    values: Vec<Option<f64>>,
) -> Result<HashMap<u32, Vec<f64>>, DoraError> {
    let lazy = frame(cells, Some(keys), vec![("value", values)])?;
    let by_key = lazy.group_by([col(CELL), col(KEY)]).agg([col("value").sum()]);
    let order = SortMultipleOptions::default().with_order_descending(true);
    let frame = by_key.sort(["value"], order).collect()?;
    let mut largest: HashMap<u32, Vec<f64>> = HashMap::new();
    for (cell, value) in frame.column(CELL)?.u32()?.iter().zip(frame.column("value")?.f64()?.iter()) {
        if let Some((cell, value)) = cell.zip(value) {
            largest.entry(cell).or_default().push(value);
        }
    }
    Ok(largest)
}

/// How long before each row the row before it was, of the same key in the same cell. Rows are in the order of time.
pub(super) fn gaps(cells: Vec<u32>, keys: Vec<u32>, at: Vec<Option<f64>>) -> Result<Vec<Option<f64>>, DoraError> {
    let lazy = frame(cells, Some(keys), vec![("at", at)])?;
    let gap = (col("at") - col("at").shift(lit(1))).over([col(CELL), col(KEY)])?;
    let frame = lazy.with_column(gap.alias("gap")).collect()?;
    Ok(frame.column("gap")?.f64()?.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(lower: bool) -> Vec<Wanted> {
        vec![
            ("median", quantile("x", 0.5, lower)),
            ("p75", quantile("x", 0.75, false)),
            ("p90", quantile("x", 0.9, false)),
            ("mean", col("x").mean()),
            ("count", col("x").count()),
        ]
    }

    #[test]
    fn quantiles_are_interpolated_between_ranks() {
        let values = [15.0, 20.0, 35.0, 40.0, 50.0].map(Some).to_vec();
        let found = summarize(vec![0, 0, 0, 0, 0], vec![("x", values.clone())], &wanted(false)).unwrap();
        for (name, value) in [("median", 35.0), ("p75", 40.0), ("p90", 46.0), ("mean", 32.0)] {
            assert!((found.get(name, 0).unwrap() - value).abs() < 1e-9, "{name}");
        }
        let found = summarize(vec![0, 0, 0, 1, 1], vec![("x", values)], &wanted(false)).unwrap();
        assert_eq!(found.get("median", 1), Some(45.0));
        assert_eq!(found.count("count", 1), 2);
        assert_eq!(found.get("median", 2), None);
    }

    #[test]
    fn a_lower_median_is_one_of_the_values() {
        let values = [4.0, 1.0, 3.0, 2.0].map(Some).to_vec();
        let found = summarize(vec![0; 4], vec![("x", values)], &wanted(true)).unwrap();
        assert_eq!((found.get("median", 0), found.get("p75", 0)), (Some(2.0), Some(3.25)));
    }

    #[test]
    fn what_is_missing_is_left_out_and_never_0() {
        let found = summarize(vec![0, 0, 0], vec![("x", vec![None, Some(10.0), None])], &wanted(false)).unwrap();
        assert_eq!((found.get("median", 0), found.get("mean", 0)), (Some(10.0), Some(10.0)));
        assert_eq!(found.count("count", 0), 1);
        let found = summarize(vec![], vec![("x", vec![])], &wanted(false)).unwrap();
        assert_eq!((found.get("median", 0), found.get("mean", 0), found.count("count", 0)), (None, None, 0));
    }

    #[test]
    fn sums_of_whole_numbers_are_exact_in_any_order() {
        // as floating-point numbers the ones are lost beside 2^53
        let large = (1_u64 << 53) as f64;
        let values = vec![Some(1.0), Some(large), Some(1.0), Some(-large)];
        let found = summarize(vec![0; 4], vec![("x", values)], &[("sum", exact_sum("x"))]).unwrap();
        assert_eq!(found.get("sum", 0), Some(2.0));
    }

    #[test]
    fn gaps_are_between_rows_of_the_same_key_and_cell() {
        let at = [0.0, 1.0, 10.0, 31.0, 40.0].map(Some).to_vec();
        let found = gaps(vec![0, 0, 0, 0, 1], vec![7, 8, 7, 8, 7], at).unwrap();
        assert_eq!(found, [None, None, Some(10.0), Some(30.0), None]);
    }
}
