//! What is answered while the database is silent: it holds its connections and answers nothing.

use std::time::Duration;

use futures::future::join_all;
use store::Store;
use tests::eventually;

use super::served;
use crate::chaos::link::{self, State};

const DEADLINE: Duration = Duration::from_mins(1);
/// Questions at once.
const ASKED: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_hear_that_the_database_is_silent_and_probes_are_answered() {
    let database = tests::database().await;
    served::fill(&database.store, served::organization().facts()).await;
    let link = link::of_database(&database).await;
    let store = Store::open(&link.url(&database), 8).await.unwrap();
    // half of them are for one address: as many as ask below, so that none makes room for another
    let change = |settings: &mut api::settings::ApiSettings| settings.server.connections = 2 * ASKED;
    let served = served::over(served::listener().await, database, &store, change);
    let ask = async |path: &str| {
        let asked = served.ask("GET", path, &[], "");
        tokio::time::timeout(DEADLINE, asked).await.unwrap_or_else(|_| panic!("{path} hangs"))
    };
    let paths = ["/api/v1/dora?window=7d", "/api/v1/deployments", "/api/v1/metrics/change_size?window=7d"];
    for path in paths {
        assert_eq!(ask(path).await.status, 200);
    }

    link.set(State::Silent);
    let replies = join_all(paths.iter().cycle().take(ASKED).map(|path| ask(path)));
    let probe = async {
        eventually(DEADLINE, async || store.is_silent()).await;
        ask("/livez").await.status
    };
    let (replies, probe) = tokio::join!(replies, probe);
    assert_eq!(probe, 200);
    for reply in replies {
        assert!(reply.status == 503 && reply.header("retry-after").is_some(), "{reply:?}");
    }

    link.set(State::Open);
    for path in paths {
        eventually(DEADLINE, async || ask(path).await.status == 200).await;
    }
}
