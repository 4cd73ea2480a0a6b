//! Which deployments are one rollout. A rollout is what was put into production together: it counts once,
//! however many environments, repositories or reports of it there are.
//!
//! Deployments are one rollout if
//! 1. they share the source's own id of a rollout (`Deployment.rollout`); or
//! 2. they have the same service, environment, name and finish, no such id, and each another repository; or
//! 3. they succeeded with the same commit in several environments; or
//! 4. they report the same commit in the same environment, and are of different sources (see [`reporter`]): one after
//!    the other, or the second [late](Late), after the first had reported the next commit.
//!
//! An environment takes part in a rollout once, and never in one that is older than what it got last: a rollback
//! to a commit, or the same commit once more, is a rollout of its own. Attempts that failed are grouped by 1 and 2
//! only. `compat = "devlake"` knows 1 only.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::{HashMap, HashSet};

use super::late::{Environment, Late, environment, reporter};
use super::measured::Measured;
use crate::history::index;

/// What makes deployments one rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RolloutJoin {
    /// The source's own id of a rollout.
    ById,
    /// That, and whatever else is known.
    ByAll,
}

/// Numbers the rollouts of deployments that are in order, from 0 in order of their first deployments.
pub(crate) fn number(deployments: &mut [Measured<'_>], joined: RolloutJoin) {
    let mut groups = Groups((0..deployments.len()).collect());
    by_id(deployments, &mut groups);
    if joined == RolloutJoin::ByAll {
        by_name(deployments, &mut groups);
        for late in by_commit(deployments, &mut groups) {
            deployments[late].late = true;
        }
    }
    let mut numbers = HashMap::new();
    for (position, deployment) in deployments.iter_mut().enumerate() {
        let next = index(numbers.len());
        deployment.rollout = *numbers.entry(groups.first(position)).or_insert(next);
    }
}

/// Disjoint sets of deployments, each named by its first.
struct Groups(Vec<usize>);

impl Groups {
    /// The first deployment of the group of a deployment.
    fn first(&mut self, mut deployment: usize) -> usize {
        while self.0[deployment] != deployment {
            self.0[deployment] = self.0[self.0[deployment]];
            deployment = self.0[deployment];
        }
        deployment
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other)] = one.min(other);
    }
}

fn by_id(deployments: &[Measured<'_>], groups: &mut Groups) {
    let mut firsts = HashMap::new();
    for (position, deployment) in deployments.iter().enumerate() {
        if let Some(id) = deployment.fact.rollout.as_deref() {
            groups.join(*firsts.entry(id).or_insert(position), position);
        }
    }
}

fn by_name(deployments: &[Measured<'_>], groups: &mut Groups) {
    let mut releases: HashMap<_, (usize, HashSet<u32>)> = HashMap::new();
    for (position, deployment) in deployments.iter().enumerate() {
        let fact = &deployment.fact;
        if fact.rollout.is_some() {
            continue;
        }
        let key = (&fact.service, deployment.environment(), &fact.name, deployment.finished);
        let (first, repositories) = releases.entry(key).or_insert_with(|| (position, HashSet::new()));
        if repositories.insert(deployment.chain) {
            groups.join(*first, position);
        }
    }
}

/// Joins by commit. Returns which deployments are late reports.
fn by_commit(deployments: &[Measured<'_>], groups: &mut Groups) -> Vec<usize> {
    // for each environment of a repository what it got last; for each commit the first deployments of its rollouts
    let mut last: HashMap<Environment, usize> = HashMap::new();
    let mut rollouts: HashMap<u32, Vec<usize>> = HashMap::new();
    let (mut late, mut all_late) = (Late::new(deployments), Vec::new());
    for (position, deployment) in deployments.iter().enumerate().filter(|(_, deployment)| deployment.success) {
        let before = last.get(&environment(deployment)).copied();
        let again = before.filter(|before| deployment.commit.is_some_and(|_| is_same(deployments, *before, position)));
        let repeated = match again {
            Some(again) => Some(again).filter(|again| !is_one_source(deployments, *again, position)),
            None => before.and_then(|before| late.repeated(position, before)),
        };
        let is_late = again.is_none() && repeated.is_some();
        late.take(position, is_late, repeated);
        if is_late {
            all_late.push(position);
        } else {
            last.insert(environment(deployment), position);
        }
        let Some(commit) = deployment.commit else { continue };
        let of_commit = rollouts.entry(commit).or_default();
        let mut older = || {
            before.map_or(0, |before| {
                let newest = groups.first(before);
                of_commit.partition_point(|rollout| *rollout <= newest)
            })
        };
        let rollout = match (repeated, again) {
            (None, Some(_)) => None,
            (None, None) => of_commit.get(older()).copied(),
            (repeated, _) => repeated,
        };
        match rollout {
            Some(rollout) => groups.join(rollout, position),
            None => of_commit.push(position),
        }
    }
    all_late
}

fn is_same(deployments: &[Measured<'_>], one: usize, other: usize) -> bool {
    deployments[one].commit == deployments[other].commit
}

fn is_one_source(deployments: &[Measured<'_>], one: usize, other: usize) -> bool {
    reporter(&deployments[one].fact) == reporter(&deployments[other].fact)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use kernel::{Completeness, Deployment, Version};

    use super::*;

    /// A deployment in order, at a time that is its position.
    #[derive(Clone, Copy)]
    struct Row {
        repository: u32,
        environment: &'static str,
        commit: u32,
        rollout: Option<&'static str>,
    }

    const fn row(repository: u32, environment: &'static str, commit: u32) -> Row {
        Row { repository, environment, commit, rollout: None }
    }

    const fn with_id(rollout: &'static str, row: Row) -> Row {
        Row { rollout: Some(rollout), ..row }
    }

    fn measured(rows: &[Row]) -> Vec<Measured<'static>> {
        let fact = |row: &Row| Deployment {
            environment: Some(row.environment.to_owned()),
            rollout: row.rollout.map(ToOwned::to_owned),
            ..Deployment::new(
                "d".into(),
                Version { completeness: Completeness::default(), at: chrono::DateTime::default() },
            )
        };
        let measured = |(at, row): (i64, &Row)| Measured {
            fact: Cow::Owned(fact(row)),
            finished: at,
            success: true,
            commit: Some(row.commit),
            chain: row.repository,
            rollout: 0,
            late: false,
        };
        (0..).zip(rows).map(measured).collect()
    }

    fn numbers(rows: &[Row], joined: RolloutJoin) -> Vec<u32> {
        let mut deployments = measured(rows);
        number(&mut deployments, joined);
        deployments.iter().map(|deployment| deployment.rollout).collect()
    }

    #[test]
    fn the_same_commit_in_several_environments_is_one_rollout() {
        // eu is ahead of us: each commit is one
        let rows =
            [row(0, "eu", 1), row(0, "us", 1), row(0, "eu", 2), row(0, "eu", 3), row(0, "us", 2), row(0, "us", 3)];
        assert_eq!(numbers(&rows, RolloutJoin::ByAll), [0, 0, 1, 2, 1, 2]);
        assert_eq!(numbers(&rows, RolloutJoin::ById), [0, 1, 2, 3, 4, 5]);
        // one environment leaves a commit out
        let rows = [row(0, "eu", 1), row(0, "us", 1), row(0, "eu", 2), row(0, "eu", 3), row(0, "us", 3)];
        assert_eq!(numbers(&rows, RolloutJoin::ByAll), [0, 0, 1, 2, 2]);
        // letter case does not make an environment
        assert_eq!(numbers(&[row(0, "eu", 1), row(0, "EU", 1)], RolloutJoin::ByAll), [0, 1]);
    }

    #[test]
    fn a_rollback_and_the_same_commit_once_more_are_rollouts_of_their_own() {
        let rows = [
            row(0, "eu", 1),
            row(0, "us", 1),
            row(0, "eu", 2),
            row(0, "us", 2),
            // back, and forward again
            row(0, "eu", 1),
            row(0, "us", 1),
            row(0, "eu", 2),
            row(0, "us", 2),
        ];
        assert_eq!(numbers(&rows, RolloutJoin::ByAll), [0, 0, 1, 1, 2, 2, 3, 3]);
        let again = [row(0, "eu", 1), row(0, "eu", 1), row(0, "us", 1)];
        assert_eq!(numbers(&again, RolloutJoin::ByAll), [0, 1, 0]);
        // us never had the commit that it goes back to
        let back = [row(0, "eu", 1), row(0, "eu", 2), row(0, "us", 2), row(0, "us", 1)];
        assert_eq!(numbers(&back, RolloutJoin::ByAll), [0, 1, 1, 2]);
    }

    #[test]
    fn an_id_of_the_source_joins_repositories_and_two_sources_that_report_the_same() {
        let rows = [
            with_id("a", row(0, "prod", 1)),
            with_id("a", row(1, "prod", 2)),
            with_id("b", row(0, "prod", 3)),
            with_id("b", row(1, "prod", 4)),
        ];
        assert_eq!(numbers(&rows, RolloutJoin::ByAll), [0, 0, 1, 1]);
        assert_eq!(numbers(&rows, RolloutJoin::ById), [0, 0, 1, 1]);
        // the forge reports each repository, another source both at once, before or after it
        let forge_first = [
            row(0, "production", 1),
            row(1, "production", 2),
            with_id("a", row(0, "PRODUCTION", 1)),
            with_id("a", row(1, "PRODUCTION", 2)),
            row(0, "production", 3),
        ];
        assert_eq!(numbers(&forge_first, RolloutJoin::ByAll), [0, 0, 0, 0, 1]);
        let forge_last = [
            with_id("a", row(0, "PRODUCTION", 1)),
            with_id("a", row(1, "PRODUCTION", 2)),
            row(0, "production", 1),
            row(1, "production", 2),
        ];
        assert_eq!(numbers(&forge_last, RolloutJoin::ByAll), [0, 0, 0, 0]);
    }

    #[test]
    fn the_same_named_release_of_several_repositories_is_one_rollout() {
        let named = |names: [&str; 4]| {
            let mut deployments =
                measured(&[row(0, "prod", 1), row(1, "prod", 2), row(0, "prod", 3), row(2, "prod", 4)]);
            for (deployment, name) in deployments.iter_mut().zip(names) {
                deployment.finished = 7;
                deployment.fact.to_mut().name = Some(name.to_owned());
            }
            number(&mut deployments, RolloutJoin::ByAll);
            deployments.iter().map(|deployment| deployment.rollout).collect::<Vec<_>>()
        };
        assert_eq!(named(["v1", "v1", "v2", "v1"]), [0, 0, 1, 0]);
        // twice in one repository is not together
        assert_eq!(named(["v1", "v2", "v1", "v2"]), [0, 1, 2, 1]);
    }

    #[test]
    fn a_failed_attempt_is_joined_by_an_id_and_not_by_its_commit() {
        let mut deployments =
            measured(&[row(0, "eu", 1), row(0, "us", 1), with_id("a", row(0, "us", 1)), with_id("a", row(1, "us", 5))]);
        deployments[0].success = false;
        deployments[3].success = false;
        number(&mut deployments, RolloutJoin::ByAll);
        let numbers: Vec<u32> = deployments.iter().map(|deployment| deployment.rollout).collect();
        assert_eq!(numbers, [0, 1, 1, 1]);
    }
}
