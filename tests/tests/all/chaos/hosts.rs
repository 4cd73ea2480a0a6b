//! Two hosts with a process of each role, the servers that they share, and the networks between.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use eventlog::EventLog;
use eventlog::settings::{Log, LogKind};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use store::Store;
use tempfile::TempDir;
use tests::{binary, log_settings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::link::Link;
use super::plan::{HOSTS, Instance, Parts, Peer, Route, instances, routes};
use super::process::Process;
use super::server::Server;
use crate::gateway::SECRET;

/// Everything that runs. Ended when dropped.
pub(super) struct Hosts {
    pub(super) parts: Parts,
    supervisors: JoinSet<()>,
    pub(super) processes: Vec<Arc<Process>>,
    pub(super) links: BTreeMap<Route, Link>,
    /// The database and the log, past the networks.
    pub(super) store: Store,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) url: String,
    pub(super) database: Server,
    pub(super) broker: Option<Server>,
    /// The disk that the servers write to, if they have one of their own.
    pub(super) disk: Option<PathBuf>,
    until: CancellationToken,
    _temporary: Option<TempDir>,
}

/// Different ports below the range from which the kernel gives out others.
fn free_addresses(count: usize) -> Vec<SocketAddr> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut random = StdRng::seed_from_u64(u64::from(now.subsec_nanos()));
    let addresses = std::iter::repeat_with(|| SocketAddr::from(([127, 0, 0, 1], random.random_range(20_000..32_000))));
    // each is held until the last is found: none is found twice
    let held: Vec<_> = addresses.filter_map(|address| std::net::TcpListener::bind(address).ok()).take(count).collect();
    held.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

/// Settings of sources: a repository, and webhooks of GitHub whose secret is in the directory.
pub(super) fn sources(directory: &Path, repository: &Path) -> String {
    format!(
        "[events]\nallow_without_token = true\n\
         [[source]]\nconnector = 'github'\n[source.webhook]\nsecrets = [{{ file = '{}/secret' }}]\n\
         [[source]]\nconnector = 'git'\n[source.pull]\nurls = ['{}']\nschedule = '* * * * * *'\n",
        directory.display(),
        repository.display()
    )
}

/// The settings of a process that listens at an address.
fn settings(directory: &Path, address: SocketAddr, broker: Option<SocketAddr>, log: &Log) -> String {
    let kafka = broker.map_or_else(String::new, |broker| {
        format!("log.kind = 'kafka'\nlog.kafka.brokers = '{broker}'\nlog.kafka.group = '{}'\n", log.kafka.group)
    });
    format!(
        "data.directory = '{directory}'\ndatabase.url = {{ file = '{directory}/url' }}\nserver.listen = '{address}'\n\
         log.topic = '{}'\n{kafka}",
        log.topic,
        directory = directory.display(),
    )
}

impl Hosts {
    /// Starts everything, on a log of this kind, with a repository to collect.
    pub(super) async fn start(kind: LogKind, repository: &Path) -> Self {
        let (directory, temporary) = run_directory(kind);
        let disk = std::env::var_os("SEI_CHAOS_DISK").map(PathBuf::from);
        let parts = Parts { broker: kind == LogKind::Kafka, disk: disk.is_some() };
        let (database, url) = start_database(&directory, disk.as_deref()).await;
        let (mut links, mut broker) = (BTreeMap::new(), None);
        let mut log_settings = log_settings(LogKind::Embedded).await;
        if parts.broker {
            let started = start_broker(disk.as_deref().unwrap_or(&directory), &mut links).await;
            log_settings.kind = kind;
            log_settings.kafka.brokers = started.address.to_string();
            broker = Some(started);
        }
        let addresses: BTreeMap<Instance, SocketAddr> = instances().zip(free_addresses(instances().count())).collect();
        for host in 0..HOSTS {
            links.insert(Route { host, peer: Peer::Database }, Link::to(database.address).await);
            let gateway = addresses[&Instance { role: "webhooks", host }];
            links.insert(Route { host, peer: Peer::Senders }, Link::to(gateway).await);
        }
        let store = Store::open(&url, 4).await.unwrap();
        store.migrate().await.unwrap();
        let log = eventlog::open(&log_settings, &store).await.unwrap();

        let program = tokio::task::spawn_blocking(|| binary("sei")).await.unwrap();
        let (until, mut supervisors) = (CancellationToken::new(), JoinSet::new());
        let mut processes = Vec::new();
        for (instance, address) in addresses {
            let own = directory.join(format!("{}{}", instance.role, instance.host));
            std::fs::create_dir_all(&own).unwrap();
            let near = |peer| links.get(&Route { host: instance.host, peer }).map(|link| link.address);
            let near_url = url_at(near(Peer::Database).unwrap());
            let settings = settings(&own, address, near(Peer::Broker), &log_settings) + &sources(&own, repository);
            for (name, text) in [("url", near_url.as_str()), ("secret", SECRET), ("sei.toml", settings.as_str())] {
                std::fs::write(own.join(name), text).unwrap();
            }
            let process = Arc::new(Process::start(instance, address, &program, &own));
            supervisors.spawn(Arc::clone(&process).supervise(until.clone()));
            processes.push(process);
        }
        Self {
            parts,
            supervisors,
            processes,
            links,
            store,
            log,
            url,
            database,
            broker,
            disk,
            until,
            _temporary: temporary,
        }
    }

    /// Where events are sent to.
    pub(super) fn gateways(&self) -> Vec<SocketAddr> {
        let of_senders = self.links.iter().filter(|(route, _)| route.peer == Peer::Senders);
        of_senders.map(|(_, link)| link.address).collect()
    }

    /// The addresses of the processes of a role.
    pub(super) fn addresses(&self, role: &str) -> Vec<SocketAddr> {
        let of_role = self.processes.iter().filter(|process| process.instance.role == role);
        of_role.map(|process| process.address).collect()
    }

    pub(super) fn signal(&self, signal: Signal, to: impl Fn(Instance) -> bool) {
        self.processes.iter().filter(|process| to(process.instance)).for_each(|process| process.signal(signal));
    }

    pub(super) async fn are_ready(&self) -> bool {
        for process in &self.processes {
            if !process.is_ready().await {
                return false;
            }
        }
        true
    }

    /// Asks all processes to end, and starts none of them again.
    pub(super) async fn ask_to_end(&mut self) {
        self.until.cancel();
        while let Some(supervisor) = self.supervisors.join_next().await {
            supervisor.unwrap();
        }
        self.signal(Signal::SIGTERM, |_| true);
    }
}

/// A directory that the database's user can get into: that of `SEI_CHAOS_DIRECTORY`, which is kept, or a temporary one.
fn run_directory(kind: LogKind) -> (PathBuf, Option<TempDir>) {
    if let Some(kept) = std::env::var_os("SEI_CHAOS_DIRECTORY") {
        let directory = Path::new(&kept).join(format!("{kind:?}").to_lowercase());
        std::fs::create_dir_all(&directory).unwrap();
        return (directory, None);
    }
    let readable = std::fs::Permissions::from_mode(0o755);
    let temporary = tempfile::Builder::new().prefix("sei-chaos-").permissions(readable).tempdir().unwrap();
    (temporary.path().to_owned(), Some(temporary))
}

/// A PostgreSQL that loses nothing which it has committed when it crashes, and its URL.
async fn start_database(directory: &Path, disk: Option<&Path>) -> (Server, String) {
    let options = "-c synchronous_commit=on -c full_page_writes=on -c max_wal_size=128MB";
    let mut environment: Vec<(&'static str, OsString)> =
        vec![("SEI_POSTGRES_STATE", directory.join("postgres").into()), ("SEI_POSTGRES_OPTIONS", options.into())];
    environment.extend(disk.map(|disk| ("TMPDIR", disk.into())));
    let server = Server::start("postgres", environment).await;
    let url = url_at(server.address);
    (server, url)
}

fn url_at(address: SocketAddr) -> String {
    format!("postgres://postgres@{address}/postgres")
}

/// A Kafka that each host reaches over a network of its own. Kafka names its address to clients, so it listens at one
/// for each network, whose near end it names.
async fn start_broker(directory: &Path, links: &mut BTreeMap<Route, Link>) -> Server {
    let mut listeners = Vec::new();
    let of_broker = routes(Parts { broker: true, disk: false }).filter(|route| route.peer == Peer::Broker);
    for (route, far) in of_broker.zip(free_addresses(HOSTS)) {
        let near = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listeners.push(format!("{far}={}", near.local_addr().unwrap()));
        links.insert(route, Link::new(near, far));
    }
    let environment: Vec<(&'static str, OsString)> =
        vec![("SEI_KAFKA_STATE", directory.join("kafka").into()), ("SEI_KAFKA_NETWORKS", listeners.join(" ").into())];
    Server::start("kafka", environment).await
}
