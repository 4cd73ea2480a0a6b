//! How differences of wholes are made of those of their parts.

/// How far a sum of floats may be off from what it is in exact arithmetic, as a share of its terms.
const ROUNDING: f64 = 1e-9;

/// A part of a mean or a ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Weighted {
    /// Its weight: the number of observations, or the sum that it is a share of.
    pub weight: f64,
    /// Its own mean or ratio; `None` where nothing was observed.
    pub value: Option<f64>,
}

/// What a part adds to the difference of a sum: what is not there is 0.
pub(in crate::metrics) fn difference(now: Option<f64>, before: Option<f64>) -> f64 {
    now.unwrap_or_default() - before.unwrap_or_default()
}

/// What each part adds to the difference of a mean or a ratio, by the change of its weight and of its own value, in this
/// order. `None` where either whole has no weight. A part that was not there has the value that it has when it is: all that
/// it adds is by its weight.
pub(in crate::metrics) fn mix_and_rate(before: &[Weighted], now: &[Weighted]) -> Option<Vec<(f64, f64)>> {
    let total = |parts: &[Weighted]| parts.iter().map(|part| part.weight).sum::<f64>();
    let (total_before, total_now) = (total(before), total(now));
    if total_before <= 0.0 || total_now <= 0.0 {
        return None;
    }
    let pairs: Vec<[(f64, f64); 2]> = before
        .iter()
        .zip(now)
        .map(|(before, now)| {
            let value_before = before.value.or(now.value).unwrap_or_default();
            let value_now = now.value.or(before.value).unwrap_or_default();
            [(before.weight / total_before, value_before), (now.weight / total_now, value_now)]
        })
        .collect();
    let whole = |nth: usize| pairs.iter().filter_map(move |pair| pair.get(nth)).map(|(weight, value)| weight * value);
    let middle = f64::midpoint(whole(0).sum(), whole(1).sum());
    let effects = pairs.iter().map(|[(weight_before, value_before), (weight_now, value_now)]| {
        let mix = (weight_now - weight_before) * (f64::midpoint(*value_before, *value_now) - middle);
        let rate = f64::midpoint(*weight_before, *weight_now) * (value_now - value_before);
        (mix, rate)
    });
    Some(effects.collect())
}

/// What some terms leave of a sum; 0 where that is no more than rounding.
pub(in crate::metrics) fn remainder(sum: f64, terms: impl Iterator<Item = f64>) -> f64 {
    let (mut left, mut size) = (sum, sum.abs());
    for term in terms {
        left -= term;
        size += term.abs();
    }
    if left.abs() <= size * ROUNDING { 0.0 } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(of: &[(f64, Option<f64>)]) -> Vec<Weighted> {
        of.iter().map(|(weight, value)| Weighted { weight: *weight, value: *value }).collect()
    }

    fn whole(parts: &[Weighted]) -> f64 {
        let weight: f64 = parts.iter().map(|part| part.weight).sum();
        parts.iter().filter_map(|part| Some(part.weight * part.value?)).sum::<f64>() / weight
    }

    #[test]
    fn mix_and_rate_add_up_to_the_difference() {
        for (before, now) in [
            (vec![(90.0, Some(0.1)), (10.0, Some(0.4))], vec![(60.0, Some(0.1)), (40.0, Some(0.4))]),
            (
                vec![(5.0, Some(3.0)), (7.0, Some(1.0)), (1.0, Some(9.0))],
                vec![(6.0, Some(2.0)), (0.0, None), (3.0, Some(4.0))],
            ),
            (vec![(0.0, None), (4.0, Some(0.5))], vec![(4.0, Some(1.0)), (4.0, Some(0.25))]),
        ] {
            let (before, now) = (parts(&before), parts(&now));
            let effects = mix_and_rate(&before, &now).unwrap();
            let sum: f64 = effects.iter().map(|(mix, rate)| mix + rate).sum();
            assert!((sum - (whole(&now) - whole(&before))).abs() < 1e-12, "{before:?} {now:?}");
        }
    }

    #[test]
    fn a_shift_to_the_part_that_fails_more_is_mix_and_nothing_else() {
        let before = parts(&[(90.0, Some(0.1)), (10.0, Some(0.4))]);
        let now = parts(&[(60.0, Some(0.1)), (40.0, Some(0.4))]);
        let effects = mix_and_rate(&before, &now).unwrap();
        assert!(effects.iter().all(|(_, rate)| *rate == 0.0), "{effects:?}");
        assert!(effects.iter().all(|(mix, _)| *mix > 0.0), "less of the better and more of the worse: {effects:?}");
        let gone = mix_and_rate(&parts(&[(1.0, Some(2.0))]), &parts(&[(0.0, None)]));
        assert_eq!(gone, None, "there is no whole to compare with");
    }

    #[test]
    fn rounding_leaves_no_remainder() {
        assert_eq!(remainder(0.3, [0.1, 0.2].into_iter()).abs().to_bits(), 0);
        assert!((remainder(1.0, [0.25].into_iter()) - 0.75).abs() < 1e-12);
        assert_eq!((difference(Some(2.0), None), difference(None, Some(3.0))), (2.0, -3.0));
    }
}
