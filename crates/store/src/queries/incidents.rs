//! What incidents did to services.

use kernel::IncidentMetric;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::row::Row;
use crate::StoreError;

impl Row for IncidentMetric {
    fn columns() -> String {
        "t.service, t.incident, t.title, t.severity, t.url, t.detected_at, t.resolved_at, t.restore_us, t.deployment"
            .to_owned()
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        Ok(Self {
            service: row.try_get("service")?,
            incident: row.try_get::<String, _>("incident")?.into(),
            title: row.try_get("title")?,
            severity: row.try_get("severity")?,
            url: row.try_get("url")?,
            detected_at: row.try_get("detected_at")?,
            resolved_at: row.try_get("resolved_at")?,
            restore_us: row.try_get("restore_us")?,
            deployment: row.try_get::<Option<String>, _>("deployment")?.map(Into::into),
        })
    }
}
