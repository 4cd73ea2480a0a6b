//! The order in which deployments took effect: by effective time; at the same time an ancestor goes before its
//! descendants, then the earlier start, then the id.
//!
//! The time of some deployments is a commit's clock: merges to a branch, tags without a time of their own. Commits of
//! one first-parent line reach it one after the other, whatever their clocks say, so times that contradict the line are
//! moved between those of their neighbors.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit, a deployment or a time of a line")]

use std::cmp::Reverse;
use std::collections::HashSet;

use kernel::DeploymentSource;

use super::measured::Measured;
use crate::history::{Graph, index};

/// Brings deployments into order, and corrects times of clocks that run against their line.
pub(crate) fn sort(graph: &Graph, deployments: &mut [Measured<'_>]) {
    let clocked: Vec<usize> =
        (0..deployments.len()).filter(|position| is_commit_clock(graph, &deployments[*position])).collect();
    let mut times = HashSet::new();
    let needed = clocked.len() > 1 || !deployments.iter().all(|deployment| times.insert(deployment.finished));
    let commits = deployments.iter().filter_map(|deployment| deployment.commit).filter(|_| needed);
    let generations = graph.generations(commits);
    let generation = |deployment: &Measured<'_>| deployment.commit.map_or(0, |commit| generations[commit as usize]);
    for line in lines(graph, deployments, clocked, &generations) {
        let times: Vec<i64> = line.iter().map(|position| deployments[*position].finished).collect();
        for (position, time) in line.into_iter().zip(straightened(&times)) {
            deployments[position].finished = time;
        }
    }
    let start = |deployment: &Measured<'_>| deployment.fact.started_at.or(deployment.fact.finished_at);
    deployments.sort_by(|a, b| {
        let key = |deployment: &Measured<'_>| (deployment.finished, generation(deployment), start(deployment));
        key(a).cmp(&key(b)).then_with(|| a.fact.id.cmp(&b.fact.id))
    });
}

fn is_commit_clock(graph: &Graph, deployment: &Measured<'_>) -> bool {
    matches!(deployment.fact.source, DeploymentSource::Branch | DeploymentSource::Tag)
        && deployment.commit.is_some_and(|commit| graph.known(commit) && graph.committed(commit) == deployment.finished)
}

/// First-parent lines of the deployments whose time is their commit's clock, each oldest commit first.
fn lines(graph: &Graph, deployments: &[Measured<'_>], clocked: Vec<usize>, generations: &[u32]) -> Vec<Vec<usize>> {
    let with_commit = clocked.into_iter().filter_map(|position| Some((deployments[position].commit?, position)));
    let mut clocked: Vec<(u32, usize)> = with_commit.collect();
    // the newest of a line comes before the others, which are found on its way down
    clocked.sort_by_key(|(commit, position)| (Reverse(generations[*commit as usize]), &deployments[*position].fact.id));
    let mut lines: Vec<Vec<usize>> = Vec::new();
    let mut line_of: Vec<u32> = vec![Graph::NONE; graph.len()];
    for (commit, position) in clocked {
        if let Some(line) = lines.get_mut(line_of[commit as usize] as usize) {
            line.push(position);
            continue;
        }
        let mut next = Some(commit);
        while let Some(commit) = next.filter(|commit| line_of[*commit as usize] == Graph::NONE) {
            line_of[commit as usize] = index(lines.len());
            next = graph.parents(commit).first().copied();
        }
        lines.push(vec![position]);
    }
    for line in &mut lines {
        line.reverse();
    }
    lines
}

/// Times of a line that never go back: the fewest possible are moved, to the nearest time that fits.
fn straightened(times: &[i64]) -> Vec<i64> {
    // the longest part that never goes back, by patience sorting: for each length where the best part ends
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; times.len()];
    for (position, time) in times.iter().enumerate() {
        let length = ends.partition_point(|end| times[*end] <= *time);
        before[position] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() { ends.push(position) } else { ends[length] = position }
    }
    let mut kept = vec![false; times.len()];
    let mut next = ends.last().copied();
    while let Some(position) = next {
        kept[position] = true;
        next = before[position];
    }
    let mut straight = times.to_vec();
    let mut latest = i64::MAX;
    for position in (0..times.len()).rev() {
        straight[position] = times[position].min(latest);
        if kept[position] {
            latest = times[position];
        }
    }
    let mut earliest = i64::MIN;
    for time in &mut straight {
        *time = earliest.max(*time);
        earliest = *time;
    }
    straight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_that_run_against_the_line_are_moved() {
        for (times, straight) in [
            (vec![], vec![]),
            (vec![1, 2, 2, 5], vec![1, 2, 2, 5]),
            // a clock that is ahead, one that is behind
            (vec![1, 99, 3, 4], vec![1, 3, 3, 4]),
            (vec![5, 6, 0, 7, 8], vec![5, 6, 6, 7, 8]),
            (vec![0, 9, 10], vec![0, 9, 10]),
            (vec![9, 10, 1], vec![9, 10, 10]),
            (vec![1, 7, 6, 8], vec![1, 6, 6, 8]),
            (vec![4, 3], vec![3, 3]),
            (vec![50, 60, 3, 4, 5], vec![3, 3, 3, 4, 5]),
        ] {
            assert_eq!(straightened(&times), straight, "{times:?}");
        }
    }
}
