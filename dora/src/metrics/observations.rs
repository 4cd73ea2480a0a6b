//! Observations: what happened when, how much of it, and to what. Times are microseconds since 1970,
//! durations microseconds.

use crate::basis::EvidenceSet;

/// What an observation is about, so far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Subject {
    /// The service, where it is known directly.
    pub service: Option<String>,
    /// The repository.
    pub repository: Option<String>,
    /// The project of a work item that is in no repository.
    pub project: Option<String>,
    /// The labels.
    pub labels: Vec<String>,
    /// The type of change, the kind of work item, the severity.
    pub kind: Option<String>,
    /// Written with an assistant, where it can be known.
    pub ai: Option<bool>,
    /// Who.
    pub author: Option<String>,
    /// Who reviewed it, where it is a review.
    pub reviewer: Option<String>,
}

/// An observation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Observation {
    /// What it is about: the position of its subject.
    pub subject: usize,
    /// When it happened; where something lasted, when it began.
    pub at: i64,
    /// When it ended, where something lasts; `None` while it does.
    pub until: Option<i64>,
    /// How much; `None` where one of its ends is not known, so that it is part of no value.
    pub value: Option<f64>,
    /// Of how much, where shares of sums are made.
    pub of: Option<f64>,
    /// What it is counted under, where parts are compared: a reviewer, an author, a project.
    pub key: Option<String>,
    /// When what ended at its time had begun, where those that have not ended are counted beside it.
    pub began: Option<i64>,
    /// What gave evidence for it.
    pub evidence: EvidenceSet,
}

/// Observations and what they are about.
#[derive(Clone, Debug, Default)]
pub(super) struct Observations {
    pub subjects: Vec<Subject>,
    pub all: Vec<Observation>,
    /// Since when a subject is known to be there: from then on, that nothing happened is 0.
    pub since: Vec<(usize, i64)>,
}

impl Observations {
    /// Says what the next observations are about.
    pub fn about(&mut self, subject: Subject) {
        self.subjects.push(subject);
    }

    /// Says that the next observations are of what somebody said on what the last ones were about.
    pub fn reviewed_by(&mut self, reviewer: &str) {
        let subject = self.subjects.last().cloned().unwrap_or_default();
        self.about(Subject { reviewer: Some(reviewer.to_owned()), ..subject });
    }

    fn subject(&self) -> usize {
        self.subjects.len().saturating_sub(1)
    }

    /// Says since when what the last observations are about is known to be there.
    pub fn since(&mut self, at: i64) {
        self.since.push((self.subject(), at));
    }

    fn push(&mut self, observation: Observation) {
        let subject = self.subject();
        self.all.push(Observation { subject, ..observation });
    }

    /// Something happened.
    pub fn event(&mut self, at: i64) {
        self.value(at, 1.0);
    }

    /// Something of this size happened.
    pub fn value(&mut self, at: i64, value: f64) {
        self.push(Observation { at, value: Some(value), ..Observation::default() });
    }

    /// Something happened whose size may not be known.
    pub fn perhaps(&mut self, at: i64, value: Option<f64>) {
        self.push(Observation { at, value, ..Observation::default() });
    }

    /// Something happened that is or is not so, by this evidence.
    pub fn judged(&mut self, at: i64, is: bool, evidence: EvidenceSet) {
        self.push(Observation { at, value: Some(f64::from(u8::from(is))), evidence, ..Observation::default() });
    }

    /// Something began, and ended if it did, which took so long if that is known.
    pub fn ended(&mut self, began: i64, ended: Option<i64>, taken: Option<f64>, evidence: EvidenceSet) {
        // what ended before it began was never open
        let began = ended.is_none_or(|ended| ended >= began).then_some(began);
        let (at, value) = (ended.unwrap_or(i64::MAX), taken.filter(|_| ended.is_some()));
        self.push(Observation { at, value, began, evidence, ..Observation::default() });
    }

    /// Something happened that is or is not so.
    pub fn is(&mut self, at: i64, is: bool) {
        self.value(at, f64::from(u8::from(is)));
    }

    /// Something happened that took from one time to another. Where one of them is not known, or clocks ran
    /// backwards, the time that it took is missing.
    pub fn span(&mut self, at: i64, from: Option<i64>, to: Option<i64>) {
        let taken = from.zip(to).filter(|(from, to)| to >= from).map(|(from, to)| (to - from) as f64);
        self.perhaps(at, taken);
    }

    /// Something that lasts.
    pub fn lasting(&mut self, from: i64, until: Option<i64>) {
        if until.is_none_or(|until| until >= from) {
            self.push(Observation { at: from, until, ..Observation::default() });
        }
    }

    /// So much of so much.
    pub fn part(&mut self, at: i64, value: f64, of: f64) {
        self.push(Observation { at, value: Some(value), of: Some(of), ..Observation::default() });
    }

    /// So much, counted under a key.
    pub fn keyed(&mut self, at: i64, key: &str, value: f64) {
        self.push(Observation { at, value: Some(value), key: Some(key.to_owned()), ..Observation::default() });
    }

    /// Those about subjects that pass.
    pub fn only(mut self, passes: impl Fn(&Subject) -> bool) -> Self {
        let passing: Vec<bool> = self.subjects.iter().map(passes).collect();
        self.all.retain(|observation| passing.get(observation.subject).copied().unwrap_or_default());
        self.since.retain(|(subject, _)| passing.get(*subject).copied().unwrap_or_default());
        self
    }
}
