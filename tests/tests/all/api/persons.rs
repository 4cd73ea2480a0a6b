//! Whose data about single persons is shown to whom: one's own, that of one's teams, or none.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use dora::settings::People;
use kernel::{Fact, Role};
use serde_json::{Value, json};
use store::audit::{self, Action, Actor, AuditFilter, Order};
use store::identity::providers::{self, Stated};
use store::identity::users::{self, NewUser, User};
use tests::{eventually, unique};

use super::known::{get, reach, token, token_of};
use super::oidc::issuer::{CLIENT, Issuer, SECRET};
use super::oidc::parts::{provider, session};
use super::served::{self, Served};

/// What is read of people is this old at most, and more.
const SOON: Duration = Duration::from_secs(20);
const BY_AUTHOR: &str = "/api/v1/metrics/change_throughput?by=author&window=90d";

/// Two teams, each with a service and a change of its member.
fn facts() -> impl Iterator<Item = Fact> {
    let day = |days: i64| (Utc::now() - TimeDelta::days(days)).to_rfc3339();
    let of_team = move |(team, login): (&str, &str)| {
        let (repository, account) = (format!("git.example/{team}/app"), format!("git.example/{login}"));
        [
            json!({ "fact": "team", "name": team, "members": [account] }),
            json!({ "fact": "service", "name": format!("{team}-app"), "team": team, "repositories": [repository] }),
            json!({ "fact": "repository", "id": repository, "name": "app", "default_branch": "main" }),
            json!({ "fact": "account", "id": account, "name": login, "email": format!("{login}@example.org") }),
            json!({ "fact": "account", "id": format!("tracker/{login}"), "name": login, "email": format!("{login}@example.org") }),
            json!({ "fact": "change", "id": format!("{repository}#1"), "repository": repository, "number": 1,
                    "title": "Add", "state": "merged", "author": account, "target_branch": "main",
                    "opened_at": day(9), "merged_at": day(8) }),
            json!({ "fact": "change", "id": format!("{repository}#2"), "repository": repository, "number": 2,
                    "title": "Open", "state": "open", "author": account, "target_branch": "main", "opened_at": day(4) }),
        ]
    };
    [("web", "ann"), ("pay", "bo")].into_iter().flat_map(of_team).map(|mut fact| {
        fact["version"] = json!({ "completeness": "reported", "at": Utc::now().to_rfc3339() });
        serde_json::from_value(fact).unwrap()
    })
}

/// An API that asks for a login and shows persons to these.
async fn organization(people: People) -> Served {
    let served = served::with(|settings| {
        settings.login.enabled = true;
        settings.dora.people = people;
    })
    .await;
    served::fill(&served.database.store, facts()).await;
    served
}

/// A user whose address an identity provider has stated, and perhaps verified.
async fn user(served: &Served, email: &str, email_verified: bool) -> User {
    let id = unique("user");
    let mut tx = served.database.store.begin().await.unwrap();
    users::create(&mut tx, NewUser { id: &id, login_name: None, name: "Someone", email: None }).await.unwrap();
    let stated = Stated { name: "Someone", email: Some(email), email_verified, groups: &[] };
    providers::set_stated(&mut tx, &id, stated).await.unwrap();
    let user = users::get(&mut tx, &id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    user
}

/// A token of such a user.
async fn of_user(served: &Served, email: &str, role: Role, teams: &[&str]) -> String {
    let user = user(served, email, true).await;
    let grantee = store::identity::grants::Grantee::User(user.id.clone());
    let store = &served.database.store;
    let within = reach(None, role, teams);
    api::identity::manage::add_grant(store, &Actor::sei(), &grantee, &within, &[]).await.unwrap();
    token_of(served, Some(&user.id), &reach(None, Role::Admin, &[])).await
}

/// The persons by whom a metric is answered, or the status.
async fn authors(served: &Served, token: &str) -> Result<Vec<String>, u16> {
    let reply = get(served, token, BY_AUTHOR, &[]).await;
    if reply.status != 200 {
        return Err(reply.status);
    }
    let slices = reply.json()["data"]["slices"].as_array().unwrap().clone();
    Ok(slices.iter().map(|part| part["slice"].as_str().unwrap().to_owned()).collect())
}

async fn graphql(served: &Served, token: &str, query: &str) -> Value {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    served.ask("POST", "/graphql", &headers, &json!({ "query": query }).to_string()).await.json()
}

/// The names of the people who are shown.
async fn people(served: &Served, token: &str) -> Option<Vec<String>> {
    let answer = graphql(served, token, "{ people { nodes { name } } }").await;
    let nodes = answer["data"]["people"]["nodes"].as_array()?;
    Some(nodes.iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect())
}

/// The authors that a list names, and whether it has rows without one.
async fn named(served: &Served, token: &str) -> (BTreeSet<String>, bool) {
    let reply = get(served, token, "/api/v1/open-changes", &[]).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let rows = reply.json()["data"].as_array().unwrap().clone();
    assert!(!rows.is_empty());
    let named = rows.iter().filter_map(|row| row["author"].as_str().map(str::to_owned)).collect();
    (named, rows.iter().any(|row| row["author"].is_null()))
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_person_sees_oneself_and_no_other_where_persons_are_shown_to_themselves() {
    let served = organization(People::Themselves).await;
    let ann = of_user(&served, "Ann@example.org", Role::Viewer, &[]).await;
    assert_eq!(authors(&served, &ann).await, Ok(texts(&["git.example/ann"])));
    assert_eq!(people(&served, &ann).await, Some(texts(&["ann"])));
    assert_eq!(named(&served, &ann).await, (["git.example/ann".to_owned()].into(), true));
    let list = async |author: &str| {
        get(&served, &ann, &format!("/api/v1/open-changes?author=git.example/{author}"), &[]).await
    };
    assert_eq!((list("ann").await.status, list("bo").await.status), (200, 403));
    let me = get(&served, &ann, "/api/v1/me", &[]).await.json();
    let person = json!({ "id": "git.example/ann", "name": "ann", "emails": ["ann@example.org"],
                         "accounts": ["git.example/ann", "tracker/ann"], "teams": ["web"] });
    assert_eq!(me["tenant"]["person"], person, "{me}");
    assert_eq!((&me["tenant"]["role"], &me["tenant"]["sees_people"]), (&json!("viewer"), &json!(false)));
    let asked = "{ me { role person { id name accounts(first: 5) { key } teams(first: 5) { name } } }
                   changes(first: 5) { nodes { author { key person { name } } } } }";
    let answer = graphql(&served, &ann, asked).await;
    let own = &answer["data"]["me"]["person"];
    assert_eq!((&own["name"], &own["teams"]), (&json!("ann"), &json!([{ "name": "web" }])), "{answer}");
    assert_eq!(own["accounts"], json!([{ "key": "git.example/ann" }, { "key": "tracker/ann" }]));
    let written = answer["data"]["changes"]["nodes"].as_array().unwrap();
    let shown: Vec<&Value> =
        written.iter().map(|change| &change["author"]).filter(|author| !author.is_null()).collect();
    assert_eq!(shown, [&json!({ "key": "git.example/ann", "person": { "name": "ann" } }); 2], "{answer}");
    let node = graphql(&served, &ann, &format!("{{ node(id: {}) {{ id }} }}", own["id"])).await;
    assert_eq!(node["data"]["node"]["id"], own["id"]);
    let viewed = AuditFilter { action: Some(Action::PersonViewed), ..AuditFilter::default() };
    let viewed = audit::list(&served.database.store, &viewed, Order::Oldest, None, 10).await.unwrap();
    assert!(viewed.is_empty(), "what one sees of oneself is not recorded: {viewed:?}");
}

#[tokio::test]
async fn who_is_linked_with_no_person_sees_none_whatever_the_role() {
    let served = organization(People::Themselves).await;
    for (role, names_accounts) in [(Role::Viewer, false), (Role::Admin, true)] {
        let token = token(&served, &reach(None, role, &[])).await;
        assert_eq!((authors(&served, &token).await, people(&served, &token).await), (Err(403), None), "{role:?}");
        let (named, has_others) = named(&served, &token).await;
        assert_eq!(
            (named.len(), has_others),
            if names_accounts { (2, false) } else { (0, true) },
            "{role:?}: {named:?}"
        );
        let me = get(&served, &token, "/api/v1/me", &[]).await.json();
        assert_eq!(me["tenant"]["person"], Value::Null);
        assert!(me["tenant"]["people_hidden_because"].as_str().unwrap().contains("sei user link"), "{me}");
    }
    let unverified = user(&served, "ann@example.org", false).await;
    let grantee = store::identity::grants::Grantee::User(unverified.id.clone());
    let viewer = reach(None, Role::Viewer, &[]);
    let store = &served.database.store;
    api::identity::manage::add_grant(store, &Actor::sei(), &grantee, &viewer, &[]).await.unwrap();
    let token = token_of(&served, Some(&unverified.id), &viewer).await;
    assert_eq!(authors(&served, &token).await, Err(403), "the address may be made up");
}

#[tokio::test]
async fn a_program_of_the_settings_is_no_part_of_the_person_whose_address_it_has() {
    let served = served::with(|settings| {
        settings.login.enabled = true;
        settings.dora.people = People::Themselves;
        settings.dora.bots = vec!["deployer".to_owned()];
    })
    .await;
    let program = json!({ "fact": "account", "id": "git.example/deployer", "name": "deployer", "email": "ann@example.org",
                          "version": { "completeness": "reported", "at": Utc::now().to_rfc3339() } });
    let program = std::iter::once(serde_json::from_value(program).unwrap());
    served::fill(&served.database.store, facts().chain(program)).await;
    let ann = of_user(&served, "ann@example.org", Role::Viewer, &[]).await;
    let me = get(&served, &ann, "/api/v1/me", &[]).await.json();
    assert_eq!(me["tenant"]["person"]["accounts"], json!(["git.example/ann", "tracker/ann"]), "{me}");
}

#[tokio::test]
async fn a_manager_sees_the_persons_of_the_teams_that_were_granted() {
    let served = organization(People::Managers).await;
    let of_all = token(&served, &reach(None, Role::Manager, &[])).await;
    assert_eq!(authors(&served, &of_all).await, Ok(texts(&["git.example/ann", "git.example/bo"])));
    assert_eq!(people(&served, &of_all).await, Some(texts(&["ann", "bo"])));
    let of_web = token(&served, &reach(None, Role::Manager, &["web"])).await;
    assert_eq!(authors(&served, &of_web).await, Ok(texts(&["git.example/ann"])));
    assert_eq!(people(&served, &of_web).await, Some(texts(&["ann"])));
    // the member of another team who manages this one
    let bo = of_user(&served, "bo@example.org", Role::Manager, &["web"]).await;
    assert_eq!(people(&served, &bo).await, Some(texts(&["ann", "bo"])));
    for role in [Role::Viewer, Role::Analyst] {
        let other = token(&served, &reach(None, role, &[])).await;
        assert_eq!((authors(&served, &other).await, people(&served, &other).await), (Err(403), None), "{role:?}");
    }
    let ann = of_user(&served, "ann@example.org", Role::Viewer, &[]).await;
    assert_eq!(authors(&served, &ann).await, Ok(texts(&["git.example/ann"])), "one's own, as everywhere");
    let by_account = get(&served, &of_all, "/api/v1/open-changes?author=git.example/bo", &[]).await;
    assert_eq!(by_account.status, 200);
    let viewed = AuditFilter { action: Some(Action::PersonViewed), ..AuditFilter::default() };
    let viewed = audit::list(&served.database.store, &viewed, Order::Newest, None, 50).await.unwrap();
    let rows = viewed.iter().find(|entry| entry.subject == "open changes").unwrap();
    assert!(rows.detail["account"].as_str().unwrap().starts_with("person-"), "a pseudonym: {rows:?}");
    for subject in ["people", "metric change_throughput"] {
        assert!(viewed.iter().any(|entry| entry.subject == subject), "{subject}: {viewed:?}");
    }
}

#[tokio::test]
async fn no_person_is_shown_where_that_is_off() {
    let served = organization(People::Off).await;
    let admin = token(&served, &reach(None, Role::Admin, &[])).await;
    let ann = of_user(&served, "ann@example.org", Role::Viewer, &[]).await;
    for token in [&admin, &ann] {
        assert_eq!((authors(&served, token).await, people(&served, token).await), (Err(403), None));
        let me = get(&served, token, "/api/v1/me", &[]).await.json();
        assert_eq!(me["tenant"]["person"], Value::Null);
        assert!(me["tenant"]["people_hidden_because"].as_str().unwrap().contains("dora.people"), "{me}");
    }
    assert_eq!(named(&served, &ann).await, (BTreeSet::new(), true));
}

#[tokio::test]
async fn an_administrator_says_which_person_a_user_is() {
    let served = organization(People::Themselves).await;
    let admin = token(&served, &reach(None, Role::Admin, &[])).await;
    let user = user(&served, "ann@example.org", true).await;
    let grantee = store::identity::grants::Grantee::User(user.id.clone());
    let viewer = reach(None, Role::Viewer, &[]);
    let store = &served.database.store;
    api::identity::manage::add_grant(store, &Actor::sei(), &grantee, &viewer, &[]).await.unwrap();
    let own = token_of(&served, Some(&user.id), &viewer).await;
    let link = async |method: &str, token: &str, body: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        served.ask(method, &format!("/api/v1/users/{}/person", user.id), &headers, body).await.status
    };
    assert_eq!(authors(&served, &own).await, Ok(texts(&["git.example/ann"])));
    assert_eq!(link("PUT", &own, r#"{"account":"git.example/bo"}"#).await, 403);
    for (body, status) in [(r#"{"account":"git.example/cy"}"#, 404), (r#"{"accounts":[]}"#, 422), ("{", 400)] {
        assert_eq!(link("PUT", &admin, body).await, status, "{body}");
    }
    assert_eq!(link("DELETE", &admin, "").await, 404, "nothing was stated");
    assert_eq!(link("PUT", &admin, r#"{"account":"Git.Example/Bo"}"#).await, 204);
    eventually(SOON, async || authors(&served, &own).await == Ok(texts(&["git.example/bo"]))).await;
    assert_eq!(link("DELETE", &admin, "").await, 204);
    eventually(SOON, async || authors(&served, &own).await == Ok(texts(&["git.example/ann"]))).await;
    let linked = AuditFilter { action: Some(Action::UserLinked), ..AuditFilter::default() };
    let linked = audit::list(store, &linked, Order::Oldest, None, 10).await.unwrap();
    assert_eq!(linked.len(), 2);
    assert!(!format!("{linked:?}").contains("git.example"), "the person has a pseudonym there: {linked:?}");
}

/// Asks as the owner of a token, and returns the status.
async fn status(served: &Served, token: &str, (method, path): (&str, &str), body: &Value) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    served.ask(method, path, &headers, &body).await.status
}

#[tokio::test]
async fn an_administrator_becomes_no_other_person() {
    for (people, linked) in [(People::Themselves, 403), (People::Off, 403), (People::Managers, 204)] {
        let served = organization(people).await;
        let user = user(&served, "ann@example.org", true).await;
        let grantee = store::identity::grants::Grantee::User(user.id.clone());
        let within = reach(None, Role::Admin, &[]);
        let store = &served.database.store;
        api::identity::manage::add_grant(store, &Actor::sei(), &grantee, &within, &[]).await.unwrap();
        let ann = token_of(&served, Some(&user.id), &within).await;
        let other = token(&served, &within).await;
        let address = format!("/api/v1/users/{}/person", user.id);
        let bo = json!({ "account": "git.example/bo" });
        assert_eq!(status(&served, &ann, ("PUT", &address), &bo).await, linked, "{people:?}");
        assert_eq!(status(&served, &other, ("PUT", &address), &bo).await, 204, "{people:?}");
    }
}

#[tokio::test]
async fn an_administrator_joins_no_account_to_their_own_where_each_sees_oneself() {
    let served = organization(People::Themselves).await;
    let ann = of_user(&served, "ann@example.org", Role::Admin, &[]).await;
    let other = token(&served, &reach(None, Role::Admin, &[])).await;
    let [merge, split] = ["merge", "split"].map(|change| format!("/api/v1/people/{change}"));
    let sent = |name: &str, accounts: &[&str]| json!({ "name": name, "accounts": accounts });
    for path in [&merge, &split] {
        let both = sent("Ann", &["git.example/ann", "git.example/bo"]);
        assert_eq!(status(&served, &ann, ("POST", path), &both).await, 403, "{path}");
    }
    // in two steps
    assert_eq!(status(&served, &ann, ("POST", &merge), &sent("Ann", &["git.example/ann"])).await, 200);
    assert_eq!(status(&served, &ann, ("POST", &merge), &sent("Ann", &["git.example/bo"])).await, 403);
    assert_eq!(status(&served, &ann, ("POST", &merge), &sent("Bo", &["git.example/bo", "tracker/bo"])).await, 200);
    assert_eq!(status(&served, &ann, ("POST", &merge), &sent("Bo", &["git.example/ann"])).await, 403);
    assert_eq!(status(&served, &other, ("POST", &merge), &sent("Bo", &["git.example/ann"])).await, 200);
}

#[tokio::test]
async fn who_logs_in_is_the_person_with_the_address_that_the_provider_has_verified() {
    let issuer = Issuer::start().await;
    issuer.state().forge = Some(Box::new(|behavior, mut claims| {
        claims["email"] = json!("bo@example.org");
        claims["email_verified"] = json!(true);
        behavior.sign(&claims)
    }));
    let served = served::with(|settings| {
        settings.login.enabled = true;
        settings.login.provider = vec![provider(&issuer.url(), CLIENT, SECRET)];
        settings.dora.people = People::Themselves;
    })
    .await;
    served::fill(&served.database.store, facts()).await;
    super::oidc::parts::grant(&served, "test:admins", Role::Viewer).await;
    let cookie = session(&served).await;
    let me = served.ask("GET", "/api/v1/me", &[("cookie", &cookie)], "").await.json();
    assert_eq!(me["tenant"]["person"]["accounts"], json!(["git.example/bo", "tracker/bo"]), "{me}");
    assert_eq!((&me["tenant"]["name"], &me["tenant"]["teams"]), (&json!("main"), &Value::Null));
}
