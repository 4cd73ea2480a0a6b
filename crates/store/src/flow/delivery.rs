//! Deployments, what they carried, and incidents, as the engine computed them.

use kernel::DeploymentKind;

use super::change::{WriterRow, writers_of};
use super::read::{Extent, ReadPart, each, opt_text, rows, text};
use crate::metric_rows::{RULES, Rules};
use crate::{StoreError, StoreTx};

/// A change or commit that was deployed in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeployedRow<'r> {
    /// The service.
    pub service: &'r str,
    /// Its repository.
    pub repository: &'r str,
    /// Who wrote it.
    pub author: Option<&'r str>,
    /// The change, or the commit, that it is.
    pub id: &'r str,
    /// The branch that it comes from.
    pub branch: Option<&'r str>,
    /// Its title.
    pub title: &'r str,
    /// Its labels.
    pub labels: Vec<String>,
    /// The deployment that carried it.
    pub deployment: &'r str,
    /// When it was deployed.
    pub deployed: i64,
    /// Lead time.
    pub lead_time: Option<i64>,
    /// Its stages: coding, pickup, review, approval, deploy.
    pub stages: [Option<i64>; 5],
}

/// A production deployment that finished in the span, or recovered in it, or was not recovered before it.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are columns")]
pub struct DeploymentRow {
    /// Its id.
    pub id: String,
    /// The service.
    pub service: String,
    /// The repository whose code it is.
    pub repository: Option<String>,
    /// When it finished.
    pub finished: i64,
    /// It counts as a deployment.
    pub counted: bool,
    /// Its outcome is success.
    pub success: bool,
    /// How it relates to the one before it.
    pub kind: DeploymentKind,
    /// The deployment of the same rollout that it is counted with, if that is another.
    pub rollout: Option<String>,
    /// The production environment.
    pub environment: Option<String>,
    /// It failed.
    pub failed: bool,
    /// When service was restored.
    pub recovered: Option<i64>,
    /// It is rework: unplanned, to fix a user-facing fault.
    pub rework: bool,
    /// The rules that say so.
    pub rules: Rules,
}

/// When the code of a repository was deployed first for a service, over all time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstDeploymentRow {
    /// The service.
    pub service: String,
    /// The repository.
    pub repository: Option<String>,
    /// When, of the deployments that count.
    pub at: i64,
}

/// An incident that was open in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncidentRow {
    /// The service.
    pub service: String,
    /// As its source has it.
    pub severity: Option<String>,
    /// When it was noticed.
    pub detected: i64,
    /// When service was restored.
    pub resolved: Option<i64>,
    /// Detected → resolved.
    pub restore: Option<i64>,
    /// The deployment that caused it.
    pub deployment: Option<String>,
    /// When the deployment finished that it failed.
    pub failed_deployment: Option<i64>,
}

/// The changes and commits that are asked for.
fn deployed_of(part: &ReadPart) -> String {
    let condition = part.condition(&[Extent::At("m.deployed_at")], "m.service", Some("m.change"));
    format!("{condition} and not m.excluded")
}

/// Changes and commits that were deployed in the span and count for lead time.
pub async fn deployed(
    tx: &mut StoreTx,
    part: &ReadPart,
    mut take: impl FnMut(DeployedRow<'_>),
) -> Result<(), StoreError> {
    let statement = format!(
        "select m.service, m.repository, m.author, m.change, c.source_branch, coalesce(c.title, m.title),
                coalesce(c.labels, '{{}}'), m.deployment,
                m.deployed_at, m.lead_time_us, m.coding_us, m.pickup_us, m.review_us, m.approval_us, m.deploy_us
         from change_metric m left join change c on c.id = m.change
         where {}",
        deployed_of(part)
    );
    each(tx, part, &statement, |row| {
        take(DeployedRow {
            service: row.text()?,
            repository: row.text()?,
            author: row.opt_text()?,
            id: row.text()?,
            branch: row.opt_text()?,
            title: row.text()?,
            labels: row.texts()?,
            deployment: row.text()?,
            deployed: row.micros()?,
            lead_time: row.opt_i64()?,
            stages: [row.opt_i64()?, row.opt_i64()?, row.opt_i64()?, row.opt_i64()?, row.opt_i64()?],
        });
        Ok(())
    })
    .await
}

/// Who wrote the commits of the changes that were deployed in the span.
pub async fn writers_of_deployed(
    tx: &mut StoreTx,
    part: &ReadPart,
    take: impl FnMut(WriterRow<'_>),
) -> Result<(), StoreError> {
    let deployed = format!("c.id in (select m.change from change_metric m where {})", deployed_of(part));
    writers_of(tx, part, &deployed, take).await
}

/// Production deployments that finished in the span, and failed ones that were open in it; oldest first.
pub async fn deployments(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<DeploymentRow>, StoreError> {
    let until_recovered = Extent::Between(
        "finished_at",
        "case when not failed then finished_at
              when recovered_at is not null then greatest(finished_at, recovered_at) end",
    );
    let statement = format!(
        "select deployment, service, repository, finished_at, counted, success, kind, rollout, environment, failed,
                recovered_at, rework, {RULES}
         from deployment_metric
         where {}
         order by finished_at, deployment",
        part.condition(&[until_recovered], "service", None)
    );
    rows(tx, part, &statement, |row| {
        Ok(DeploymentRow {
            id: text(row)?,
            service: text(row)?,
            repository: opt_text(row)?,
            finished: row.micros()?,
            counted: row.bool()?,
            success: row.bool()?,
            kind: row.word()?,
            rollout: opt_text(row)?,
            environment: opt_text(row)?,
            failed: row.bool()?,
            recovered: row.opt_micros()?,
            rework: row.bool()?,
            rules: Rules::read(row)?,
        })
    })
    .await
}

/// The first deployments of services, of each of their repositories, before the end of the span.
pub async fn first_deployments(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<FirstDeploymentRow>, StoreError> {
    let statement = format!(
        "select service, repository, min(finished_at) from deployment_metric
         where counted and {} group by service, repository",
        part.condition(&[Extent::Between("finished_at", "null::timestamptz")], "service", None)
    );
    rows(tx, part, &statement, |row| {
        Ok(FirstDeploymentRow { service: text(row)?, repository: opt_text(row)?, at: row.micros()? })
    })
    .await
}

/// Incidents that were open in the span, and those that failed a deployment that finished in it.
pub async fn incidents(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<IncidentRow>, StoreError> {
    // a clock may have run backwards in between
    let open = Extent::Between("least(i.detected_at, i.resolved_at)", "i.resolved_at");
    let statement = format!(
        "select i.service, i.severity, i.detected_at, i.resolved_at, i.restore_us, i.deployment, d.finished_at
         from incident_metric i
         left join deployment_metric d on d.service = i.service and d.deployment = i.deployment and d.failed
         where {}",
        part.condition(&[open, Extent::At("d.finished_at")], "i.service", None)
    );
    rows(tx, part, &statement, |row| {
        Ok(IncidentRow {
            service: text(row)?,
            severity: opt_text(row)?,
            detected: row.micros()?,
            resolved: row.opt_micros()?,
            restore: row.opt_i64()?,
            deployment: opt_text(row)?,
            failed_deployment: row.opt_micros()?,
        })
    })
    .await
}
