//! Sources of a tenant that is new.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use collectors::collector::Collector;
use collectors::ready::Ready;
use connector_git::GitSource;
use kernel::Tenant;
use pull::progress::Silent;
use runtime::settings::{RawOptions, Source};
use serde_json::json;
use store::{cursors, source_state};
use tests::TestDatabase;

use super::parts::{ID, Repo, text};

async fn collector(database: &TestDatabase, mirrors: &Path) -> Collector {
    let settings = sei::settings::Settings::default();
    Collector {
        store: database.store.clone(),
        log: eventlog::open(&settings.log, &database.store).await.unwrap(),
        mirrors: mirrors.to_owned(),
        progress: Arc::new(|_| Box::new(Silent)),
        time_zone: settings.dora.time_zone,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_of_a_new_tenant_is_collected_also_twice_at_once() {
    let repo = Repo::new();
    repo.commit("Root");
    let (database, mirrors) = (tests::database().await, tempfile::tempdir().unwrap());
    let collector = collector(&database, mirrors.path()).await;
    let fresh = Tenant::new("fresh").unwrap();
    let url = format!("file://{}", text(&std::fs::canonicalize(repo.path()).unwrap()));
    let source = GitSource { repository: Some(ID.to_owned()), ..GitSource::new(url) };
    let collect = || collector.git(&source, connector_git::CollectFrom::Cursor, &fresh);
    let (one, other) = tokio::join!(collect(), collect());
    assert_eq!((one.unwrap().branches, other.unwrap().branches), (1, 1));
    let store = database.store.for_tenant(&fresh);
    assert!(cursors::load(&store, &format!("git/{ID}")).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_a_new_tenant_is_pulled() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(async || StatusCode::NOT_FOUND);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (database, directory) = (tests::database().await, tempfile::tempdir().unwrap());
    let collector = collector(&database, directory.path()).await;
    let token = directory.path().join("token");
    std::fs::write(&token, "t0ken").unwrap();
    let url = format!("http://{address}");
    let options = json!({ "url": url, "token": { "file": text(&token) }, "projects": ["team/shop"] });
    let options = RawOptions::new(options.as_object().unwrap().clone());
    let source = Source { tenant: Some("fresh".to_owned()), pull: Some(options), ..Source::new("gitlab", "main") };
    let summary = collector.pull(&Ready::new(&source).unwrap(), pull::PullFrom::Cursor).await;
    let store = database.store.for_tenant(&Tenant::new("fresh").unwrap());
    let states = source_state::all(&store).await.unwrap();
    assert_eq!(states.iter().map(|state| &state.source).collect::<Vec<_>>(), [&summary.source]);
}
