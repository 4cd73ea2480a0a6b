//! What caused an incident, and what fixed it: by name where it says so, else by time. Found by hash or
//! binary search: incidents × deployments are never compared one with the other.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::{DeploymentKind, Incident, Rule, Sha};

use super::verdicts::Case;

/// Finds deployments by what incidents say of them.
pub(crate) struct Causes<'a> {
    case: &'a Case<'a>,
    /// Those that give verdicts, in order.
    line: &'a [usize],
    /// By id, by name and by the commit's hex id; each in order.
    ids: HashMap<&'a str, usize>,
    names: HashMap<&'a str, Vec<usize>>,
    commits: HashMap<Sha, Vec<usize>>,
}

impl<'a> Causes<'a> {
    pub fn new(case: &'a Case<'a>, line: &'a [usize]) -> Self {
        let mut causes = Self { case, line, ids: HashMap::new(), names: HashMap::new(), commits: HashMap::new() };
        for (number, deployment) in case.deployments.iter().enumerate() {
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
        causes
    }

    /// The deployment that an incident is laid to, and by which rule.
    pub fn cause(&self, incident: &Incident, own: bool) -> Option<(Rule, usize)> {
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
        if let Some(number) = named.or_else(change) {
            return Some((Rule::IncidentNamesIt, number));
        }
        let other =
            incident.caused_by_deployment.is_some() || incident.caused_by_change.is_some() || incident.external_cause;
        if !own || other {
            return None;
        }
        let before = self.line.partition_point(|number| self.case.deployments[*number].finished <= detected);
        let newest = self.line[before.checked_sub(1)?];
        let within = detected - self.case.deployments[newest].finished <= self.case.options.window_us;
        within.then_some((Rule::IncidentWhileNewest, newest))
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
