//! Whether there are backups, and how old the newest one is.

use std::time::Duration;

use backup::{BackupError, Repository};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use runtime::schedule::Schedule;
use runtime::with_causes;

use super::diagnosis::{Diagnosis, in_time};
use crate::settings::Settings;

const CHECK: &str = "backups";
/// How long the place of the backups may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// How old the newest backup may be where no schedule is set.
const MAX_AGE: TimeDelta = TimeDelta::days(8);

/// What is wrong with the backups of the settings; nothing where none are configured.
pub(super) async fn diagnose(settings: &Settings) -> Vec<Diagnosis> {
    if settings.backup.url.is_none() {
        return Vec::new();
    }
    in_time(CHECK, LIMIT, async { vec![found(settings).await] }).await
}

async fn found(settings: &Settings) -> Diagnosis {
    match newest(settings).await {
        Ok(newest) => {
            let schedule = settings.backup.schedule.as_deref().and_then(|text| text.parse().ok());
            age(newest, schedule.map(|schedule| (schedule, settings.dora.time_zone)), Utc::now())
        }
        Err(error) => Diagnosis::failure(CHECK, with_causes(&error), "see that `sei backup list` works"),
    }
}

/// When the newest backup was made.
async fn newest(settings: &Settings) -> Result<Option<DateTime<Utc>>, BackupError> {
    let repository = match Repository::open(&settings.backup).await {
        Err(BackupError::Nothing(_)) => return Ok(None),
        opened => opened?,
    };
    Ok(repository.list().await?.last().and_then(|listed| listed.id.created_at()))
}

/// Whether the newest backup is new enough: that of the schedule before the last one, or a week old.
fn age(newest: Option<DateTime<Utc>>, schedule: Option<(Schedule, Tz)>, now: DateTime<Utc>) -> Diagnosis {
    let advice = "run `sei backup create`, and see why it is not made by itself (the log of `sei up`, or cron)";
    let Some(newest) = newest else { return Diagnosis::warning(CHECK, "there is none yet", advice) };
    let due = match schedule {
        Some((schedule, zone)) => {
            schedule.after(newest, zone).and_then(|next| schedule.after(next.max(newest + TimeDelta::hours(1)), zone))
        }
        None => newest.checked_add_signed(MAX_AGE),
    };
    let found = format!("the newest is of {}", newest.format("%Y-%m-%d %H:%M:%S UTC"));
    if due.is_some_and(|due| due < now) {
        return Diagnosis::warning(CHECK, found, advice);
    }
    Diagnosis::ok(CHECK, found)
}

#[cfg(test)]
mod tests {
    use super::super::diagnosis::DiagnosisState;
    use super::*;

    fn state(newest: &str, schedule: Option<&str>, now: &str) -> DiagnosisState {
        let schedule = schedule.map(|schedule| (schedule.parse().unwrap(), Tz::UTC));
        age(Some(newest.parse().unwrap()), schedule, now.parse().unwrap()).state
    }

    #[test]
    fn one_missed_backup_is_forgiven_and_the_next_one_is_not() {
        let nightly = Some("30 2 * * *");
        for (now, expected) in [
            ("2026-11-30T09:00:00Z", DiagnosisState::Ok),
            ("2026-12-01T09:00:00Z", DiagnosisState::Ok),
            ("2026-12-02T02:31:00Z", DiagnosisState::Warning),
        ] {
            assert_eq!(state("2026-11-30T02:30:05Z", nightly, now), expected, "{now}");
        }
        assert_eq!(state("2026-11-30T02:30:05Z", None, "2026-12-07T09:00:00Z"), DiagnosisState::Ok);
        assert_eq!(state("2026-11-30T02:30:05Z", None, "2026-12-09T09:00:00Z"), DiagnosisState::Warning);
        assert_eq!(age(None, None, Utc::now()).state, DiagnosisState::Warning);
    }
}
