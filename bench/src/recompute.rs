//! A full recompute of many commits and deployments that are in the store.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use chrono::DateTime;
use sei::demo::{Demo, Scale};

use crate::figures::{Figures, median};
use crate::machine::{Machine, Running};
use crate::process;

const COMMITS: u32 = 1_000_000;
const DEPLOYMENTS: u32 = 10_000;
/// What the generator is asked for to make that many: some changes are not merged, some deployments are not to
/// production.
const ASKED: (u32, u32) = (1_070_000, 36_000);

/// How often one worker and two take turns.
const TURNS: usize = 3;

/// Measures it.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let data = machine.data("recompute-data")?;
    let running = Running::start(&data).await?;
    let end = DateTime::from_timestamp(1_790_000_000, 0).context("the end of the history")?;
    running.fill(Demo { seed: 1, end, scale: Scale::benchmark(ASKED.0, ASKED.1) }.facts()).await?;
    running.rest()?;
    Figures::heading("A full recompute from the store (PostgreSQL runs already), the whole process:");
    for (name, what) in [("first", "every row is written"), ("again", "no row differs")] {
        let needed = process::run(machine.sei(&data).args(["--json", "dora", "recompute", "--full"]), true)?;
        let summary: serde_json::Value = serde_json::from_slice(&needed.output)?;
        let number = |name: &str| summary.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default();
        ensure!(
            number("commits") >= u64::from(COMMITS) && number("deployments") >= u64::from(DEPLOYMENTS),
            "the history is too small: {summary}"
        );
        Figures::note(&format!(
            "{name} ({what}): {} commits, {} deployments, {} changes, {} rows written; {:.2} s of it computing",
            number("commits"),
            number("deployments"),
            number("changes"),
            number("written"),
            process::elapsed(&summary)
        ));
        figures.at_most(&format!("sei dora recompute --full, {name}"), needed.seconds, 5.0, "s");
        figures.at_most(&format!("sei dora recompute --full, {name}, peak memory"), needed.peak_mb, 1_500.0, "MB");
    }
    workers(machine, &data, figures)?;
    running.stop().await
}

/// Measures one worker and two, taking turns.
fn workers(machine: &Machine, data: &Path, figures: &mut Figures) -> Result<()> {
    let once = |workers: u32| -> Result<f64> {
        let set = format!("dora.workers={workers}");
        let needed =
            process::run(machine.sei(data).args(["--json", "--set", &set, "dora", "recompute", "--full"]), true)?;
        Ok(process::elapsed(&serde_json::from_slice(&needed.output)?))
    };
    let mut seconds = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        seconds.0.push(once(1)?);
        seconds.1.push(once(2)?);
    }
    let (alone, paired) = (median(seconds.0), median(seconds.1));
    Figures::note(&format!(
        "no row differs: one worker {alone:.2} s, two {paired:.2} s computing, medians of {TURNS} turns"
    ));
    figures.at_least("as fast with two workers as with one", alone / paired, 1.5, "×");
    Ok(())
}
