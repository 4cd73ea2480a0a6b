//! Observations: what happened when, and how much of it, as columns. Times are microseconds since 1970, durations
//! microseconds.

use std::collections::HashMap;

use super::rows::Name;
use crate::basis::EvidenceSet;

/// A column that few metrics have: of the rows at its end, and of all where it is empty, it holds the default.
#[derive(Clone, Debug, Default)]
pub(super) struct Sparse<T>(Vec<T>);

impl<T: Copy + Default + PartialEq> Sparse<T> {
    fn put(&mut self, row: usize, value: T) {
        if value != T::default() {
            self.0.resize(row, T::default());
            self.0.push(value);
        }
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> T {
        self.0.get(row).copied().unwrap_or_default()
    }

    /// Whether all rows hold the default.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Observations; each column has a value of each of them. What they are about is the position of a subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Observations {
    pub subject: Vec<u32>,
    /// When it happened; where something lasted, when it began.
    pub at: Vec<i64>,
    /// How much; NaN where one of its ends is not known, so that it is part of no value.
    value: Vec<f64>,
    /// When it ended, where something lasts; `None` while it does.
    pub until: Sparse<Option<i64>>,
    /// Of how much, where shares of sums are made.
    pub of: Sparse<Option<f64>>,
    /// What it is counted under, where parts are compared: the number of a reviewer, an author or a project.
    pub key: Sparse<u32>,
    /// When it began, where those that have not ended are counted beside those that have.
    pub began: Sparse<Option<i64>>,
    pub evidence: Sparse<EvidenceSet>,
    /// Of what lasts: the last begin of a window that knows of it, where that is not its end.
    pub known_until: Sparse<Option<i64>>,
    /// Since when a subject is known to be there: from then on, that nothing happened is 0.
    pub since: Vec<(u32, i64)>,
    keys: HashMap<Name, u32>,
    /// The last key, which the next observation mostly has, too.
    last_key: Option<(Name, u32)>,
    current: u32,
    /// There is one whose value is not known.
    lacks_any: bool,
}

/// One observation.
#[derive(Clone, Copy, Debug, Default)]
struct Observation {
    at: i64,
    until: Option<i64>,
    value: Option<f64>,
    of: Option<f64>,
    key: u32,
    began: Option<i64>,
    evidence: EvidenceSet,
    known_until: Option<i64>,
}

impl Observations {
    /// None, with room for a number of them.
    pub fn with_room(count: usize) -> Self {
        Self {
            subject: Vec::with_capacity(count),
            at: Vec::with_capacity(count),
            value: Vec::with_capacity(count),
            ..Self::default()
        }
    }

    /// States what the next observations are about.
    pub const fn about(&mut self, subject: u32) {
        self.current = subject;
    }

    pub const fn len(&self) -> usize {
        self.at.len()
    }

    /// How much each was, if that is known of all.
    pub fn all_known(&self) -> Option<&[f64]> {
        (!self.lacks_any).then_some(&self.value)
    }

    /// How much one was, if that is known.
    pub fn known(&self, row: usize) -> Option<f64> {
        self.value.get(row).copied().filter(|value| !value.is_nan())
    }

    /// What the numbers of keys stand for, in their order.
    pub fn key_names(&self) -> Vec<&Name> {
        let mut names: Vec<(&u32, &Name)> = self.keys.iter().map(|(name, number)| (number, name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    #[cfg(test)]
    pub fn values(&self) -> Vec<Option<f64>> {
        (0..self.len()).map(|row| self.known(row)).collect()
    }

    /// Whether others were observed of the same subjects at the same times, one by one.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.subject == other.subject && self.at == other.at && self.since == other.since
    }

    fn push(&mut self, observation: Observation) {
        let row = self.len();
        self.perhaps(observation.at, observation.value);
        self.until.put(row, observation.until);
        self.of.put(row, observation.of);
        self.key.put(row, observation.key);
        self.began.put(row, observation.began);
        self.evidence.put(row, observation.evidence);
        self.known_until.put(row, observation.known_until);
    }

    /// States since when what the last observations are about is known to be there.
    pub fn since(&mut self, at: i64) {
        self.since.push((self.current, at));
    }

    /// Something happened.
    pub fn event(&mut self, at: i64) {
        self.value(at, 1.0);
    }

    /// Something of this size happened.
    pub fn value(&mut self, at: i64, value: f64) {
        self.perhaps(at, Some(value));
    }

    /// Something happened whose size may not be known.
    pub fn perhaps(&mut self, at: i64, value: Option<f64>) {
        self.subject.push(self.current);
        self.at.push(at);
        self.value.push(value.unwrap_or(f64::NAN));
        self.lacks_any |= value.is_none();
    }

    /// Something happened that took this long, if that is known.
    pub fn took(&mut self, at: i64, duration_us: Option<i64>) {
        self.perhaps(at, duration_us.map(|duration| duration as f64));
    }

    /// Something happened that took from one time to another. Where one of them is not known, or clocks ran
    /// backwards, the time that it took is missing.
    pub fn span(&mut self, at: i64, from: Option<i64>, to: Option<i64>) {
        self.took(at, from.zip(to).filter(|(from, to)| to >= from).map(|(from, to)| to - from));
    }

    /// Something happened that is or is not so.
    pub fn is(&mut self, at: i64, is: bool) {
        self.value(at, f64::from(u8::from(is)));
    }

    /// Something happened that turned out later to be so, at a time if it did.
    pub fn turned(&mut self, at: i64, when: Option<i64>) {
        let value = Some(f64::from(u8::from(when.is_some())));
        self.push(Observation { at, value, until: when, ..Observation::default() });
    }

    /// Something happened on which a verdict was given, by this evidence.
    pub fn verdict(&mut self, at: i64, is: bool, evidence: EvidenceSet) {
        let value = Some(f64::from(u8::from(is)));
        self.push(Observation { at, value, evidence, ..Observation::default() });
    }

    /// Something began, and ended if it did, which took so long if that is known.
    pub fn ended(&mut self, began: i64, ended: Option<i64>, duration_us: Option<i64>, evidence: EvidenceSet) {
        self.ended_at(ended, (began, ended), duration_us, evidence);
    }

    /// The same, observed at a time that need not be its end; not observed without one.
    pub fn ended_at(
        &mut self,
        at: Option<i64>,
        (began, ended): (i64, Option<i64>),
        duration_us: Option<i64>,
        evidence: EvidenceSet,
    ) {
        // what ended before it began was never open
        let was_open = ended.is_none_or(|ended| ended >= began);
        let value = duration_us.filter(|_| ended.is_some()).map(|duration| duration as f64);
        let (at, began) = (at.unwrap_or(i64::MAX), was_open.then_some(began));
        self.push(Observation { at, until: ended, value, began, evidence, ..Observation::default() });
    }

    /// Something that lasts.
    pub fn lasting(&mut self, from: i64, until: Option<i64>) {
        if until.is_none_or(|until| until >= from) {
            self.push(Observation { at: from, until, ..Observation::default() });
        }
    }

    /// Something that lasts, and that windows know of which begin up to a time.
    pub fn lasting_known(&mut self, from: i64, until: Option<i64>, known_until: i64) {
        let known_until = Some(known_until);
        self.push(Observation { at: from, until, known_until, ..Observation::default() });
    }

    /// A part of a whole.
    pub fn part(&mut self, at: i64, value: f64, of: f64) {
        self.push(Observation { at, value: Some(value), of: Some(of), ..Observation::default() });
    }

    /// An amount, counted under a key.
    pub fn keyed(&mut self, at: i64, key: &Name, value: f64) {
        let key = self.number(key);
        self.push(Observation { at, value: Some(value), key, ..Observation::default() });
    }

    fn number(&mut self, key: &Name) -> u32 {
        if let Some((_, number)) = self.last_key.as_ref().filter(|(last, _)| Name::ptr_eq(last, key)) {
            return *number;
        }
        let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let number = *self.keys.entry(Name::clone(key)).or_insert(next);
        self.last_key = Some((Name::clone(key), number));
        number
    }

    /// Leaves those about subjects that pass.
    pub fn retain(&mut self, passes: impl Fn(u32) -> bool) {
        fn filter<T>(column: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            column.retain(|_| kept.next().copied().unwrap_or_default());
        }
        let kept: Vec<bool> = self.subject.iter().map(|subject| passes(*subject)).collect();
        filter(&mut self.subject, &kept);
        filter(&mut self.at, &kept);
        filter(&mut self.value, &kept);
        filter(&mut self.until.0, &kept);
        filter(&mut self.of.0, &kept);
        filter(&mut self.key.0, &kept);
        filter(&mut self.began.0, &kept);
        filter(&mut self.evidence.0, &kept);
        filter(&mut self.known_until.0, &kept);
    }
}
