//! Five panels of DORA metrics beside SQL in the manner of Apache `DevLake`'s dashboards, over tables of the same shape,
//! on the same facts: ten thousand incidents and a hundred thousand deployments. `dora_sql=10` takes a tenth of it.
//!
//! There, dashboards read which deployment an incident is linked to; that is found before, by a question to all deployments
//! of the project for each incident. The panels alone are a note, without a limit.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use panels::{Literals, dashboards};
use sei::demo::Scale;

use crate::bi;
use crate::company::Company;
use crate::figures::Figures;
use crate::machine::Machine;

/// The peer's tables, filled from the analytics views.
const TABLES: &str = include_str!("dora_sql/tables.sql");
/// The peer's statements, each with the panel that shows the same. `FROM_TIME` and `TO_TIME` stand for the time range.
const PEER: [(&str, &str); 5] = [
    ("deployment_frequency", include_str!("dora_sql/deployment_frequency.sql")),
    ("lead_time", include_str!("dora_sql/lead_time.sql")),
    ("change_fail_rate", include_str!("dora_sql/change_fail_rate.sql")),
    ("recovery_time", include_str!("dora_sql/recovery_time.sql")),
    ("reliability_time_to_restore", include_str!("dora_sql/time_to_restore.sql")),
];
/// Links the first incidents to their deployments.
const LINK: &str = include_str!("dora_sql/link.sql");
/// How many incidents that statement links.
const LINKED: f64 = 50.0;

/// Measures it at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    let large = Scale::large(percent);
    let scale = Scale { changes: large.changes / 10, ..large };
    let days = i64::from(scale.days);
    let company = Company::of(machine, scale).await?;
    let running = &company.running;
    let started = Instant::now();
    let begin = bi::grant(running, &company.store()).await?;
    let refreshed = started.elapsed().as_secs_f64();
    running.sql(TABLES)?;
    running.rest()?;
    let count = |table: &str| -> Result<f64> {
        Ok(running.sql(&format!("select count(*) from peer.{table}"))?.trim().parse()?)
    };
    let (incidents, deployments) = (count("incidents")?, count("cicd_deployment_commits")?);
    ensure!(incidents >= LINKED, "there are {incidents} incidents only");
    Figures::heading(&format!("Five DORA panels, {incidents} incidents, {deployments} deployments:"));

    let to = company.demo.end;
    let chosen = Literals { from: to - TimeDelta::days(days), to, team: None, service: None };
    let panels: Vec<panels::Panel> = dashboards()?.into_iter().flat_map(|dashboard| dashboard.panels).collect();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for (name, statement) in PEER {
        let panel = panels.iter().find(|panel| panel.name == name).with_context(|| format!("the panel {name}"))?;
        let [from, to] = [chosen.from, chosen.to].map(|at| format!("timestamptz '{}'", at.to_rfc3339()));
        let statement = statement.replace("FROM_TIME", &from).replace("TO_TIME", &to);
        let one = bi::millis(running, &begin, &panel.sql(&chosen))?;
        let other = bi::millis(running, "set search_path = peer", &statement)?;
        Figures::note(&format!("{name}: {one:.1} ms, the peer {other:.1} ms"));
        ours += one;
        theirs += other;
    }
    let link = bi::millis(running, "set search_path = peer", LINK)? / LINKED * incidents;
    Figures::note(&format!(
        "the panels alone: {ours:.0} ms, the peer {theirs:.0} ms, {:.1} times as long; it links incidents in {:.0} s (from \
         {LINKED} of them), and the analytics views are filled in {refreshed:.0} s",
        theirs / ours,
        link / 1_000.0
    ));
    figures.at_least(
        "as fast as a peer that links incidents to deployments by SQL",
        (theirs + link) / ours,
        100.0,
        "×",
    );
    company.running.stop().await
}
