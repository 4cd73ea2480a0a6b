//! What is computed step by step, as facts come in, is what is computed of all of them at once: whatever the
//! order, however often they come, and however late; with histories rewritten and tags deleted on the way.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use dora::Scope;
use kernel::{Fact, Version};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use sei::demo::{Demo, Scale};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tests::write_facts;

use crate::api::served::settings;

/// All metric facts as text, but for when they were computed.
pub(crate) async fn rows(options: &PgConnectOptions) -> Vec<String> {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let mut rows = Vec::new();
    for (table, columns) in [
        ("deployment_metric", "t"),
        ("change_metric", "t"),
        ("incident_metric", "t"),
        ("finding", "t"),
        ("merge_preview", "t"),
        ("computation", "(service, source, statement, deployments, changes, commits, partial)"),
    ] {
        let query = format!("select {columns}::text from main.{table} t order by 1");
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
        rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
    }
    rows
}

/// Later versions of some facts: a change that has another title, one whose merge a force-push took away, a tag that was
/// deleted, an incident that was resolved months later, one that turned out to have another cause.
fn later(facts: &[Fact], random: &mut impl Rng) -> Vec<Fact> {
    let newer = |version: Version, days: i64| Version { at: version.at + TimeDelta::days(days), ..version };
    let mut later = Vec::new();
    for fact in facts {
        if !random.random_bool(0.05) {
            continue;
        }
        match fact.clone() {
            Fact::Change(mut change) => {
                match random.random_range(0..4) {
                    0 => change.title = format!("Revert \"{}\"", change.title),
                    1 | 2 => change.title.push_str(" again"),
                    _ => change.deleted = true,
                }
                change.version = newer(change.version, 400);
                later.push(Fact::Change(change));
            }
            Fact::Deployment(mut deployment) => {
                deployment.deleted = true;
                deployment.version = newer(deployment.version, 400);
                later.push(Fact::Deployment(deployment));
            }
            Fact::Incident(mut incident) => {
                incident.external_cause = random.random_bool(0.5);
                incident.resolved_at = Some(incident.detected_at + TimeDelta::days(70));
                incident.version = newer(incident.version, 400);
                later.push(Fact::Incident(incident));
            }
            _ => {}
        }
    }
    later
}

/// Facts that cross services: incidents of one that name another's deployments, commits, changes; the same deployments
/// in further environments and once more at a later time, as a rollout or not; and a service of two repositories.
fn crossing(facts: &[Fact], random: &mut impl Rng) -> Vec<Fact> {
    let mut crossing = Vec::new();
    let mut repositories = BTreeSet::new();
    let changes: Vec<&kernel::Change> =
        facts.iter().filter_map(|fact| if let Fact::Change(change) = fact { Some(change) } else { None }).collect();
    let deployments: Vec<&kernel::Deployment> =
        facts.iter().filter_map(|fact| if let Fact::Deployment(x) = fact { Some(x) } else { None }).collect();
    for (number, deployment) in deployments.into_iter().enumerate() {
        repositories.extend(deployment.repository.clone());
        let Some(finished) = deployment.finished_at else { continue };
        let id = format!("{}/crossing", deployment.id);
        if random.random_bool(0.3) {
            crossing.push(elsewhere(deployment, finished, number, random));
        }
        if random.random_bool(0.3) {
            // it is run again, and ends later
            crossing.push(Fact::Deployment(kernel::Deployment {
                finished_at: Some(finished + TimeDelta::days(9)),
                version: Version { at: deployment.version.at + TimeDelta::days(9), ..deployment.version },
                ..deployment.clone()
            }));
        }
        if random.random_bool(0.3) {
            let names = [
                Some(deployment.id.to_string()),
                Some(id.clone()),
                deployment.sha.map(|sha| sha.to_string()),
                deployment.name.clone(),
                None,
            ];
            let mut name = || names[random.random_range(0..names.len())].clone();
            let (caused_by_deployment, fixed_by_deployment) = (name(), name());
            let change = random.random_bool(0.3).then(|| &changes[random.random_range(0..changes.len())].id);
            let incident = |at: DateTime<Utc>, resolved_at, caused_by_deployment| {
                Fact::Incident(kernel::Incident {
                    service: Some(format!("crossing-{}", number % 3)),
                    title: "crossing".to_owned(),
                    resolved_at,
                    caused_by_deployment,
                    caused_by_change: change.cloned(),
                    fixed_by_deployment: fixed_by_deployment.clone(),
                    ..kernel::Incident::new(
                        format!("{id}/incident").as_str().into(),
                        finished + TimeDelta::hours(1),
                        Version { at, ..deployment.version },
                    )
                })
            };
            crossing.push(incident(finished, None, caused_by_deployment));
            if random.random_bool(0.3) {
                // later it is resolved, and something else was to blame
                let resolved = finished + TimeDelta::hours(5);
                crossing.push(incident(resolved, Some(resolved), names[number % names.len()].clone()));
            }
        }
    }
    if let Some(version) = changes.first().map(|change| change.version) {
        crossing.push(Fact::Service(kernel::Service {
            repositories: repositories.into_iter().take(2).collect(),
            ..kernel::Service::new("of-two-repositories".to_owned(), version)
        }));
    }
    crossing
}

/// A deployment in a further environment, as part of a rollout or not.
fn elsewhere(deployment: &kernel::Deployment, finished: DateTime<Utc>, number: usize, random: &mut impl Rng) -> Fact {
    let environments = ["prod-eu", "live", "production-preview"];
    Fact::Deployment(kernel::Deployment {
        id: format!("{}/crossing", deployment.id).as_str().into(),
        environment: Some(environments[random.random_range(0..3)].to_owned()),
        production: random.random_bool(0.2).then_some(true),
        rollout: random.random_bool(0.3).then(|| format!("rollout/{}", number / 2)),
        finished_at: Some(finished + TimeDelta::minutes(random.random_range(0..90))),
        ..deployment.clone()
    })
}

#[tokio::test]
async fn computing_as_facts_come_in_gives_the_rows_of_computing_them_all() {
    let scale = Scale { teams: 2, services: 3, days: 60, changes: 150, deployments: 40, ..Scale::default() };
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        let end = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut facts: Vec<Fact> = Demo { seed, end, scale: scale.clone() }.facts().collect();
        facts.extend(crossing(&facts, &mut random));
        facts.extend(later(&facts.clone(), &mut random));

        let whole = tests::database().await;
        write_facts(&whole.store, &facts).await;
        dora::recompute(&whole.store, &settings(), Scope::All).await.unwrap();
        let expected = rows(&whole.options()).await;
        assert!(expected.len() > 100, "{}", expected.len());

        let doubles: Vec<Fact> = facts.iter().filter(|_| random.random_bool(0.2)).cloned().collect();
        facts.extend(doubles);
        facts.shuffle(&mut random);
        let steps = tests::database().await;
        let mut rest = facts.as_slice();
        while !rest.is_empty() {
            let (now, then) = rest.split_at(random.random_range(1..=rest.len().min(400)));
            write_facts(&steps.store, now).await;
            dora::recompute(&steps.store, &settings(), Scope::Stale).await.unwrap();
            rest = then;
        }
        assert_eq!(rows(&steps.options()).await, expected, "seed {seed}");
        let again = dora::recompute(&steps.store, &settings(), Scope::All).await.unwrap();
        assert_eq!((again.written, again.deleted), (0, 0), "seed {seed}");
    }
}

#[tokio::test]
async fn one_more_deployment_comes_into_the_rows_by_itself() {
    let scale = Scale { teams: 3, services: 20, days: 200, changes: 3_000, deployments: 1_000, ..Scale::default() };
    let database = tests::database().await;
    let end = Utc::now();
    let facts: Vec<Fact> = Demo { seed: 3, end, scale }.facts().collect();
    write_facts(&database.store, &facts).await;
    dora::recompute(&database.store, &settings(), Scope::All).await.unwrap();
    let until = tokio_util::sync::CancellationToken::new();
    let engine = tokio::spawn(dora::run(database.store.clone(), settings(), Vec::new(), until.clone()));
    let last = facts.iter().rev().find_map(|fact| match fact {
        Fact::Deployment(deployment) if deployment.environment.as_deref() == Some("production") => {
            Some(deployment.clone())
        }
        _ => None,
    });
    let late = kernel::Deployment { id: "one more".into(), finished_at: Some(end), ..last.unwrap() };
    write_facts(&database.store, &[Fact::Deployment(late)]).await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let found = async || {
        let count = "select count(*) from main.deployment_metric where deployment = 'one more'";
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
        count == 1
    };
    tests::eventually(std::time::Duration::from_mins(1), found).await;
    until.cancel();
    engine.await.unwrap().unwrap();
}
