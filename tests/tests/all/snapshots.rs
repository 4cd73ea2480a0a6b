//! Rows that are held in memory answer as a fresh read of the store does, whatever was written in between.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use dora::{MetricSettings, Question, ReportQuery, Scope, Slice, Snapshots};
use kernel::{Completeness, Fact, Outcome, Service, Team, Version};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use store::Store;
use tests::write_facts;

use crate::api::served;
use crate::metrics::reads;

const ROUNDS: usize = 12;

/// Snapshots that may hold everything.
fn roomy() -> Snapshots {
    Snapshots::new(MetricSettings { dora: &served::settings(), custom: &[] }, 1 << 30)
}

fn question(by: Option<Slice>) -> Question {
    let to = served::end();
    Question { from: Some(to - TimeDelta::days(90)), to: Some(to), by, ..Question::default() }
}

/// Everything that a tenant can be asked for, from memory and from the store.
async fn compare(store: &Store, snapshots: &Snapshots, what: &str) {
    let settings = served::settings();
    let settings = MetricSettings { dora: &settings, custom: &[] };
    let definitions = dora::definitions(&[]).unwrap();
    for by in [None, Some(Slice::Repository)] {
        let names: Vec<&str> = definitions
            .iter()
            .filter(|definition| by.is_none_or(|by| definition.slices.contains(&by)))
            .map(|definition| definition.name.as_str())
            .collect();
        let held = snapshots.ask(store, &names, &question(by)).await.unwrap().answer;
        let fresh = dora::ask(store, settings, &names, &question(by)).await.unwrap();
        for (held, fresh) in held.iter().zip(&fresh) {
            assert_eq!(held, fresh, "{what}: {}", fresh.metric.name);
        }
    }
    let to = served::end();
    let query = ReportQuery { from: Some(to - TimeDelta::days(90)), to: Some(to), ..ReportQuery::default() };
    let fresh = dora::report(store, settings.dora, &query).await.unwrap();
    assert_eq!(snapshots.report(store, &query).await.unwrap().answer, fresh, "{what}: the report");
}

/// A fact as a later event reports it.
fn changed(fact: &Fact, round: usize) -> Option<Fact> {
    let at = served::end() + TimeDelta::days(i64::try_from(round).unwrap());
    let version = Version { completeness: Completeness::Reported, at };
    Some(match fact.clone() {
        Fact::Change(mut change) => {
            change.additions = Some(i64::try_from(round).unwrap());
            change.labels = vec![format!("round {round}")];
            change.merged_at = change.merged_at.map(|at| at - TimeDelta::minutes(1));
            change.version = version;
            Fact::Change(change)
        }
        Fact::Commit(mut commit) => {
            commit.authored_at -= TimeDelta::hours(5);
            commit.version = version;
            Fact::Commit(commit)
        }
        Fact::Incident(mut incident) => {
            incident.deleted = true;
            incident.version = version;
            Fact::Incident(incident)
        }
        Fact::Deployment(mut deployment) => {
            deployment.finished_at = deployment.finished_at.map(|at| at + TimeDelta::minutes(7));
            deployment.version = version;
            Fact::Deployment(deployment)
        }
        Fact::PipelineRun(mut run) => {
            run.outcome = Some(Outcome::Failure);
            run.version = version;
            Fact::PipelineRun(run)
        }
        Fact::WorkItem(mut item) => {
            item.canceled = true;
            item.version = version;
            Fact::WorkItem(item)
        }
        Fact::Account(mut account) => {
            account.bot = !account.bot;
            account.version = version;
            Fact::Account(account)
        }
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_in_memory_are_those_of_a_fresh_read_after_any_writes() {
    let served = served::filled().await;
    let store = &served.database.store;
    let snapshots = roomy();
    compare(store, &snapshots, "at first").await;
    let facts: Vec<Fact> = served::organization().facts().collect();
    let mut runner = TestRunner::deterministic();
    let some = proptest::collection::vec(0..facts.len(), 1..60);
    for round in 0..ROUNDS {
        let chosen = some.new_tree(&mut runner).unwrap().current();
        let later: Vec<Fact> = chosen.into_iter().filter_map(|nth| changed(&facts[nth], round)).collect();
        write_facts(store, &later).await;
        compare(store, &snapshots, &format!("facts of round {round}")).await;
        if round % 3 == 2 {
            dora::recompute(store, &served::settings(), Scope::Stale).await.unwrap();
            compare(store, &snapshots, &format!("rows of round {round}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_after_a_later_one_is_not_missed() {
    let served = served::filled().await;
    let store = &served.database.store;
    let snapshots = roomy();
    let facts: Vec<Fact> = served::organization().facts().collect();
    let mut changes = facts.iter().filter(|fact| matches!(fact, Fact::Change(_)));
    let (first, second) = (changes.next().unwrap(), changes.next().unwrap());
    compare(store, &snapshots, "at first").await;
    let mut early = store.begin().await.unwrap();
    store::facts::write(&mut early, &[changed(first, 1).unwrap()]).await.unwrap();
    write_facts(store, &[changed(second, 1).unwrap()]).await;
    compare(store, &snapshots, "the later transaction").await;
    early.commit().await.unwrap();
    compare(store, &snapshots, "the earlier transaction").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_services_and_tenants_that_change_are_seen() {
    let served = served::filled().await;
    let store = &served.database.store;
    let settings = served::settings();
    // so little that rows are let go after each question
    let snapshots = Snapshots::new(MetricSettings { dora: &settings, custom: &[] }, 1);
    compare(store, &snapshots, "at first").await;
    let version = Version { completeness: Completeness::Reported, at: served::end() };
    let team = Team::new("new".into(), version);
    let service = Service { team: Some("new".into()), ..Service::new("new service".into(), version) };
    let by_team = Question { team: Some("new".into()), ..question(None) };
    assert!(snapshots.ask(store, &["deployment_frequency"], &by_team).await.is_err());
    write_facts(store, &[Fact::Team(team), Fact::Service(service)]).await;
    let answers = snapshots.ask(store, &["deployment_frequency"], &by_team).await.unwrap().answer;
    assert_eq!(answers[0].whole.value, None);
    compare(store, &snapshots, "a team").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_forgotten_in_memory_too() {
    use store::forget::{Forgotten, forget, names};
    let served = served::filled().await;
    let store = &served.database.store;
    let snapshots = roomy();
    compare(store, &snapshots, "at first").await;
    for kind in [Forgotten::Repository, Forgotten::Service, Forgotten::Team] {
        let mut tx = store.begin().await.unwrap();
        let name = names(&mut tx, kind).await.unwrap().remove(0);
        let deleted = forget(&mut tx, kind, &name).await.unwrap();
        assert!(!deleted.is_empty(), "{name}");
        tx.commit().await.unwrap();
        compare(store, &snapshots, &format!("{kind:?} {name}")).await;
        dora::recompute(store, &served::settings(), Scope::Stale).await.unwrap();
        compare(store, &snapshots, &format!("{kind:?} {name}, computed")).await;
    }
}

/// A change of the organization that was merged, with other words.
fn renamed(fact: &Fact, title: &str) -> Fact {
    let Fact::Change(mut change) = fact.clone() else { panic!("{fact:?}") };
    change.title = format!("{} {title}", change.title);
    change.version.at += TimeDelta::days(1);
    Fact::Change(change)
}

#[tokio::test]
async fn of_a_fact_that_changes_only_its_own_rows_are_read_again() {
    let served = served::filled().await;
    let store = &served.database.store;
    let snapshots = roomy();
    let definitions = dora::definitions(&[]).unwrap();
    let names: Vec<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    let question = question(None);
    let ask = || snapshots.ask(store, &names, &question);
    let all: u64 = reads(ask()).await.into_iter().map(|(rows, _)| rows).sum();
    assert!(all > 3_000, "{all} rows are held");
    assert!(reads(ask()).await.is_empty(), "nothing has changed");
    let facts: Vec<Fact> = served::organization().facts().collect();
    let mut kinds = BTreeSet::new();
    for fact in &facts {
        // who is a bot concerns all changes, a commit those of its repository
        let is_read_by_rows = !matches!(fact, Fact::Account(_) | Fact::Commit(_));
        let Some(changed) = changed(fact, 1).filter(|_| is_read_by_rows) else { continue };
        if kinds.insert(fact.kind()) {
            write_facts(store, &[changed]).await;
            let again = reads(ask()).await;
            let rows: u64 = again.iter().map(|(rows, _)| *rows).sum();
            assert!(rows < 100, "{}: {rows} of {all} rows are read again: {again:#?}", fact.kind());
        }
    }
    assert!(kinds.len() >= 4, "{kinds:?}");
}

#[tokio::test]
async fn a_change_of_nothing_that_answers_are_made_from_makes_no_other_version() {
    let served = served::filled().await;
    let store = &served.database.store;
    let snapshots = roomy();
    let facts: Vec<Fact> = served::organization().facts().collect();
    let merged = |fact: &&Fact| matches!(fact, Fact::Change(change) if change.merged_at.is_some());
    let fact = facts.iter().find(merged).unwrap();
    let question = question(None);
    let versions = async |name: &str| snapshots.ask(store, &[name], &question).await.unwrap().versions;
    let names = ["change_size", "change_lead_time", "ci_duration"];
    let [size, lead_time, ci] = [versions(names[0]).await, versions(names[1]).await, versions(names[2]).await];
    write_facts(store, &[renamed(fact, "again")]).await;
    assert_eq!(versions(names[0]).await, size, "metrics read no title");
    assert_eq!(versions(names[1]).await, lead_time);
    write_facts(store, &[changed(fact, 1).unwrap()]).await;
    assert_ne!(versions(names[0]).await, size);
    assert_eq!(versions(names[2]).await, ci, "it reads no change");
    let held = snapshots.look(store).await.unwrap();
    assert!(!size.are_those_of(&held) && ci.are_those_of(&held));
    assert!(versions(names[0]).await.are_those_of(&held));
}

#[tokio::test]
async fn what_is_asked_of_a_time_that_is_read_reads_nothing_more() {
    let served = served::filled().await;
    let store = &served.database.store;
    let snapshots = roomy();
    let facts: Vec<Fact> = served::organization().facts().collect();
    let fact = facts.iter().find(|fact| changed(fact, 1).is_some() && matches!(fact, Fact::Change(_))).unwrap();
    let question = question(None);
    let first = snapshots.ask(store, &["change_size"], &question).await.unwrap();
    let looked_at = std::time::Instant::now();
    let held = snapshots.look(store).await.unwrap();
    write_facts(store, &[changed(fact, 1).unwrap()]).await;
    let then = snapshots.as_of(looked_at).ask(store, &["change_size"], &question).await.unwrap();
    assert_eq!(then, first);
    assert!(then.versions.are_those_of(&held));
    let now = snapshots.as_of(std::time::Instant::now()).ask(store, &["change_size"], &question).await.unwrap();
    assert_ne!(now.versions, first.versions);
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_that_say_another_type_are_counted_under_it_before_anything_is_computed() {
    let served = served::filled().await;
    let (store, settings) = (&served.database.store, served::settings());
    let snapshots = roomy();
    let question = question(Some(Slice::Type));
    let names = ["change_lead_time"];
    let types = async || {
        let held = snapshots.ask(store, &names, &question).await.unwrap().answer;
        let settings = MetricSettings { dora: &settings, custom: &[] };
        assert_eq!(held, dora::ask(store, settings, &names, &question).await.unwrap());
        held[0].slices.iter().filter_map(|part| part.slice.clone()).collect::<BTreeSet<_>>()
    };
    assert!(!types().await.contains("style"));
    let later = |fact: Fact| {
        let Fact::Change(mut change) = fact else { return None };
        change.title = format!("style: {}", change.title);
        change.version.at += TimeDelta::days(1);
        Some(Fact::Change(change))
    };
    let retitled: Vec<Fact> = served::organization().facts().filter_map(later).collect();
    write_facts(store, &retitled).await;
    assert!(types().await.contains("style"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_answers_at_once_are_those_of_each_alone_also_where_others_are_given_up() {
    let served = served::filled().await;
    let (store, settings) = (&served.database.store, served::settings());
    let snapshots = roomy();
    let asked = |nth: i64| Question { to: Some(served::end() - TimeDelta::minutes(nth)), ..question(None) };
    let tasks: Vec<_> = (0..40)
        .map(|nth| {
            let (store, snapshots, question) = (store.clone(), snapshots.clone(), asked(nth));
            tokio::spawn(async move { snapshots.ask(&store, &["change_lead_time"], &question).await })
        })
        .collect();
    for (nth, task) in (0..).zip(tasks) {
        if nth % 2 == 0 {
            task.abort();
            continue;
        }
        let settings = MetricSettings { dora: &settings, custom: &[] };
        let fresh = dora::ask(store, settings, &["change_lead_time"], &asked(nth)).await.unwrap();
        assert_eq!(task.await.unwrap().unwrap().answer, fresh, "question {nth}");
    }
}
