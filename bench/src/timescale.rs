//! Rows of metrics, what BI tools read of them, and event counts: on plain tables, in hypertables of TimescaleDB, and
//! compressed. How much room they take, and how long it takes to read and to change them. `timescale=334` takes a company of
//! a million changes; the server needs the extension.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use dora::{MetricSettings, Question, Scope, Snapshots};
use kernel::{Change, Fact, Version};
use panels::{Literals, dashboards};
use store::Timescale;

use crate::bi;
use crate::company::Company;
use crate::figures::Figures;
use crate::machine::{Machine, Running};

/// The tables, and how they are named in the report.
const TABLES: [(&str, &str); 5] = [
    ("deployment_metric", "metric rows of deployments"),
    ("change_metric", "metric rows of changes"),
    ("analytics_observation", "observations"),
    ("analytics_daily", "values by day"),
    ("event_hour", "event counts"),
];
/// Metrics that are read at once, when nothing is in memory.
const METRICS: usize = 40;
const MEMORY: usize = 512 << 20;
/// Chunks that are older are compressed, in days.
const COMPRESSED_DAYS: i64 = 90;
/// Two years of hours, of forty sources, kinds and outcomes.
const EVENT_COUNTS: &str = "insert into event_hour (hour, source, kind, outcome, reason, events)
     select date_trunc('hour', now(), 'UTC') - hour * interval '1 hour', 'github/' || number % 4,
            'github.' || number % 5, case when number % 2 = 0 then 'stored' else 'ignored' end,
            'reason ' || number % 3, hour % 97 + 1
     from generate_series(1, 17520) hour, generate_series(1, 60) number
     on conflict do nothing";
const EVENT_DAYS: &str = "select day, outcome, sum(events) from event_day group by 1, 2";

/// Measures it at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    let Company { data, demo, running } = Company::new(machine, percent).await?;
    Figures::heading(&format!("TimescaleDB at {percent} % of 300 services, 300,000 changes, 60,000 deployments:"));
    let available = running.sql("select count(*) from pg_available_extensions where name = 'timescaledb'")?;
    ensure!(available.trim() == "1", "the server has no extension TimescaleDB to measure");
    let begin = bi::grant(&running, &store_of(&running)).await?;
    running.sql(EVENT_COUNTS)?;
    running.rest()?;
    let late = demo.facts().find_map(|fact| match fact {
        Fact::Change(change) if change.merged_at.is_some() => Some(change),
        _ => None,
    });
    let mut asker = Asker { begin, end: demo.end, late: late.context("a merged change")? };
    let plain = asker.ask(&running, "pg_total_relation_size").await?;

    running.sql("alter system set shared_preload_libraries = 'timescaledb'")?;
    running.stop().await?;
    let running = Running::start(&data).await?;
    let migrated = running.store.migrate().await?;
    let Timescale::Used(version) = migrated else { anyhow::bail!("TimescaleDB is not used: {migrated:?}") };
    running.rest()?;
    let hyper = asker.ask(&running, "public.hypertable_size").await?;

    running.sql(&format!(
        "select count(public.compress_chunk(chunk, if_not_compressed => true))
         from timescaledb_information.hypertables
              cross join lateral public.show_chunks(format('%I.%I', hypertable_schema, hypertable_name)::regclass) chunk
              join timescaledb_information.chunks c
                   on format('%I.%I', c.chunk_schema, c.chunk_name)::regclass = chunk
         where hypertables.hypertable_schema = 'main' and compression_enabled
               and c.range_end < '{}'::timestamptz",
        (demo.end - TimeDelta::days(COMPRESSED_DAYS)).to_rfc3339()
    ))?;
    running.sql("call public.refresh_continuous_aggregate('main.event_day', null, now() - interval '1 hour')")?;
    running.rest()?;
    let compressed = asker.ask(&running, "public.hypertable_size").await?;

    Figures::note(&format!(
        "PostgreSQL, hypertables of TimescaleDB {version}, and compressed after {COMPRESSED_DAYS} days:"
    ));
    for (row, (hyper, compressed)) in plain.iter().zip(hyper.iter().zip(&compressed)) {
        let figures = [row.1, hyper.1, compressed.1].map(|figure| format!("{figure:>10.1}")).join(" | ");
        Figures::note(&format!("| {:<58} | {figures} |", row.0));
    }
    let slowest = compressed.iter().find(|row| row.0.starts_with("panels")).context("panels")?;
    figures.at_most("a panel over compressed hypertables, 95th percentile", slowest.1, 300.0, "ms");
    running.stop().await
}

/// The store of its tenant.
fn store_of(running: &Running) -> store::Store {
    running.store.for_tenant(&kernel::Tenant::default())
}

/// What is measured, with its unit, and the figure.
type Row = (String, f64);

struct Asker {
    /// Makes a session that of a BI tool.
    begin: String,
    end: DateTime<Utc>,
    /// A change of long ago, which changes once more.
    late: Change,
}

impl Asker {
    /// Asks everything. The function says how large a table is, with its indexes.
    async fn ask(&mut self, running: &Running, size: &str) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = Vec::new();
        for (table, name) in TABLES {
            let bytes: f64 = running.sql(&format!("select {size}('{table}')"))?.trim().parse()?;
            rows.push((format!("{name}, MB"), bytes / 1e6));
        }
        self.panels(running, &mut rows)?;
        let to = self.end.to_rfc3339();
        let year = (self.end - TimeDelta::days(365)).to_rfc3339();
        for (metric, by) in [("change_lead_time", "team"), ("ci_duration", "service"), ("changes_in_progress", "team")]
        {
            let statement = format!("select * from metric_value('{metric}', '{year}', '{to}', '{by}')");
            rows.push((format!("{metric} of a year by {by}, ms"), bi::millis(running, &self.begin, &statement)?));
        }
        let days = "select day, sum(n) from metric_daily where metric = 'change_throughput' and slice_by = 'service' \
                    group by day";
        rows.push(("a metric by day of three years, ms".to_owned(), bi::millis(running, &self.begin, days)?));
        let begin = "set search_path = main";
        rows.push(("days of event counts of two years, ms".to_owned(), bi::millis(running, begin, EVENT_DAYS)?));
        self.engine(running, &mut rows).await?;
        Ok(rows)
    }

    /// All panels about 90 days.
    fn panels(&self, running: &Running, rows: &mut Vec<Row>) -> Result<()> {
        let choice = Literals { from: self.end - TimeDelta::days(90), to: self.end, team: None, service: None };
        let mut times: Vec<f64> = Vec::new();
        for panel in dashboards()?.into_iter().flat_map(|dashboard| dashboard.panels) {
            let sql = panel.sql(&choice);
            times.push(bi::millis(running, &self.begin, &sql).with_context(|| panel.name.clone())?);
        }
        times.sort_by(|one, other| other.total_cmp(one));
        let p95 = times.get(times.len() * 5 / 100).context("a panel")?;
        rows.push((format!("panels of 90 days, 95th percentile of {}, ms", times.len()), *p95));
        rows.push(("the slowest panel, ms".to_owned(), *times.first().context("a panel")?));
        Ok(())
    }

    /// What the engine takes for reading metric rows, and for one change of long ago.
    async fn engine(&mut self, running: &Running, rows: &mut Vec<Row>) -> Result<()> {
        let (store, settings) = (store_of(running), sei::settings::Settings::default());
        let metrics = MetricSettings { dora: &settings.dora, custom: &[] };
        let definitions = dora::definitions(&[])?;
        let names: Vec<&str> = definitions.iter().take(METRICS).map(|metric| metric.name.as_str()).collect();
        let (from, to) = (Some(self.end - TimeDelta::days(90)), Some(self.end));
        let begun = Instant::now();
        let question = Question { from, to, ..Question::default() };
        Snapshots::new(metrics, MEMORY).ask(&store, &names, &question).await?;
        rows.push((format!("{METRICS} metrics of the API, nothing in memory, ms"), millis(begun)));

        let version = Version { at: self.late.version.at + TimeDelta::seconds(1), ..self.late.version };
        let merged_at = self.late.merged_at.map(|at| at - TimeDelta::minutes(1));
        self.late = Change { version, merged_at, ..self.late.clone() };
        let mut tx = store.begin().await?;
        store::facts::write(&mut tx, &[Fact::Change(self.late.clone())]).await?;
        tx.commit().await?;
        let begun = Instant::now();
        dora::recompute(&store, &settings.dora, Scope::Stale).await?;
        rows.push(("metric rows after a change of a year ago, ms".to_owned(), millis(begun)));
        let begun = Instant::now();
        dora::analytics::refresh(&store, metrics).await?;
        rows.push(("what BI tools read after that change, ms".to_owned(), millis(begun)));
        Ok(())
    }
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1_000.0
}
