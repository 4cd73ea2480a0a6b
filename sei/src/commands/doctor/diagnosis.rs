//! What a check found.

use std::time::Duration;

use runtime::redact;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DiagnosisState {
    Ok,
    /// It works, but not as well or as safely as it should, or not for long.
    Warning,
    /// Something does not work.
    Failure,
}

/// What a check found, and what to do about it. URLs are shown without their secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Diagnosis {
    pub(super) check: String,
    pub(super) state: DiagnosisState,
    pub(super) found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Diagnosis {
    pub(super) fn ok(check: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::new(check.into(), DiagnosisState::Ok, found.as_ref(), None)
    }

    pub(super) fn warning(check: impl Into<String>, found: impl AsRef<str>, advice: impl AsRef<str>) -> Self {
        Self::new(check.into(), DiagnosisState::Warning, found.as_ref(), Some(advice.as_ref()))
    }

    pub(super) fn failure(check: impl Into<String>, found: impl AsRef<str>, advice: impl AsRef<str>) -> Self {
        Self::new(check.into(), DiagnosisState::Failure, found.as_ref(), Some(advice.as_ref()))
    }

    pub(super) fn is_failure(&self) -> bool {
        self.state == DiagnosisState::Failure
    }

    fn new(check: String, state: DiagnosisState, found: &str, advice: Option<&str>) -> Self {
        let shown = |text: &str| redact(text).into_owned();
        Self { check, state, found: shown(found), advice: advice.map(shown) }
    }
}

/// What a check finds that may take this long; that it took longer is a failure.
pub(super) async fn in_time(
    check: &str,
    limit: Duration,
    work: impl Future<Output = Vec<Diagnosis>>,
) -> Vec<Diagnosis> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let found = format!("no answer within {} s", limit.as_secs());
        vec![Diagnosis::failure(check, found, "see that it runs, and that the network between lets requests through")]
    })
}

/// The worst of them.
pub(super) fn worst(all: &[Diagnosis]) -> DiagnosisState {
    all.iter().map(|one| one.state).max().unwrap_or(DiagnosisState::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_check_that_never_ends_is_a_failure_after_its_time() {
        let found = in_time("database", Duration::ZERO, std::future::pending()).await;
        assert_eq!((found[0].state, found[0].found.as_str()), (DiagnosisState::Failure, "no answer within 0 s"));
    }

    #[test]
    fn secrets_of_addresses_are_not_shown() {
        let found = Diagnosis::failure("database", "postgres://sei:hunter2@db/sei", "see postgres://sei:hunter2@db");
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }

    #[test]
    fn one_failure_is_worse_than_any_number_of_warnings() {
        let warning = Diagnosis::warning("a", "b", "c");
        assert_eq!(worst(&[]), DiagnosisState::Ok);
        assert_eq!(worst(&[Diagnosis::ok("a", "b"), warning.clone()]), DiagnosisState::Warning);
        assert_eq!(worst(&[Diagnosis::failure("a", "b", "c"), warning]), DiagnosisState::Failure);
    }
}
