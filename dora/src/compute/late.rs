//! Reports that come late: of several sources that report the same deployments one may fall behind the others.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::Deployment;

use super::measured::Measured;

/// An environment of a repository.
pub(super) type Environment = (u32, String);

/// A source of reports.
pub(super) type Reporter<'a> = (Option<&'a str>, bool);

/// Which source reported a deployment: what its id begins with (`github.com`, `devlake`), and whether the source has
/// ids of rollouts.
pub(super) fn reporter(fact: &Deployment) -> Reporter<'_> {
    (fact.id.as_str().split_once('/').map(|(place, _)| place), fact.rollout.is_some())
}

/// Where a deployment went.
pub(super) fn environment(deployment: &Measured<'_>) -> Environment {
    (deployment.chain, deployment.environment())
}

/// Finds late reports: those of a source that repeats what another one reports, but falls behind it.
///
/// A report is late if another source has reported something newer in the environment, and the report's commit is one
/// that another source reported there since this source's last report. The source must be known to repeat: its last
/// report in the repository repeated another source's rollout, or it later reports what runs now. A tool that only
/// rolls back does neither.
pub(super) struct Late<'a> {
    deployments: &'a [Measured<'a>],
    /// For each source, environment and commit its last report.
    latest: HashMap<(Reporter<'a>, Environment, u32), usize>,
    /// For each environment and commit the reports in it that were not late.
    reports: HashMap<(Environment, u32), Vec<usize>>,
    /// For each source and environment the report, of whichever source, up to which it has reported.
    reported: HashMap<(Reporter<'a>, Environment), usize>,
    /// For each source and repository whether its last report repeated another source's.
    repeats: HashMap<(Reporter<'a>, u32), bool>,
}

impl<'a> Late<'a> {
    pub fn new(deployments: &'a [Measured<'a>]) -> Self {
        let mut latest = HashMap::new();
        for (position, deployment) in deployments.iter().enumerate().filter(|(_, deployment)| deployment.success) {
            if let Some(commit) = deployment.commit {
                latest.insert((reporter(&deployment.fact), environment(deployment), commit), position);
            }
        }
        Self { deployments, latest, reports: HashMap::new(), reported: HashMap::new(), repeats: HashMap::new() }
    }

    /// The report that this one repeats late; `before`: what its environment got last, which is of another commit.
    pub fn repeated(&self, position: usize, before: usize) -> Option<usize> {
        let deployment = &self.deployments[position];
        let (reporter, environment) = (reporter(&deployment.fact), environment(deployment));
        let known = self.repeats.get(&(reporter, deployment.chain)) == Some(&true);
        let catches_up = || {
            let runs = self.deployments[before].commit;
            let reports = runs.and_then(|runs| self.latest.get(&(reporter, environment.clone(), runs)));
            reports.is_some_and(|later| *later > position)
        };
        let after = self.reported.get(&(reporter, environment.clone())).map_or(0, |reported| reported + 1);
        let reports = self.reports.get(&(environment.clone(), deployment.commit?))?;
        let since = &reports[reports.partition_point(|report| *report < after)..];
        since.first().copied().filter(|_| known || catches_up())
    }

    /// Takes in a report; `repeated`: the report of another source that it repeats.
    pub fn take(&mut self, position: usize, late: bool, repeated: Option<usize>) {
        let deployment = &self.deployments[position];
        let (reporter, environment) = (reporter(&deployment.fact), environment(deployment));
        if let Some(commit) = deployment.commit.filter(|_| !late) {
            self.reports.entry((environment.clone(), commit)).or_default().push(position);
        }
        self.repeats.insert((reporter, deployment.chain), repeated.is_some());
        self.reported.insert((reporter, environment), repeated.filter(|_| late).unwrap_or(position));
    }
}
