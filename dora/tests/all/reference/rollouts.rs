//! Which deployments are one rollout, and which reports repeat another.

use std::collections::BTreeMap;

use kernel::{DeploymentKind, Sha};

use super::{World, finish, succeeded};

impl<'a> World<'a> {
    /// Whether two deployments are of one repository and one environment.
    pub(super) fn one_line(&self, one: usize, other: usize) -> bool {
        let environment =
            |n: usize| self.deployments[n].environment.as_ref().map(|name| name.to_lowercase()).unwrap_or_default();
        self.one_repository(one, other) && environment(one) == environment(other)
    }

    pub(super) fn one_repository(&self, one: usize, other: usize) -> bool {
        self.deployments[one].repository == self.deployments[other].repository
    }

    /// The rollouts.
    pub(super) fn group(&mut self) {
        let count = self.deployments.len();
        self.rollouts = (0..count).collect();
        let x = |n: usize| self.deployments[n];
        let mut joined = Vec::new();
        for later in 0..count {
            for earlier in 0..later {
                let ids = (&x(earlier).rollout, &x(later).rollout);
                let named = ids == (&None, &None)
                    && x(earlier).service == x(later).service
                    && x(earlier).name == x(later).name
                    && finish(x(earlier)) == finish(x(later))
                    && x(earlier).environment.as_ref().map(|name| name.to_lowercase())
                        == x(later).environment.as_ref().map(|name| name.to_lowercase());
                // of several reports of one repository the first is meant
                let firsts = |n: usize| {
                    !(0..n).any(|before| {
                        self.one_line(before, n)
                            && x(before).rollout.is_none()
                            && x(before).service == x(n).service
                            && x(before).name == x(n).name
                            && finish(x(before)) == finish(x(n))
                    })
                };
                if ids.0.is_some() && ids.0 == ids.1 || named && firsts(earlier) && firsts(later) {
                    joined.push((earlier, later));
                }
            }
        }
        for (one, other) in joined {
            self.join(one, other);
        }
        // of each commit what began a rollout of it
        let mut began: BTreeMap<Sha, Vec<usize>> = BTreeMap::new();
        for number in 0..count {
            self.repeats.push((None, false));
            if !succeeded(self.deployments[number]) {
                continue;
            }
            let runs = |n: &usize| succeeded(self.deployments[*n]) && !self.repeats[*n].1 && self.one_line(*n, number);
            let before = (0..number).rfind(runs);
            let Some(sha) = self.deployments[number].sha else { continue };
            let of_commit = began.entry(sha).or_default().clone();
            let joins = if let Some(same) = before.filter(|before| self.deployments[*before].sha == Some(sha)) {
                let repeated = (self.reporter(same) != self.reporter(number)).then_some(same);
                self.repeats[number].0 = repeated;
                repeated
            } else if let Some(repeated) = before.and_then(|before| self.late(number, before)) {
                self.repeats[number] = (Some(repeated), true);
                Some(repeated)
            } else {
                let newest = before.map(|before| self.rollouts[before]);
                of_commit.into_iter().find(|began| newest.is_none_or(|newest| *began > newest))
            };
            match joins {
                Some(other) => self.join(other, number),
                None => began.entry(sha).or_default().push(number),
            }
        }
    }

    fn reporter(&self, n: usize) -> (Option<&'a str>, bool) {
        let x = self.deployments[n];
        (x.id.as_str().split_once('/').map(|(place, _)| place), x.rollout.is_some())
    }

    /// What a report repeats although its environment got something else since.
    fn late(&self, number: usize, before: usize) -> Option<usize> {
        let own = |n: &usize| succeeded(self.deployments[*n]) && self.reporter(*n) == self.reporter(number);
        let last = (0..number).rfind(|n| own(n) && self.one_repository(*n, number));
        let known = last.is_some_and(|last| self.repeats[last].0.is_some());
        let runs = self.deployments[before].sha;
        let catches_up = (number + 1..self.deployments.len())
            .any(|n| own(&n) && self.one_line(n, number) && runs.is_some() && self.deployments[n].sha == runs);
        let reported = (0..number).rfind(|n| own(n) && self.one_line(*n, number));
        let reported = reported.map(|n| if self.repeats[n].1 { self.repeats[n].0.unwrap() } else { n });
        (0..number).find(|n| {
            (known || catches_up)
                && reported.is_none_or(|reported| *n > reported)
                && succeeded(self.deployments[*n])
                && !self.repeats[*n].1
                && self.one_line(*n, number)
                && self.deployments[*n].sha == self.deployments[number].sha
        })
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.rollouts[one], self.rollouts[other]);
        for rollout in &mut self.rollouts {
            if *rollout == one.max(other) {
                *rollout = one.min(other);
            }
        }
    }

    /// The deployment that counts for the rollout of another.
    pub(super) fn leader(&self, number: usize) -> Option<usize> {
        if !succeeded(self.deployments[number]) {
            return None;
        }
        let of_rollout = |n: &usize| self.rollouts[*n] == self.rollouts[number] && succeeded(self.deployments[*n]);
        let lead = |n: &usize| !matches!(self.kinds[*n], DeploymentKind::Redeployment | DeploymentKind::None);
        let late = |n: &usize| self.kinds[*n] == DeploymentKind::None;
        let all = 0..self.deployments.len();
        let first = all.clone().filter(of_rollout).find(lead).or_else(|| all.filter(of_rollout).find(late));
        first.filter(|first| *first != number)
    }
}
