//! `sei collect git` beside `git log` on the same history, taking turns.

use std::process::Command;

use anyhow::{Context, Result};

use crate::figures::{Figures, median};
use crate::history::{self, COMMITS, TAGS};
use crate::machine::{Machine, Running};
use crate::process;

const RUNS: usize = 5;

/// What is compared: the options of `sei collect git`, those of `git log`, and how many times as long it may
/// take.
const KINDS: [(&str, &[&str], &[&str], f64); 2] = [
    ("without line counts", &[], &["--format=%H %P %at %ct %ae"], 2.0),
    ("with line counts", &["--line-counts"], &["--numstat"], 1.0),
];

/// Measures it.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let repository = machine.path("history.git");
    history::make(&repository)?;
    let data = machine.data("git-data")?;
    let running = Running::start(&data).await?;
    Figures::heading(&format!(
        "Collecting a git history of {COMMITS} commits and {TAGS} tags into the log (PostgreSQL runs already), \
         medians of {RUNS} runs by turns:"
    ));
    for (kind, (name, options, log, limit)) in KINDS.into_iter().enumerate() {
        let mut ours = Vec::new();
        let mut inside = Vec::new();
        let mut gits = Vec::new();
        let mut peak = 0_f64;
        for run in 0..RUNS {
            // what one tenant has collected is news to another
            let tenant = format!("run_{kind}_{run}");
            process::run(machine.sei(&data).args(["tenant", "create", &tenant]), false)?;
            let mut git = Command::new("git");
            git.current_dir(&repository).args(["log", "--all"]).args(log);
            gits.push(process::run(&mut git, false)?.seconds);
            let mut sei = machine.sei(&data);
            sei.args(["--json", "collect", "git", "--no-wait", "--tenant", &tenant]).args(options).arg(&repository);
            let needed = process::run(&mut sei, true)?;
            inside.push(checked_seconds(&needed.output)?);
            ours.push(needed.seconds);
            peak = peak.max(needed.peak_mb);
        }
        let (ours, gits) = (median(ours), median(gits));
        Figures::note(&format!(
            "{name}: sei {ours:.2} s ({:.2} s of it collecting), git log --all {} {gits:.2} s",
            median(inside),
            log.join(" ")
        ));
        figures.at_most(&format!("sei collect git {name}, to git log"), ours / gits, limit, "×");
        figures.at_most(&format!("sei collect git {name}, peak memory"), peak, 500.0, "MB");
    }
    running.stop().await
}

/// The seconds that a collection gives itself, once it has reported the whole history.
fn checked_seconds(output: &[u8]) -> Result<f64> {
    let summaries: serde_json::Value = serde_json::from_slice(output)?;
    let number = |pointer: &str| summaries.pointer(pointer).and_then(serde_json::Value::as_u64);
    anyhow::ensure!(number("/0/commits") == Some(u64::from(COMMITS)), "not the whole history: {summaries}");
    Ok(process::elapsed(summaries.get(0).context("there is a summary")?))
}
