//! Metric facts as rows of COPY's binary format. The bytes of a row are also what its digest is of.

use chrono::{DateTime, Utc};
use kernel::{AccountId, ChangeMetric, DeploymentId, DeploymentMetric, IncidentMetric, RepositoryId, Sha};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::StoreError;
use crate::copy::{put, time};

/// A row, encoded but for its digest.
#[derive(Default)]
pub(super) struct Encoded {
    /// Its fields, each with its length before it.
    pub bytes: Vec<u8>,
    /// How many.
    pub fields: i16,
}

/// What has a row.
pub(super) trait Encode {
    /// The table.
    const TABLE: &'static str;
    /// Its columns, in the order of `encode`, but for the digest.
    const COLUMNS: &'static str;
    /// The columns that identify a row of a service: a time and an id.
    const KEY: (&'static str, &'static str);

    /// The column that says which chunk of what metrics are made from a row is in as well, if there is one.
    const ALSO_OF: &'static str = "''";

    /// The value of that column.
    #[expect(clippy::unnecessary_literal_bound, reason = "rows that have the column borrow it")]
    fn also_of(&self) -> &str {
        ""
    }

    /// The values of the identifying columns.
    fn key(&self) -> (DateTime<Utc>, &str);
    /// Appends the fields.
    fn encode(&self, into: &mut Encoded) -> Result<(), StoreError>;
}

impl Encoded {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.fields = 0;
    }

    /// A hash of the row.
    pub fn digest(&self) -> i64 {
        i64::from_ne_bytes(xxh3_64(&self.bytes).to_ne_bytes())
    }

    fn field(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.optional(Some(bytes))
    }

    fn optional(&mut self, bytes: Option<impl AsRef<[u8]>>) -> Result<(), StoreError> {
        match bytes {
            Some(bytes) => put(&mut self.bytes, Some(bytes.as_ref()))?,
            None => put(&mut self.bytes, None)?,
        }
        self.fields += 1;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), StoreError> {
        self.field(text.as_bytes())
    }

    fn bool(&mut self, value: bool) -> Result<(), StoreError> {
        self.field(&[u8::from(value)])
    }

    fn micros(&mut self, value: Option<i64>) -> Result<(), StoreError> {
        self.optional(value.map(i64::to_be_bytes))
    }

    fn instant(&mut self, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        self.optional(at.map(time))
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), StoreError> {
        // the version of the format, then text
        let mut bytes = vec![1];
        serde_json::to_writer(&mut bytes, value)
            .map_err(|error| StoreError::Data(sqlx::Error::Encode(Box::new(error))))?;
        self.field(&bytes)
    }
}

impl Encode for DeploymentMetric {
    const TABLE: &'static str = "deployment_metric";
    const COLUMNS: &'static str = "service, deployment, finished_at, source, repository, environment, name, sha, url, \
        success, previous, kind, commits, changes, failed, failed_by, recovered_at, recovered_by, rework, rework_by, \
        counted, rollout";
    const KEY: (&'static str, &'static str) = ("finished_at", "deployment");

    fn key(&self) -> (DateTime<Utc>, &str) {
        (self.finished_at, self.deployment.as_str())
    }

    fn encode(&self, into: &mut Encoded) -> Result<(), StoreError> {
        into.text(&self.service)?;
        into.text(self.deployment.as_str())?;
        into.instant(Some(self.finished_at))?;
        into.text(self.source.as_str())?;
        into.optional(self.repository.as_ref().map(RepositoryId::as_str))?;
        into.optional(self.environment.as_deref())?;
        into.optional(self.name.as_deref())?;
        into.optional(self.sha.as_ref().map(Sha::as_bytes))?;
        into.optional(self.url.as_deref())?;
        into.bool(self.success)?;
        into.optional(self.previous.as_ref().map(DeploymentId::as_str))?;
        into.text(self.kind.as_str())?;
        into.field(&self.commits.to_be_bytes())?;
        into.field(&self.changes.to_be_bytes())?;
        into.bool(self.failed)?;
        into.json(&self.failed_by)?;
        into.instant(self.recovered_at)?;
        match &self.recovered_by {
            Some(evidence) => into.json(evidence)?,
            None => into.optional(None::<&[u8]>)?,
        }
        into.bool(self.rework)?;
        into.json(&self.rework_by)?;
        into.bool(self.counted)?;
        into.optional(self.rollout.as_ref().map(DeploymentId::as_str))
    }
}

impl Encode for ChangeMetric {
    const TABLE: &'static str = "change_metric";
    const COLUMNS: &'static str = "service, deployed_at, change, is_commit, deployment, repository, title, author, bot, \
        commits, started_at, opened_at, ready_at, first_review_at, approved_at, merged_at, coding_us, pickup_us, \
        review_us, approval_us, deploy_us, lead_time_us, excluded";
    const KEY: (&'static str, &'static str) = ("deployed_at", "change");

    const ALSO_OF: &'static str = "repository";

    fn also_of(&self) -> &str {
        self.repository.as_str()
    }

    fn key(&self) -> (DateTime<Utc>, &str) {
        (self.deployed_at, self.change.as_str())
    }

    fn encode(&self, into: &mut Encoded) -> Result<(), StoreError> {
        into.text(&self.service)?;
        into.instant(Some(self.deployed_at))?;
        into.text(self.change.as_str())?;
        into.bool(self.is_commit)?;
        into.text(self.deployment.as_str())?;
        into.text(self.repository.as_str())?;
        into.text(&self.title)?;
        into.optional(self.author.as_ref().map(AccountId::as_str))?;
        into.bool(self.bot)?;
        into.field(&self.commits.to_be_bytes())?;
        for at in
            [self.started_at, self.opened_at, self.ready_at, self.first_review_at, self.approved_at, self.merged_at]
        {
            into.instant(at)?;
        }
        for span in
            [self.coding_us, self.pickup_us, self.review_us, self.approval_us, self.deploy_us, self.lead_time_us]
        {
            into.micros(span)?;
        }
        into.bool(self.excluded)
    }
}

impl Encode for IncidentMetric {
    const TABLE: &'static str = "incident_metric";
    const COLUMNS: &'static str =
        "service, incident, title, severity, url, detected_at, resolved_at, restore_us, deployment";
    const KEY: (&'static str, &'static str) = ("detected_at", "incident");

    fn key(&self) -> (DateTime<Utc>, &str) {
        (self.detected_at, self.incident.as_str())
    }

    fn encode(&self, into: &mut Encoded) -> Result<(), StoreError> {
        into.text(&self.service)?;
        into.text(self.incident.as_str())?;
        into.text(&self.title)?;
        into.optional(self.severity.as_deref())?;
        into.optional(self.url.as_deref())?;
        into.instant(Some(self.detected_at))?;
        into.instant(self.resolved_at)?;
        into.micros(self.restore_us)?;
        into.optional(self.deployment.as_ref().map(DeploymentId::as_str))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_has_no_json_is_an_error_and_no_row_with_a_field_less() {
        let mut row = Encoded::default();
        row.text("shop").unwrap();
        let before = row.bytes.clone();
        // the keys of JSON's objects are texts
        let error = row.json(&BTreeMap::from([(vec![1], 2)])).unwrap_err();
        assert!(matches!(error, StoreError::Data(_)), "{error:?}");
        assert_eq!((row.bytes, row.fields), (before, 1));
    }
}
