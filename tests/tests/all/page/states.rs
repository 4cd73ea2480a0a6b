//! The application states what is made up, missing or failing.

use kernel::Fact;
use serde_json::Value;

use super::{address, is_ready, opened, take};
use crate::api::served;
use crate::browser::{self, open, run, until, wait};

#[tokio::test]
async fn an_empty_database_says_what_to_connect_and_the_demo_that_it_is_made_up() {
    let served = served::empty().await;
    if !is_ready(&served).await {
        return;
    }
    let note = "document.querySelector('.demo-note') !== null";
    let mut steps = opened(&served, "/").to_vec();
    steps.extend([run("document.querySelector('main').textContent"), run(note)]);
    let shown = take(&steps).await;
    assert!(shown.values[1].as_str().unwrap().contains("Connect a source"), "{:?}", shown.values);
    assert_eq!(shown.values[2], false);
    served::add_demo(&served, served::organization().facts()).await;
    let mut steps = opened(&served, "/?tenant=demo").to_vec();
    steps.extend([wait("[data-metric]"), run(note)]);
    let shown = take(&steps).await;
    assert_eq!(shown.values[1], true);
}

#[tokio::test]
async fn a_failing_server_is_reported_with_a_way_to_try_again() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    sqlx::query("drop table main.computation cascade")
        .execute(&mut sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap())
        .await
        .unwrap();
    let steps = [open(&address(&served, "/")), wait(".problem"), run("document.querySelector('.problem').textContent")];
    // the browser itself complains about the answers
    let shown = browser::take(&steps).await;
    let problem = shown.values[0].as_str().unwrap();
    assert!(problem.contains("Try again") && problem.contains("fault of the server"), "{problem}");
    let data = served.ask("GET", "/api/v1/dora", &[], "").await;
    assert_eq!((data.status, &data.json()["status"]), (500, &Value::from(500)));
}

#[tokio::test]
async fn who_is_not_logged_in_is_sent_to_the_login_and_back() {
    let served = served::with(|all| all.login.enabled = true).await;
    let login = address(&served, "/login?next=%2Fteams%3Fwindow%3D30d");
    if !is_ready_for_login(&served).await {
        return;
    }
    let steps = [open(&address(&served, "/teams?window=30d")), until(&login), wait("form")];
    let shown = browser::take(&steps).await;
    assert!(shown.text.contains("Log in"), "{shown:?}");
}

/// The page of the application is answered to no one who is not logged in, so nothing is asked for.
async fn is_ready_for_login(served: &served::Served) -> bool {
    super::chromium().is_some() && served.ask("GET", "/web/icon.svg", &[], "").await.status == 200
}

#[tokio::test]
async fn a_title_that_is_html_stays_text() {
    let served = served::empty().await;
    let evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let facts = served::organization().facts().map(|fact| match fact {
        Fact::Change(mut change) => {
            evil.clone_into(&mut change.title);
            Fact::Change(change)
        }
        Fact::Commit(mut commit) => {
            evil.clone_into(&mut commit.subject);
            Fact::Commit(commit)
        }
        Fact::Deployment(mut deployment) => {
            deployment.name = Some(evil.to_owned());
            deployment.url = Some("javascript:document.title='owned'".to_owned());
            Fact::Deployment(deployment)
        }
        other => other,
    });
    served::fill(&served.database.store, facts).await;
    if !is_ready(&served).await {
        return;
    }
    let list = served.get("/api/v1/deployments?window=all&limit=1").await;
    let id = list["data"][0]["id"].as_str().unwrap().replace('#', "%23");
    let found = "({
        title: document.title,
        images: document.querySelectorAll('img[src=x]').length,
        scripts: document.querySelectorAll('a[href^=javascript]').length,
    })";
    for path in ["/deployments?window=all", "/changes?window=all", &format!("/deployments/{id}?window=all")] {
        let mut steps = opened(&served, path).to_vec();
        steps.push(run(found));
        let shown = take(&steps).await;
        let found = &shown.values[1];
        assert!(found["title"].as_str().unwrap().ends_with("sei"), "{path}: {found}");
        assert_eq!((&found["images"], &found["scripts"]), (&Value::from(0), &Value::from(0)), "{path}");
    }
}
