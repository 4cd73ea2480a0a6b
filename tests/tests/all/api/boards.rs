//! Boards: who makes, sees and changes which, what a tile may be, and that a board is the same as a file.

use api::boards::LOCAL;
use futures::future::join_all;
use kernel::Role;
use serde_json::{Value, json};
use store::audit::{self, AuditFilter, Order};
use store::boards::{BoardOwner, NewBoard};
use tests::Program;

use super::known::{reach, token};
use super::served::{self, Reply, Served};

const JSON: &str = "application/json";
const TOML: &str = "application/toml";

async fn ask(served: &Served, (method, path): (&str, &str), token: Option<&str>, body: &Value) -> Reply {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", JSON)];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    served.ask(method, path, &headers, &body).await
}

/// Makes a board, of who sends these headers, and returns its id.
pub(super) async fn create(served: &Served, headers: &[(&str, &str)], body: &str) -> String {
    let headers = [headers, &[("content-type", JSON)]].concat();
    let reply = served.ask("POST", "/api/v1/boards", &headers, body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_board_is_made_read_replaced_and_deleted_and_each_change_is_recorded() {
    let served = served::filled().await;
    let sent = json!({ "title": "Checkout", "tiles": [{ "metrics": ["change_lead_time"], "window": "90d",
        "interval": "week", "compare": "previous" }] });
    let created = ask(&served, ("POST", "/api/v1/boards"), None, &sent).await;
    let board = created.json()["data"].clone();
    let address = format!("/api/v1/boards/{}", board["id"].as_str().unwrap());
    assert_eq!((created.status, created.header("location")), (201, Some(&*address)), "{created:?}");
    assert_eq!((&board["owner"], &board["version"], &board["may_change"]), (&json!("me"), &json!(1), &json!(true)));
    let expected = json!({ "metrics": ["change_lead_time"], "window": "90d", "interval": "week",
        "compare": "previous", "form": "chart", "width": 6, "height": 4 });
    assert_eq!(board["tiles"], json!([expected]));
    assert_eq!(served.get(&address).await["data"], board);
    let listed = served.get("/api/v1/boards").await;
    assert_eq!((&listed["data"][0]["title"], &listed["data"][0]["tile_count"]), (&json!("Checkout"), &json!(1)));

    let replaced = json!({ "title": "Checkout 2", "tiles": [], "version": 1 });
    let reply = ask(&served, ("PUT", &address), None, &replaced).await;
    assert_eq!((reply.status, &reply.json()["data"]["version"]), (200, &json!(2)), "{reply:?}");
    // the first version is not the newest any more
    assert_eq!(ask(&served, ("PUT", &address), None, &replaced).await.status, 409);
    let old = ask(&served, ("DELETE", &format!("{address}?version=1")), None, &Value::Null).await;
    assert_eq!((old.status, old.json()["parameter"].as_str()), (409, Some("version")));
    let unstated = json!({ "title": "Checkout 3" });
    assert_eq!(ask(&served, ("PUT", &address), None, &unstated).await.json()["parameter"], "version");
    assert_eq!(ask(&served, ("DELETE", &format!("{address}?version=2")), None, &Value::Null).await.status, 204);
    assert_eq!(served.ask("GET", &address, &[], "").await.status, 404);

    let entries = audit::list(&served.database.store, &AuditFilter::default(), Order::Oldest, None, 100).await.unwrap();
    let of_board: Vec<&str> =
        entries.iter().filter(|entry| entry.subject == board["id"]).map(|entry| entry.action.as_str()).collect();
    assert_eq!(of_board, ["board_created", "board_replaced", "board_deleted"]);
}

#[tokio::test]
async fn a_tile_that_can_not_be_asked_is_named_with_what_there_is() {
    let served = served::filled().await;
    for (tile, status, parameter, expected) in [
        (json!({ "metrics": ["change_lead_tiem"] }), 400, "tiles[1].metrics", "did you mean `change_lead_time`"),
        (json!({ "metrics": ["reviews"], "window": "soon" }), 400, "tiles[1].window", "a number of days"),
        (json!({ "metrics": ["reviews"], "window": "30d", "from": "2026-01-01" }), 422, "tiles[1].from", "no `from`"),
        (json!({ "metrics": ["reviews"], "service": "unknown" }), 400, "tiles[1].service", ""),
        (json!({ "metrics": ["reviews"], "team": "unknown" }), 400, "tiles[1].team", ""),
        (json!({ "metrics": ["reviews"], "width": 99 }), 400, "tiles[1].width", "1 to 12"),
    ] {
        let board = json!({ "title": "Checkout", "tiles": [{ "metrics": ["reviews"] }, tile] });
        let reply = ask(&served, ("POST", "/api/v1/boards"), None, &board).await;
        let problem = reply.json();
        assert_eq!((reply.status, &problem["parameter"]), (status, &json!(parameter)), "{problem}");
        assert!(problem["expected"].as_str().unwrap().contains(expected), "{problem}");
    }
    for (body, status) in [
        (json!({ "title": "" }), 400),
        (json!({ "title": "x", "titel": "y" }), 422),
        (json!({ "title": "x", "owner": "user:other" }), 400),
        (json!({ "title": "x", "owner": "team:unknown" }), 404),
        (json!({ "title": "x", "version": 1 }), 400),
        (json!({ "title": "x", "tiles": [{ "metrics": ["reviews"], "by": "mood" }] }), 422),
    ] {
        let reply = ask(&served, ("POST", "/api/v1/boards"), None, &body).await;
        assert_eq!(reply.status, status, "{body}: {reply:?}");
    }
    assert_eq!(served.ask("POST", "/api/v1/boards", &[("content-type", "text/plain")], "{}").await.status, 415);
    assert_eq!(served.get("/api/v1/boards").await["data"], json!([]));
}

#[tokio::test]
async fn boards_that_are_made_at_once_are_no_more_than_an_owner_may_have() {
    let served = served::filled().await;
    let (owner, tiles) = (BoardOwner::Person(LOCAL.to_owned()), json!([]));
    let mut tx = served.database.store.begin().await.unwrap();
    for number in 0..198 {
        let (id, title) = (format!("board{number}"), format!("Board {number}"));
        let new = NewBoard { id: &id, owner: &owner, title: &title, description: "", tiles: &tiles };
        store::boards::create(&mut tx, new).await.unwrap();
    }
    tx.commit().await.unwrap();
    let sent = json!({ "title": "One more" });
    let replies = join_all((0..4).map(|_| ask(&served, ("POST", "/api/v1/boards"), None, &sent))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 409, 409], "{replies:?}");
}

/// A server that asks for a login, with the token of an administrator and two teams, neither of which is part of the other.
async fn with_teams() -> (Served, String, [String; 2]) {
    let served = served::with(|settings| settings.login.enabled = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let admin = token(&served, &reach(Some("main"), Role::Admin, &[])).await;
    let teams = ask(&served, ("GET", "/api/v1/teams"), Some(&admin), &Value::Null).await.json();
    let owning = teams["data"].as_array().unwrap().iter().filter(|team| team["services"] != json!([]));
    let mut names = owning.map(|team| team["name"].as_str().unwrap().to_owned());
    let teams = [names.next().unwrap(), names.next().unwrap()];
    (served, admin, teams)
}

/// The titles of the boards that a client is shown.
async fn titles(served: &Served, token: &str) -> Vec<Value> {
    let reply = ask(served, ("GET", "/api/v1/boards"), Some(token), &Value::Null).await;
    reply.json()["data"].as_array().unwrap().iter().map(|row| row["title"].clone()).collect()
}

#[tokio::test]
async fn a_board_is_shared_with_a_team_by_analysts_and_with_everyone_by_administrators() {
    let (served, admin, [own, other]) = with_teams().await;
    let viewer = token(&served, &reach(Some("main"), Role::Viewer, &[])).await;
    let analyst = token(&served, &reach(Some("main"), Role::Analyst, &[own.as_str()])).await;
    let member = token(&served, &reach(Some("main"), Role::Viewer, &[own.as_str()])).await;
    let outsider = token(&served, &reach(Some("main"), Role::Analyst, &[other.as_str()])).await;
    let of_team = format!("team:{own}");
    for (who, owner, status) in [
        (&viewer, "me", 201),
        (&viewer, of_team.as_str(), 403),
        (&member, of_team.as_str(), 403),
        (&outsider, of_team.as_str(), 404),
        (&analyst, of_team.as_str(), 201),
        (&analyst, "everyone", 403),
        (&admin, "everyone", 201),
    ] {
        let board = json!({ "title": owner, "owner": owner });
        let reply = ask(&served, ("POST", "/api/v1/boards"), Some(who), &board).await;
        assert_eq!(reply.status, status, "{owner}: {reply:?}");
    }
    for (who, seen) in [
        (&viewer, vec!["everyone", "me", of_team.as_str()]),
        (&member, vec!["everyone", of_team.as_str()]),
        (&analyst, vec!["everyone", of_team.as_str()]),
        (&outsider, vec!["everyone"]),
        (&admin, vec!["everyone", "me", of_team.as_str()]),
    ] {
        assert_eq!(titles(&served, who).await, seen);
    }
}

#[tokio::test]
async fn tiles_about_what_is_not_seen_are_hidden_and_can_not_be_lost() {
    let (served, admin, [own, other]) = with_teams().await;
    let analyst = token(&served, &reach(Some("main"), Role::Analyst, &[own.as_str()])).await;
    let member = token(&served, &reach(Some("main"), Role::Viewer, &[own.as_str()])).await;
    let owner = format!("team:{own}");
    let board = json!({ "title": "Both", "owner": owner });
    let created = ask(&served, ("POST", "/api/v1/boards"), Some(&analyst), &board).await.json();
    let address = format!("/api/v1/boards/{}", created["data"]["id"].as_str().unwrap());
    let both = json!({ "title": "Both", "version": 1,
        "tiles": [{ "metrics": ["reviews"], "team": other }, { "metrics": ["reviews"], "team": own }] });
    assert_eq!(ask(&served, ("PUT", &address), Some(&member), &both).await.status, 403);
    let unseen = ask(&served, ("PUT", &address), Some(&analyst), &both).await;
    assert_eq!((unseen.status, unseen.json()["parameter"].as_str()), (400, Some("tiles[0].team")));
    assert_eq!(ask(&served, ("PUT", &address), Some(&admin), &both).await.status, 200);
    let shown = ask(&served, ("GET", &address), Some(&analyst), &Value::Null).await.json();
    let tiles = shown["data"]["tiles"].as_array().unwrap();
    assert_eq!((&shown["data"]["hidden_tiles"], tiles.len(), &tiles[0]["team"]), (&json!(1), 1, &json!(own)));
    let lost = json!({ "title": "Both", "version": 2 });
    assert_eq!(ask(&served, ("PUT", &address), Some(&analyst), &lost).await.status, 409);
    let query = "{ boards { title tiles { metrics team form } hiddenTiles } board(id: \"nothing\") { id } }";
    let answer = ask(&served, ("POST", "/graphql"), Some(&analyst), &json!({ "query": query })).await.json();
    assert_eq!((&answer["data"]["board"], &answer["data"]["boards"][0]["hiddenTiles"]), (&Value::Null, &json!(1)));
}

#[tokio::test]
async fn a_board_goes_through_a_file_unchanged() {
    let served = served::filled().await;
    let toml =
        "title = \"By team\"\n\n[[tiles]]\nmetrics = [\"deployment_frequency\"]\nby = \"team\"\nform = \"table\"\n";
    let sent = served.ask("POST", "/api/v1/boards", &[("content-type", TOML)], toml).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    let address = format!("/api/v1/boards/{}", sent.json()["data"]["id"].as_str().unwrap());
    let exported = served.ask("GET", &address, &[("accept", TOML)], "").await;
    assert_eq!((exported.status, exported.header("content-type")), (200, Some(TOML)), "{exported:?}");
    let again = served.ask("POST", "/api/v1/boards", &[("content-type", TOML)], &exported.body).await;
    assert_eq!(again.json()["data"]["tiles"], sent.json()["data"]["tiles"]);
    assert_eq!(served.ask("GET", &address, &[("accept", "text/csv")], "").await.status, 406);
    let bad = served.ask("POST", "/api/v1/boards", &[("content-type", TOML)], "title = ").await;
    assert_eq!(bad.status, 422, "{bad:?}");
}

#[tokio::test]
async fn without_a_login_boards_are_changed_on_loopback_and_by_no_page_of_another_site() {
    let served = served::filled().await;
    let own = served.address.to_string();
    let body = r#"{"title": "x"}"#;
    for (origin, status) in [(format!("http://{own}"), 201), ("http://evil.example".to_owned(), 403)] {
        let headers = [("content-type", JSON), ("origin", &origin)];
        let reply = served.ask("POST", "/api/v1/boards", &headers, body).await;
        assert_eq!(reply.status, status, "{origin}: {reply:?}");
    }
    assert_eq!(
        served
            .ask("POST", "/api/v1/boards", &[("content-type", JSON)], r#"{"title": "x", "owner": "everyone"}"#)
            .await
            .status,
        403
    );
}

#[test]
fn the_command_line_exports_and_imports_boards() {
    let program = Program::new();
    std::fs::write(
        program.directory().join("board.toml"),
        "title = \"Lead time\"\n\n[[tiles]]\nmetrics = [\"change_lead_time\"]\n",
    )
    .unwrap();
    let made = program.json(&["board", "import", "board.toml", "--owner", "everyone"]);
    let exported = program.good(&["board", "export", made["id"].as_str().unwrap()]);
    assert!(exported.starts_with("title = \"Lead time\"") && exported.contains("change_lead_time"), "{exported}");
    let listed = program.json(&["board", "list"]);
    assert_eq!((&listed[0]["title"], &listed[0]["owner"]), (&json!("Lead time"), &json!("everyone")));
    std::fs::write(
        program.directory().join("wrong.toml"),
        "title = \"x\"\n\n[[tiles]]\nmetrics = [\"change_lead_tiem\"]\n",
    )
    .unwrap();
    let wrong = program.run(&["board", "import", "wrong.toml"]);
    assert!(wrong.code == Some(1) && wrong.err.contains("did you mean `change_lead_time`"), "{}", wrong.err);
}
