//! Figures and their limits, printed one a line as soon as they are known.

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Figures {
    measured: usize,
    missed: Vec<String>,
}

impl Figures {
    /// A figure without a limit, or the setting of those that follow.
    pub(crate) fn note(text: &str) {
        println!("  {text}");
    }

    /// What the next lines are about.
    pub(crate) fn heading(text: &str) {
        println!("{text}");
    }

    /// A figure that must be at most its limit.
    pub(crate) fn at_most(&mut self, what: &str, figure: f64, limit: f64, unit: &str) {
        self.measured += 1;
        let verdict = if figure <= limit { "pass" } else { "MISS" };
        println!("  {verdict}  {figure:>8.2} {unit:<3} of at most {limit:>6.2}   {what}");
        if figure > limit {
            self.missed.push(what.to_owned());
        }
    }

    /// A figure that must be at least its limit.
    pub(crate) fn at_least(&mut self, what: &str, figure: f64, limit: f64, unit: &str) {
        self.measured += 1;
        let verdict = if figure >= limit { "pass" } else { "MISS" };
        println!("  {verdict}  {figure:>8.2} {unit:<3} of at least {limit:>5.2}   {what}");
        if figure < limit {
            self.missed.push(what.to_owned());
        }
    }

    /// The last line.
    pub(crate) fn summary(&self) {
        println!("{} limits, {} met", self.measured, self.measured - self.missed.len());
        for what in &self.missed {
            println!("missed: {what}");
        }
    }
}

/// The middle of an odd number of measurements.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_one() {
        assert!((median(vec![3.0, 1.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_missed_limit_is_kept_for_the_end() {
        let mut figures = Figures::default();
        figures.at_most("good", 1.0, 1.0, "s");
        figures.at_most("bad", 1.1, 1.0, "s");
        figures.at_least("slow", 0.4, 0.5, "×");
        assert_eq!((figures.measured, figures.missed), (3, vec!["bad".to_owned(), "slow".to_owned()]));
    }
}
