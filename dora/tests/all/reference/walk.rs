//! What kind each deployment is, and which commits it carries.

use std::collections::BTreeSet;

use dora::settings::FirstDeployment;
use kernel::{DeploymentKind, DeploymentSource, Sha};

use super::{World, succeeded};

impl World<'_> {
    pub(super) fn walk(&mut self) {
        for number in 0..self.deployments.len() {
            let deployment = self.deployments[number];
            let line: Vec<usize> =
                (0..number).filter(|n| self.kinds[*n] != DeploymentKind::None && self.one_line(*n, number)).collect();
            let previous = line.last().copied();
            self.previous.push(previous);
            if !succeeded(deployment) {
                self.kinds.push(DeploymentKind::None);
                self.fresh.push(false);
                continue;
            }
            let fresh = deployment.sha.is_none_or(|sha| !self.reached.contains_key(&sha));
            let release = matches!(deployment.source, DeploymentSource::Release | DeploymentSource::Tag);
            let kind = match previous {
                None => DeploymentKind::First,
                Some(_) if fresh => DeploymentKind::Normal,
                Some(_) if release || self.repeats[number].1 => DeploymentKind::None,
                Some(previous) if self.deployments[previous].sha == deployment.sha => DeploymentKind::Redeployment,
                Some(_) => self.back_or_forward(&line, deployment.sha.unwrap()),
            };
            self.kinds.push(kind);
            self.fresh.push(fresh);
            if let Some(sha) = deployment.sha {
                for commit in self.reach(sha) {
                    self.reached.entry(commit).or_insert(number);
                }
            }
        }
    }

    /// Of a commit that was reached before, in a line where another one ran.
    fn back_or_forward(&self, line: &[usize], sha: Sha) -> DeploymentKind {
        let first = |sha: Option<Sha>| line.iter().position(|n| sha.is_some() && self.deployments[*n].sha == sha);
        let ran = self.deployments[*line.last().unwrap()].sha;
        let had = first(Some(sha));
        let earlier = had.is_some_and(|had| had < first(ran).unwrap_or(line.len() - 1));
        // what can lie between was reached no earlier
        let between = |ran: Sha| -> BTreeSet<Sha> {
            let reach = self.reach(ran).into_iter();
            reach.filter(|commit| *commit == ran || self.reached[commit] >= self.reached[&sha]).collect()
        };
        let known = |commit: &Sha| self.commits.get(commit).is_some_and(|commit| commit.parents.is_some());
        let back = match ran {
            Some(ran) if self.reach(ran).contains(&sha) => true,
            Some(ran) if between(ran).iter().all(known) => false,
            _ => earlier,
        };
        match (back, had) {
            (true, _) => DeploymentKind::Rollback,
            (false, Some(_)) => DeploymentKind::RollForward,
            (false, None) => DeploymentKind::Normal,
        }
    }

    pub(super) fn carries(&self, number: usize) -> bool {
        let begins = !(0..number).any(|n| succeeded(self.deployments[n]) && self.one_repository(n, number));
        self.fresh[number] && (!begins || self.case.settings.first_deployment == FirstDeployment::CarriesAll)
    }

    pub(super) fn carrier(&self, commit: Sha) -> Option<usize> {
        self.reached.get(&commit).copied().filter(|number| self.carries(*number))
    }

    /// It may have brought more than can be seen.
    pub(super) fn blind(&self, number: usize) -> bool {
        let Some(sha) = self.deployments[number].sha else { return true };
        if !self.commits.contains_key(&sha) {
            return true;
        }
        let first = |commit: &Sha| self.reached.get(commit) == Some(&number);
        self.reach(sha)
            .iter()
            .any(|commit| first(commit) && self.commits.get(commit).is_some_and(|commit| commit.parents.is_none()))
    }
}
