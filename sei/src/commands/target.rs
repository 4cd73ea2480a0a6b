//! `sei target`: what metrics should be.

use anyhow::{Context, Result, anyhow};
use api::targets::{self, SentTarget, TargetRules};
use api::{Changer, Problem};
use clap::Subcommand;
use dora::{MetricSettings, Question};
use kernel::TargetBound;
use serde_json::json;
use store::Store;
use store::targets::TargetRow;

use super::identity::ROWS;
use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei target list
  sei target set change_lead_time 172800 --team Checkout --note 'Within two days'
  sei target set changes_in_progress 5 --bound at_most --team Checkout
  sei target remove change_lead_time --team Checkout";

/// List, set and remove targets: what teams, and the organization, have agreed metrics should be
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum TargetCommand {
    /// List all targets of a tenant
    List {
        #[command(flatten)]
        tenant: ForTenant,
    },
    /// Set the target for a metric, in place of the one before
    Set {
        /// The metric's name (see `sei dora metrics`)
        metric: String,

        /// What it should be, in its unit: seconds, a share from 0 to 1, or a number
        value: f64,

        /// The side of the value that meets it: `at_most` or `at_least`. Without it the side that is better
        #[arg(long, value_name = "BOUND")]
        bound: Option<TargetBound>,

        /// What was agreed, in words
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,

        /// The team that agreed on it; the organization without it
        #[arg(long, value_name = "NAME")]
        team: Option<String>,

        #[command(flatten)]
        tenant: ForTenant,
    },
    /// Remove the target for a metric
    Remove {
        /// The metric's name
        metric: String,

        /// The team that agreed on it; the organization without it
        #[arg(long, value_name = "NAME")]
        team: Option<String>,

        #[command(flatten)]
        tenant: ForTenant,
    },
}

impl TargetCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let by = Changer { actor: actor(), address: None };
        with(settings, async |machine| match self {
            Self::List { tenant } => {
                let (store, _) = machine.tenant(&tenant.tenant).await?;
                list(&store, global).await
            }
            Self::Set { metric, value, bound, note, team, tenant } => {
                let (store, _) = machine.tenant(&tenant.tenant).await?;
                let sent = SentTarget { value: *value, bound: *bound, note: note.clone() };
                if team.is_some() {
                    // fails for one that is not known
                    let question = Question { team: team.clone(), ..Question::default() };
                    let built_in = MetricSettings { dora: &machine.settings.dora, custom: &[] };
                    dora::asked_services(&store, built_in, &question).await?;
                }
                let metrics = dora::definitions(&machine.settings.metric)?;
                let asked = (team.as_deref(), metric.as_str());
                let target = TargetRules { metrics: &metrics }.read(asked, &sent).map_err(in_words)?;
                let row = targets::set(&store, &by, target).await.map_err(in_words)?;
                if global.json {
                    return output::print_json(&as_json(&row));
                }
                output::print(&format!("`{metric}` should be {} {}", in_text(row.bound), row.value))
            }
            Self::Remove { metric, team, tenant } => {
                let (store, _) = machine.tenant(&tenant.tenant).await?;
                targets::remove(&store, &by, team.as_deref(), metric).await.map_err(in_words)?;
                output::print(&format!("the target for `{metric}` is removed"))
            }
        })
        .await
    }
}

fn in_words(problem: Problem) -> anyhow::Error {
    anyhow!(problem.detail)
}

const fn in_text(bound: TargetBound) -> &'static str {
    match bound {
        TargetBound::AtMost => "at most",
        TargetBound::AtLeast => "at least",
    }
}

fn as_json(target: &TargetRow) -> serde_json::Value {
    json!({
        "team": target.team, "metric": target.metric, "bound": target.bound, "value": target.value,
        "note": target.note, "changed_at": target.changed_at,
    })
}

async fn list(store: &Store, global: &Global) -> Result<()> {
    let mut all: Vec<TargetRow> = Vec::new();
    loop {
        let after = all.last().map(|target| (target.team.clone().unwrap_or_default(), target.metric.clone()));
        let after = after.as_ref().map(|(team, metric)| (team.as_str(), metric.as_str()));
        let rows = store::targets::list(store, None, after, ROWS).await.context("can't list targets")?;
        if rows.is_empty() {
            break;
        }
        all.extend(rows);
    }
    if global.json {
        return output::print_json(&all.iter().map(as_json).collect::<Vec<_>>());
    }
    if all.is_empty() {
        return output::print("there is no target");
    }
    let mut table = output::table(&["team", "metric", "target", "note"]);
    for TargetRow { team, metric, bound, value, note, .. } in all {
        let team = team.unwrap_or_else(|| "(organization)".to_owned());
        table.add_row([team, metric, format!("{} {value}", in_text(bound)), note]);
    }
    output::print(&table.to_string())
}
