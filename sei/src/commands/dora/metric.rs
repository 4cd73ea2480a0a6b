//! `sei dora metric` and `sei dora metrics`: metrics by name.

use anyhow::Result;
use api::person_views::PersonView;
use api::questions::MetricQuestion;
use chrono::Utc;
use clap::Args;
use dora::{Budget, MetricAnswer, MetricPart, MetricSettings, Slice, Unit};

use super::window;
use crate::actor::actor;
use crate::cli::{ForTenant, Global, Usage};
use crate::machine::with;
use crate::settings::Settings;
use crate::{output, report};

const METRIC: &str = "\
Examples:
  sei dora metrics                                       which metrics there are
  sei dora metric change_cycle_time --by type            features, fixes, … each by itself
  sei dora metric change_throughput --team shop --window 365d --interval month --series
  sei dora metric merged_without_review --by ai --json
  sei dora metric change_cycle_time time_to_merge        several at once; with --json a list";

#[derive(Args, Debug)]
#[command(after_help = METRIC)]
pub(crate) struct Metric {
    /// Names of metrics, of those that `sei dora metrics` lists
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    question: MetricQuestion,

    /// Show the series too (JSON always does)
    #[arg(long)]
    series: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

impl Metric {
    pub(super) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        window::check(&self.question.span, settings.dora.time_zone, Utc::now())?;
        Box::pin(with(settings, async |machine| {
            let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
            let settings = MetricSettings { dora: &machine.settings.dora, custom: &machine.settings.metric };
            let about = self.question.services.question();
            let asked = dora::asked_services(&store, settings, &about);
            let first = self.question.span.first_deployment_at(asked).await?;
            // the command line works for the one who asks, so it has no budget
            let question =
                self.question.query(settings.dora.time_zone, first, Budget::default()).map_err(Usage::from)?;
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            // what can't be audited is not shown
            if let Some(view) = PersonView::of_metrics(&names, &self.question) {
                view.record(&store, actor(), None).await?;
            }
            let answers = dora::ask(&store, settings, &names, &question).await?;
            match &answers[..] {
                [answer] if global.json => return output::print_json(answer),
                answers if global.json => return output::print_json(&answers),
                _ => {}
            }
            let heading = if demo { format!("{}\n", output::DEMO) } else { String::new() };
            let texts: Vec<String> = answers.iter().map(|answer| text(answer, self.series)).collect();
            output::print(&format!("{heading}{}", texts.join("\n\n")))
        }))
        .await
    }
}

/// Prints which metrics there are.
pub(super) fn list(settings: &Settings, global: &Global) -> Result<()> {
    let all = dora::definitions(&settings.metric)?;
    if global.json {
        return output::print_json(&all);
    }
    let mut table = output::table(&["metric", "about", "definition"]);
    for metric in all {
        table.add_row([metric.name, metric.group.to_owned(), metric.definition]);
    }
    output::print(&table.to_string())
}

fn text(answer: &MetricAnswer, series: bool) -> String {
    let day = |at: chrono::DateTime<Utc>| at.with_timezone(&answer.time_zone).format("%Y-%m-%d");
    let (window, metric) = (answer.window, &answer.metric);
    let mut lines = vec![
        format!("{}, {} to {} ({})", metric.title, day(window.from), day(window.to), answer.time_zone),
        metric.definition.clone(),
    ];
    let names = answer.whole.values.iter().map(|value| value.name.as_str());
    let first = answer.by.map_or("", Slice::as_str);
    let compared: &[&str] = if answer.whole.compared.is_some() { &["before", "change"] } else { &[] };
    let headings: Vec<&str> =
        std::iter::once(first).chain(names).chain(["n"]).chain(compared.iter().copied()).collect();
    let mut table = output::table(&headings);
    for part in std::iter::once(&answer.whole).chain(&answer.slices) {
        table.add_row(row(part));
    }
    lines.push(table.to_string());
    lines.extend(caveats(answer));
    if series {
        let parts: Vec<&MetricPart> = std::iter::once(&answer.whole).chain(&answer.slices).collect();
        let headings = parts.iter().map(|part| part.slice.as_deref().unwrap_or("all"));
        let headings: Vec<&str> = std::iter::once(answer.interval.as_str()).chain(headings).collect();
        let mut table = output::table(&headings);
        for (nth, point) in answer.whole.series.iter().enumerate() {
            let cell = |part: &&MetricPart| {
                let value = part.series.get(nth).and_then(|point| point.value);
                value.map_or_else(|| "–".to_owned(), |value| metric.unit.text(value))
            };
            table.add_row(std::iter::once(point.label.clone()).chain(parts.iter().map(cell)));
        }
        lines.push(table.to_string());
    }
    lines.join("\n")
}

/// What a reader must know: of the whole, then what only parts have, a line each.
fn caveats(answer: &MetricAnswer) -> Vec<String> {
    let whole = answer.whole.caveats.iter().map(|caveat| caveat.text.clone());
    let mut lines: Vec<String> = whole.chain(report::evidence(&answer.whole.basis)).collect();
    for part in &answer.slices {
        for caveat in &part.caveats {
            let named = part.slice.as_deref().map_or_else(String::new, |slice| format!("{slice}: "));
            // what is true of the whole stands there
            if !answer.whole.caveats.contains(caveat) {
                lines.push(format!("{named}{}", caveat.text));
            }
        }
    }
    lines
}

fn row(part: &MetricPart) -> Vec<String> {
    let values = part.values.iter().map(|value| value.text.clone().unwrap_or_else(|| "–".to_owned()));
    let name = part.slice.clone().unwrap_or_else(|| "all".to_owned());
    let compared = part.compared.iter().flat_map(|compared| {
        let before = compared.text.clone().unwrap_or_else(|| "–".to_owned());
        [before, compared.change.map_or_else(|| "–".to_owned(), |change| Unit::Ratio.text(change))]
    });
    std::iter::once(name).chain(values).chain([part.n.to_string()]).chain(compared).collect()
}
