//! What all handlers share.

use std::sync::Arc;
use std::time::Duration;

use dora::Snapshots;
use eventlog::settings::Log;
use kernel::Right;
use runtime::health::{Check, Readiness};
use runtime::http::Hosts;
use store::Store;
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::admission::Admission;
use crate::answers::Answers;
use crate::audit::Audit;
use crate::cache::Cache;
use crate::identity::{Identities, Logins};
use crate::journeys::Journeys;
use crate::limits::ClientLimits;
use crate::live::{Hub, Limits};
use crate::people::KnownPeople;
use crate::settings::ApiSettings;
use crate::sources::{SourceSetup, UnseenSecrets};

/// How long one statement of the API may take in the database.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of the memory that answers are made from, the part that is left to answers that were given before: one of this number.
const CACHE_PART: usize = 8;

/// The store to read, and how metrics are defined. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiState {
    store: Store,
    settings: Arc<ApiSettings>,
    hosts: Hosts,
    identities: Identities,
    audit: Audit,
    logins: Logins,
    people: KnownPeople,
    journeys: Journeys,
    admission: Admission,
    limits: ClientLimits,
    graphql_reads: Arc<Semaphore>,
    answers: Answers,
    cache: Cache,
    snapshots: Snapshots,
    hub: Hub,
    /// Reads rows of metrics into memory, which may take as long as a request.
    unhurried: Store,
    /// What can write: readiness compares its answers with those of the API's own sessions, and tenants, tokens, grants
    /// and users are changed by it.
    direct: Store,
    /// Who asks sources that are being set up, where the program has that.
    source_setup: Option<Arc<dyn SourceSetup>>,
    /// Secrets of webhooks that were registered for clients that went away.
    unseen_secrets: UnseenSecrets,
}

impl ApiState {
    /// Reads what `store` connects to, over its connections, and can't write.
    #[must_use]
    pub fn new(store: &Store, settings: &ApiSettings) -> Self {
        let (server, api) = (&settings.server, &settings.api);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // half of the connections, so that what else is asked finds one
        let graphql_reads = usize::try_from(settings.database.connections / 2).unwrap_or(1).max(1);
        let cache_bytes = api.snapshot_memory / CACHE_PART;
        let metrics = dora::MetricSettings { dora: &settings.dora, custom: &settings.metric };
        let snapshots = Snapshots::new(metrics, api.snapshot_memory - cache_bytes);
        Self {
            store: store.read_only(STATEMENT_TIMEOUT),
            settings: Arc::new(settings.clone()),
            hosts: Hosts::of(server).with(api.tenant_hosts.keys().map(String::as_str)),
            identities: Identities::new(store, settings),
            audit: Audit::new(store),
            logins: Logins::new(store, settings.login.lifetime),
            people: KnownPeople::new(&settings.dora.bots),
            journeys: Journeys::new(),
            admission: Admission::new(api.in_flight, processors, server.timeout),
            // on loopback without a login all clients are one user
            limits: ClientLimits::new(&api.limits, server.listen.ip().is_loopback() && !settings.login.enabled),
            graphql_reads: Arc::new(Semaphore::new(graphql_reads)),
            answers: Answers::default(),
            hub: hub(store, settings),
            cache: Cache::new(store, &snapshots, cache_bytes, (processors, server.timeout)),
            snapshots,
            unhurried: store.read_only(server.timeout),
            direct: store.clone(),
            source_setup: None,
            unseen_secrets: UnseenSecrets::default(),
        }
    }

    /// The same with who asks sources that are being set up.
    #[must_use]
    pub fn with_source_setup(self, setup: Arc<dyn SourceSetup>) -> Self {
        Self { source_setup: Some(setup), ..self }
    }

    /// Looks whether what the API answers is right, and says so to readiness. Takes 15 s at most.
    pub async fn check_answers(&self, readiness: &Readiness) {
        match self.answers.check(&self.store, &self.direct).await {
            Ok(()) => readiness.passed(Check::Answers),
            Err(why) => readiness.failed(Check::Answers, why),
        }
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Answers that were given before.
    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Who is sent what happens.
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What metrics are made from, as it is in the database.
    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// The store of a tenant, for statements that may take as long as a request.
    pub(crate) fn unhurried(&self, tenant: &kernel::Tenant) -> Store {
        self.unhurried.for_tenant(tenant)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The store with connections that can write.
    pub(crate) fn direct(&self) -> &Store {
        &self.direct
    }

    /// Who asks sources that are being set up, if this program can.
    pub(crate) fn source_setup(&self) -> Option<Arc<dyn SourceSetup>> {
        self.source_setup.clone()
    }

    /// Secrets of webhooks that were registered for clients that went away.
    pub(crate) fn unseen_secrets(&self) -> &UnseenSecrets {
        &self.unseen_secrets
    }

    /// The settings, as they were when the process started.
    pub(crate) fn settings(&self) -> &ApiSettings {
        &self.settings
    }

    /// The log that raw events are read from, if they may be shown: they may hold personal data, so that only those who
    /// have the right to them see them, and everyone who reads metrics only where the settings say so.
    pub(crate) fn log(&self, access: &Access) -> Option<&Log> {
        let may_see = self.settings.api.raw_events || access.has(Right::RawEvents);
        // an event may be about anyone
        (may_see && access.within.is_everything()).then_some(&self.settings.log)
    }

    /// Who requests are from.
    pub(crate) fn identities(&self) -> &Identities {
        &self.identities
    }

    /// The audit log, to add to.
    pub(crate) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The people of tenants.
    pub(crate) fn people(&self) -> &KnownPeople {
        &self.people
    }

    /// Journeys that were made.
    pub(crate) fn journeys(&self) -> &Journeys {
        &self.journeys
    }

    /// Who logs people in.
    pub(crate) fn logins(&self) -> &Logins {
        &self.logins
    }

    /// The store that tokens, grants and users are changed in.
    pub(crate) fn identity_store(&self) -> &Store {
        &self.direct
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// How much one client may ask.
    pub(crate) fn limits(&self) -> &ClientLimits {
        &self.limits
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// How many reads of all GraphQL requests run at once.
    pub(crate) fn graphql_reads(&self) -> Arc<Semaphore> {
        Arc::clone(&self.graphql_reads)
    }
}

/// Streams leave a quarter of all connections to other requests.
fn hub(store: &Store, settings: &ApiSettings) -> Hub {
    let api = &settings.api;
    let connections = settings.server.connections;
    let limits = Limits {
        streams: api.streams.min(connections - connections / 4),
        per_client: api.streams_per_client,
        queue: api.stream_queue,
    };
    Hub::new(store, &settings.log, &settings.metric, limits)
}
