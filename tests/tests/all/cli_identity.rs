//! `sei token`, `sei grant`, `sei user` and `sei admin link`, as they are used on the machine of the server.

use kernel::{Completeness, Fact, Team, Version};
use store::identity::{grants, links, tokens};
use store::{audit, audit::AuditFilter};
use tests::{Program, TestDatabase};

/// `sei` on a database.
async fn program() -> (TestDatabase, Program) {
    let (database, program) = (tests::database().await, Program::new());
    std::fs::write(program.directory().join("url"), &database.url).unwrap();
    std::fs::write(program.directory().join("sei.toml"), "database.url = { file = 'url' }\n").unwrap();
    (database, program)
}

#[tokio::test]
async fn a_token_is_printed_once_listed_without_its_secret_and_revoked() {
    let (database, program) = program().await;
    let created = program.json(&["token", "create", "ci", "--role", "analyst", "--team", "web", "--days", "7"]);
    let (secret, id) = (created["secret"].as_str().unwrap(), created["token"]["id"].as_str().unwrap());
    assert!(api::identity::secrets::is_token(secret), "{created}");
    assert_eq!((&created["token"]["role"], &created["token"]["teams"][0]), (&"analyst".into(), &"web".into()));
    let found = tokens::find(&database.store, &api::identity::secrets::hash(secret)).await.unwrap().unwrap();
    assert_eq!(found.token.id, id);
    for listed in [program.good(&["token", "list"]), program.json(&["token", "list"]).to_string()] {
        assert!(listed.contains(id) && !listed.contains(secret), "{listed}");
    }
    for _ in 0..2 {
        assert_eq!(program.good(&["token", "revoke", id]).trim(), "token `ci` is revoked");
    }
    assert!(tokens::find(&database.store, &api::identity::secrets::hash(secret)).await.unwrap().is_none());
    let plain = program.good(&["token", "create", "plain"]);
    assert!(api::identity::secrets::is_token(plain.trim()), "a script takes it as it is: {plain}");
    for (arguments, code) in [
        (&["token", "create", "x", "--role", "owner"][..], 2),
        (&["token", "create", "x", "--days", "0"], 2),
        (&["token", "create", "x", "--tenant", "nowhere"], 1),
        (&["token", "create", "x", "--owner", "no-user"], 1),
        (&["token", "revoke", "nothing"], 1),
    ] {
        assert_eq!(program.run(arguments).code, Some(code), "{arguments:?}");
    }
}

#[tokio::test]
async fn grants_are_added_once_and_taken_back_and_a_link_makes_the_first_administrator() {
    let (database, program) = program().await;
    let store = &database.store;
    let refused = program.run(&["grant", "add", "--group", "sso:engineering"]);
    assert!(refused.code == Some(1) && refused.err.contains("[[login.provider]]"), "{}", refused.err);
    let settings = program.directory().join("sei.toml");
    let provider = "[[login.provider]]\nname = 'sso'\nissuer = 'https://login.example.org'\nclient_id = 'sei'\n";
    std::fs::write(&settings, std::fs::read_to_string(&settings).unwrap() + provider).unwrap();
    for wrong in ["engineering", "other:engineering", "sso:"] {
        let refused = program.run(&["grant", "add", "--group", wrong]);
        assert!(refused.code == Some(1) && refused.err.contains("the providers sso"), "{wrong}: {}", refused.err);
    }
    let add = ["grant", "add", "--group", "sso:engineering", "--role", "viewer", "--tenant", "main"];
    let (granted, again) = (program.json(&add), program.json(&add));
    assert_eq!(granted["id"], again["id"]);
    assert!(program.good(&["grant", "list"]).contains("group sso:engineering"));
    let id = granted["id"].as_str().unwrap();
    program.good(&["grant", "remove", id]);
    assert_eq!(grants::list(store, None, None, 5).await.unwrap(), []);
    for arguments in [&["grant", "add", "--user", "no-user"][..], &["grant", "remove", id], &["admin", "link"]] {
        assert_eq!(program.run(arguments).code, Some(1), "{arguments:?}");
    }
    assert_eq!(program.run(&["grant", "add", "--user", "a", "--group", "b"]).code, Some(2));
    let link = program.json(&["admin", "link", "--set", "login.enabled=true"]);
    let url = link["url"].as_str().unwrap();
    let secret = url.strip_prefix("http://127.0.0.1:8080/login/link/").unwrap_or_else(|| panic!("{url}"));
    let found = links::find(store, &api::identity::secrets::hash(secret)).await.unwrap().unwrap();
    assert_eq!(found.user_id, None);
    assert_eq!(program.json(&["user", "list"]), serde_json::json!([]));
    let audited = audit::list(store, &AuditFilter::default(), audit::Order::Oldest, None, 9).await.unwrap();
    let actions: Vec<&str> = audited.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["grant_added", "grant_removed", "link_created"]);
}

#[tokio::test]
async fn a_team_that_the_tenant_does_not_have_is_warned_of_and_one_that_it_has_is_not() {
    let (database, program) = program().await;
    let version = Version { completeness: Completeness::Measured, at: chrono::Utc::now() };
    let mut tx = database.store.begin().await.unwrap();
    store::facts::write(&mut tx, &[Fact::Team(Team::new("payments".to_owned(), version))]).await.unwrap();
    tx.commit().await.unwrap();
    for (team, warning) in
        [("payments", ""), ("payment", "the tenant `main` has no team `payment`; did you mean `payments`?")]
    {
        let made = program.run(&["token", "create", "x", "--tenant", "main", "--team", team]);
        assert_eq!(made.code, Some(0), "{}", made.err);
        assert!(made.err.contains(warning) && made.err.is_empty() == warning.is_empty(), "{team}: {}", made.err);
    }
}
