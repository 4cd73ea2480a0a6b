//! Readiness looks at what is answered, not only at whether something answers.

use api::ApiState;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Extensions, Request, header};
use runtime::health::{Check, Health, Readiness};
use runtime::http::Peer;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tests::TestDatabase;
use tower::ServiceExt;

use super::served;

struct Process {
    database: TestDatabase,
    state: ApiState,
    readiness: Readiness,
    health: Health,
    router: Router,
}

impl Process {
    async fn new() -> Self {
        let database = tests::database().await;
        served::fill(&database.store, served::organization().facts()).await;
        let settings = api::settings::ApiSettings::default();
        let state = ApiState::new(&database.store, &settings);
        let readiness = Readiness::waiting_for(&[Check::Answers]);
        let health = Health::new(readiness.clone(), &settings.server);
        Self { database, router: api::router(state.clone()), state, readiness, health }
    }

    async fn ask(&self, mut request: Request<Body>) -> (u16, String) {
        request.extensions_mut().insert(Peer::of(&Extensions::new()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let request = Request::builder().header(header::HOST, "localhost").uri(path);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn graphql(&self, query: &str) -> (u16, String) {
        let request = Request::builder().method("POST").header(header::HOST, "localhost").uri("/graphql");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(serde_json::json!({ "query": query }).to_string())).unwrap()).await
    }

    async fn ready(&self) -> (u16, String) {
        self.state.check_answers(&self.readiness).await;
        let request = Request::builder().header(header::HOST, "localhost").uri("/readyz").body(()).unwrap();
        let response = self.health.answer(&request).unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn run(&self, statement: &str) {
        let mut connection = self.database.options().connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn it_is_not_ready_while_requests_fail_repeatedly_and_states_so() {
    for graphql in [false, true] {
        let process = Process::new().await;
        let ask = async || {
            if graphql {
                process.graphql("{ deployments { nodes { id } } }").await
            } else {
                process.get("/api/v1/deployments").await
            }
        };
        assert_eq!(ask().await.0, 200);
        assert_eq!(process.ready().await.0, 200);
        process
            .run("alter table main.deployment_metric rename to gone; create table main.deployment_metric (a int)")
            .await;
        for _ in 0..10 {
            let (status, body) = ask().await;
            assert!(status == 500 || body.contains("\"errors\""), "{status} {body}");
        }
        let (status, body) = process.ready().await;
        assert_eq!(status, 503, "{body}");
        assert!(body.contains("10 of the last 11 requests failed"), "{body}");
        // what the client did wrong is no fault of ours
        process.run("drop table main.deployment_metric; alter table main.gone rename to deployment_metric").await;
        for _ in 0..20 {
            assert_eq!(process.get("/api/v1/deployments?limit=none").await.0, 400);
        }
        let (status, body) = process.ready().await;
        assert_eq!(status, 200, "{body}");
    }
}

#[tokio::test]
async fn it_is_not_ready_while_a_read_of_its_own_fails() {
    let process = Process::new().await;
    assert_eq!(process.ready().await.0, 200);
    process.run("alter table main.computation rename to gone").await;
    let (status, body) = process.ready().await;
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("a read of a tenant's services failed"), "{body}");
    process.run("alter table main.gone rename to computation").await;
    assert_eq!(process.ready().await.0, 200);
}
