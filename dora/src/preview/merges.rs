//! The merges of a service without deployments: those along the first parents of its default branches, computed by the
//! rules of the engine as if each were a deployment.

use std::collections::HashSet;

use kernel::{Completeness, Deployment, DeploymentId, DeploymentSource, Outcome, RepositoryId, Sha, Version};
use store::metric_rows::MergePreview;

use crate::compute::instant;
use crate::history::ChangeRecord;
use crate::{History, Options, ServiceMetrics};

/// The newest merges of a service that are kept.
const MERGES_MAX: usize = 10_000;
/// The newest changes and direct commits of a service whose lead times are kept.
const CHANGES_MAX: usize = 50_000;

/// The merges of a service without deployments; `None` where none is known. `compute` is the computation of a service.
pub(crate) fn merge_preview(
    mut history: History,
    options: &Options,
    compute: impl FnOnce(&History, &Options) -> ServiceMetrics,
) -> Option<MergePreview> {
    history.deployments = history
        .repositories
        .iter()
        .filter_map(|repository| Some((repository, history.default_branches.get(repository)?)))
        .flat_map(|(repository, name)| Branch { history: &history, repository, name }.merges())
        .collect();
    // a history holds them by id
    history.deployments.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    history.deployments_from = Some(DeploymentSource::Branch);
    let metrics = compute(&history, options);
    // of a shared repository, those that brought something of the service
    let is_own = |commits: i32| history.paths.is_empty() || commits > 0;
    let rows = metrics.deployments.iter().filter(|row| row.counted && is_own(row.commits));
    let merged_us: Vec<i64> = rows.map(|row| row.finished_at.timestamp_micros()).collect();
    let changes = metrics.changes(&history, options).filter(|row| !row.excluded);
    let changes = changes.filter_map(|row| Some((row.deployed_at.timestamp_micros(), row.lead_time_us?)));
    let Kept { merged_us, changes, truncated } = newest(merged_us, changes, [MERGES_MAX, CHANGES_MAX])?;
    let (change_merged_us, lead_time_us) = changes.into_iter().unzip();
    let mut branches: Vec<String> = history.default_branches.values().cloned().collect();
    branches.sort_unstable();
    branches.dedup();
    Some(MergePreview { service: history.service, branches, merged_us, change_merged_us, lead_time_us, truncated })
}

/// What is kept of a service, oldest first.
struct Kept {
    merged_us: Vec<i64>,
    /// When each was merged, and its lead time.
    changes: Vec<(i64, i64)>,
    truncated: bool,
}

/// At most this many of the newest merges and changes: both begin at the same time. `None` where there is no merge.
fn newest(
    mut merged_us: Vec<i64>,
    changes: impl Iterator<Item = (i64, i64)>,
    [merges_max, changes_max]: [usize; 2],
) -> Option<Kept> {
    merged_us.sort_unstable();
    let are_merges_cut = keep_last(&mut merged_us, merges_max);
    let first = *merged_us.first()?;
    let mut changes: Vec<(i64, i64)> = changes.filter(|(merged, _)| *merged >= first).collect();
    changes.sort_unstable();
    let are_changes_cut = keep_last(&mut changes, changes_max);
    if let Some((first, _)) = changes.first().filter(|_| are_changes_cut) {
        merged_us.retain(|at| at >= first);
    }
    Some(Kept { merged_us, changes, truncated: are_merges_cut || are_changes_cut })
}

/// Removes all but the last. Returns whether there were more.
fn keep_last<T>(all: &mut Vec<T>, max: usize) -> bool {
    let surplus = all.len().saturating_sub(max);
    all.drain(..surplus);
    surplus > 0
}

/// The default branch of a repository.
#[derive(Clone, Copy)]
struct Branch<'h> {
    history: &'h History,
    repository: &'h RepositoryId,
    name: &'h str,
}

impl<'h> Branch<'h> {
    /// A deployment for each commit along the first parents of the branch, as the git connector makes them of a
    /// deployment branch; and for each change that was merged by a commit whose parents are not known.
    fn merges(self) -> Vec<Deployment> {
        let graph = &self.history.graph;
        let mut seen = HashSet::new();
        let line = std::iter::successors(self.tip(), |commit| graph.parents(*commit).first().copied());
        // invented histories can go in circles
        let line = line.take_while(|commit| graph.known(*commit) && seen.insert(*commit));
        let mut merges: Vec<Deployment> = line
            .map(|commit| {
                let sha = graph.sha(commit);
                self.deployment(&sha.to_string(), Some(sha), graph.committed(commit))
            })
            .collect();
        let is_placed = |merge: u32| seen.contains(&merge) || graph.known(merge) && graph.parents_known(merge);
        for change in self.changes().filter(|change| !change.merge.is_some_and(is_placed)) {
            if let Some(merged) = change.merged {
                merges.push(self.deployment(&change.id, change.merge.map(|merge| graph.sha(merge)), merged));
            }
        }
        merges
    }

    /// The commit that the branch points to: as it was seen, else the newest commit that is known to be on it.
    fn tip(self) -> Option<u32> {
        let graph = &self.history.graph;
        let seen = self.history.default_tips.get(self.repository).copied().filter(|tip| graph.known(*tip));
        seen.or_else(|| {
            let is_pushed = |commit: &u32| self.is(graph.repository(*commit), graph.branch(*commit));
            let pushed = graph.numbers().filter(|commit| graph.known(*commit)).filter(is_pushed);
            let merged = self.changes().filter_map(|change| change.merge).filter(|merge| graph.known(*merge));
            pushed.chain(merged).max_by_key(|commit| (graph.committed(*commit), graph.sha(*commit)))
        })
    }

    /// The changes that were merged to the branch.
    fn changes(self) -> impl Iterator<Item = &'h ChangeRecord> {
        self.history.changes.iter().filter(move |change| self.is(change.repository, change.target_branch))
    }

    /// Whether it is the branch of these names, by their numbers.
    fn is(self, repository: u32, branch: u32) -> bool {
        let texts = &self.history.texts;
        texts.get(branch) == Some(self.name) && texts.get(repository) == Some(self.repository.as_str())
    }

    fn deployment(self, of: &str, sha: Option<Sha>, merged_us: i64) -> Deployment {
        let at = instant(merged_us);
        Deployment {
            source: DeploymentSource::Branch,
            repository: Some(self.repository.clone()),
            sha,
            finished_at: Some(at),
            outcome: Some(Outcome::Success),
            ..Deployment::new(
                DeploymentId(format!("{}/branch/{}/{of}", self.repository, self.name)),
                Version { completeness: Completeness::Reported, at },
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Fact, Service};
    use serde_json::{Value, json};

    use super::*;
    use crate::{HistoryBuilder, compute};

    const REPOSITORY: &str = "example.com/shop/web";
    const DAY_US: i64 = 86_400_000_000;

    fn sha(number: u8) -> Sha {
        Sha::from_bytes(&[number; 20]).unwrap()
    }

    /// A commit of a day of January.
    fn commit(number: u8, parents: Option<&[u8]>, day: u8) -> Value {
        let parents = parents.map(|parents| parents.iter().map(|parent| sha(*parent)).collect::<Vec<_>>());
        let at = format!("2026-01-{day:02}T00:00:00Z");
        json!({
            "fact": "commit", "repository": REPOSITORY, "sha": sha(number), "parents": parents, "subject": "x",
            "authored_at": at, "committed_at": at, "version": { "at": at },
        })
    }

    fn repository(tip: Option<u8>) -> Value {
        json!({
            "fact": "repository", "id": REPOSITORY, "name": "shop/web", "default_branch": "main",
            "default_branch_tip": tip.map(sha), "version": { "at": "2026-01-09T00:00:00Z" },
        })
    }

    fn change(number: u8, merge: Option<u8>, day: u8) -> Value {
        let at = format!("2026-01-{day:02}T00:00:00Z");
        json!({
            "fact": "change", "id": format!("{REPOSITORY}#{number}"), "repository": REPOSITORY, "state": "merged",
            "target_branch": "main", "merge_sha": merge.map(sha), "merged_at": at, "version": { "at": at },
        })
    }

    fn previewed(paths: &[&str], facts: &[Value]) -> Option<MergePreview> {
        let service: Service = serde_json::from_value(json!({
            "name": "web", "repositories": [REPOSITORY], "paths": paths, "version": { "at": "2026-01-01T00:00:00Z" },
        }))
        .unwrap();
        let mut builder = HistoryBuilder::new(&service).unwrap();
        for fact in facts {
            let fact: Fact = serde_json::from_value(fact.clone()).unwrap();
            builder.fact(&fact);
        }
        let options = Options::new(&crate::settings::Dora::default()).unwrap();
        merge_preview(builder.build(), &options, compute)
    }

    /// The days of January of the merges.
    fn days(found: Option<&MergePreview>) -> Vec<i64> {
        let first = "2026-01-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros();
        found.into_iter().flat_map(|found| &found.merged_us).map(|at| (at - first) / DAY_US + 1).collect()
    }

    #[test]
    fn each_commit_along_the_first_parents_of_the_branch_is_a_merge_and_a_branch_on_top_of_it_is_not() {
        // 1 ← 2 ← 4 (merges 3) ← 5, which is on a branch of its own
        let history = [
            repository(Some(4)),
            commit(1, Some(&[]), 1),
            commit(2, Some(&[1]), 2),
            commit(3, Some(&[1]), 2),
            commit(4, Some(&[2, 3]), 4),
            commit(5, Some(&[4]), 5),
        ];
        let found = previewed(&[], &history);
        assert_eq!(days(found.as_ref()), [1, 2, 4]);
        let found = found.unwrap();
        assert_eq!((found.branches.as_slice(), found.truncated), (["main".to_owned()].as_slice(), false));
        // 2 came with its own push, 3 two days after it was written, 4 with itself
        assert_eq!(found.lead_time_us.iter().max(), Some(&(2 * DAY_US)));
    }

    #[test]
    fn without_the_tip_the_newest_merge_that_is_known_ends_the_branch() {
        let history = [
            repository(None),
            commit(1, Some(&[]), 1),
            commit(2, Some(&[1]), 2),
            commit(3, Some(&[2]), 3),
            change(7, Some(2), 2),
        ];
        assert_eq!(days(previewed(&[], &history).as_ref()), [1, 2]);
    }

    #[test]
    fn where_parents_are_not_known_merged_changes_are_counted_by_their_time() {
        let history =
            [repository(None), commit(2, None, 2), change(7, Some(2), 2), change(8, Some(9), 4), change(9, None, 5)];
        assert_eq!(days(previewed(&[], &history).as_ref()), [2, 4, 5]);
    }

    #[test]
    fn of_a_shared_repository_merges_that_brought_something_of_the_service_count() {
        let of = |mut commit: Value, directory: &str| {
            commit["directories"] = json!([directory]);
            commit
        };
        let history = [
            repository(Some(4)),
            of(commit(1, Some(&[]), 1), "web"),
            of(commit(2, Some(&[1]), 2), "web"),
            of(commit(3, Some(&[2]), 3), "api"),
            of(commit(4, Some(&[3]), 4), "web"),
        ];
        // the first is the baseline, which carries nothing
        assert_eq!(days(previewed(&["web"], &history).as_ref()), [2, 4]);
    }

    #[test]
    fn the_newest_merges_and_changes_are_kept_and_begin_together() {
        let kept = |max| {
            let changes = [(4, 1), (1, 9), (3, 2), (3, 5), (2, 7)].into_iter();
            newest(vec![3, 1, 4, 2], changes, max).map(|kept| (kept.merged_us, kept.changes, kept.truncated))
        };
        let all = vec![(1, 9), (2, 7), (3, 2), (3, 5), (4, 1)];
        assert_eq!(kept([4, 5]), Some((vec![1, 2, 3, 4], all, false)));
        assert_eq!(kept([2, 5]), Some((vec![3, 4], vec![(3, 2), (3, 5), (4, 1)], true)));
        assert_eq!(kept([4, 3]), Some((vec![3, 4], vec![(3, 2), (3, 5), (4, 1)], true)));
        assert!(newest(Vec::new(), [(1, 1)].into_iter(), [4, 5]).is_none());
    }

    #[test]
    fn nothing_is_previewed_without_a_default_branch_or_a_merge() {
        assert_eq!(previewed(&[], &[commit(1, Some(&[]), 1)]), None);
        assert_eq!(previewed(&[], &[repository(Some(9))]), None);
    }
}
