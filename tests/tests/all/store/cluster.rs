//! The private cluster: it starts, continues, and says what to do when it can't.

use std::path::Path;
use std::time::Duration;

use parts::{Part, missing};
use store::{ClusterError, PrivateCluster, ServerNeeds, Store, cursors};
use tempfile::TempDir;

/// A directory that the server's user can reach, whichever user we are.
fn directory() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

async fn save(cluster: &PrivateCluster, number: i32) {
    let store = Store::connect(cluster.options(), 2).await.unwrap();
    store.migrate().await.unwrap();
    cursors::save(&store, "s", &serde_json::json!(number)).await.unwrap();
    store.close().await;
}

async fn saved(cluster: &PrivateCluster) -> Option<serde_json::Value> {
    let store = Store::connect(cluster.options(), 2).await.unwrap();
    let saved = cursors::load(&store, "s").await.unwrap();
    store.close().await;
    saved
}

fn server_pid(directory: &Path) -> String {
    let lock = std::fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    lock.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn it_starts_stops_and_continues_with_the_same_data() {
    let parent = directory();
    let directory = parent.path().join("a/database");
    let cluster = PrivateCluster::start(&directory).await.unwrap();
    save(&cluster, 1).await;
    cluster.stop().await.unwrap();
    assert!(!directory.join("data/postmaster.pid").exists());

    let cluster = PrivateCluster::start(&directory).await.unwrap();
    assert_eq!(saved(&cluster).await, Some(serde_json::json!(1)));

    // a second one uses what runs, and does not stop it
    let guest = PrivateCluster::start(&directory).await.unwrap();
    assert_eq!(saved(&guest).await, Some(serde_json::json!(1)));
    guest.stop().await.unwrap();
    assert_eq!(saved(&cluster).await, Some(serde_json::json!(1)));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn no_other_user_can_get_to_it() {
    let parent = directory();
    let cluster = PrivateCluster::start(&parent.path().join("database")).await.unwrap();
    let options = cluster.options();
    let socket = options.get_socket().unwrap().clone();
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&socket).unwrap());
    assert_eq!(mode & 0o777, 0o700);
    let store = Store::connect(cluster.options(), 1).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let addresses: String = sqlx::query_scalar("show listen_addresses").fetch_one(&mut connection).await.unwrap();
    assert_eq!(addresses, "");
    drop(connection);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_killed_with_its_lock_file_left_behind_starts_again() {
    let parent = directory();
    let directory = parent.path().join("database");
    let cluster = PrivateCluster::start(&directory).await.unwrap();
    save(&cluster, 7).await;
    let pid = server_pid(&directory);
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    cluster.stop().await.unwrap();
    // the number in the lock file is that of another living process by now: ours
    let lock = directory.join("data/postmaster.pid");
    let text = std::fs::read_to_string(&lock).unwrap().replace(&pid, &std::process::id().to_string());
    std::fs::write(&lock, text).unwrap();
    let cluster = PrivateCluster::start(&directory).await.unwrap();
    assert_eq!(saved(&cluster).await, Some(serde_json::json!(7)));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_last_user_stops_it_whichever_process_started_it() {
    let parent = directory();
    let directory = parent.path().join("database");
    let starter = PrivateCluster::start(&directory).await.unwrap();
    save(&starter, 3).await;
    let other = PrivateCluster::start(&directory).await.unwrap();
    starter.stop().await.unwrap();
    assert_eq!(saved(&other).await, Some(serde_json::json!(3)));
    other.stop().await.unwrap();
    assert!(!directory.join("data/postmaster.pid").exists());
}

#[tokio::test]
async fn a_server_that_died_is_started_again_and_one_that_lives_is_let_be() {
    let parent = directory();
    let directory = parent.path().join("database");
    let mut cluster = PrivateCluster::start(&directory).await.unwrap();
    save(&cluster, 4).await;
    let pid = server_pid(&directory);
    assert!(!cluster.revive().await.unwrap());
    assert_eq!(server_pid(&directory), pid);
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    tests::eventually(Duration::from_mins(1), async || cluster.revive().await.unwrap()).await;
    assert_eq!(saved(&cluster).await, Some(serde_json::json!(4)));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let parent = directory();
    let directory = parent.path().join("database");
    drop(PrivateCluster::start(&directory).await.unwrap());
    tests::eventually(Duration::from_secs(20), async || !directory.join("data/postmaster.pid").exists()).await;
}

#[tokio::test]
async fn given_up_while_it_starts_it_returns_when_nothing_runs_any_more() {
    let parent = directory();
    // while its data is made, while the server starts on new data, and on data that was there
    for (step, file) in ["data.new/PG_VERSION", "data/postmaster.pid", "data/postmaster.pid"].into_iter().enumerate() {
        let directory = parent.path().join(if step == 0 { "first" } else { "second" });
        let reached = directory.join(file);
        let given_up = tests::eventually(Duration::from_mins(1), async || reached.exists());
        let started = PrivateCluster::start_unless(&directory, ServerNeeds::default(), given_up).await.unwrap();
        assert!(started.is_none(), "{file}");
        assert!(!directory.join("data/postmaster.pid").exists(), "{file}: the server runs still");
        assert!(
            std::fs::File::create(directory.join("server.lock")).unwrap().try_lock().is_ok(),
            "{file}: a process is left"
        );
    }
    for name in ["first", "second"] {
        let cluster = PrivateCluster::start(&parent.path().join(name)).await.unwrap();
        save(&cluster, 5).await;
        cluster.stop().await.unwrap();
    }
}

#[test]
fn waiting_for_another_process_that_starts_the_server_can_be_given_up() {
    let parent = directory();
    let directory = parent.path().join("database");
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    runtime().block_on(async { PrivateCluster::start(&directory).await.unwrap().stop().await.unwrap() });
    let lock = std::fs::File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    // dropping the runtime waits for its threads
    let given_up = runtime().block_on(PrivateCluster::start_unless(&directory, ServerNeeds::default(), async {}));
    assert!(given_up.unwrap().is_none());
    drop(lock);
    runtime().block_on(async { PrivateCluster::start(&directory).await.unwrap().stop().await.unwrap() });
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_all_the_same() {
    let parent = directory();
    let directory = parent.path().join("x".repeat(90)).join("with, comma");
    let cluster = PrivateCluster::start(&directory).await.unwrap();
    let socket = cluster.options().get_socket().unwrap().clone();
    assert!(socket.starts_with(std::env::temp_dir()) && !socket.starts_with(&directory), "{}", socket.display());
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(socket).unwrap();
}

async fn refusal(directory: &Path) -> ClusterError {
    PrivateCluster::start(directory).await.unwrap_err()
}

#[tokio::test]
async fn a_directory_of_another_owner_is_not_touched() {
    let parent = directory();
    std::fs::write(parent.path().join("thesis.txt"), "mine").unwrap();
    let error = refusal(parent.path()).await;
    assert!(matches!(error, ClusterError::Foreign(_)), "{error}");
    assert!(error.to_string().contains("choose another `data.directory`"), "{error}");
    let left: Vec<_> = std::fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["thesis.txt"]);
    let file = parent.path().join("thesis.txt");
    let error = refusal(&file).await;
    assert!(matches!(error, ClusterError::Io { .. }), "{error}");
}

#[tokio::test]
async fn a_broken_directory_and_one_of_another_version_say_what_to_do() {
    let parent = directory();
    let directory = parent.path().join("database");
    PrivateCluster::start(&directory).await.unwrap().stop().await.unwrap();
    let version = directory.join("data/PG_VERSION");
    let right = std::fs::read_to_string(&version).unwrap();

    std::fs::write(&version, "99\n").unwrap();
    let error = refusal(&directory).await;
    assert!(matches!(&error, ClusterError::OtherVersion { found, .. } if found == "99"), "{error}");
    assert!(error.to_string().contains("apt-get install postgresql-99"), "{error}");

    std::fs::remove_file(&version).unwrap();
    let error = refusal(&directory).await;
    assert!(matches!(&error, ClusterError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");

    std::fs::write(&version, right).unwrap();
    std::fs::remove_file(directory.join("data/global/pg_control")).unwrap();
    let error = refusal(&directory).await;
    assert!(
        matches!(&error, ClusterError::Failed { program: "postgres", output } if output.contains("pg_control")),
        "{error}"
    );
}

#[tokio::test]
async fn a_directory_that_the_servers_user_cannot_reach_is_named() {
    use std::os::unix::fs::PermissionsExt;
    if !nix::unistd::Uid::effective().is_root() {
        return missing(Part::Root, "only root runs the server as another user");
    }
    let parent = directory();
    let closed = parent.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let error = refusal(&closed.join("database")).await;
    assert!(matches!(&error, ClusterError::NotReachable { at, .. } if *at == closed), "{error}");
    assert!(error.to_string().contains("set `data.directory`"), "{error}");
}
