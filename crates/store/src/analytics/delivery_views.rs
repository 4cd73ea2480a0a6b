//! Views of delivery: deployments, changes with their stages, incidents and runs of pipelines.

use kernel::catalog::field_texts;
use kernel::{Change, ChangeMetric, Deployment, DeploymentMetric, Incident, IncidentMetric, PipelineRun, Review};

use super::view::{OfFact, OfMetricFact, View, ViewColumn, between, column, duration, hex, may_see, owners};

/// The views of delivery.
pub(super) fn views() -> Vec<View> {
    vec![deployment(), change(), deployed_change(), review(), incident(), pipeline_run()]
}

fn deployment() -> View {
    let (metric, fact) = (OfMetricFact::new("m", field_texts::<DeploymentMetric>()), OfFact::new::<Deployment>("d"));
    let mut columns = vec![metric.named("deployment", "deployment_id", "text")];
    columns.extend(owners("m.service", "s"));
    columns.push(metric.named("repository", "repository", "text").to("repository", "repository"));
    columns.extend(metric.all(&[("environment", "text"), ("name", "text")]));
    columns.push(column("sha", "text", hex("m.sha"), &metric.text("sha")).to("commit", "sha"));
    columns.extend(metric.all(&[("url", "text"), ("source", "text"), ("kind", "text")]));
    columns.push(fact.named("started_at", "started_at"));
    columns.extend(metric.all(&[("finished_at", "timestamp with time zone"), ("success", "boolean")]));
    columns.push(metric.named("previous", "previous_id", "text").to("deployment", "deployment_id"));
    columns.push(metric.named("rollout", "rollout_id", "text").to("deployment", "deployment_id"));
    columns.extend(metric.all(&[
        ("counted", "boolean"),
        ("commits", "integer"),
        ("changes", "integer"),
        ("failed", "boolean"),
    ]));
    columns.push(metric.evidence("failed_by", "failed_because"));
    columns.push(metric.named("recovered_at", "recovered_at", "timestamp with time zone"));
    columns.push(metric.evidence("recovered_by", "recovered_because"));
    columns.extend(duration(
        ("recovery_time", "recovery_seconds"),
        &format!("case when m.failed then {} end", between("m.finished_at", "m.recovered_at")),
        "Finished to recovered, of one that failed.",
    ));
    columns.push(metric.named("rework", "rework", "boolean"));
    columns.push(metric.evidence("rework_by", "rework_because"));
    View {
        name: "deployment",
        comment: "One row a production deployment of a service, with its verdict and the evidence for it.",
        key: &["service", "deployment_id", "finished_at"],
        columns,
        from: format!(
            "deployment_metric m left join deployment d on d.id = m.deployment
             left join analytics_service s on s.name = m.service where {}",
            may_see("m.service")
        ),
    }
}

/// The stages of lead time.
fn stages(metric: &OfMetricFact) -> Vec<ViewColumn> {
    let stages = [
        ("coding_us", ("coding_time", "coding_seconds")),
        ("pickup_us", ("pickup_time", "pickup_seconds")),
        ("review_us", ("review_time", "review_seconds")),
        ("approval_us", ("approval_time", "approval_seconds")),
        ("deploy_us", ("deploy_time", "deploy_seconds")),
        ("lead_time_us", ("lead_time", "lead_time_seconds")),
    ];
    stages
        .into_iter()
        .flat_map(|(stored, names)| duration(names, &format!("m.{stored}"), &metric.text(stored)))
        .collect()
}

/// What a deployment carried: the columns that changes and direct commits have.
fn carried(metric: &OfMetricFact) -> Vec<ViewColumn> {
    let mut columns = vec![
        metric.named("deployment", "deployment_id", "text").to("deployment", "deployment_id"),
        metric.named("deployed_at", "deployed_at", "timestamp with time zone"),
        metric.named("started_at", "started_at", "timestamp with time zone"),
        metric.named("first_review_at", "first_review_at", "timestamp with time zone"),
        metric.named("approved_at", "approved_at", "timestamp with time zone"),
    ];
    columns.extend(stages(metric));
    columns.push(metric.named("excluded", "excluded", "boolean"));
    columns
}

fn change() -> View {
    let (fact, metric) = (OfFact::new::<Change>("c"), OfMetricFact::new("m", field_texts::<ChangeMetric>()));
    let mut columns = vec![fact.named("id", "change_id")];
    columns.extend(owners("r.service", "s"));
    columns.push(fact.named("repository", "repository").to("repository", "repository"));
    columns.extend(fact.all(&["number", "title", "url", "state"]));
    columns.push(fact.named("author", "author").of_people());
    columns.extend(fact.all(&["source_branch", "target_branch", "head_sha"]));
    columns.push(fact.named("merge_sha", "merge_sha").to("commit", "sha"));
    columns.extend(fact.all(&["opened_at", "ready_at", "merged_at", "closed_at", "additions", "deletions", "labels"]));
    columns.push(fact.named("reverts", "reverts_id").to("change", "change_id"));
    columns.extend(carried(&metric));
    View {
        name: "change",
        comment: "One row a pull or merge request and service, with the stages of its lead time if it was deployed.",
        key: &["change_id", "service"],
        columns,
        from: format!(
            "change c left join analytics_repository r on r.repository = c.repository
             left join analytics_service s on s.name = r.service
             left join change_metric m on m.change = c.id and m.service = r.service
             where not c.deleted and {}",
            may_see("r.service")
        ),
    }
}

fn deployed_change() -> View {
    let metric = OfMetricFact::new("m", field_texts::<ChangeMetric>());
    let mut columns = vec![metric.named("change", "change_id", "text").to("change", "change_id")];
    columns.extend(owners("m.service", "s"));
    columns.push(metric.named("repository", "repository", "text").to("repository", "repository"));
    columns.extend(metric.all(&[("is_commit", "boolean"), ("title", "text")]));
    columns.push(metric.named("author", "author", "text").of_people());
    columns.extend(metric.all(&[
        ("bot", "boolean"),
        ("commits", "integer"),
        ("opened_at", "timestamp with time zone"),
        ("ready_at", "timestamp with time zone"),
        ("merged_at", "timestamp with time zone"),
    ]));
    columns.extend(carried(&metric));
    View {
        name: "deployed_change",
        comment: "One row a change or direct commit that a deployment of a service carried, with the stages of its lead \
                  time.",
        key: &["service", "change_id", "deployed_at"],
        columns,
        from: format!(
            "change_metric m left join analytics_service s on s.name = m.service where {}",
            may_see("m.service")
        ),
    }
}

fn review() -> View {
    let fact = OfFact::new::<Review>("w");
    let mut columns = vec![fact.named("id", "review_id"), fact.named("change", "change_id").to("change", "change_id")];
    columns.extend(owners("r.service", "s"));
    columns.push(OfFact::new::<Change>("c").named("repository", "repository").to("repository", "repository"));
    columns.push(fact.named("reviewer", "reviewer").of_people());
    columns.extend(fact.all(&["state", "submitted_at"]));
    View {
        name: "review",
        comment: "One row a review of a change, or a comment on it, and service. Also those by bots and by the author.",
        key: &["review_id", "service"],
        columns,
        from: format!(
            "review w join change c on c.id = w.change and not c.deleted
             left join analytics_repository r on r.repository = c.repository
             left join analytics_service s on s.name = r.service where {}",
            may_see("r.service")
        ),
    }
}

fn incident() -> View {
    let (fact, metric) = (OfFact::new::<Incident>("i"), OfMetricFact::new("m", field_texts::<IncidentMetric>()));
    let mut columns = vec![fact.named("id", "incident_id")];
    columns.extend(owners("coalesce(m.service, i.service)", "s"));
    columns.push(fact.named("repository", "repository").to("repository", "repository"));
    columns.extend(fact.all(&["title", "severity", "url", "detected_at", "acknowledged_at", "resolved_at"]));
    columns.extend(duration(
        ("time_to_restore", "time_to_restore_seconds"),
        "m.restore_us",
        &metric.text("restore_us"),
    ));
    columns.push(metric.named("deployment", "deployment_id", "text").to("deployment", "deployment_id"));
    columns.extend(fact.all(&["caused_by_deployment", "caused_by_change", "external_cause", "fixed_by_deployment"]));
    View {
        name: "incident",
        comment: "One row an incident and service. One without a service is of none that is known.",
        key: &["incident_id", "service"],
        columns,
        from: format!(
            "incident i left join incident_metric m on m.incident = i.id
             left join analytics_service s on s.name = coalesce(m.service, i.service)
             where not i.deleted and {}",
            may_see("coalesce(m.service, i.service)")
        ),
    }
}

fn pipeline_run() -> View {
    let fact = OfFact::new::<PipelineRun>("p");
    let mut columns = vec![fact.named("id", "run_id")];
    columns.extend(owners("r.service", "s"));
    columns.push(fact.named("repository", "repository").to("repository", "repository"));
    columns.push(fact.named("name", "name"));
    columns.push(fact.named("sha", "sha").to("commit", "sha"));
    columns.extend(fact.all(&[
        "branch",
        "tag",
        "pull_request",
        "attempt",
        "queued_at",
        "started_at",
        "finished_at",
        "outcome",
        "url",
    ]));
    columns.extend(duration(
        ("queue_time", "queue_seconds"),
        &between("p.queued_at", "p.started_at"),
        "Queued to started.",
    ));
    columns.extend(duration(
        ("duration", "duration_seconds"),
        &between("p.started_at", "p.finished_at"),
        "Started to finished.",
    ));
    View {
        name: "pipeline_run",
        comment: "One row a run of a pipeline and service.",
        key: &["run_id", "service"],
        columns,
        from: format!(
            "pipeline_run p left join analytics_repository r on r.repository = p.repository
             left join analytics_service s on s.name = r.service where {}",
            may_see("r.service")
        ),
    }
}
