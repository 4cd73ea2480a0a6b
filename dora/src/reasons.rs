//! Why a deployment failed, recovered or is rework, in words: the one place for these sentences. The same
//! rule reads differently on both of its sides: "Deployment 3 rolled it back" of the one that failed, "It
//! rolled back deployment 2" of the one that repaired.

use kernel::{Evidence, EvidenceKind, FindingKind, Rule};

/// Why a deployment failed.
#[must_use]
pub fn failed_by(evidence: &Evidence) -> String {
    let by = named(evidence);
    match (evidence.rule, &evidence.target) {
        (Rule::IncidentNamesIt | Rule::NamedAsFix, _) => format!("{by} names it as its cause."),
        (Rule::IncidentWhileNewest, None) => format!("{by} was detected while it was the newest deployment."),
        (Rule::IncidentWhileNewest, Some(newest)) => {
            format!("{by} was detected right after deployment {newest}, which had undone it.")
        }
        (Rule::RolledBack, _) => format!("{by} rolled it back."),
        (Rule::Reverted, None) => format!("{by} reverts what it carried."),
        (Rule::Reverted, Some(target)) => format!("{by} reverts {target}, which it carried."),
        (Rule::Hotfixed, _) => format!("{by} is a hotfix, carried by the very next deployment."),
        (Rule::PatchRelease, _) => format!("{by} is its next patch level, and came within the attribution window."),
        (Rule::FailedAttempt, _) => {
            "The attempt itself failed, and attempts count (`dora.count_failed_attempts`).".to_owned()
        }
    }
}

/// Why a deployment is rework.
#[must_use]
pub fn rework_by(evidence: &Evidence) -> String {
    let by = named(evidence);
    let lower = lower(evidence);
    match (evidence.rule, &evidence.target) {
        (Rule::RolledBack, _) => format!("It rolled back {lower}."),
        (Rule::Reverted, None) => format!("It carried a revert: {lower}."),
        (Rule::Reverted, Some(target)) => format!("It carried a revert of {target}: {lower}."),
        (Rule::Hotfixed, _) => format!("It carried a hotfix: {lower}."),
        (Rule::PatchRelease, _) => format!("It is the next patch level of {lower}, within the attribution window."),
        (Rule::NamedAsFix | Rule::IncidentNamesIt | Rule::IncidentWhileNewest, _) => {
            format!("{by} names it as its fix.")
        }
        (Rule::FailedAttempt, _) => format!("It followed the failed attempt {}.", evidence.id),
    }
}

/// What recovered a deployment.
#[must_use]
pub fn recovered_by(evidence: &Evidence) -> String {
    let by = named(evidence);
    match evidence.rule {
        Rule::IncidentNamesIt | Rule::IncidentWhileNewest => format!("{by} was resolved."),
        Rule::RolledBack => format!("{by} rolled it back."),
        Rule::Reverted => format!("{by} carried the revert."),
        Rule::Hotfixed => format!("{by} carried the hotfix."),
        Rule::PatchRelease => format!("{by} is its next patch level."),
        Rule::FailedAttempt => format!("{by} succeeded."),
        Rule::NamedAsFix => format!("{by} is the fix that the incident names."),
    }
}

/// What to do about a finding.
#[must_use]
pub const fn remedy(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::NegativeDuration => {
            "Check the clock of the source; if history was rewritten, nothing needs to be done."
        }
        FindingKind::UnknownCommit => {
            "Collect the repository that has the commit (`[[source]]` of git, or of the forge), and map it to the service."
        }
        FindingKind::NoCommit => "Have the deployment state its commit, or a version that is a tag of the repository.",
        FindingKind::NoTime => "Have the source state when the deployment finished.",
        FindingKind::PartialHistory => "Collect the whole history: a clone without `--depth`.",
        FindingKind::UnknownFirstCommit => "Collect the repository with git, or the commits of changes from the forge.",
        FindingKind::Environments => "State which environments are production (`production` of the service).",
        FindingKind::ImplausibleTime => "Nothing needs to be done: the commit's author time is left out.",
        FindingKind::IncidentWithoutService => "Map the incidents to a service (`incidents` of `[[service]]`).",
        FindingKind::DuplicateChange => {
            "Nothing needs to be done: its commits count once, with the change that brought them."
        }
        FindingKind::PatchReleases => "Set `dora.patch_release_is_hotfix` if patch releases are hotfixes here.",
    }
}

/// What met the rule, in the middle of a sentence.
fn lower(evidence: &Evidence) -> String {
    format!("{} {}", evidence.what, evidence.id)
}

/// What met the rule, at the beginning of a sentence.
fn named(evidence: &Evidence) -> String {
    let what = match evidence.what {
        EvidenceKind::Incident => "Incident",
        EvidenceKind::Deployment => "Deployment",
        EvidenceKind::Change => "Change",
        EvidenceKind::Commit => "Commit",
    };
    format!("{what} {}", evidence.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(rule: Rule, what: EvidenceKind, target: Option<&str>) -> Evidence {
        Evidence {
            rule,
            what,
            id: "3".to_owned(),
            target: target.map(ToOwned::to_owned),
            url: None,
            at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_rollback_is_worded_from_its_own_side() {
        let rollback = evidence(Rule::RolledBack, EvidenceKind::Deployment, None);
        assert_eq!(failed_by(&rollback), "Deployment 3 rolled it back.");
        assert_eq!(rework_by(&rollback), "It rolled back deployment 3.");
        assert_eq!(recovered_by(&rollback), "Deployment 3 rolled it back.");
    }

    #[test]
    fn a_revert_names_what_it_reverts() {
        let revert = evidence(Rule::Reverted, EvidenceKind::Change, Some("x#1"));
        assert_eq!(failed_by(&revert), "Change 3 reverts x#1, which it carried.");
        assert_eq!(rework_by(&revert), "It carried a revert of x#1: change 3.");
    }

    #[test]
    fn no_reason_for_rework_says_that_it_was_repaired_itself() {
        for rule in [Rule::RolledBack, Rule::Reverted, Rule::Hotfixed, Rule::PatchRelease, Rule::NamedAsFix] {
            let reason = rework_by(&evidence(rule, EvidenceKind::Deployment, None));
            assert!(!reason.contains("it back") && !reason.contains("cause"), "{reason}");
        }
    }

    #[test]
    fn an_incident_after_the_repair_names_the_deployment_that_was_newest() {
        let late = evidence(Rule::IncidentWhileNewest, EvidenceKind::Incident, Some("d4"));
        assert_eq!(failed_by(&late), "Incident 3 was detected right after deployment d4, which had undone it.");
    }
}
