//! The connections that all reads and writes of a process share, of all tenants. Any future may be dropped at any
//! await. What it had in flight (a COPY, a transaction, half an answer) would reach the next user of the connection.
//!
//! So a borrowed connection is closed unless its borrower returned it after an orderly end: after a drop, an error or a
//! panic it is not used again. Nothing else in the crate sees the raw pool.
//!
//! Promises: a process has no more connections than its limit, whatever the number of tenants and of handles; reads for
//! others never have all of them; each borrower finds the session of its tenant and purpose, whatever it was before.
//!
//! Nothing that has a connection may wait for another one, or all that have one could. Replaying rejected events does,
//! which a process does once at a time.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use kernel::Tenant;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo,
};
use sqlx::{AssertSqlSafe, Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::silence::Silence;

/// How long a connection is waited for.
const LEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long what runs on connections may take to end when all are closed: what waits for a server that does not answer would
/// hold up the end of the process.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// After this time the server ends a session whose host takes no answer, as its keepalives do where none is on its way.
/// Answers are read at once on these connections, however long what comes of them takes.
const UNSENT_TIMEOUT: (&str, &str) = ("tcp_user_timeout", "20000");
/// Of all connections, the part that reads for others leave alone: one of this number, and at least one.
const LEFT_PART: u32 = 4;

/// What a session is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// It reads and writes.
    Anything,
    /// It reads for others, in turns; no statement takes longer.
    Reads(Duration),
    /// It reads so little that it waits for no turn; no statement takes longer.
    Looks(Duration),
}

/// All connections of a process.
#[derive(Debug)]
struct Connections {
    options: PgConnectOptions,
    limit: u32,
    all: PgPool,
    /// Turns of reads for others.
    turns: Arc<Semaphore>,
    silence: Arc<Silence>,
}

/// The connections of a process, for one tenant and purpose. They come back clean or not at all. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: Arc<Connections>,
    /// Makes a session that of the tenant and the purpose.
    session: Arc<str>,
    takes_turns: bool,
}

impl Pool {
    /// Up to `limit` connections, opened as they are needed and closed when idle.
    pub fn new(options: PgConnectOptions, limit: u32, tenant: &Tenant) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(limit)
            .idle_timeout(Duration::from_mins(1))
            .acquire_timeout(LEND_TIMEOUT)
            // that its session is set shows whether it works
            .test_before_acquire(false);
        let all = pool.connect_lazy_with(options.clone().options([UNSENT_TIMEOUT]));
        let turns = limit.saturating_sub((limit / LEFT_PART).max(1)).max(1);
        let turns = Arc::new(Semaphore::new(usize::try_from(turns).unwrap_or(1)));
        let silence = Arc::default();
        Self::over(Arc::new(Connections { options, limit, all, turns, silence }), tenant, Purpose::Anything)
    }

    /// The same connections, for another tenant or purpose.
    pub fn for_session(&self, tenant: &Tenant, purpose: Purpose) -> Self {
        Self::over(Arc::clone(&self.connections), tenant, purpose)
    }

    fn over(connections: Arc<Connections>, tenant: &Tenant, purpose: Purpose) -> Self {
        let limits = match purpose {
            // any number of rows of compressed chunks may change; without TimescaleDB the setting says nothing
            Purpose::Anything => "reset default_transaction_read_only; reset statement_timeout; \
                                  set timescaledb.max_tuples_decompressed_per_dml_transaction = 0"
                .to_owned(),
            Purpose::Reads(timeout) | Purpose::Looks(timeout) => {
                let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
                format!("set default_transaction_read_only = on; set statement_timeout = {timeout_ms}")
            }
        };
        // names of tenants are letters, digits and `_`
        let session = format!("set search_path = \"{tenant}\", sei; {limits}").into();
        Self { connections, session, takes_turns: matches!(purpose, Purpose::Reads(_)) }
    }

    /// How to connect to the database.
    pub fn options(&self) -> PgConnectOptions {
        self.connections.options.clone()
    }

    /// Whether the server has answered nothing for a while: all but one that ask it are refused at once.
    pub fn is_silent(&self) -> bool {
        self.connections.silence.is_silent()
    }

    /// Lends a connection. What waits for it is many futures deep already, so this one is a box.
    pub fn lend(&self) -> BoxFuture<'_, Result<Lent, sqlx::Error>> {
        Box::pin(async {
            let lending = self.connections.silence.ask(self.lend_in_turn());
            timeout(LEND_TIMEOUT, lending).await.map_err(|_| sqlx::Error::PoolTimedOut)?
        })
    }

    async fn lend_in_turn(&self) -> Result<Lent, sqlx::Error> {
        let Connections { limit, all, turns, silence, .. } = &*self.connections;
        let mut turn = None;
        if self.takes_turns {
            turn = Some(Arc::clone(turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?);
        }
        let mut broken = 0;
        loop {
            let connection = all.acquire().await?;
            let mut lent = Lent { connection, clean: false, turn: turn.take(), silence: Arc::clone(silence) };
            match lent.connection().execute(AssertSqlSafe(Arc::clone(&self.session))).await {
                Ok(_) => return Ok(lent),
                // all that were idle may have lost their server, and a new one works
                Err(_) if broken < *limit => {
                    broken += 1;
                    turn = lent.turn.take();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes all connections of the process, when what runs on them is done. Those that are at work after
    /// [`CLOSE_TIMEOUT`] are left to end with the process, or with their work.
    pub async fn close(&self) {
        if timeout(CLOSE_TIMEOUT, self.connections.all.close()).await.is_err() {
            let left = self.connections.all.size();
            tracing::warn!(left, "the database did not answer in time: connections to it were left open at the end");
        }
    }
}

/// A connection out of a pool. Closed when dropped, unless it was given back.
#[derive(Debug)]
pub(crate) struct Lent {
    connection: PoolConnection<Postgres>,
    clean: bool,
    /// The turn of a read, which ends with it.
    turn: Option<OwnedSemaphorePermit>,
    silence: Arc<Silence>,
}

impl Lent {
    /// The connection. What changes its session rather than a transaction must not be run on it: beside what is set
    /// for each borrower, the next one would inherit it.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives it back for others to use: everything that was begun on it has ended without an error, and every
    /// answer was read.
    pub fn give_back(mut self) {
        self.silence.answered();
        self.clean = true;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}

/// One statement, on a connection that is lent for it.
impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let answers = async move {
            let mut lent = self.lend().await?;
            let answers: Vec<_> = lent.connection().fetch_many(query).try_collect().await?;
            lent.give_back();
            Ok(stream::iter(answers.into_iter().map(Ok)))
        };
        answers.try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        async move {
            let mut lent = self.lend().await?;
            let row = lent.connection().fetch_optional(query).await?;
            lent.give_back();
            Ok(row)
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'p: 'e,
    {
        async move {
            let mut lent = self.lend().await?;
            let statement = lent.connection().prepare_with(sql, parameters).await?;
            lent.give_back();
            Ok(statement)
        }
        .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'p: 'e,
    {
        async move {
            let mut lent = self.lend().await?;
            let description = lent.connection().describe(sql).await?;
            lent.give_back();
            Ok(description)
        }
        .boxed()
    }
}

/// A connection that listens, which is never lent to anyone else and never closed for being idle or old.
#[derive(Debug)]
pub(crate) struct ListeningConnection {
    // closed before the listener gives its connection back
    _closed_on_drop: ClosedOnDrop,
    pub(crate) listener: PgListener,
}

impl ListeningConnection {
    pub async fn open(options: PgConnectOptions) -> Result<Self, sqlx::Error> {
        let alone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        // opened by the listener itself: it never goes back while it is open
        let pool = ClosedOnDrop(alone.acquire_timeout(LEND_TIMEOUT).connect_lazy_with(options));
        Ok(Self { listener: PgListener::connect_with(&pool.0).await?, _closed_on_drop: pool })
    }
}

/// The pool of a connection that is not given back. Given back to an open pool it would be tested for the next user, whom
/// there is not, and that the database has ended before would be logged.
#[derive(Debug)]
struct ClosedOnDrop(PgPool);

impl Drop for ClosedOnDrop {
    fn drop(&mut self) {
        // marks the pool as closed at once; there is nothing else to wait for
        let _closed = self.0.close();
    }
}
