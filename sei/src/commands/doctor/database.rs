//! The database, and what is known by it: the schema, what waits in the log, sources that fail.

use std::time::Duration;

use chrono::TimeDelta;
use eventlog::settings::{Kafka, Log, LogKind};
use kernel::Tenant;
use runtime::role;
use store::{PgConnectOptions, SchemaStatus, ServerNeeds, ServerState, Store};

use super::diagnosis::{Diagnosis, in_time};
use crate::directory::DataDirectory;
use crate::machine::PrivateDatabase;
use crate::output::{bytes, count};
use crate::settings::Settings;
use crate::settle;

/// How long each check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a private database may take to start, perhaps after a crash.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// Connections of this command.
const CONNECTIONS: u32 = 4;
/// Tenants that are looked at.
const MAX_TENANTS: usize = 1_000;
/// Sources that fail which are listed.
const MAX_FAILING: usize = 20;
/// Services that are looked at, of a tenant.
const MAX_SERVICES: u32 = 1_000;
/// More events that wait are a warning: processors are too few, or none runs.
const MAX_LAG: i64 = 10_000;
/// PostgreSQL 15, as `server_version_num` has it.
const OLDEST_SERVER: i32 = 150_000;
/// Clocks that differ by more are a warning.
const CLOCK_WARNING: TimeDelta = TimeDelta::seconds(2);
/// Clocks that differ by more are a failure: sessions and windows end at wrong times.
const CLOCK_FAILURE: TimeDelta = TimeDelta::seconds(60);
/// Transactions that are open for longer keep old versions of rows, and hold up migrations.
const MAX_TRANSACTION: TimeDelta = TimeDelta::hours(1);

/// Looks at the database, and through it.
pub(super) async fn diagnose(settings: &Settings) -> Vec<Diagnosis> {
    let options = match &settings.database.url {
        Some(_) => role::database_url(&settings.database).and_then(|url| Ok(Store::options_of(&url)?)),
        None => return private(settings).await,
    };
    match options {
        Ok(options) => at(&options, settings).await,
        Err(error) => {
            let (found, advice) =
                (format!("{error:#}"), "set database.url to a reference to postgres://USER@HOST/DATABASE");
            vec![Diagnosis::failure("database", found, advice)]
        }
    }
}

/// The private database, which is joined, or started for as long as it is looked at. Its schema stays as it is.
async fn private(settings: &Settings) -> Vec<Diagnosis> {
    if !settings.data.directory.exists() {
        let found = format!("there is no data directory `{}` yet", settings.data.directory.display());
        return vec![Diagnosis::warning("database", found, "start `sei up`, or name the directory with --data")];
    }
    let opened = async {
        let directory = DataDirectory::open(&settings.data.directory)?;
        let needs = ServerNeeds { connections: settings.database.connections, analytics_port: None };
        anyhow::Ok(PrivateDatabase::start(&directory, needs, &runtime::shutdown()).await?)
    };
    let failed = |found: String| {
        vec![Diagnosis::failure("database", found, "see `postgres/log` in the data directory, and docs/operate.md")]
    };
    match tokio::time::timeout(START_TIMEOUT, opened).await {
        Ok(Ok(Some((database, options)))) => {
            let mut all = at(&options, settings).await;
            if let Err(error) = database.leave().await {
                all.extend(failed(format!("the private database can't be left: {}", runtime::with_causes(&error))));
            }
            all
        }
        Ok(Ok(None)) => failed("interrupted".to_owned()),
        Ok(Err(error)) => failed(format!("{error:#}")),
        Err(_) => failed(format!("the private database did not start within {} s", START_TIMEOUT.as_secs())),
    }
}

/// The database that these options connect to.
async fn at(options: &PgConnectOptions, settings: &Settings) -> Vec<Diagnosis> {
    let asked = in_time("database", CHECK_TIMEOUT, async {
        match ServerState::ask(options).await {
            Ok(state) => server(&state, settings.database.connections),
            Err(error) => {
                let advice = if error.is_transient() {
                    "see that the server runs, and that database.url names its host and port"
                } else {
                    "see that the database of database.url exists, and that its user and password are right"
                };
                vec![Diagnosis::failure("database", runtime::with_causes(&error), advice)]
            }
        }
    });
    let mut all = asked.await;
    if all.iter().any(|one| one.check == "database" && one.is_failure()) {
        return all;
    }
    match Store::connect(options.clone(), CONNECTIONS).await {
        Ok(store) => {
            all.extend(inside(&store, settings).await);
            store.close().await;
        }
        Err(error) => {
            let advice = "free connections, or let the server have more (max_connections)";
            all.push(Diagnosis::failure("database", runtime::with_causes(&error), advice));
        }
    }
    all
}

/// What a server says of itself. `connections` is how many each process may have.
fn server(state: &ServerState, connections: u32) -> Vec<Diagnosis> {
    let timescale =
        state.timescaledb.as_ref().map_or("no TimescaleDB".to_owned(), |version| format!("TimescaleDB {version}"));
    let size = bytes(state.database_bytes.unsigned_abs());
    let found = format!("PostgreSQL {}, {timescale}, {size}", state.version);
    let mut all = vec![match (state.version_number < OLDEST_SERVER, state.is_standby) {
        (true, _) => Diagnosis::failure("database", found, "upgrade the server: PostgreSQL 15 or later is needed"),
        (_, true) => {
            Diagnosis::failure("database", format!("{found}; it takes no writes"), "connect to the primary server")
        }
        _ => Diagnosis::ok("database", found),
    }];
    let ahead_by = state.clock_ahead_by;
    let clock = format!("the database's clock differs from ours by {} ms", ahead_by.num_milliseconds().abs());
    let advice = "synchronize both clocks (NTP): times of events, sessions and leases are compared";
    all.push(match ahead_by.abs() {
        difference if difference > CLOCK_FAILURE => Diagnosis::failure("clock", clock, advice),
        difference if difference > CLOCK_WARNING => Diagnosis::warning("clock", clock, advice),
        _ => Diagnosis::ok("clock", clock),
    });
    let used = format!("{} of {} connections are open", state.connections, state.max_connections);
    let advice = "raise max_connections of the server, or lower database.connections of the roles";
    all.push(if state.connections + i64::from(connections) > state.max_connections {
        Diagnosis::warning("connections", used, advice)
    } else {
        Diagnosis::ok("connections", used)
    });
    if state.is_remote && !state.is_encrypted {
        let advice = "add sslmode=verify-full to database.url";
        all.push(Diagnosis::warning("database", "the connection to another machine is not encrypted", advice));
    }
    if !state.may_create {
        let advice =
            "grant CREATE on the database to the user that runs `sei migrate`; roles that create tenants need it, too";
        all.push(Diagnosis::warning("database", "its user may not make schemas", advice));
    }
    if state.oldest_transaction > MAX_TRANSACTION {
        let found = format!("a transaction has been open for {} minutes", state.oldest_transaction.num_minutes());
        all.push(Diagnosis::warning(
            "database",
            found,
            "end it (pg_stat_activity): rows can't be cleaned up, migrations wait",
        ));
    }
    all
}

/// What is in the database.
async fn inside(store: &Store, settings: &Settings) -> Vec<Diagnosis> {
    let tenants: Vec<Tenant> = match store.tenants().await {
        Ok(tenants) => tenants.into_iter().map(|info| info.tenant).take(MAX_TENANTS).collect(),
        // without a schema
        Err(_) => Vec::new(),
    };
    let (status, is_usable) = match store.schema_status(&tenants).await {
        Ok(status) => (schema(&status), status.is_usable() && !tenants.is_empty()),
        Err(error) => {
            let advice = "see that the user of database.url may read the schemas `sei` and those of tenants";
            (Diagnosis::failure("schema", runtime::with_causes(&error), advice), false)
        }
    };
    let mut all = vec![status];
    if !is_usable {
        return all;
    }
    let (log, sources, services) = tokio::join!(
        in_time("log", CHECK_TIMEOUT, log(store, settings)),
        in_time("collections", CHECK_TIMEOUT, collections(store, &tenants)),
        in_time("computations", CHECK_TIMEOUT, computations(store, &tenants)),
    );
    all.extend([log, sources, services].into_iter().flatten());
    all
}

fn schema(status: &SchemaStatus) -> Diagnosis {
    match status {
        SchemaStatus::Current => Diagnosis::ok("schema", "as this version makes it"),
        SchemaStatus::Later { schema, version } => {
            let found = format!("a later version of sei has migrated `{schema}` ({version}); this one works with it");
            Diagnosis::warning("schema", found, "upgrade this program")
        }
        SchemaStatus::Older { schema, version } => {
            let found = format!("`{schema}` lacks migration {version}, which this version needs");
            Diagnosis::failure("schema", found, "run `sei migrate` of this version")
        }
        SchemaStatus::TooNew { schema, version } => {
            let found =
                format!("a later version of sei has migrated `{schema}` ({version}), and this one no longer works");
            Diagnosis::failure("schema", found, "run that version")
        }
        SchemaStatus::Replaced { schema, version } => {
            let found = format!("migration {version} of `{schema}` differs: a development version made it");
            Diagnosis::failure("schema", found, "use an empty database, and collect the sources again")
        }
    }
}

/// What of the log is not processed yet.
async fn log(store: &Store, settings: &Settings) -> Vec<Diagnosis> {
    // this command makes nothing
    let kafka = Kafka { create_topic: false, ..settings.log.kafka.clone() };
    let log_settings = Log { kafka, ..settings.log.clone() };
    let lag = async {
        let log = eventlog::open(&log_settings, store).await?;
        let ends = log.ends().await?;
        let lag = settle::lag(store, log.as_ref(), &ends).await?;
        anyhow::Ok(lag.iter().map(|(_, behind)| *behind).sum::<i64>())
    };
    vec![match lag.await {
        Ok(lag) => waiting(lag),
        Err(error) => {
            let advice = if settings.log.kafka.create_topic {
                "see log.kafka; a topic that is not there is made by the first role"
            } else {
                "see log.kafka, and create the topic"
            };
            Diagnosis::failure("log", format!("{error:#}"), advice)
        }
    }]
}

fn waiting(lag: i64) -> Diagnosis {
    let found = format!("{} not processed yet", count(lag, "event"));
    if lag > MAX_LAG {
        Diagnosis::warning("log", found, "see that a processor runs, and start more of them (docs/operate.md)")
    } else {
        Diagnosis::ok("log", found)
    }
}

/// The brokers, without which nothing is received; they need no database.
pub(super) async fn brokers(settings: &Settings) -> Vec<Diagnosis> {
    if settings.log.kind != LogKind::Kafka {
        return Vec::new();
    }
    let (name, topic) = ("kafka", &settings.log.topic);
    let asked = async {
        vec![match eventlog::personal::kept_topic(&settings.log).await {
            Ok(Some(kept)) => {
                let retention = kept.retention.map_or("for ever".to_owned(), runtime::duration::format);
                Diagnosis::ok(name, format!("the brokers answer; topic `{topic}` keeps events {retention}"))
            }
            Ok(None) => Diagnosis::ok(name, "the brokers answer"),
            Err(error) => {
                let advice =
                    "see that log.kafka.brokers can be reached from here, and its properties; see docs/operate.md";
                Diagnosis::failure(name, runtime::with_causes(&error), advice)
            }
        }]
    };
    in_time(name, CHECK_TIMEOUT, asked).await
}

/// Sources whose last collection failed.
async fn collections(store: &Store, tenants: &[Tenant]) -> Vec<Diagnosis> {
    let (mut all, mut collected) = (Vec::new(), 0);
    for tenant in tenants {
        let states = match store::source_state::all(&store.for_tenant(tenant)).await {
            Ok(states) => states,
            Err(error) => return vec![unreadable("collections", &error)],
        };
        collected += states.len();
        for state in states {
            let Some(error) = state.error else { continue };
            if all.len() < MAX_FAILING {
                let found = format!("the last collection of {} ({tenant}) failed: {error}", state.source);
                all.push(Diagnosis::warning("collections", found, "`sei status` shows what is known of it"));
            }
        }
    }
    if all.is_empty() {
        all.push(Diagnosis::ok("collections", format!("{}, none failed last", count(collected, "source"))));
    }
    all
}

/// Services that can't be computed.
async fn computations(store: &Store, tenants: &[Tenant]) -> Vec<Diagnosis> {
    let (mut computed, mut failed) = (0, Vec::new());
    for tenant in tenants {
        match store::queries::services(&store.for_tenant(tenant), None, MAX_SERVICES).await {
            Ok(services) => {
                computed += services.len();
                failed
                    .extend(services.into_iter().filter(|service| service.error.is_some()).map(|service| service.name));
            }
            Err(error) => return vec![unreadable("computations", &error)],
        }
    }
    vec![match failed.first() {
        None => Diagnosis::ok("computations", format!("{}, none failed last", count(computed, "service"))),
        Some(first) => {
            let found = format!("{} can't be computed, `{first}` first", count(failed.len(), "service"));
            Diagnosis::warning("computations", found, "`sei status` shows why")
        }
    }]
}

fn unreadable(check: &str, error: &store::StoreError) -> Diagnosis {
    Diagnosis::failure(check, runtime::with_causes(error), "see the log of the database")
}

#[cfg(test)]
mod tests {
    use super::super::diagnosis::{DiagnosisState, worst};
    use super::*;

    fn healthy() -> ServerState {
        ServerState {
            version: "17.2".to_owned(),
            version_number: 170_002,
            timescaledb: None,
            clock_ahead_by: TimeDelta::milliseconds(3),
            connections: 12,
            max_connections: 100,
            is_standby: false,
            database_bytes: 1_000_000,
            may_create: true,
            is_encrypted: false,
            is_remote: false,
            oldest_transaction: TimeDelta::zero(),
        }
    }

    #[test]
    fn each_fault_of_a_server_is_found_and_a_healthy_one_has_none() {
        assert_eq!(worst(&server(&healthy(), 8)), DiagnosisState::Ok);
        let hour = TimeDelta::minutes(61);
        for (state, expected) in [
            (ServerState { version_number: 140_010, ..healthy() }, DiagnosisState::Failure),
            (ServerState { is_standby: true, ..healthy() }, DiagnosisState::Failure),
            (ServerState { clock_ahead_by: TimeDelta::seconds(-3), ..healthy() }, DiagnosisState::Warning),
            (ServerState { clock_ahead_by: TimeDelta::seconds(61), ..healthy() }, DiagnosisState::Failure),
            (ServerState { connections: 95, ..healthy() }, DiagnosisState::Warning),
            (ServerState { is_remote: true, ..healthy() }, DiagnosisState::Warning),
            (ServerState { is_remote: true, is_encrypted: true, ..healthy() }, DiagnosisState::Ok),
            (ServerState { may_create: false, ..healthy() }, DiagnosisState::Warning),
            (ServerState { oldest_transaction: hour, ..healthy() }, DiagnosisState::Warning),
        ] {
            let found = server(&state, 8);
            assert_eq!(worst(&found), expected, "{found:?}");
            assert!(found.iter().all(|one| one.advice.is_some() == (one.state != DiagnosisState::Ok)), "{found:?}");
        }
    }

    #[test]
    fn a_schema_that_this_version_does_not_work_with_is_a_failure() {
        let (schema_name, version) = ("main".to_owned(), 29);
        let of = |status: SchemaStatus| schema(&status).state;
        assert_eq!(of(SchemaStatus::Current), DiagnosisState::Ok);
        assert_eq!(of(SchemaStatus::Later { schema: schema_name.clone(), version }), DiagnosisState::Warning);
        assert_eq!(of(SchemaStatus::Older { schema: schema_name.clone(), version }), DiagnosisState::Failure);
        assert_eq!(of(SchemaStatus::TooNew { schema: schema_name, version }), DiagnosisState::Failure);
    }

    #[test]
    fn events_that_wait_are_a_warning_once_they_are_many() {
        assert_eq!([waiting(0).state, waiting(10_001).state], [DiagnosisState::Ok, DiagnosisState::Warning]);
    }
}
