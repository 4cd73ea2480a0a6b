//! Every panel of the dashboards for BI tools over a company of 300 services, as a granted role asks it about 90 days.
//! `panels=10` takes a tenth of the company.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use panels::{Literals, dashboards};

use crate::bi;
use crate::company::Company;
use crate::figures::Figures;
use crate::machine::Machine;

/// How many of the slowest are named.
const NAMED: usize = 10;

/// Measures it at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    let company = Company::new(machine, percent).await?;
    Figures::heading(&format!(
        "Panels of BI tools at {percent} % of 300 services, 300,000 changes, 60,000 deployments:"
    ));
    let begin = bi::grant(&company.running, &company.store()).await?;
    let to = company.demo.end;
    let choice = Literals { from: to - TimeDelta::days(90), to, team: None, service: None };
    let mut times: Vec<(f64, String)> = Vec::new();
    for panel in dashboards()?.into_iter().flat_map(|dashboard| dashboard.panels) {
        let millis = bi::millis(&company.running, &begin, &panel.sql(&choice)).with_context(|| panel.name.clone())?;
        times.push((millis, panel.name));
    }
    times.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (millis, name) in times.iter().take(NAMED) {
        Figures::note(&format!("{millis:>8.1} ms  {name}"));
    }
    let slowest = times.first().context("a panel")?;
    // of a hundred panels the five slowest may be slower
    let p95 = times.get(times.len() * 5 / 100).context("a panel")?;
    figures.at_most(&format!("a panel, 95th percentile of {}", times.len()), p95.0, 300.0, "ms");
    figures.at_most(&format!("the slowest panel, {}", slowest.1), slowest.0, 1_000.0, "ms");
    company.running.stop().await
}
