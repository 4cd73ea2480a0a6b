//! Frames of polars: rows with the number of their cell in, one summary a cell out. Quantiles are interpolated linearly
//! between ranks (Hyndman & Fan type 7).

use std::collections::HashMap;

use polars::prelude::*;
use polars::series::IsSorted;

use crate::DoraError;

/// The column that says which cell a row is in.
const CELL: &str = "cell";
/// The column that says what a row is counted under within its cell.
const KEY: &str = "key";

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
    /// By cell: the row of its summaries, counted from 1; 0 without one.
    rows: Vec<u32>,
    columns: Vec<(&'static str, Vec<Option<f64>>)>,
}

impl Summaries {
    /// A value; `None` where there was nothing to make it from.
    pub fn get(&self, name: &'static str, cell: usize) -> Option<f64> {
        let row = self.rows.get(cell)?.checked_sub(1)? as usize;
        let (_, values) = self.columns.iter().find(|(known, _)| *known == name)?;
        values.get(row).copied().flatten()
    }

    /// A count.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
    pub fn count(&self, name: &'static str, cell: usize) -> u64 {
        self.get(name, cell).unwrap_or_default() as u64
    }
}

/// The cells of rows. Where rows come cell by cell, polars has nothing to search for. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells(UInt32Chunked);

impl Cells {
    pub fn as_slice(&self) -> &[u32] {
        self.0.cont_slice().unwrap_or_default()
    }
}

impl From<Vec<u32>> for Cells {
    fn from(cells: Vec<u32>) -> Self {
        let is_sorted = cells.is_sorted();
        let mut cells = numbers(CELL, cells);
        if is_sorted {
            cells.set_sorted_flag(IsSorted::Ascending);
        }
        Self(cells)
    }
}

/// Rows in cells.
fn frame(cells: impl Into<Cells>, keys: Option<Vec<u32>>, columns: Vec<Column>) -> Result<LazyFrame, DoraError> {
    let mut all = vec![cells.into().0.into_column()];
    all.extend(keys.map(|keys| numbers(KEY, keys).into_column()));
    all.extend(columns);
    Ok(DataFrame::new_infer_height(all)?.lazy())
}

/// A column of numbers, all of which are known.
pub(super) fn column(name: &str, values: Vec<f64>) -> Column {
    Float64Chunked::from_vec(name.into(), values).into_column()
}

/// A column of whole numbers, all of which are known. Their sum is exact in whatever order they come.
pub(super) fn whole_column(name: &str, values: Vec<i64>) -> Column {
    Int64Chunked::from_vec(name.into(), values).into_column()
}

fn numbers(name: &str, values: Vec<u32>) -> UInt32Chunked {
    UInt32Chunked::from_vec(name.into(), values)
}

fn named(wanted: &[Wanted]) -> Vec<Expr> {
    wanted.iter().map(|(name, expression)| expression.clone().cast(DataType::Float64).alias(*name)).collect()
}

fn collect(lazy: LazyFrame, wanted: &[Wanted]) -> Result<Summaries, DoraError> {
    let frame = lazy.collect()?;
    let mut summaries = Summaries::default();
    for (cell, row) in frame.column(CELL)?.u32()?.iter().zip(1..) {
        let Some(cell) = cell.map(|cell| cell as usize) else { continue };
        if summaries.rows.len() <= cell {
            summaries.rows.resize(cell + 1, 0);
        }
        if let Some(known) = summaries.rows.get_mut(cell) {
            *known = row;
        }
    }
    for (name, _) in wanted {
        summaries.columns.push((name, frame.column(name)?.f64()?.iter().collect()));
    }
    Ok(summaries)
}

/// Summarizes the rows of each cell.
pub(super) fn summarize(
    cells: impl Into<Cells>,
    columns: Vec<Column>,
    wanted: &[Wanted],
) -> Result<Summaries, DoraError> {
    collect(frame(cells, None, columns)?.group_by([col(CELL)]).agg(named(wanted)), wanted)
}

/// Makes one row of those of a key in each cell, then summarizes the keys of each cell.
pub(super) fn summarize_keys(
    (cells, keys): (impl Into<Cells>, Vec<u32>),
    values: Vec<f64>,
    of_key: Expr,
    wanted: &[Wanted],
) -> Result<Summaries, DoraError> {
    let by_key = frame(cells, Some(keys), vec![column("value", values)])?.group_by([col(CELL), col(KEY)]).agg([of_key]);
    collect(by_key.group_by([col(CELL)]).agg(named(wanted)), wanted)
}

/// The rows of each key in each cell, summed, the largest first.
pub(super) fn largest(
    (cells, keys): (impl Into<Cells>, Vec<u32>),
    values: Vec<f64>,
) -> Result<HashMap<u32, Vec<f64>>, DoraError> {
    let lazy = frame(cells, Some(keys), vec![column("value", values)])?;
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
pub(super) fn gaps(cells: Vec<u32>, keys: Vec<u32>, at: Vec<f64>) -> Result<Vec<Option<f64>>, DoraError> {
    let lazy = frame(cells, Some(keys), vec![column("at", at)])?;
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
        let values = vec![15.0, 20.0, 35.0, 40.0, 50.0];
        let found = summarize(vec![0, 0, 0, 0, 0], vec![column("x", values.clone())], &wanted(false)).unwrap();
        for (name, value) in [("median", 35.0), ("p75", 40.0), ("p90", 46.0), ("mean", 32.0)] {
            assert!((found.get(name, 0).unwrap() - value).abs() < 1e-9, "{name}");
        }
        let found = summarize(vec![0, 0, 0, 1, 1], vec![column("x", values)], &wanted(false)).unwrap();
        assert_eq!(found.get("median", 1), Some(45.0));
        assert_eq!(found.count("count", 1), 2);
        assert_eq!(found.get("median", 2), None);
    }

    #[test]
    fn cells_are_summarized_in_whatever_order_their_rows_come() {
        let wanted = wanted(false);
        let in_order =
            summarize(vec![1, 1, 1, 4, 4], vec![column("x", vec![1.0, 2.0, 9.0, 5.0, 7.0])], &wanted).unwrap();
        let mixed = summarize(vec![4, 1, 1, 4, 1], vec![column("x", vec![7.0, 9.0, 1.0, 5.0, 2.0])], &wanted).unwrap();
        for (name, first, second) in [("median", 2.0, 6.0), ("mean", 4.0, 6.0), ("count", 3.0, 2.0)] {
            for found in [&in_order, &mixed] {
                let values = [0, 1, 2, 4, 5].map(|cell| found.get(name, cell));
                assert_eq!(values, [None, Some(first), None, Some(second), None], "{name}");
            }
        }
    }

    #[test]
    fn a_lower_median_is_one_of_the_values() {
        let values = vec![4.0, 1.0, 3.0, 2.0];
        let found = summarize(vec![0; 4], vec![column("x", values)], &wanted(true)).unwrap();
        assert_eq!((found.get("median", 0), found.get("p75", 0)), (Some(2.0), Some(3.25)));
    }

    #[test]
    fn what_is_missing_is_left_out_and_never_0() {
        let found =
            summarize(vec![0, 0, 0], vec![Column::new("x".into(), vec![None, Some(10.0), None])], &wanted(false))
                .unwrap();
        assert_eq!((found.get("median", 0), found.get("mean", 0)), (Some(10.0), Some(10.0)));
        assert_eq!(found.count("count", 0), 1);
        let found = summarize(vec![], vec![column("x", vec![])], &wanted(false)).unwrap();
        assert_eq!((found.get("median", 0), found.get("mean", 0), found.count("count", 0)), (None, None, 0));
    }

    #[test]
    fn sums_of_whole_numbers_are_exact_in_any_order() {
        // as floating-point numbers the ones are lost beside 2^53
        let large = (1_u64 << 53) as f64;
        let values = vec![1.0, large, 1.0, -large];
        let found = summarize(vec![0; 4], vec![column("x", values)], &[("sum", exact_sum("x"))]).unwrap();
        assert_eq!(found.get("sum", 0), Some(2.0));
    }

    #[test]
    fn gaps_are_between_rows_of_the_same_key_and_cell() {
        let at = vec![0.0, 1.0, 10.0, 31.0, 40.0];
        let found = gaps(vec![0, 0, 0, 0, 1], vec![7, 8, 7, 8, 7], at).unwrap();
        assert_eq!(found, [None, None, Some(10.0), Some(30.0), None]);
    }
}
