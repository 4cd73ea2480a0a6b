//! The closed lists of words, as JSON (`snake_case`) and GraphQL (upper case) have them.

use async_graphql::Enum;
use serde::Serialize;
use utoipa::ToSchema;

/// Mirrors an enum of the kernel or the engine. A variant that is missing here does not compile.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident of $remote:ty { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, Enum)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl From<$remote> for $name {
            fn from(from: $remote) -> Self {
                type Remote = $remote;
                match from {
                    $(Remote::$variant => Self::$variant),+
                }
            }
        }
    };
}

mirror!(
    /// What says that a deployment took place.
    DeploymentSource of kernel::DeploymentSource {
        /// The forge's own deployments, or one posted to `POST /v1/events`.
        Deployment,
        /// A commit that reached a branch whose merges are deployments.
        Branch,
        /// A pipeline run whose name says so.
        Pipeline,
        /// A CDEvents `service.*` event.
        Cdevents,
        /// A release.
        Release,
        /// A version tag.
        Tag,
    }
);

mirror!(
    /// How a deployment relates to the ones before it.
    DeploymentKind of kernel::DeploymentKind {
        /// The first of its repository in its environment: it has no predecessor.
        First,
        /// It advances: its commit is no ancestor of its predecessor's, or is not known.
        Normal,
        /// Its commit is an ancestor of its predecessor's.
        Rollback,
        /// It puts a version into production again that had been taken back.
        RollForward,
        /// The very commit of its predecessor.
        Redeployment,
        /// It carries nothing and gives no verdict: a tag on a commit that was already reached, or a failed attempt.
        None,
    }
);

mirror!(
    /// The rule by which a piece of evidence counts.
    Rule of kernel::Rule {
        /// An incident names it, its version, its commit, or a change that it carried.
        IncidentNamesIt,
        /// An incident of its service was detected while it was the newest, within the window.
        IncidentWhileNewest,
        /// A later deployment rolled back to a commit before it.
        RolledBack,
        /// A later deployment within the window carries a revert of what it carried.
        Reverted,
        /// The very next deployment within the window carries a hotfix.
        Hotfixed,
        /// The next patch level came within the window.
        PatchRelease,
        /// The attempt itself failed, and attempts are counted by configuration.
        FailedAttempt,
        /// An incident names it as its fix.
        NamedAsFix,
    }
);

mirror!(
    /// What the engine noticed about the data itself.
    FindingKind of kernel::FindingKind {
        /// A lead time or a stage would be negative.
        NegativeDuration,
        /// A deployment names a commit that is not known.
        UnknownCommit,
        /// A deployment names no commit at all.
        NoCommit,
        /// A deployment ended, but its source does not say when; it is not counted.
        NoTime,
        /// The history of the repository is cut off (a shallow clone).
        PartialHistory,
        /// The commits of a change are not known, so its lead time starts when it was opened.
        UnknownFirstCommit,
        /// The service has several environments: which of them count as production.
        Environments,
        /// A commit was written before 1990 by its own word, so its author time counts as missing.
        ImplausibleTime,
        /// Incidents belong to no service, so no service's numbers count them.
        IncidentWithoutService,
        /// All commits of a change came with other changes, so it does not count by itself.
        DuplicateChange,
        /// Patch releases would mark releases as failed, but that rule is off, or not usable here.
        PatchReleases,
    }
);

mirror!(
    /// The length of the steps of a series.
    Interval of dora::Interval {
        /// Days.
        Day,
        /// ISO weeks: they begin on Monday.
        Week,
        /// Calendar months.
        Month,
        /// Calendar quarters.
        Quarter,
        /// Calendar years.
        Year,
    }
);

mirror!(
    /// A kind of source that gave evidence for verdicts.
    EvidenceSource of dora::EvidenceSource {
        /// Incidents.
        Incidents,
        /// Deployments that rolled back.
        Rollbacks,
        /// Reverts of changes.
        Reverts,
        /// Hotfixes by branch or label.
        Hotfixes,
        /// Patch levels that followed.
        PatchReleases,
        /// Deployments that failed themselves.
        Attempts,
    }
);

macro_rules! mirror_caveat_codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal),+ $(,)?) => {
        mirror!(
            /// What a caveat is about. Codes are stable: new ones may come.
            CaveatCode of dora::CaveatCode { $($(#[$doc])* $code),+ }
        );
    };
}

dora::caveat_codes!(mirror_caveat_codes);

mirror!(
    /// What a number is.
    Unit of dora::Unit {
        /// Seconds.
        Seconds,
        /// A number a day, on average over the local days of the time zone.
        PerDay,
        /// So many days a week.
        DaysPerWeek,
        /// A share between 0 and 1.
        Ratio,
        /// A whole number.
        Count,
        /// A number a week of seven local days, on average.
        PerWeek,
        /// A number of something: lines, points, percent.
        Number,
    }
);

mirror!(
    /// A metric.
    MetricName of dora::MetricName {
        /// Change lead time.
        ChangeLeadTime,
        /// Deployment frequency.
        DeploymentFrequency,
        /// Change fail rate.
        ChangeFailRate,
        /// Failed deployment recovery time.
        FailedDeploymentRecoveryTime,
        /// Deployment rework rate.
        DeploymentReworkRate,
        /// Time to restore, by 2021's definition.
        TimeToRestore,
    }
);

mirror!(
    /// One of the values that a metric is reported by.
    ValueName of dora::ValueName {
        /// The median.
        Median,
        /// The third quartile.
        P75,
        /// The ninth decile.
        P90,
        /// The mean.
        Mean,
        /// The median time from first commit to opened.
        Coding,
        /// The median time from opened to first review.
        Pickup,
        /// The median time from first review to merged.
        Review,
        /// Of the review, the median time from first approval to merged.
        Approval,
        /// The median time from merged to deployed.
        Deploy,
        /// Deployments a day, on average.
        PerDay,
        /// The median number of days with a deployment a week, over whole weeks.
        DaysPerWeek,
        /// The median time between deployments.
        TimeBetween,
        /// The number of deployments.
        Deployments,
        /// The share.
        Rate,
        /// How many failed.
        Failed,
        /// How many repaired.
        Rework,
        /// Of how many.
        Of,
        /// How many recovered.
        Recovered,
        /// How many were still open at the end of the window.
        Open,
        /// For how many it holds.
        Yes,
        /// How many.
        Count,
        /// A number a week, on average.
        PerWeek,
        /// The sum.
        Sum,
        /// A sum over another.
        Ratio,
        /// The share of the whole.
        Share,
        /// How many were open at the end.
        AtEnd,
        /// The size of the smallest set that covers 50 %.
        Fewest,
    }
);

mirror!(
    /// How well a value does, by a year's report.
    Level of dora::Level {
        /// The lowest.
        Low,
        /// Above the lowest.
        Medium,
        /// Below the best.
        High,
        /// The best.
        Elite,
    }
);

mirror!(
    /// How the answers of a benchmark are grouped.
    GroupKind of dora::GroupKind {
        /// By industry.
        Industry,
        /// By the number of employees.
        OrganizationSize,
    }
);

impl From<Interval> for dora::Interval {
    fn from(from: Interval) -> Self {
        match from {
            Interval::Day => Self::Day,
            Interval::Week => Self::Week,
            Interval::Month => Self::Month,
            Interval::Quarter => Self::Quarter,
            Interval::Year => Self::Year,
        }
    }
}

mirror!(
    /// What a metric can be asked for by.
    Slice of dora::Slice {
        /// The service.
        Service,
        /// The team that owns the service.
        Team,
        /// The team that the author is a member of.
        AuthorTeam,
        /// The repository, or the project of a work item.
        Repository,
        /// Each label.
        Label,
        /// The type of change, the kind of work item, or the severity.
        Type,
        /// Written with an assistant, or not.
        Ai,
        /// The person, where that is on.
        Author,
        /// Who reviews whom, by teams: `team of the reviewer → team of the author`.
        ReviewTeams,
        /// Who reviews whom, where metrics by person are on: `reviewer → author`.
        ReviewPair,
    }
);

mirror!(
    /// How observations become a value.
    Aggregation of dora::Aggregation {
        /// The median; beside it p75, p90 and the mean.
        Median,
        /// The mean; beside it median, p75 and p90.
        Mean,
        /// The third quartile; beside it median, p90 and the mean.
        P75,
        /// The ninth decile; beside it median, p75 and the mean.
        P90,
        /// The share of those that are so.
        Rate,
        /// How many.
        Count,
        /// How many a day.
        PerDay,
        /// How many a week.
        PerWeek,
        /// The sum.
        Sum,
        /// The sum of the parts over the sum of the wholes.
        RatioOfSums,
        /// How many are there at the end of a day, on average over the days.
        OpenAtDayEnd,
        /// How old those are that are there at the end: the median.
        AgeOfOpen,
        /// How much of the time any of them was there, each by itself, in sum.
        TimeOpen,
        /// The last measure of each project before the end, on average.
        LatestMean,
        /// The last measure of each project before the end, in sum.
        LatestSum,
        /// The share of the one with most.
        LargestShare,
        /// The fewest who have half of it together.
        FewestWithHalf,
        /// The share of the whole.
        ShareOfWhole,
    }
);

impl From<Slice> for dora::Slice {
    fn from(from: Slice) -> Self {
        match from {
            Slice::Service => Self::Service,
            Slice::Team => Self::Team,
            Slice::AuthorTeam => Self::AuthorTeam,
            Slice::Repository => Self::Repository,
            Slice::Label => Self::Label,
            Slice::Type => Self::Type,
            Slice::Ai => Self::Ai,
            Slice::Author => Self::Author,
            Slice::ReviewTeams => Self::ReviewTeams,
            Slice::ReviewPair => Self::ReviewPair,
        }
    }
}
