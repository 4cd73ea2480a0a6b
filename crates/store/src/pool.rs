//! The connections that reads and writes share. Any future may be dropped at any await. What it had in flight (a COPY,
//! a transaction, half an answer) would reach the next user of the connection.
//!
//! So a borrowed connection is closed unless its borrower returned it after an orderly end: after a drop, an error or a
//! panic it is not used again. Nothing else in the crate sees the raw pool.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo,
};
use sqlx::{Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr};

/// A pool whose connections come back clean or not at all. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pool(PgPool);

impl Pool {
    /// Up to `connections` connections, opened as they are needed and closed when idle.
    pub fn new(options: PgConnectOptions, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .idle_timeout(Duration::from_mins(1))
            .acquire_timeout(Duration::from_secs(10));
        Self(pool.connect_lazy_with(options))
    }

    /// Lends a connection.
    pub async fn lend(&self) -> Result<Lent, sqlx::Error> {
        Ok(Lent { connection: self.0.acquire().await?, clean: false })
    }

    /// Closes all connections, when what runs on them is done.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// A connection out of a pool. Closed when dropped, unless it was given back.
#[derive(Debug)]
pub(crate) struct Lent {
    connection: PoolConnection<Postgres>,
    clean: bool,
}

impl Lent {
    /// The connection. What changes its session rather than a transaction must not be run on it: the next
    /// borrower would inherit it.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives it back for others to use: everything that was begun on it has ended without an error, and every
    /// answer was read.
    pub fn give_back(mut self) {
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
    pool: PgPool,
    pub(crate) listener: PgListener,
}

impl ListeningConnection {
    pub async fn open(options: PgConnectOptions) -> Result<Self, sqlx::Error> {
        let alone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = alone.connect_with(options).await?;
        Ok(Self { listener: PgListener::connect_with(&pool).await?, pool })
    }
}

impl Drop for ListeningConnection {
    /// Closes the connection. Given back to its pool it would be tested for the next user, whom there is not, and that
    /// the database has ended before would be logged.
    fn drop(&mut self) {
        // marks the pool as closed at once; there is nothing else to wait for
        let _closed = self.pool.close();
    }
}
