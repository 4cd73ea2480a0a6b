//! The roles of PostgreSQL that BI tools log in as. A role reads the views of its tenant, or of all, and nothing else; what
//! it may see of them is looked up by the views (`analytics_viewer`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::{Secret, Tenant};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::make::{FASTER, grants};
use super::schema_name::schema_of;
use super::scram::verifier;
use crate::audit::{self, Action, Actor, Entry};
use crate::{Store, StoreError, StoreTx};

/// The role that all of them are members of, by which the server's access rules know them.
pub(crate) const ANALYTICS_GROUP: &str = "sei_analytics";
/// Roles that are listed at most.
const MOST: i64 = 1_000;

/// A role of a BI tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnalyticsRole {
    /// Its name.
    pub name: String,
    /// The tenant that it reads; `None` for all.
    pub tenant: Option<Tenant>,
    /// The teams that it is limited to; empty for none.
    pub teams: Vec<String>,
    /// Whether it sees names of accounts.
    pub people: bool,
    /// When it was granted first.
    pub created_at: DateTime<Utc>,
}

/// A role to be granted.
#[derive(Clone, Copy, Debug)]
pub struct NewRole<'a> {
    /// Its name, which [`is_role_name`] holds of.
    pub name: &'a str,
    /// The tenant that it reads; `None` for all.
    pub tenant: Option<&'a Tenant>,
    /// The teams that it is limited to; empty for none.
    pub teams: &'a [String],
    /// Whether it sees names of accounts.
    pub people: bool,
    /// Its password, printable ASCII.
    pub password: &'a Secret,
    /// Random bytes for the verifier of the password.
    pub salt: &'a [u8],
    /// How long a statement may take unless its session says otherwise.
    pub statement_timeout: Duration,
    /// How many connections it may have.
    pub connections: u16,
}

/// What came of granting a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It is new.
    New,
    /// It was there, and may see and do what was granted now, with the new password.
    Changed,
    /// There is a role of this name that is not one of a BI tool: nothing was changed.
    Taken,
}

/// Whether a text can name a role: a lower-case letter, then letters, digits or `_`, 60 characters at most, and not as
/// PostgreSQL's own roles begin.
#[must_use]
pub fn is_role_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '_')
        && text.len() <= 60
        && !text.starts_with("pg_")
        && !matches!(text, "public" | "none" | ANALYTICS_GROUP)
}

/// Whether any role may read the views of the store's tenant.
pub async fn is_used(store: &Store) -> Result<bool, StoreError> {
    let used = "select exists (select from sei.analytics_role where tenant is null or tenant = $1)";
    Ok(sqlx::query_scalar(used).bind(store.tenant().as_str()).fetch_one(store.pool()).await?)
}

/// The columns of a role: its name, tenant, teams, whether it shows people, and when it was made.
type StoredRole = (String, Option<String>, Vec<String>, bool, DateTime<Utc>);

/// The roles, by name.
pub async fn list(store: &Store) -> Result<Vec<AnalyticsRole>, StoreError> {
    let rows: Vec<StoredRole> =
        sqlx::query_as("select name, tenant, teams, people, created_at from sei.analytics_role order by name limit $1")
            .bind(MOST)
            .fetch_all(store.pool())
            .await?;
    let role = |(name, tenant, teams, people, created_at): (String, Option<String>, _, _, _)| {
        let tenant = tenant.map(|name| Tenant::new(&name)).transpose();
        let tenant = tenant.map_err(|error| StoreError::Unreadable(error.to_string()))?;
        Ok::<_, StoreError>(AnalyticsRole { name, tenant, teams, people, created_at })
    };
    rows.into_iter().map(role).collect()
}

/// Grants a role, or grants it something else, with the entry of the audit log.
pub async fn grant(store: &Store, role: &NewRole<'_>, entry: &Entry) -> Result<Granted, StoreError> {
    let verifier =
        verifier(role.password, role.salt).map_err(|error| StoreError::Data(sqlx::Error::Encode(Box::new(error))))?;
    let mut tx = store.begin().await?;
    let (exists, is_known): (bool, bool) = sqlx::query_as(
        "select exists (select from pg_roles where rolname = $1),
                exists (select from sei.analytics_role where name = $1)",
    )
    .bind(role.name)
    .fetch_one(tx.connection())
    .await?;
    if exists && !is_known {
        tx.rollback().await?;
        return Ok(Granted::Taken);
    }
    make(tx.connection(), role, &verifier, exists).await?;
    sqlx::query(
        "insert into sei.analytics_role (name, tenant, teams, people) values ($1, $2, $3, $4)
         on conflict (name) do update
         set tenant = excluded.tenant, teams = excluded.teams, people = excluded.people",
    )
    .bind(role.name)
    .bind(role.tenant.map(Tenant::as_str))
    .bind(role.teams)
    .bind(role.people)
    .execute(tx.connection())
    .await?;
    let_read(&mut tx).await?;
    audit::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(if is_known { Granted::Changed } else { Granted::New })
}

/// Takes the names of accounts back from all roles that were granted them, with an entry of the audit log for each: what
/// the settings show is less than it was. Returns the names of the roles.
pub async fn hide_people(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut tx = store.begin().await?;
    let hide = "update sei.analytics_role set people = false where people returning name";
    let names: Vec<String> = sqlx::query_scalar(hide).fetch_all(tx.connection()).await?;
    for name in &names {
        let detail = json!({ "people": false, "because": "dora.people" });
        let entry = Entry::new(Actor::sei(), Action::AnalyticsGranted, name.as_str());
        audit::record(&mut tx, &entry.with(detail)).await?;
    }
    tx.commit().await?;
    Ok(names)
}

/// Makes the role in PostgreSQL, without any privilege. Its name and the verifier hold no quotation mark.
async fn make(
    connection: &mut PgConnection,
    role: &NewRole<'_>,
    verifier: &str,
    exists: bool,
) -> Result<(), StoreError> {
    let NewRole { name, connections, .. } = role;
    let schema = schema_of(role.tenant);
    let verb = if exists { "alter" } else { "create" };
    let timeout_ms = role.statement_timeout.as_millis();
    let statements = format!(
        "do $$
         begin
             if not exists (select from pg_roles where rolname = '{ANALYTICS_GROUP}') then
                 create role {ANALYTICS_GROUP} nologin;
             end if;
         exception when duplicate_object or unique_violation then
             -- another process was first
             null;
         end
         $$;
         {verb} role \"{name}\" with login connection limit {connections} password '{verifier}';
         grant {ANALYTICS_GROUP} to \"{name}\";
         do $$
         declare
             setting text;
             found text;
         begin
             foreach setting in array array[
                 'search_path = {schema}', 'statement_timeout = {timeout_ms}', 'default_transaction_read_only = on',
                 'idle_in_transaction_session_timeout = 60000', {}
             ] loop
                 execute format('alter role %I in database %I set %s', '{name}', current_database(), setting);
             end loop;
             for found in select nspname from pg_namespace where nspname = 'analytics' or nspname like 'analytics\\_%' loop
                 execute format('revoke all on all tables in schema %I from %I', found, '{name}');
                 execute format('revoke all on all functions in schema %I from %I', found, '{name}');
                 execute format('revoke all on schema %I from %I', found, '{name}');
             end loop;
         end
         $$;
         {}",
        FASTER.map(|setting| format!("'{setting}'")).join(", "),
        close_to_all()
    );
    connection.execute(AssertSqlSafe(statements)).await?;
    Ok(())
}

/// The statement that takes from everyone what roles of BI tools would have by that.
fn close_to_all() -> String {
    format!(
        "do $$
         declare
             found text;
         begin
             -- everyone may make temporary tables, unless that is taken from all: where no one else needs them
             if has_database_privilege('public', current_database(), 'temporary')
                and (select pg_has_role(current_user, datdba, 'usage') from pg_database
                      where datname = current_database())
                and not exists (select from pg_roles r
                                 where r.rolcanlogin and not r.rolsuper
                                       and not pg_has_role(r.oid, '{ANALYTICS_GROUP}', 'member')
                                       and r.oid <> (select datdba from pg_database where datname = current_database()))
             then
                 execute format('revoke temporary on database %I from public', current_database());
             end if;
             -- TimescaleDB lets everyone read its tables. Names are looked up in its schemas by each session, so that only
             -- the ones made for people can be closed
             for found in select nspname from pg_namespace
                          where (nspname like 'timescaledb\\_%' or nspname like '\\_timescaledb\\_%')
                                and pg_has_role(current_user, nspowner, 'usage') loop
                 execute format('grant select on all tables in schema %I to current_user', found);
                 execute format('revoke all on all tables in schema %I from public', found);
                 execute format('revoke all on all sequences in schema %I from public', found);
                 if found like 'timescaledb\\_%' then
                     execute format('grant usage on schema %I to current_user', found);
                     execute format('revoke usage on schema %I from public', found);
                 end if;
             end loop;
         end
         $$;"
    )
}

/// Lets all roles read the schemas that they may.
async fn let_read(tx: &mut StoreTx) -> Result<(), StoreError> {
    let schemas: Vec<String> = sqlx::query_scalar(
        "select nspname::text from pg_namespace
         where nspname = 'analytics' or nspname in (select 'analytics_' || name from sei.tenant) order by 1",
    )
    .fetch_all(tx.connection())
    .await?;
    for schema in schemas {
        tx.connection().execute(AssertSqlSafe(grants(&schema))).await?;
    }
    Ok(())
}

/// Takes a role back, with the entry of the audit log: its sessions end. Returns whether it was there.
pub async fn revoke(store: &Store, name: &str, entry: &Entry) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let deleted =
        sqlx::query("delete from sei.analytics_role where name = $1").bind(name).execute(tx.connection()).await?;
    if deleted.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    drop_role(tx.connection(), name).await?;
    audit::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes back the roles that read a tenant only that is being dropped, unless its data is made up and comes again. Returns
/// their names.
pub(crate) async fn forget_tenant(connection: &mut PgConnection, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "delete from sei.analytics_role
         where tenant = $1 and not exists (select from sei.tenant where name = $1 and demo) returning name",
    )
    .bind(tenant.as_str())
    .fetch_all(&mut *connection)
    .await?;
    for name in &names {
        drop_role(connection, name).await?;
    }
    Ok(names)
}

/// Drops a role with its privileges, and ends its sessions.
async fn drop_role(connection: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    let exists: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(());
    }
    // it may log in no more from here on
    connection.execute(AssertSqlSafe(format!("alter role \"{name}\" nologin"))).await?;
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1")
        .bind(name)
        .execute(&mut *connection)
        .await?;
    connection.execute(AssertSqlSafe(format!("drop owned by \"{name}\"; drop role \"{name}\""))).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles_are_plain() {
        for name in ["metabase", "bi_2", "a"] {
            assert!(is_role_name(name), "{name}");
        }
        for name in ["", "Metabase", "2bi", "pg_read_all_data", "sei_analytics", "public", "a\"b", "a'b", "a b"] {
            assert!(!is_role_name(name), "{name}");
        }
    }
}
