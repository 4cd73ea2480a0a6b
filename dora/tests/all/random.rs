//! Random small histories: merges, skewed clocks, unknown parents, late and early incidents, tags on
//! commits that were reached; several environments and repositories, of one of which few commits are known;
//! directories that hold each other; cherry-picks, promotions, reverts of reverts. The engine must agree with the
//! reference, whatever order facts come in.

use std::collections::BTreeSet;

use dora::settings::{FirstDeployment, LeadTimeStart};
use kernel::{
    Account, Change, ChangeState, Commit, Completeness, Deployment, DeploymentSource, Fact, Incident, Outcome,
    RepositoryId, Review, ReviewState,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::build::{Case, OTHER, REPOSITORY, at, change, commit, deploy, incident, review, sha, version};
use crate::reference::reference;

const COMMITS: u32 = 14;
pub const CHANGES: i64 = 6;

fn branches() -> impl Strategy<Value = Option<String>> {
    select(vec![None, None, Some("main"), Some("topic"), Some("hotfix/x")]).prop_map(|name| name.map(ToOwned::to_owned))
}

fn titles() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        6 => Just(None),
        1 => (1..=COMMITS).prop_map(|number| Some(format!("Revert \"Commit {number}\""))),
        1 => (1..=CHANGES).prop_map(|number| Some(format!("Revert \"Change {number}\""))),
        1 => (1..=COMMITS).prop_map(|number| Some(format!("Revert \"Revert \"Commit {number}\"\""))),
        1 => (1..=COMMITS).prop_map(|number| Some(format!("Reapply \"Commit {number}\""))),
        1 => Just(Some("Merge branch 'main' into topic".to_owned())),
        1 => Just(Some("Change 1".to_owned())),
    ]
}

fn commits() -> impl Strategy<Value = Vec<Commit>> {
    let one = (
        vec(1..=3_u32, 0..3),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        -10..10_i64,
        branches(),
        titles(),
        option::weighted(0.15, 1..=COMMITS),
        prop::bool::weighted(0.1),
        (option::weighted(0.15, 1..=COMMITS), prop::bool::ANY, prop::bool::weighted(0.15), directories()),
    );
    vec(one, 1..=COMMITS as usize).prop_map(|commits| {
        let mut facts = Vec::new();
        for (number, (back, unknown, missing, skew, branch, title, reverts, bot, more)) in (1_u32..).zip(commits) {
            let (copied, trailer, elsewhere, directories) = more;
            let mut parents: Vec<u32> =
                back.into_iter().filter_map(|back| number.checked_sub(back)).filter(|parent| *parent > 0).collect();
            let mut seen = BTreeSet::new();
            parents.retain(|parent| seen.insert(*parent));
            if missing {
                continue;
            }
            let hour = i64::from(number) * 3 + skew;
            let mut fact = Commit { branch, ..commit(number, hour, &parents) };
            fact.parents = fact.parents.filter(|_| !unknown);
            fact.subject = title.unwrap_or(fact.subject);
            fact.reverts = reverts.map(sha).into_iter().collect();
            if bot {
                fact.author = Some("email/helper[bot]@example.com".into());
            }
            fact.directories = directories;
            if elsewhere {
                fact.repository = OTHER.into();
            }
            // a copy of an earlier commit, as its trailer or its author, time and subject say
            let original = copied.and_then(|copied| facts.iter().find(|fact: &&Commit| fact.sha == sha(copied)));
            match original {
                Some(original) if trailer => fact.cherry_picked_from = Some(original.sha),
                Some(original) => {
                    fact.author.clone_from(&original.author);
                    fact.authored_at = original.authored_at;
                    fact.subject.clone_from(&original.subject);
                }
                None => {}
            }
            facts.push(fact);
        }
        facts
    })
}

/// Directories that hold each other; those of the service are in one of them.
fn directories() -> impl Strategy<Value = Option<Vec<String>>> {
    option::weighted(0.3, vec(select(vec!["", "a", "a/b", "a/b/c", "d"]).prop_map(ToOwned::to_owned), 0..3))
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let state = select(vec![ChangeState::Merged; 9]).prop_union(select(vec![ChangeState::Open]));
    let one = (
        (option::weighted(0.9, 1..=COMMITS + 1), option::weighted(0.2, 1..=COMMITS + 1), state),
        (option::weighted(0.9, 0..60_i64), option::weighted(0.8, 0..60_i64), option::weighted(0.2, 0..60_i64)),
        vec(1..=COMMITS + 1, 0..3),
        prop::bool::weighted(0.3),
        branches(),
        titles(),
        option::weighted(0.2, 1..=CHANGES),
        option::weighted(0.2, select(vec!["hotfix", "dependencies", "feature"])),
        (prop::bool::weighted(0.1), prop::bool::weighted(0.15), prop::bool::weighted(0.15)),
    );
    vec(one, 0..=usize::try_from(CHANGES).unwrap()).prop_map(|changes| {
        let mut facts = Vec::new();
        for (number, one) in (1..).zip(changes) {
            let ((merge, head, state), (merged, opened, ready), commits, listed, branch, title, reverts, label, more) =
                one;
            let (bot, elsewhere, inferred) = more;
            let mut fact = Change { state, source_branch: branch, ..change(number, 0, 0) };
            fact.merge_sha = merge.map(sha);
            fact.head_sha = head.map(sha);
            fact.merged_at = merged.map(at);
            fact.opened_at = opened.map(at);
            fact.ready_at = ready.map(at);
            fact.commits = commits.into_iter().map(sha).filter(|_| listed).collect();
            fact.title = title.unwrap_or(fact.title);
            fact.reverts = reverts.map(|number| RepositoryId::from(REPOSITORY).change(number));
            fact.labels = label.map(ToOwned::to_owned).into_iter().collect();
            if inferred {
                fact.version.completeness = Completeness::Inferred;
            }
            if bot {
                fact.author = Some("example.com/robot".into());
            }
            if elsewhere {
                fact.repository = OTHER.into();
            }
            facts.push(fact);
        }
        facts
    })
}

fn reviews() -> impl Strategy<Value = Vec<Review>> {
    let reviewers = select(vec!["example.com/ann", "example.com/bob", "example.com/robot", "example.com/x[bot]"]);
    let states = select(vec![ReviewState::Approved, ReviewState::Commented]);
    vec((1..=CHANGES, reviewers, states, 0..60_i64), 0..8).prop_map(|reviews| {
        let facts = (1..).zip(reviews);
        facts.map(|(id, (number, reviewer, state, hour))| review(number, id, reviewer, state, hour)).collect()
    })
}

fn deployments() -> impl Strategy<Value = Vec<Deployment>> {
    let kinds = select(vec![DeploymentSource::Deployment, DeploymentSource::Release, DeploymentSource::Tag]);
    let outcomes = select(vec![
        Some(Outcome::Success),
        Some(Outcome::Success),
        Some(Outcome::Success),
        Some(Outcome::Failure),
        Some(Outcome::Neither),
        None,
    ]);
    let names = select(vec![None, Some("1.0.0"), Some("1.0.1"), Some("v1.0.2"), Some("v1.1.0"), Some("latest")]);
    let environments = select(vec![None, Some("production"), Some("prod-eu"), Some("Prod-EU"), Some("staging")]);
    let one = (
        option::weighted(0.9, 1..=COMMITS + 1),
        0..25_i64,
        // some wait for days before they run
        option::weighted(0.3, prop_oneof![2 => -3..=0_i64, 1 => -70..=-4_i64]),
        outcomes,
        names,
        environments,
        prop::bool::weighted(0.9),
        (prop::bool::weighted(0.2), option::weighted(0.1, select(vec!["r1", "r2"])), prop::bool::weighted(0.2)),
    );
    (kinds, vec(one, 0..9)).prop_map(|(kind, deployments)| {
        let mut facts = Vec::new();
        for (number, (commit, hour, start, outcome, name, environment, same, more)) in (1..).zip(deployments) {
            // few instants, so that some are equal
            let hour = hour * 3;
            let mut fact = deploy(&format!("d{number}"), 0, hour);
            fact.source = if same { kind } else { DeploymentSource::Tag };
            if fact.source == DeploymentSource::Tag {
                // never the clock of a commit, which would be corrected along its line
                fact.finished_at = Some(at(hour) + chrono::TimeDelta::minutes(1));
            }
            fact.sha = commit.map(sha);
            fact.started_at = start.map(|start| at(hour + start));
            fact.outcome = outcome;
            fact.name = name.map(ToOwned::to_owned);
            fact.environment = environment.map(ToOwned::to_owned);
            let (elsewhere, rollout, by_another_source) = more;
            if elsewhere {
                fact.repository = Some(OTHER.into());
            }
            fact.rollout = rollout.map(ToOwned::to_owned);
            if by_another_source {
                fact.id = format!("argocd/d{number}").into();
            }
            facts.push(fact);
        }
        facts
    })
}

fn incidents() -> impl Strategy<Value = Vec<Incident>> {
    let named = || {
        prop_oneof![
            4 => Just(None),
            1 => (1..9_u32).prop_map(|number| Some(format!("d{number}"))),
            1 => select(vec!["1.0.0", "v1.1.0", "latest"]).prop_map(|name| Some(name.to_owned())),
            1 => (1..=COMMITS + 1).prop_map(|number| Some(sha(number).to_string())),
        ]
    };
    let one = (
        0..80_i64,
        option::weighted(0.7, -2..30_i64),
        named(),
        option::weighted(0.2, 1..=CHANGES),
        named(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.8),
    );
    vec(one, 0..6).prop_map(|incidents| {
        let mut facts = Vec::new();
        for (number, (detected, after, cause, change, fix, external, own)) in (1..).zip(incidents) {
            let mut fact = incident(&format!("i{number}"), detected, after.map(|after| detected + after));
            fact.caused_by_deployment = cause;
            fact.caused_by_change = change.map(|number| RepositoryId::from(REPOSITORY).change(number));
            fact.fixed_by_deployment = fix;
            fact.external_cause = external;
            if !own {
                fact.service = Some("other".to_owned());
            }
            facts.push(fact);
        }
        facts
    })
}

pub fn cases() -> impl Strategy<Value = Case> {
    let settings = (
        prop::bool::ANY,
        select(vec![LeadTimeStart::FirstCommit, LeadTimeStart::Opened, LeadTimeStart::Merged]),
        prop::bool::ANY,
        prop::bool::ANY,
        select(vec![1, 6, 24]),
        (prop::bool::ANY, select(vec![None, Some("a"), Some("a/b")])),
    );
    let facts = (commits(), changes(), reviews(), deployments(), incidents());
    (facts, settings).prop_map(|((commits, changes, reviews, deployments, incidents), settings)| {
        let (all, start, patch, attempts, window, (exclude, directory)) = settings;
        let mut case = Case::new().set(|to| {
            to.first_deployment = if all { FirstDeployment::CarriesAll } else { FirstDeployment::Baseline };
            to.lead_time_start = start;
            to.patch_release_is_hotfix = patch;
            to.count_failed_attempts = attempts;
            to.attribution_window = std::time::Duration::from_hours(window);
            to.exclude_bots_from_lead_time = exclude;
            to.exclude_labels = vec!["dependencies".to_owned()];
        });
        case.service.repositories.push(OTHER.into());
        case.service.paths = directory.map(ToOwned::to_owned).into_iter().collect();
        let robot =
            Account { name: "Robot".to_owned(), bot: true, ..Account::new("example.com/robot".into(), version()) };
        case.facts.push(Fact::Account(robot));
        case.facts.extend(commits.into_iter().map(Fact::Commit));
        case.facts.extend(changes.into_iter().map(Fact::Change));
        case.facts.extend(reviews.into_iter().map(Fact::Review));
        case.facts.extend(deployments.into_iter().map(Fact::Deployment));
        case.facts.extend(incidents.into_iter().map(Fact::Incident));
        case
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_agrees_with_the_reference(case in cases()) {
        let (expected, computed) = (reference(&case), case.compute());
        prop_assert_eq!(&computed.deployments, &expected.deployments);
        prop_assert_eq!(&computed.changes, &expected.changes);
        prop_assert_eq!(&computed.incidents, &expected.incidents);
        let findings: BTreeSet<_> = computed.findings.iter().map(|x| (x.kind, x.subject.clone())).collect();
        prop_assert_eq!(&findings, &expected.findings);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (case, shuffled) in cases().prop_flat_map(|case| {
            let shuffled = Just(case.facts.clone()).prop_shuffle();
            (Just(case), shuffled)
        }),
    ) {
        let shuffled = Case { facts: shuffled, ..case.clone() };
        prop_assert_eq!(case.compute(), shuffled.compute());
    }
}
