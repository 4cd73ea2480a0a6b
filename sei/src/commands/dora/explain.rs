//! An explanation in words.

use chrono::{DateTime, Utc};
use dora::{CarriedCommit, ChangeExplanation, DeploymentExplanation, Explanation, Unit, reasons};
use kernel::{ChangeMetric, DeploymentMetric, Evidence, Finding};

use crate::output;

/// How many commits are listed; JSON has them all.
const MAX_COMMITS: usize = 50;

pub(super) fn text(explanation: &Explanation) -> String {
    let mut lines = Vec::new();
    for deployment in &explanation.deployments {
        describe_deployment(deployment, &mut lines);
    }
    for change in &explanation.changes {
        describe_change(change, &mut lines);
    }
    if !explanation.candidates.is_empty() {
        lines.push(format!("`{}` can mean any of these; ask again with one of the ids:", explanation.asked));
        let mut table = output::table(&["what", "id", "title", "at"]);
        for candidate in &explanation.candidates {
            table.add_row([candidate.what, &candidate.id, &candidate.title, &candidate.at.map_or(String::new(), time)]);
        }
        lines.push(table.to_string());
    }
    lines.join("\n")
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn short(sha: &kernel::Sha) -> String {
    sha.to_string().chars().take(10).collect()
}

fn describe_deployment(explanation: &DeploymentExplanation, lines: &mut Vec<String>) {
    lines.push(format!("Deployment {} of {}", explanation.deployment, explanation.service));
    lines.extend(explanation.why.iter().map(|why| format!("  {why}")));
    if let Some(metric) = &explanation.metric {
        describe_verdict(metric, lines);
    }
    if let Some(previous) = &explanation.previous {
        lines.push(format!("  before it: {} at {}", previous.deployment, time(previous.finished_at)));
    }
    describe_commits(&explanation.commits, lines);
    if !explanation.changes.is_empty() {
        lines.push(format!("changes and direct commits: {}", explanation.changes.len()));
        let mut table = output::table(&["change", "title", "coding", "pickup", "review", "deploy", "lead time"]);
        for change in explanation.changes.iter().take(MAX_COMMITS) {
            let mut row = vec![change.change.to_string(), change.title.clone()];
            row.extend(stages(change).map(|(_, text)| text));
            table.add_row(row);
        }
        lines.push(table.to_string());
        more(explanation.changes.len(), lines);
    }
    describe_findings(&explanation.findings, lines);
    lines.push(format!("  what was received: sei events of {}", explanation.deployment));
}

fn describe_change(explanation: &ChangeExplanation, lines: &mut Vec<String>) {
    lines.push(format!("Change {} of {}: {}", explanation.change, explanation.service, explanation.title));
    lines.extend(explanation.url.iter().map(|url| format!("  {url}")));
    lines.extend(explanation.why.iter().map(|why| format!("  {why}")));
    if let Some(metric) = &explanation.metric {
        let points = [
            ("first commit", metric.started_at),
            ("opened", metric.opened_at),
            ("ready", metric.ready_at),
            ("first review", metric.first_review_at),
            ("approved", metric.approved_at),
            ("merged", metric.merged_at),
            ("deployed", Some(metric.deployed_at)),
        ];
        lines.extend(points.iter().filter_map(|(name, at)| Some(format!("  {name}: {}", time((*at)?)))));
        lines.extend(stages(metric).map(|(name, text)| format!("  {name}: {text}")));
    }
    describe_commits(&explanation.commits, lines);
    describe_findings(&explanation.findings, lines);
    if explanation.metric.as_ref().is_none_or(|metric| !metric.is_commit) {
        lines.push(format!("  what was received: sei events of {}", explanation.change));
    }
}

fn describe_verdict(metric: &DeploymentMetric, lines: &mut Vec<String>) {
    lines.push(format!(
        "  finished at {}, carried {} and {}",
        time(metric.finished_at),
        output::count(metric.commits, "commit"),
        output::count(metric.changes, "change")
    ));
    let because = |reason: String, evidence: &Evidence| {
        let link = evidence.url.as_deref().map_or(String::new(), |url| format!(" ({url})"));
        format!("    {}: {reason}{link}", time(evidence.at))
    };
    if metric.failed || metric.success {
        lines.push(if metric.failed { "  it failed" } else { "  it did not fail" }.to_owned());
    }
    lines.extend(metric.failed_by.iter().map(|found| because(reasons::failed_by(found), found)));
    if let Some(at) = metric.recovered_at {
        lines.push(format!("  recovered at {}", time(at)));
        lines.extend(metric.recovered_by.iter().map(|found| because(reasons::recovered_by(found), found)));
    }
    if metric.rework {
        lines.push("  it was rework".to_owned());
        lines.extend(metric.rework_by.iter().map(|found| because(reasons::rework_by(found), found)));
    }
}

fn describe_commits(commits: &[CarriedCommit], lines: &mut Vec<String>) {
    if commits.is_empty() {
        return;
    }
    lines.push(format!("{}:", output::count(commits.len(), "commit")));
    for commit in commits.iter().take(MAX_COMMITS) {
        let change = commit.change.as_ref().map_or(String::new(), |change| format!("  [{change}]"));
        lines.push(format!("  {} {} {}{change}", short(&commit.sha), time(commit.authored_at), commit.subject));
    }
    more(commits.len(), lines);
}

fn describe_findings(findings: &[Finding], lines: &mut Vec<String>) {
    lines.extend(findings.iter().map(|finding| format!("  noticed: {}", finding.detail)));
}

fn more(count: usize, lines: &mut Vec<String>) {
    if count > MAX_COMMITS {
        lines.push(format!("  … and {} more; --json lists them all", count - MAX_COMMITS));
    }
}

/// The stages with their names, and the lead time.
fn stages(metric: &ChangeMetric) -> impl Iterator<Item = (&'static str, String)> + use<> {
    let text = |microseconds: Option<i64>| match microseconds {
        Some(microseconds) => Unit::Seconds.text(microseconds as f64 / 1e6),
        None => "–".to_owned(),
    };
    [
        ("coding", text(metric.coding_us)),
        ("pickup", text(metric.pickup_us)),
        ("review", text(metric.review_us)),
        ("deploy", text(metric.deploy_us)),
        ("lead time", text(metric.lead_time_us)),
    ]
    .into_iter()
}
