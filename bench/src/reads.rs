//! Questions to a company of 300 services with 300,000 changes and 60,000 deployments, as the API asks them: over rows
//! that are held in memory, without and with answers that were given before. `reads=10` takes a tenth of it.

use std::time::Instant;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use dora::{Interval, MetricSettings, Question, ReportQuery, Slice, Snapshots};
use store::Store;

use crate::company::Company;
use crate::figures::{Figures, median};
use crate::machine::Machine;
use crate::served;

/// How often each question is asked.
const TIMES: usize = 5;
const MEMORY: usize = 512 << 20;

/// The limits of a question in milliseconds: without and with its answer given before.
type Limits = (f64, f64);

const ONE: Limits = (100.0, 5.0);
const DASHBOARD: Limits = (1_000.0, 20.0);

/// Measures it at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    let company = Company::new(machine, percent).await?;
    Figures::heading(&format!("Questions at {percent} % of 300 services, 300,000 changes, 60,000 deployments:"));
    let settings = sei::settings::Settings::default();
    let metrics = MetricSettings { dora: &settings.dora, custom: &[] };
    let (store, end) = (company.store(), company.demo.end);
    let asker = Asker { store: &store, snapshots: Snapshots::new(metrics, MEMORY), figures, end };
    asker.ask(&dora::definitions(&[])?).await?;
    served::measure(machine, figures, company).await
}

struct Asker<'a> {
    store: &'a Store,
    snapshots: Snapshots,
    figures: &'a mut Figures,
    end: DateTime<Utc>,
}

impl Asker<'_> {
    async fn ask(mut self, all: &[dora::Definition]) -> Result<()> {
        let names: Vec<&str> = all.iter().map(|metric| metric.name.as_str()).collect();
        let dashboard = names.get(..40).context("there are 40 metrics")?;
        let begun = Instant::now();
        self.snapshots.ask(self.store, dashboard, &self.question(0, None)).await?;
        Figures::note(&format!("40 metrics when nothing is in memory: {:.0} ms", millis(begun)));

        let report = |asker: &Self, nth: i64, days: i64, interval: Interval| {
            let to = asker.end - TimeDelta::seconds(nth);
            let (from, to, interval) = (Some(to - TimeDelta::days(days)), Some(to), Some(interval));
            ReportQuery { from, to, interval, ..ReportQuery::default() }
        };
        for (what, days, interval) in
            [("the report of 90 days", 90, Interval::Week), ("the report of a year by week", 365, Interval::Week)]
        {
            let mut times = (Vec::new(), Vec::new());
            for nth in 0..TIMES {
                let query = report(&self, i64::try_from(nth)?, days, interval);
                for times in [&mut times.0, &mut times.1] {
                    let begun = Instant::now();
                    self.snapshots.report(self.store, &query).await?;
                    times.push(millis(begun));
                }
            }
            self.figure(what, times, ONE);
        }
        let mut slowest = (0.0, "");
        for metric in all.iter().filter(|metric| metric.slices.contains(&Slice::Team)) {
            let times = self.metrics(&[&metric.name], Some(Slice::Team)).await?;
            let middle = median(times.0.clone());
            if middle > slowest.0 {
                slowest = (middle, &metric.name);
            }
            self.figure(&format!("{} by team", metric.name), times, ONE);
        }
        Figures::note(&format!("the slowest metric by team is {} with {:.0} ms", slowest.1, slowest.0));
        let times = self.metrics(dashboard, None).await?;
        self.figure("a dashboard of 40 metrics", times, DASHBOARD);
        Ok(())
    }

    /// A question about 90 days; each number asks about others.
    fn question(&self, nth: i64, by: Option<Slice>) -> Question {
        let to = self.end - TimeDelta::seconds(nth);
        Question { from: Some(to - TimeDelta::days(90)), to: Some(to), by, ..Question::default() }
    }

    async fn metrics(&self, names: &[&str], by: Option<Slice>) -> Result<(Vec<f64>, Vec<f64>)> {
        let mut times = (Vec::new(), Vec::new());
        for nth in 1..=TIMES {
            let question = self.question(i64::try_from(nth)?, by);
            for times in [&mut times.0, &mut times.1] {
                let begun = Instant::now();
                self.snapshots.ask(self.store, names, &question).await?;
                times.push(millis(begun));
            }
        }
        Ok(times)
    }

    fn figure(&mut self, what: &str, (first, again): (Vec<f64>, Vec<f64>), (limit, limit_again): Limits) {
        self.figures.at_most(what, median(first), limit, "ms");
        self.figures.at_most(&format!("{what}, again"), median(again), limit_again, "ms");
    }
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1_000.0
}
