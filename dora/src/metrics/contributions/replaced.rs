//! What a quantile would be if one part of the observations were as in another window.

use std::collections::BTreeMap;

use polars::prelude::Expr;

use crate::DoraError;
use crate::metrics::frames::{column, summarize};

/// Parts that are replaced at most: those with the most observations.
const PARTS_MAX: usize = 50;
/// Rows that are summarized at once.
const ROWS: usize = 4_000_000;

/// Observations, each with the name of its part.
pub(in crate::metrics) type Observed = Vec<(String, f64)>;

/// The quantile of what was observed now, for each part with its observations replaced by those before. Parts with few
/// observations are left out if there are many.
pub(in crate::metrics) fn replaced(
    now: &Observed,
    before: &Observed,
    quantile: &Expr,
) -> Result<BTreeMap<String, Option<f64>>, DoraError> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (part, _) in now.iter().chain(before) {
        *counts.entry(part).or_default() += 1;
    }
    let mut parts: Vec<(&str, usize)> = counts.into_iter().collect();
    parts.sort_by(|(one, count), (other, other_count)| other_count.cmp(count).then(one.cmp(other)));
    parts.truncate(PARTS_MAX);
    let at_once = (ROWS / (now.len() + before.len() + 1)).max(1);
    let mut found = BTreeMap::new();
    for parts in parts.chunks(at_once) {
        let (mut cells, mut values) = (Vec::new(), Vec::new());
        for (cell, (part, _)) in (0_u32..).zip(parts) {
            let kept = now.iter().filter(|(of, _)| of != part);
            let put = before.iter().filter(|(of, _)| of == part);
            for (_, value) in kept.chain(put) {
                cells.push(cell);
                values.push(*value);
            }
        }
        let summaries = summarize(cells, vec![column("value", values)], &[("value", quantile.clone())])?;
        let values =
            parts.iter().enumerate().map(|(cell, (part, _))| ((*part).to_owned(), summaries.get("value", cell)));
        found.extend(values);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::frames::quantile;

    fn observed(of: &[(&str, &[f64])]) -> Observed {
        of.iter().flat_map(|(part, values)| values.iter().map(|value| ((*part).to_owned(), *value))).collect()
    }

    #[test]
    fn a_part_is_replaced_by_what_it_was() {
        let before = observed(&[("a", &[1.0, 2.0]), ("b", &[3.0])]);
        let now = observed(&[("a", &[9.0, 9.0]), ("b", &[3.0]), ("c", &[4.0])]);
        let median = quantile("value", 0.5, false);
        let found = replaced(&now, &before, &median).unwrap();
        // 1 2 3 4, 9 9 3 4 and 9 9 3
        let expected = [("a", Some(2.5)), ("b", Some(6.5)), ("c", Some(9.0))];
        assert_eq!(found, expected.map(|(part, value)| (part.to_owned(), value)).into());
        let gone = replaced(&observed(&[("a", &[1.0])]), &Observed::new(), &median).unwrap();
        assert_eq!(gone, [("a".to_owned(), None)].into(), "nothing is left");
    }
}
