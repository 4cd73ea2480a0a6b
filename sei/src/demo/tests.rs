use std::collections::{BTreeMap, BTreeSet, HashSet};

use kernel::{ChangeState, Outcome};

use super::*;

fn demo(scale: Scale) -> Demo {
    Demo { seed: 7, end: "2026-06-30T00:00:00Z".parse().unwrap(), scale }
}

fn small() -> Demo {
    demo(Scale { days: 90, changes: 1_500, deployments: 500, ..Scale::default() })
}

#[test]
fn the_same_seed_gives_the_same_facts_and_another_seed_others() {
    let first: Vec<Fact> = small().facts().collect();
    assert_eq!(first, small().facts().collect::<Vec<_>>());
    assert_ne!(first, Demo { seed: 8, ..small() }.facts().collect::<Vec<_>>());
}

#[test]
fn it_has_the_size_and_the_variety_that_was_asked_for() {
    let demo = demo(Scale::default());
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut merged, mut production, mut failed, mut reverts, mut hotfixes, mut weekend) = (0, 0, 0, 0, 0, 0);
    let mut sources = BTreeSet::new();
    for fact in demo.facts() {
        *kinds.entry(fact.kind()).or_default() += 1;
        match fact {
            Fact::Change(change) => {
                merged += usize::from(change.state == ChangeState::Merged);
                reverts += usize::from(change.reverts.is_some());
                hotfixes += usize::from(change.labels.iter().any(|label| label == "hotfix"));
                let day = change.opened_at.map(|at| chrono::Datelike::weekday(&at).number_from_monday());
                weekend += usize::from(day.is_some_and(|day| day > 5));
            }
            Fact::Deployment(deployment) if deployment.environment.as_deref() != Some("staging") => {
                production += usize::from(deployment.outcome == Some(Outcome::Success));
                failed += usize::from(deployment.outcome == Some(Outcome::Failure));
                sources.insert(deployment.source);
            }
            _ => {}
        }
    }
    println!("{kinds:?} merged {merged} production {production} failed {failed} reverts {reverts} hotfixes {hotfixes}");
    assert!((10_000..14_000).contains(&merged), "{merged} merged changes");
    assert!((2_800..4_800).contains(&production), "{production} deployments");
    assert!(failed > 30 && reverts > 50 && hotfixes > 50, "{failed} {reverts} {hotfixes}");
    assert!(weekend * 20 < merged, "{weekend} changes at weekends");
    assert_eq!(sources.len(), 3);
    let all = [
        "account",
        "change",
        "commit",
        "deployment",
        "incident",
        "pipeline_run",
        "quality_measure",
        "repository",
        "review",
        "service",
        "sprint",
        "sprint_entry",
        "team",
        "transition",
        "vulnerability",
        "work_item",
    ];
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), all);
}

#[test]
fn it_is_plausible_and_each_thing_is_reported_once() {
    let demo = small();
    let mut ids = HashSet::new();
    for fact in demo.facts() {
        fact.check().unwrap();
        let id = match &fact {
            Fact::Repository(x) => x.id.to_string(),
            Fact::Commit(x) => format!("{}@{}", x.repository, x.sha),
            Fact::Change(x) => x.id.to_string(),
            Fact::Review(x) => x.id.clone(),
            Fact::PipelineRun(x) => x.id.clone(),
            Fact::Deployment(x) => x.id.to_string(),
            Fact::Incident(x) => x.id.to_string(),
            Fact::WorkItem(x) => x.id.to_string(),
            Fact::Account(x) => x.id.to_string(),
            Fact::Service(x) => x.name.clone(),
            Fact::Team(x) => x.name.clone(),
            Fact::Sprint(x) => x.id.clone(),
            Fact::SprintEntry(x) => x.id.clone(),
            Fact::Transition(x) => x.id.clone(),
            Fact::Vulnerability(x) => x.id.clone(),
            Fact::QualityMeasure(x) => x.id.clone(),
            other => panic!("the demo has no {}", other.kind()),
        };
        assert!(ids.insert((fact.kind(), id.clone())), "{id} twice");
        if let Fact::Commit(commit) = &fact {
            assert!(commit.committed_at <= demo.end, "a commit after the end");
        }
        if let Fact::Change(change) = &fact {
            let times: Vec<_> = [change.opened_at, change.ready_at, change.merged_at].into_iter().flatten().collect();
            assert!(times.is_sorted(), "{change:?}");
        }
    }
}

#[test]
fn each_key_is_of_one_item_and_some_items_wait_in_the_open_sprints() {
    let (mut keys, mut kinds, mut waiting) = (HashSet::new(), BTreeSet::new(), 0);
    for fact in small().facts() {
        let Fact::WorkItem(item) = fact else { continue };
        assert_eq!(item.started_at.is_none(), item.status == "To do", "{item:?}");
        waiting += usize::from(item.started_at.is_none() && !item.sprints.is_empty());
        kinds.extend(item.kind);
        assert!(keys.insert(item.key.clone()), "{} twice", item.key);
    }
    assert!(waiting > 0);
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["bug", "story", "task"]);
}

#[test]
fn parents_and_deployed_commits_are_all_there() {
    let (mut commits, mut named) = (HashSet::new(), HashSet::new());
    for fact in small().facts() {
        match fact {
            Fact::Commit(commit) => {
                named.extend(commit.parents.into_iter().flatten());
                commits.insert(commit.sha);
            }
            Fact::Deployment(deployment) => named.extend(deployment.sha),
            Fact::Change(change) => {
                named.extend(change.merge_sha);
                named.extend(change.commits);
            }
            _ => {}
        }
    }
    assert_eq!(named.difference(&commits).count(), 0);
}

#[test]
fn a_benchmark_has_about_the_commits_and_deployments_that_it_asks_for() {
    let demo = demo(Scale::benchmark(60_000, 2_000));
    let (mut commits, mut deployments) = (0_u32, 0_u32);
    for fact in demo.facts() {
        commits += u32::from(matches!(fact, Fact::Commit(_)));
        deployments += u32::from(matches!(fact, Fact::Deployment(_)));
    }
    assert!((48_000..72_000).contains(&commits), "{commits} commits");
    assert!((1_500..2_500).contains(&deployments), "{deployments} deployments");
}
