//! What caused an incident, and what fixed it: by name where it says so, else by time. Found by hash or
//! binary search: incidents × deployments are never compared one with the other.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::{DeploymentKind, Incident, Rule, Sha};

use super::case::Case;
use super::repairs::Repairs;

/// Finds deployments by what incidents say of them.
pub(crate) struct Causes<'a> {
    case: &'a Case<'a>,
    repairs: &'a Repairs,
    /// Those that changed production, or tried to, with their starts, which are at most the window before their
    /// finishes: in order of these.
    starts: Vec<(i64, usize)>,
    /// By id, by name and by the commit's hex id; each in order.
    ids: HashMap<&'a str, usize>,
    names: HashMap<&'a str, Vec<usize>>,
    commits: HashMap<Sha, Vec<usize>>,
}

/// The deployment that an incident is laid to.
pub(crate) struct Cause {
    pub rule: Rule,
    pub deployment: usize,
    /// The deployment that was the newest, where that one had undone the cause.
    pub newest: Option<usize>,
}

impl<'a> Causes<'a> {
    pub fn new(case: &'a Case<'a>, repairs: &'a Repairs) -> Self {
        let mut causes = Self {
            case,
            repairs,
            starts: Vec::new(),
            ids: HashMap::new(),
            names: HashMap::new(),
            commits: HashMap::new(),
        };
        for (number, deployment) in case.deployments.iter().enumerate() {
            if !deployment.success || case.walk.steps[number].kind != DeploymentKind::None {
                // a source may take the wait for an approval for a part of the deployment
                let earliest = deployment.finished.saturating_sub(case.options.window_us);
                let started = deployment.fact.started_at.map_or(i64::MAX, |at| at.timestamp_micros());
                causes.starts.push((started.clamp(earliest, deployment.finished), number));
            }
            // what failed to come about can't have caused anything, unless attempts count
            if !deployment.success && !case.options.count_failed_attempts {
                continue;
            }
            causes.ids.insert(deployment.fact.id.as_str(), number);
            if let Some(name) = &deployment.fact.name {
                causes.names.entry(name).or_default().push(number);
            }
            if let Some(sha) = deployment.fact.sha {
                causes.commits.entry(sha).or_default().push(number);
            }
        }
        causes.starts.sort_unstable();
        causes
    }

    /// The deployment that an incident is laid to, and by which rule.
    pub fn cause(&self, incident: &Incident, own: bool) -> Option<Cause> {
        let detected = incident.detected_at.timestamp_micros();
        let named = incident.caused_by_deployment.as_deref().and_then(|text| {
            self.named(text, own, |numbers| {
                let before = numbers.partition_point(|number| self.case.deployments[*number].finished <= detected);
                before.checked_sub(1).map_or(numbers.first(), |last| numbers.get(last)).copied()
            })
        });
        let change = || {
            let change = self.case.history.find_change(incident.caused_by_change.as_ref()?.as_str())?;
            self.case.carried.reached_by(change).filter(|number| self.case.walk.steps[*number].carries)
        };
        if let Some(deployment) = named.or_else(change) {
            return Some(Cause { rule: Rule::IncidentNamesIt, deployment, newest: None });
        }
        let other =
            incident.caused_by_deployment.is_some() || incident.caused_by_change.is_some() || incident.external_cause;
        if own && !other { self.newest(detected) } else { None }
    }

    /// Rule 2: the deployment that had started last; where it only undid another one, that one.
    fn newest(&self, detected: i64) -> Option<Cause> {
        let case = self.case;
        let before = self.starts.partition_point(|(started, _)| *started <= detected);
        let (_, newest) = self.starts[before.checked_sub(1)?];
        let counts = case.deployments[newest].success || case.options.count_failed_attempts;
        if !counts || !case.within_window_at(newest, detected) {
            return None;
        }
        let undid = |number: usize| self.repairs.undid[number];
        let undone = undid(newest).or_else(|| undid(case.walk.leader(newest)));
        let undone = undone.filter(|undone| case.within_window_at(*undone, detected));
        Some(Cause {
            rule: Rule::IncidentWhileNewest,
            deployment: undone.unwrap_or(newest),
            newest: undone.is_some().then_some(newest),
        })
    }

    /// The deployment that an incident names as its fix.
    pub fn fix(&self, incident: &Incident, own: bool) -> Option<usize> {
        let detected = incident.detected_at.timestamp_micros();
        self.named(incident.fixed_by_deployment.as_deref()?, own, |numbers| {
            let after = numbers.partition_point(|number| self.case.deployments[*number].finished < detected);
            numbers.get(after).or(numbers.last()).copied()
        })
    }

    /// The deployment that a text names; `choose` takes one of several, which are in order. Of a second
    /// name the verdict is on the deployment that had brought the commit.
    fn named(&self, text: &str, own: bool, choose: impl Fn(&[usize]) -> Option<usize>) -> Option<usize> {
        let number = self.means(text, own, choose)?;
        let second_name =
            self.case.deployments[number].success && self.case.walk.steps[number].kind == DeploymentKind::None;
        let first = || self.case.walk.reached_by(self.case.deployments[number].commit?);
        if second_name { first() } else { Some(number) }
    }

    fn means(&self, text: &str, own: bool, choose: impl Fn(&[usize]) -> Option<usize>) -> Option<usize> {
        if let Some(number) = self.ids.get(text) {
            return Some(*number);
        }
        // a version of another service means nothing here
        if let Some(numbers) = self.names.get(text).filter(|_| own) {
            return choose(numbers);
        }
        let sha = Sha::parse(text).ok()?;
        match self.commits.get(&sha) {
            Some(numbers) => choose(numbers),
            None => self.case.walk.carrier(self.case.history.graph.find(&sha)?),
        }
    }
}
