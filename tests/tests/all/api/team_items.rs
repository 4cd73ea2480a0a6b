//! Work items and sprints of a team: those of the projects that it plans in.

use kernel::Role;
use serde_json::{Value, json};

use super::known::{reach, token};
use super::served::{self, Served};

/// A team of the organization that plans in a project, and the project.
async fn team(served: &Served) -> (String, String) {
    let teams = kernel_teams(served).await;
    let team = teams.iter().find(|team| !team.projects.is_empty()).unwrap();
    (team.name.clone(), team.projects[0].clone())
}

async fn kernel_teams(served: &Served) -> Vec<kernel::Team> {
    store::mapping::teams(&served.database.store).await.unwrap()
}

/// The organization, on a server that asks for a login.
async fn with_login() -> Served {
    let served = served::with(|settings| settings.login.enabled = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    served
}

fn window() -> String {
    format!("window=180d&to={}", served::end().format("%F"))
}

#[tokio::test]
async fn items_of_a_team_are_those_of_its_projects_in_metrics_as_in_lists() {
    let served = served::filled().await;
    let (team, project) = team(&served).await;
    let metric = async |name: &str, asked: &str| {
        served.get(&format!("/api/v1/metrics/{name}?{}&{asked}", window())).await["data"].clone()
    };
    let of_slice = |answer: &Value, name: &str| {
        answer["slices"].as_array().unwrap().iter().find(|slice| slice["slice"] == name).unwrap().clone()
    };
    for name in ["item_throughput", "item_cycle_time", "sprint_velocity", "say_do_ratio"] {
        let whole = metric(name, &format!("team={team}")).await["whole"].clone();
        let by_project = of_slice(&metric(name, "by=repository").await, &project);
        let by_team = of_slice(&metric(name, "by=team").await, &team);
        for same in [&by_project, &by_team] {
            assert_eq!((&same["value"], &same["n"]), (&whole["value"], &whole["n"]), "{name}");
        }
        assert_ne!(whole["n"], 0, "{name}");
    }
    let items = served.get(&format!("/api/v1/work-items?team={team}&window=all&limit=200")).await["data"].clone();
    let items = items.as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|item| item["project"] == project), "{items:?}");
    let times = served.get(&format!("/api/v1/item-times?team={team}&{}", window())).await["data"].clone();
    assert_eq!(times["n"], metric("item_cycle_time", &format!("team={team}")).await["whole"]["n"]);
}

#[tokio::test]
async fn a_project_of_jira_is_a_teams_by_its_key() {
    let served = served::empty().await;
    let item = |project: &str, key: &str| {
        json!({
            "fact": "work_item", "id": format!("you.atlassian.net/{key}"), "key": key, "project": project, "status": "Done",
            "status_category": "done", "created_at": "2026-02-01T08:00:00Z", "done_at": "2026-02-03T08:00:00Z",
        })
    };
    let repository = "git.example/octo/shop";
    let facts = [
        json!({ "fact": "team", "name": "payments", "projects": ["SHOP"] }),
        json!({ "fact": "repository", "id": repository, "name": "octo/shop" }),
        item("you.atlassian.net/SHOP", "SHOP-1"),
        item("you.atlassian.net/OPS", "OPS-1"),
        item(repository, "#1"),
    ];
    let versioned = facts.into_iter().map(|mut fact| {
        fact["version"] = json!({ "at": "2026-02-03T08:00:00Z" });
        serde_json::from_value(fact).unwrap()
    });
    served::fill(&served.database.store, versioned).await;
    let asked = "team=payments&from=2026-02-01&to=2026-02-07";
    let metric = served.get(&format!("/api/v1/metrics/item_throughput?{asked}")).await["data"]["whole"]["n"].clone();
    let listed = served.get(&format!("/api/v1/work-items?{asked}")).await["data"].clone();
    let keys: Vec<&str> = listed.as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect();
    assert_eq!((metric, keys), (json!(1), vec!["SHOP-1"]));
    let unmapped = store::mapping::projects_without_team(&served.database.store, 9).await.unwrap();
    assert_eq!(unmapped, ["you.atlassian.net/OPS"]);
}

#[tokio::test]
async fn sprints_of_a_team_are_those_with_its_items() {
    let served = served::filled().await;
    let (team, project) = team(&served).await;
    let sprints = async |question: &str| {
        let query = format!(
            "{{ sprints(first: 50, question: {question}) {{ nodes {{ name items(first: 3) {{ nodes {{ project }} }} }} }} }}"
        );
        served.graphql(&query).await["sprints"]["nodes"].as_array().unwrap().clone()
    };
    let all = sprints("{}").await;
    let own = sprints(&format!("{{ team: \"{team}\" }}")).await;
    assert!(!own.is_empty() && own.len() < all.len(), "{} of {}", own.len(), all.len());
    for item in own.iter().flat_map(|sprint| sprint["items"]["nodes"].as_array().unwrap()) {
        assert_eq!(item["project"], project.as_str());
    }
}

#[tokio::test]
async fn who_is_limited_to_a_team_sees_the_items_of_its_projects_alone() {
    let served = with_login().await;
    let (team, project) = team(&served).await;
    let token = token(&served, &reach(Some("main"), Role::Viewer, &[team.as_str()])).await;
    let bearer = format!("Bearer {token}");
    let path = "/api/v1/work-items?window=all&limit=200";
    let reply = served.ask("GET", path, &[("authorization", bearer.as_str())], "").await;
    let items = reply.json()["data"].as_array().unwrap().clone();
    assert!(!items.is_empty() && items.iter().all(|item| item["project"] == project), "{items:?}");
}

#[tokio::test]
async fn a_project_without_a_team_is_listed_until_a_team_plans_in_it() {
    let served = with_login().await;
    let admin = format!("Bearer {}", token(&served, &reach(Some("main"), Role::Admin, &[])).await);
    let get = async |path: &str| served.ask("GET", path, &[("authorization", admin.as_str())], "").await.json();
    let unmapped = async || get("/api/v1/mapping/unmapped").await["data"]["projects"].clone();
    assert_eq!(unmapped().await, json!([]));
    let (team, project) = team(&served).await;
    let all = kernel_teams(&served).await;
    let mut changed = all.into_iter().find(|known| known.name == team).unwrap();
    changed.projects.clear();
    changed.version.at += chrono::TimeDelta::seconds(1);
    tests::write_facts(&served.database.store, &[kernel::Fact::Team(changed)]).await;
    assert_eq!(unmapped().await, json!([project]));
    let none = get(&format!("/api/v1/metrics/item_throughput?{}&team={team}", window())).await;
    assert_eq!(none["data"]["whole"]["n"], 0);
}
