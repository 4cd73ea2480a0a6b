//! A BI tool's questions: SQL as a granted role asks it, timed by PostgreSQL itself.

use std::time::Duration;

use anyhow::{Context, Result};
use dora::MetricSettings;
use kernel::{Secret, Tenant};
use serde_json::Value;
use store::Store;
use store::analytics::{self, NewRole};
use store::audit::{Action, Actor, Entry};

use crate::figures::median;
use crate::machine::Running;

/// The role that asks.
const ROLE: &str = "bench_bi";
/// How often a statement is measured, each time in a session of its own.
const TIMES: usize = 3;

/// Makes what BI tools read of a store's tenant, and a role that reads it. Returns what makes a session that role's.
pub(crate) async fn grant(running: &Running, store: &Store) -> Result<String> {
    let settings = MetricSettings { dora: &sei::settings::Settings::default().dora, custom: &[] };
    dora::analytics::refresh(store, settings).await?;
    let password = Secret::new(ROLE.as_bytes()).context("a password")?;
    let tenant = Tenant::default();
    let role = NewRole {
        name: ROLE,
        tenant: Some(&tenant),
        teams: &[],
        people: false,
        password: &password,
        salt: b"salt of the bench",
        statement_timeout: Duration::from_mins(10),
        connections: 10,
    };
    analytics::grant(store, &role, &Entry::new(Actor::sei(), Action::AnalyticsGranted, ROLE)).await?;
    running.rest()?;
    // a login has the settings of its role, `set role` does not
    let settings = running.sql(&format!(
        "select string_agg(format('set %s = %L', split_part(s, '=', 1), split_part(s, '=', 2)), '; ')
           from pg_db_role_setting, unnest(setconfig) s where setrole = '{ROLE}'::regrole"
    ))?;
    Ok(format!("set role {ROLE}; {}", settings.trim()))
}

/// How many milliseconds a statement takes, with its plan and without sending its rows. Each session, which `begin` makes,
/// asks twice, and the second time counts, as a tool's connections stay open.
pub(crate) fn millis(running: &Running, begin: &str, statement: &str) -> Result<f64> {
    let times = (0..TIMES).map(|_| once(running, begin, statement)).collect::<Result<Vec<_>>>()?;
    Ok(median(times))
}

fn once(running: &Running, begin: &str, statement: &str) -> Result<f64> {
    let explained = format!("explain (analyze, timing off, format json) {statement}");
    let output = running.sql(&format!("{begin}; {explained}; {explained}"))?;
    let plans = serde_json::Deserializer::from_str(&output).into_iter::<Value>().collect::<Result<Vec<_>, _>>()?;
    let plan = plans.last().context("a plan")?;
    let time = |name: &str| {
        plan.pointer(&format!("/0/{name}")).and_then(Value::as_f64).with_context(|| format!("{name} of {statement}"))
    };
    Ok(time("Planning Time")? + time("Execution Time")?)
}
