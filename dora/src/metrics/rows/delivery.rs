//! Deployments and incidents.

use super::row::Row;
use super::subject::{Key, Name};
use crate::basis::EvidenceSet;

/// A production deployment.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a verdict of its own")]
pub(in crate::metrics) struct Deployment {
    pub id: Key,
    /// The deployment that is counted for its rollout: this one, or another.
    pub rollout: Key,
    /// In lower case, as environments are compared.
    pub environment: Option<Name>,
    pub service: Name,
    pub finished: i64,
    /// It is counted as a deployment.
    pub counted: bool,
    /// A verdict was given on it: it succeeded and says something new, or it is an attempt that counts.
    pub has_verdict: bool,
    pub failed: bool,
    pub recovered: Option<i64>,
    pub rework: bool,
    pub failed_by: EvidenceSet,
    pub recovered_by: EvidenceSet,
    pub rework_by: EvidenceSet,
}

impl Row for Deployment {
    const HAS_DEPLOYMENT: bool = true;

    fn deployment(&self) -> Option<Key> {
        Some(self.id)
    }

    fn extent(&self) -> Option<(i64, Option<i64>)> {
        let recovered = self.recovered.map(|recovered| recovered.max(self.finished));
        Some((self.finished, if self.failed { recovered } else { Some(self.finished) }))
    }

    fn time(&self) -> i64 {
        self.finished
    }
}

/// When code of a repository was deployed first for a service, over all time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct FirstDeployment {
    pub at: i64,
}

impl Row for FirstDeployment {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.at, None))
    }

    fn time(&self) -> i64 {
        self.at
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Incident {
    pub detected: i64,
    pub resolved: Option<i64>,
    pub restore_us: Option<i64>,
    /// The deployment that caused it.
    pub deployment: Option<Key>,
    /// When the deployment finished that it failed.
    pub deployed: Option<i64>,
}

impl Row for Incident {
    const HAS_DEPLOYMENT: bool = true;

    fn deployment(&self) -> Option<Key> {
        self.deployment
    }

    fn extent(&self) -> Option<(i64, Option<i64>)> {
        // a clock may have run backwards in between
        let begin = self.resolved.map_or(self.detected, |resolved| resolved.min(self.detected));
        Some((begin, self.resolved))
    }

    fn time(&self) -> i64 {
        self.detected
    }
}
