//! The deployment that an incident fails.

use chrono::{DateTime, Utc};
use kernel::{Deployment, DeploymentKind, Incident, Rule, Sha};

use super::{World, finish, succeeded};

impl World<'_> {
    /// The deployment that a text names.
    pub(super) fn named(&self, text: &str, own: bool, detected: DateTime<Utc>, cause: bool) -> Option<usize> {
        let can = |n: &usize| succeeded(self.deployments[*n]) || self.case.settings.count_failed_attempts;
        let all: Vec<usize> = (0..self.deployments.len()).filter(can).collect();
        let pick = |numbers: Vec<usize>| {
            if cause {
                let before = numbers.iter().rev().find(|n| finish(self.deployments[**n]) <= detected);
                before.or(numbers.first()).copied()
            } else {
                let after = numbers.iter().find(|n| finish(self.deployments[**n]) >= detected);
                after.or(numbers.last()).copied()
            }
        };
        let by = |is: &dyn Fn(&Deployment) -> bool| -> Vec<usize> {
            all.iter().copied().filter(|n| is(self.deployments[*n])).collect()
        };
        let ids = by(&|x| x.id.as_str() == text);
        let names = by(&|x| own && x.name.as_deref() == Some(text));
        let shas = by(&|x| x.sha.is_some_and(|sha| sha.to_string() == text));
        let found = if !ids.is_empty() {
            pick(ids)
        } else if !names.is_empty() {
            pick(names)
        } else if !shas.is_empty() {
            pick(shas)
        } else {
            self.carrier(Sha::parse(text).ok()?)
        };
        let found = found?;
        // of a second name it is the one that had brought the commit
        if succeeded(self.deployments[found]) && self.kinds[found] == DeploymentKind::None {
            return self.reached.get(&self.deployments[found].sha?).copied();
        }
        Some(found)
    }

    /// The rule, the deployment, and the newest one where that had undone it.
    pub(super) fn cause(&self, incident: &Incident) -> Option<(Rule, usize, Option<usize>)> {
        let own = incident.service.as_deref() == Some("web");
        if let Some(text) = &incident.caused_by_deployment
            && let Some(number) = self.named(text, own, incident.detected_at, true)
        {
            return Some((Rule::IncidentNamesIt, number, None));
        }
        if let Some(id) = &incident.caused_by_change
            && let Some(change) = self.changes.iter().find(|change| change.id == *id)
            && let Some(number) = self.brought(change).filter(|number| self.carries(*number))
        {
            return Some((Rule::IncidentNamesIt, number, None));
        }
        if incident.caused_by_deployment.is_some()
            || incident.caused_by_change.is_some()
            || incident.external_cause
            || !own
        {
            return None;
        }
        let window = chrono::Duration::from_std(self.case.settings.attribution_window).unwrap();
        let start = |n: usize| {
            let x = self.deployments[n];
            x.started_at.map_or(finish(x), |started| started.clamp(finish(x) - window, finish(x)))
        };
        let changes = |n: &usize| self.kinds[*n] != DeploymentKind::None || !succeeded(self.deployments[*n]);
        let newest = (0..self.deployments.len())
            .filter(changes)
            .filter(|n| start(*n) <= incident.detected_at)
            .max_by_key(|n| (start(*n), *n))?;
        let within = |n: usize| incident.detected_at - finish(self.deployments[n]) <= window;
        if !within(newest) {
            return None;
        }
        if !succeeded(self.deployments[newest]) {
            let counts = self.case.settings.count_failed_attempts;
            return counts.then_some((Rule::IncidentWhileNewest, newest, None));
        }
        let undone = self.undid(newest).or_else(|| self.undid(self.leader(newest)?));
        match undone.filter(|undone| within(*undone)) {
            Some(undone) => Some((Rule::IncidentWhileNewest, undone, Some(newest))),
            None => Some((Rule::IncidentWhileNewest, newest, None)),
        }
    }

    pub(super) fn within_window(&self, earlier: usize, later: usize) -> bool {
        let window = chrono::Duration::from_std(self.case.settings.attribution_window).unwrap();
        finish(self.deployments[later]) - finish(self.deployments[earlier]) <= window
    }
}
