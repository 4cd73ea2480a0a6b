//! Whose an incident is: what a service claims by its settings, what the source names, and what no service has; and
//! that a new incident, and a new mapping, compute the services again whose numbers they change.

use chrono::{DateTime, Utc};
use dora::{Report, ReportQuery, Scope};
use kernel::{Completeness, Deployment, Envelope, Fact, FindingKind, Incident, Outcome, Service, Tenant, Version};
use serde_json::{Value, json};
use store::Store;

use crate::api::served::settings;

const SHOP: &str = "git.example.org/acme/shop";

fn at(day: u32, hour: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
}

fn version(day: u32) -> Version {
    Version { completeness: Completeness::Reported, at: at(day, 23) }
}

fn deployment(id: &str, repository: &str, day: u32) -> Fact {
    Fact::Deployment(Deployment {
        repository: Some(repository.into()),
        environment: Some("production".to_owned()),
        sha: kernel::Sha::parse(&format!("{day:040x}")).ok(),
        finished_at: Some(at(day, 8)),
        outcome: Some(Outcome::Success),
        ..Deployment::new(id.into(), version(day))
    })
}

fn service(name: &str, repository: &str, incidents: &[&str], day: u32) -> Fact {
    let service = json!({
        "name": name, "repositories": [repository], "incidents": incidents, "version": version(day),
    });
    Fact::Service(serde_json::from_value::<Service>(service).unwrap())
}

fn incident(id: &str, selectors: &[&str], service: Option<&str>, repository: Option<&str>) -> Fact {
    let incident = json!({
        "id": id, "selectors": selectors, "service": service, "repository": repository,
        "detected_at": at(10, 9), "resolved_at": at(10, 11), "version": version(10),
    });
    Fact::Incident(serde_json::from_value::<Incident>(incident).unwrap())
}

/// What a Jira says of an incident of the project SHOP, an hour after the second deployment and for two hours.
fn jira(fields: &Value) -> Vec<Fact> {
    let mut all = json!({
        "summary": "Basket", "issuetype": { "name": "Incident" }, "labels": [],
        "status": { "name": "Done", "statusCategory": { "key": "done" } },
        "created": "2026-11-10T09:00:00.000+0000", "updated": "2026-11-10T11:00:00.000+0000",
        "resolutiondate": "2026-11-10T11:00:00.000+0000", "resolution": { "name": "Done" },
    });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let issue = json!({ "self": "https://acme.example.net/rest/api/2/issue/1", "key": "SHOP-77", "fields": all });
    let envelope = Envelope {
        id: "1".into(),
        source: "jira/main".into(),
        kind: "jira.issue_updated".into(),
        subject: None,
        time: at(10, 11),
        tenant: Tenant::default(),
        key: "1".into(),
        content_type: "application/json".into(),
        data: json!({ "webhookEvent": "jira:issue_updated", "issue": issue }).to_string().into(),
        traceparent: None,
    };
    registry::connector("jira").unwrap().normalize(&envelope).unwrap()
}

/// Writes facts and computes what they made stale.
async fn write(store: &Store, facts: &[Fact]) {
    tests::write_facts(store, facts).await;
    dora::recompute(store, &settings(), Scope::Stale).await.unwrap();
}

async fn report(store: &Store, service: &str) -> Report {
    let query = ReportQuery {
        from: Some(at(1, 0)),
        to: Some(at(30, 0)),
        service: Some(service.to_owned()),
        ..ReportQuery::default()
    };
    dora::report(store, &settings(), &query).await.unwrap()
}

/// The share of deployments that failed, and the seconds to restore.
async fn numbers(store: &Store, service: &str) -> (Option<f64>, Option<f64>) {
    let report = report(store, service).await;
    (report.change_fail_rate.value, report.time_to_restore.value)
}

fn unmapped(report: &Report) -> Option<&str> {
    let found = report.findings.iter().find(|finding| finding.kind == FindingKind::IncidentWithoutService);
    found.map(|finding| finding.example.as_str())
}

const NONE: (Option<f64>, Option<f64>) = (Some(0.0), None);
const HALF: (Option<f64>, Option<f64>) = (Some(0.5), Some(7200.0));

#[tokio::test]
async fn an_incident_of_jira_counts_once_its_project_is_mapped_and_is_a_finding_until_then() {
    let database = tests::database().await;
    let store = &database.store;
    write(store, &[service("shop", SHOP, &[], 1), deployment("d1", SHOP, 1), deployment("d2", SHOP, 10)]).await;
    assert_eq!(numbers(store, "shop").await, NONE);
    assert_eq!(unmapped(&report(store, "shop").await), None);
    write(store, &jira(&json!({}))).await;
    assert_eq!(numbers(store, "shop").await, NONE);
    let found = report(store, "shop").await;
    let example = unmapped(&found).unwrap();
    assert!(example.contains("add `incidents = [\"jira:SHOP\"]` to its [[service]]"), "{example}");
    // the settings change
    write(store, &[service("shop", SHOP, &["jira:shop"], 11)]).await;
    assert_eq!(numbers(store, "shop").await, HALF);
    assert_eq!(unmapped(&report(store, "shop").await), None);
    // and back
    write(store, &[service("shop", SHOP, &[], 12)]).await;
    assert_eq!(numbers(store, "shop").await, NONE);
}

#[tokio::test]
async fn an_incident_that_comes_after_its_mapping_computes_the_service_again() {
    let component = json!({ "components": [{ "name": "Basket" }], "labels": ["Checkout"] });
    for selector in
        ["jira:SHOP", "jira:acme.example.net/SHOP", "jira:SHOP/component/basket", "component:Basket", "label:checkout"]
    {
        let database = tests::database().await;
        let store = &database.store;
        write(store, &[service("web", SHOP, &[selector], 1), deployment("d1", SHOP, 1), deployment("d2", SHOP, 10)])
            .await;
        write(store, &jira(&component)).await;
        assert_eq!(numbers(store, "web").await, HALF, "{selector}");
        // it was a duplicate after all
        let mut duplicate = component.clone();
        duplicate["resolution"] = json!({ "name": "Duplicate" });
        duplicate["updated"] = json!("2026-11-10T12:00:00.000+0000");
        write(store, &jira(&duplicate)).await;
        assert_eq!(numbers(store, "web").await, NONE, "{selector}");
    }
    // a component of the service's own name needs no mapping
    let database = tests::database().await;
    let store = &database.store;
    write(store, &[service("Basket", SHOP, &[], 1), deployment("d1", SHOP, 1), deployment("d2", SHOP, 10)]).await;
    write(store, &jira(&component)).await;
    assert_eq!(numbers(store, "Basket").await, HALF);
}

#[tokio::test]
async fn what_a_service_claims_is_its_own_whatever_the_incident_names() {
    let database = tests::database().await;
    let store = &database.store;
    let other = "git.example.org/acme/incidents";
    let facts = [
        service("shop", SHOP, &["pagerduty:PSVC1", "label:basket", "repository:git.example.org/acme/incidents"], 1),
        service("incidents", other, &[], 1),
        deployment("d1", SHOP, 1),
        deployment("d2", SHOP, 10),
        deployment("o1", other, 1),
        deployment("o2", other, 10),
    ];
    write(store, &facts).await;
    for (number, fact) in [
        incident("pagerduty/1", &["pagerduty:PSVC1"], Some("Checkout API (prod)"), None),
        incident("x/2", &["label:basket"], None, Some(other)),
        incident("x/3", &[], None, Some(other)),
        incident("x/4", &[], Some("shop"), None),
    ]
    .into_iter()
    .enumerate()
    {
        write(store, std::slice::from_ref(&fact)).await;
        assert_eq!(numbers(store, "shop").await, HALF, "{number}");
        assert_eq!(numbers(store, "incidents").await, NONE, "{number}");
        let Fact::Incident(gone) = fact else { panic!() };
        write(store, &[Fact::Incident(Incident { deleted: true, version: version(11), ..gone })]).await;
        assert_eq!(numbers(store, "shop").await, NONE, "{number}");
    }
    // nothing of it is left as a service of its own
    let whole = dora::report(store, &settings(), &ReportQuery::default()).await.unwrap();
    let names: Vec<&str> = whole.services.iter().map(|service| service.service.as_str()).collect();
    assert_eq!(names, ["incidents", "shop"]);
}

#[tokio::test]
async fn computing_mapped_incidents_step_by_step_gives_what_computing_them_all_does() {
    let facts = [
        service("shop", SHOP, &["jira:SHOP", "label:basket"], 1),
        deployment("d1", SHOP, 1),
        deployment("d2", SHOP, 10),
        incident("x/1", &["jira:SHOP"], None, None),
        incident("x/2", &["jira:OPS"], None, None),
        incident("x/3", &["label:basket"], Some("gone"), None),
        service("shop", SHOP, &["jira:OPS"], 12),
    ];
    let mut expected = None;
    for turn in 0..facts.len() {
        let mut facts = facts.clone();
        facts.rotate_left(turn);
        let database = tests::database().await;
        for fact in &facts {
            write(&database.store, std::slice::from_ref(fact)).await;
        }
        let step = numbers(&database.store, "shop").await;
        let finding = unmapped(&report(&database.store, "shop").await).map(str::to_owned);
        dora::recompute(&database.store, &settings(), Scope::All).await.unwrap();
        assert_eq!(numbers(&database.store, "shop").await, step, "{turn}");
        let found = (step, finding);
        assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "{turn}");
    }
    assert_eq!(expected.unwrap().0, HALF);
}
