//! The orders of lists, as closed lists of words.

use async_graphql::Enum;
use store::queries::{Listed, Order};

use crate::questions::Invalid;

/// An order of a list of rows of a kind.
pub(super) trait Sorted: Default {
    /// The name of what is sorted by, and whether the greatest comes first.
    fn name(self) -> (&'static str, bool);
}

/// The order that is asked for, or the usual one.
#[expect(clippy::unnecessary_wraps, reason = "other questions may name an order that their list does not have")]
pub(super) fn order<T: Listed, S: Sorted + Copy>(given: Option<&S>) -> Result<Order, Invalid> {
    let (name, descending) = given.copied().unwrap_or_default().name();
    Ok(T::LIST.order(name, descending))
}

macro_rules! sorts {
    ($($(#[$doc:meta])* $sort:ident { $($(#[$text:meta])* $word:ident: $name:literal, $descending:literal;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
        pub enum $sort {
            $($(#[$text])* $word,)+
        }

        impl Sorted for $sort {
            fn name(self) -> (&'static str, bool) {
                match self {
                    $(Self::$word => ($name, $descending),)+
                }
            }
        }
    )+};
}

sorts! {
    /// The order of deployments.
    DeploymentSort {
        /// The last to finish first.
        #[default]
        Newest: "finished_at", true;
        /// The first to finish first.
        Oldest: "finished_at", false;
    }
    /// The order of deployed changes.
    DeployedChangeSort {
        /// The last to be deployed first.
        #[default]
        Newest: "deployed_at", true;
        /// The first to be deployed first.
        Oldest: "deployed_at", false;
        /// The longest lead time first; of the last year, unless a window is asked for.
        LongestLeadTime: "lead_time_seconds", true;
        /// The shortest lead time first; of the last year, unless a window is asked for.
        ShortestLeadTime: "lead_time_seconds", false;
    }
    /// The order of changes.
    ChangeSort {
        /// The last to be opened first.
        #[default]
        Newest: "opened_at", true;
        /// The first to be opened first.
        Oldest: "opened_at", false;
        /// The last to be merged first; those that are not merged are left out.
        LastMerged: "merged_at", true;
        /// The first to be merged first; those that are not merged are left out.
        FirstMerged: "merged_at", false;
    }
    /// The order of incidents.
    IncidentSort {
        /// The last to be detected first.
        #[default]
        Newest: "detected_at", true;
        /// The first to be detected first.
        Oldest: "detected_at", false;
        /// The last to be resolved first, open ones last; of the last year, unless a window is asked for.
        LastResolved: "resolved_at", true;
    }
    /// The order of pipeline runs.
    PipelineRunSort {
        /// The last to be queued first.
        #[default]
        Newest: "queued_at", true;
        /// The first to be queued first.
        Oldest: "queued_at", false;
    }
    /// The order of work items.
    WorkItemSort {
        /// The last to be written down first.
        #[default]
        Newest: "created_at", true;
        /// The first to be written down first.
        Oldest: "created_at", false;
        /// The last to be done first, others last; of the last year, unless a window is asked for.
        LastDone: "done_at", true;
    }
    /// The order of sprints.
    SprintSort {
        /// The last to begin first.
        #[default]
        Newest: "started_at", true;
        /// The first to begin first.
        Oldest: "started_at", false;
    }
    /// The order of vulnerabilities.
    VulnerabilitySort {
        /// The last to be found first.
        #[default]
        Newest: "opened_at", true;
        /// The first to be found first.
        Oldest: "opened_at", false;
    }
    /// The order of services.
    ServiceSort {
        /// By name.
        #[default]
        Name: "name", false;
        /// From the last name on.
        NameDescending: "name", true;
        /// The most deployments first.
        MostDeployments: "deployments", true;
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Change, ChangeMetric, DeploymentMetric, Incident, PipelineRun, Sprint, Vulnerability, WorkItem};
    use store::queries::ServiceRow;

    use super::*;

    #[test]
    fn each_word_is_an_order_that_its_list_has() {
        fn assert_known<T: Listed, S: Sorted>(words: impl IntoIterator<Item = S>) {
            for word in words {
                let (name, descending) = word.name();
                let order = T::LIST.order(name, descending);
                assert_eq!((order.sort.name, order.descending), (name, descending));
            }
        }
        assert_known::<DeploymentMetric, _>([DeploymentSort::Newest, DeploymentSort::Oldest]);
        assert_known::<ChangeMetric, _>([DeployedChangeSort::Newest, DeployedChangeSort::LongestLeadTime]);
        assert_known::<Change, _>([ChangeSort::Oldest, ChangeSort::LastMerged, ChangeSort::FirstMerged]);
        assert_known::<Incident, _>([IncidentSort::Oldest, IncidentSort::LastResolved]);
        assert_known::<PipelineRun, _>([PipelineRunSort::Newest, PipelineRunSort::Oldest]);
        assert_known::<WorkItem, _>([WorkItemSort::Oldest, WorkItemSort::LastDone]);
        assert_known::<Sprint, _>([SprintSort::Newest, SprintSort::Oldest]);
        assert_known::<Vulnerability, _>([VulnerabilitySort::Newest, VulnerabilitySort::Oldest]);
        assert_known::<ServiceRow, _>([ServiceSort::NameDescending, ServiceSort::MostDeployments]);
    }
}
