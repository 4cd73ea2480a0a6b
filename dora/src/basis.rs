//! What a value rests on, and what a reader must know about it. Every answer takes both from here: which
//! sources gave evidence, the share of its observations whose ends are known, and caveats, each with a stable
//! code and a text.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{Rule, near};
use serde::Serialize;
use store::metric_rows::ServiceBasis;
use strum::VariantArray;
use utoipa::ToSchema;

use crate::metrics::Window;

/// Fewer observations than this have a caveat.
const FEW: u64 = 5;
/// Services that are named at most; more are counted.
const NAMED: usize = 3;

kernel::closed_list! {
    /// A kind of source that gave evidence for verdicts.
    #[derive(Enum, ToSchema)]
    pub enum EvidenceSource: "source of evidence" {
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
}

impl EvidenceSource {
    const fn of(rule: Rule) -> Self {
        match rule {
            Rule::IncidentNamesIt | Rule::IncidentWhileNewest | Rule::NamedAsFix => Self::Incidents,
            Rule::RolledBack => Self::Rollbacks,
            Rule::Reverted => Self::Reverts,
            Rule::Hotfixed => Self::Hotfixes,
            Rule::PatchRelease => Self::PatchReleases,
            Rule::FailedAttempt => Self::Attempts,
        }
    }
}

/// A set of sources, small enough for every observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EvidenceSet(u8);

impl EvidenceSet {
    /// The sources of the evidence by these rules.
    pub fn of(rules: &[Rule]) -> Self {
        let mut set = Self::default();
        for rule in rules {
            set.insert(EvidenceSource::of(*rule));
        }
        set
    }

    pub const fn insert(&mut self, source: EvidenceSource) {
        self.0 |= 1 << source as u8;
    }

    /// Adds the sources of another set.
    pub const fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn sources(self) -> Vec<EvidenceSource> {
        <EvidenceSource as VariantArray>::VARIANTS
            .iter()
            .copied()
            .filter(|source| self.0 & (1 << *source as u8) != 0)
            .collect()
    }
}

/// What a value rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Basis {
    /// The sources that gave evidence for the verdicts behind it; none for what takes no verdict.
    pub evidence: Vec<EvidenceSource>,
    /// The share of its observations whose ends are known, 0 to 1; null where nothing was observed.
    #[schema(required)]
    pub known: Option<f64>,
}

kernel::closed_list! {
    /// What a caveat is about. Codes are stable: new ones may come.
    #[derive(Enum, ToSchema)]
    pub enum CaveatCode: "code of a caveat" {
        /// Nothing was computed yet.
        NothingComputed,
        /// No production deployment was ever seen.
        NoDeployments,
        /// There are deployments, but none in the window.
        NothingDeployed,
        /// The history of a service is cut off: numbers are partial.
        PartialHistory,
        /// No incident is known of a service: what failed is a lower bound.
        LowerBound,
        /// No incident is known of a service: the value says nothing about it.
        NoIncidents,
        /// Incidents are known that belong to no service.
        UnmappedIncidents,
        /// Patch levels followed releases of a service, and do not count as repairs of them.
        PatchReleases,
        /// The first deployment of a service is in the window; it is where counting starts.
        FirstDeployment,
        /// Observations are missing because one of their ends is not known.
        EndsUnknown,
        /// Most changes were deployed by the commit that they began with: nothing shows an earlier beginning.
        NoEarlierBeginning,
        /// Some have not ended yet.
        StillOpen,
        /// An environment was asked for, and the metric is not about deployments: the value is of all environments.
        AllEnvironments,
        /// An environment was asked for: incidents that no deployment is known to have caused are left out.
        CausedIncidents,
        /// A single observation can change the value much.
        FewObservations,
        /// The values of a preview: no deployment is known, and each merge is taken for one.
        PreviewMergesAsDeployments,
    }
}

/// What a reader must know about a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct Caveat {
    /// What it is about, for programs.
    pub code: CaveatCode,
    /// The same for people: sentences; names and commands stand between backticks.
    pub text: String,
}

/// What was seen of a metric in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Observations.
    pub total: u64,
    /// Those of them whose ends are known, so that they are part of the value.
    pub known: u64,
    /// What gave evidence for them.
    pub evidence: EvidenceSet,
    /// The value is 0.
    pub is_zero: bool,
}

impl Seen {
    /// With the value that was made of it.
    pub fn with_value(self, value: Option<f64>) -> Self {
        Self { is_zero: value == Some(0.0), ..self }
    }

    pub fn basis(&self) -> Basis {
        let known = (self.total > 0).then(|| self.known as f64 / self.total as f64);
        Basis { evidence: self.evidence.sources(), known }
    }
}

/// The environment that a metric is asked for by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment<'a> {
    pub name: &'a str,
    /// Whether it decides what is observed.
    pub decides: bool,
}

/// A metric as far as its caveats depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured<'a> {
    /// Its name.
    pub metric: &'a str,
    /// What its observations are, in the plural: `changes`.
    pub noun: &'a str,
    /// A quantile, mean or rate, which a single observation can change much.
    pub sways: bool,
    /// The time zone in which days are shown.
    pub zone: Tz,
    /// The environment that is asked for.
    pub environment: Option<Environment<'a>>,
}

/// A service that a value is of, and what is known of it.
pub(crate) type Services<'a> = [&'a ServiceBasis];

impl Measured<'_> {
    fn is_lead_time(&self) -> bool {
        matches!(
            self.metric,
            "change_lead_time" | "coding_time" | "pickup_time" | "review_time" | "approval_time" | "deploy_time"
        )
    }

    fn is_frequency(&self) -> bool {
        self.metric == "deployment_frequency"
    }

    fn is_of_deployments(&self) -> bool {
        self.takes_verdicts() || self.is_lead_time() || self.is_frequency()
    }

    fn takes_verdicts(&self) -> bool {
        matches!(self.metric, "change_fail_rate" | "deployment_rework_rate" | "failed_deployment_recovery_time")
    }

    fn is_of_incidents(&self) -> bool {
        matches!(self.metric, "time_to_restore" | "incidents" | "open_incidents")
    }

    fn walks_history(&self) -> bool {
        self.is_of_deployments() || matches!(self.metric, "change_cycle_time" | "bus_factor")
    }

    fn begins_with_a_commit(&self) -> bool {
        matches!(self.metric, "change_lead_time" | "coding_time" | "change_cycle_time")
    }

    /// The caveats of a value over a window.
    pub fn caveats(&self, services: &Services<'_>, seen: Seen, window: Window) -> Vec<Caveat> {
        let codes = self.codes(services, seen, window).into_iter();
        codes.map(|code| Caveat { code, text: self.text(code, services, seen, window) }).collect()
    }

    /// The codes of the caveats of a step of a series. That its observations are few is left to `n`.
    pub fn codes_of_step(&self, services: &Services<'_>, seen: Seen, step: Window) -> Vec<CaveatCode> {
        Self { sways: false, ..*self }.codes(services, seen, step)
    }

    fn codes(&self, services: &Services<'_>, seen: Seen, window: Window) -> Vec<CaveatCode> {
        let any = |is: &dyn Fn(&ServiceBasis) -> bool| services.iter().any(|service| is(service));
        let first_before = |service: &ServiceBasis| service.first.is_some_and(|first| first < window.to);
        let never = !any(&first_before);
        let open = self.metric == "failed_deployment_recovery_time" || self.metric == "time_to_restore";
        let unmapped = any(&|service| service.has_unmapped_incidents);
        let lacking = any(&|service| lacks_incidents(service, window));
        let all = [
            (CaveatCode::NothingComputed, self.is_of_deployments() && services.is_empty()),
            (CaveatCode::NoDeployments, self.is_of_deployments() && !services.is_empty() && never),
            (CaveatCode::NothingDeployed, self.is_frequency() && seen.total == 0 && !never),
            (CaveatCode::PartialHistory, self.walks_history() && any(&|service| service.partial)),
            (CaveatCode::LowerBound, self.takes_verdicts() && lacking),
            (CaveatCode::NoIncidents, self.is_of_incidents() && lacking),
            (CaveatCode::UnmappedIncidents, (self.takes_verdicts() || self.is_of_incidents()) && unmapped),
            (CaveatCode::PatchReleases, self.takes_verdicts() && any(&|service| service.has_idle_patch_releases)),
            (CaveatCode::FirstDeployment, self.is_lead_time() && any(&|service| begins_in(service, window))),
            (CaveatCode::EndsUnknown, !open && seen.known < seen.total),
            (CaveatCode::NoEarlierBeginning, self.metric == "change_lead_time" && seen.is_zero),
            (CaveatCode::StillOpen, open && seen.known < seen.total),
            (CaveatCode::AllEnvironments, self.environment.is_some_and(|environment| !environment.decides)),
            (CaveatCode::CausedIncidents, self.environment.is_some() && self.is_of_incidents()),
            (CaveatCode::FewObservations, self.sways && (1..FEW).contains(&seen.known)),
        ];
        all.into_iter().filter_map(|(code, holds)| holds.then_some(code)).collect()
    }

    fn text(&self, code: CaveatCode, services: &Services<'_>, seen: Seen, window: Window) -> String {
        let (missing, total, noun) = (seen.total - seen.known, seen.total, self.noun);
        let named = |is: &dyn Fn(&ServiceBasis) -> bool| names(services, is);
        match code {
            CaveatCode::NothingComputed => NOTHING_COMPUTED.to_owned(),
            CaveatCode::NoDeployments => match services {
                [ServiceBasis { statement: Some(statement), .. }] => statement.clone(),
                _ => "No production deployment was seen before the end of the window.".to_owned(),
            },
            CaveatCode::NothingDeployed => nothing_deployed(services, window, self.zone),
            CaveatCode::PartialHistory => partial_history(&named(&|service| service.partial)),
            CaveatCode::LowerBound | CaveatCode::NoIncidents => {
                let which = named(&|service| lacks_incidents(service, window));
                let so = if code == CaveatCode::LowerBound {
                    "what only incidents show is missing, so the value is a lower bound"
                } else {
                    "they are not part of the value"
                };
                format!(
                    "No incident is known of {which}: {so}. Connect a source of incidents, or map its incidents to \
                     services."
                )
            }
            CaveatCode::UnmappedIncidents => "Incidents are known that belong to no service, so that they are part of \
                                              no value: the findings name them. Let a `[[service]]` claim them."
                .to_owned(),
            CaveatCode::PatchReleases => format!(
                "Releases of {} were followed by their next patch level, which does not count as a failure; the \
                 finding says why.",
                named(&|service| service.has_idle_patch_releases)
            ),
            CaveatCode::FirstDeployment => format!(
                "The first deployment of {} is in the window: counting starts there, and what it carried is not counted.",
                named(&|service| begins_in(service, window))
            ),
            CaveatCode::EndsUnknown => {
                let why = if self.begins_with_a_commit() {
                    "; of a change that is known only from git, a merge shows when work on it began, and a squash never \
                     does"
                } else {
                    ""
                };
                if missing == total {
                    format!("None of {total} {noun} has what the value needs, so there is no value{why}.")
                } else {
                    format!("{missing} of {total} {noun} lack what the value needs and are left out{why}.")
                }
            }
            CaveatCode::NoEarlierBeginning => NO_EARLIER_BEGINNING.to_owned(),
            CaveatCode::StillOpen => {
                format!("{missing} of {total} {noun} have no known end before the end of the window and are left out.")
            }
            CaveatCode::AllEnvironments | CaveatCode::CausedIncidents => self.of_environment(),
            CaveatCode::FewObservations => {
                format!("There are few observations (n = {}): each of them changes the value much.", seen.known)
            }
            CaveatCode::PreviewMergesAsDeployments => PREVIEW.to_owned(),
        }
    }
}

impl Measured<'_> {
    /// What an environment decides about the metric.
    fn of_environment(&self) -> String {
        let (noun, environment) = (self.noun, self.environment.map_or("", |environment| environment.name));
        if self.is_of_incidents() {
            return format!(
                "Only incidents that a deployment to `{environment}` is known to have caused are counted; the others \
                 belong to no environment."
            );
        }
        format!("The value is of all environments, not only of `{environment}`: {noun} are not about deployments.")
    }
}

/// Why a median lead time is 0.
const NO_EARLIER_BEGINNING: &str = "The median is 0 s because most changes are single commits that were deployed as \
    they were: git shows no earlier beginning.";

/// That of a lead time of 0.
pub(crate) fn no_earlier_beginning(lead_time: Option<f64>) -> Option<Caveat> {
    let caveat = Caveat { code: CaveatCode::NoEarlierBeginning, text: NO_EARLIER_BEGINNING.to_owned() };
    (lead_time == Some(0.0)).then_some(caveat)
}

/// What the values of a preview are.
pub(crate) const PREVIEW: &str = "No production deployment is known. The values are as if each merge to the default \
    branch were a deployment; no metric, level, score or export has any of them.";

pub(crate) const NOTHING_COMPUTED: &str = "Nothing was computed yet: no repository, deployment or change is known. \
    Collect a repository with `sei collect git`, or look at `sei demo load`.";

/// A service that had deployed before the end of the window, and of which no incident is known.
fn lacks_incidents(service: &ServiceBasis, window: Window) -> bool {
    !service.has_incidents && service.first.is_some_and(|first| first < window.to)
}

fn begins_in(service: &ServiceBasis, window: Window) -> bool {
    service.baseline.is_some_and(|first| window.from <= first && first < window.to)
}

/// That numbers are partial, of these services.
pub(crate) fn partial_history(names: &str) -> String {
    format!(
        "Numbers are partial: the history of {names} is cut off (a shallow clone). Fetch the rest with \
         `git fetch --unshallow`."
    )
}

/// That nothing was deployed in a window, and when something was deployed last.
pub(crate) fn nothing_deployed(services: &Services<'_>, window: Window, zone: Tz) -> String {
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d").to_string();
    let last = services.iter().filter_map(|service| service.last).max();
    let last = last.map_or_else(String::new, |last| format!("; the last one was on {}", day(last)));
    format!("There are no deployments from {} to {}{last}.", day(window.from), day(window.to))
}

/// The names of the services of which something is true: some, then how many more.
pub(crate) fn names(services: &Services<'_>, is: &dyn Fn(&ServiceBasis) -> bool) -> String {
    let which = services.iter().filter(|service| is(service)).map(|service| service.service.as_str());
    listed(&which.collect::<Vec<_>>())
}

/// Names of services: some, then how many more.
pub(crate) fn listed(names: &[&str]) -> String {
    let listed = near::listed(names, NAMED);
    if names.len() > NAMED { format!("{listed} services") } else { listed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
    }

    fn service(name: &str) -> ServiceBasis {
        ServiceBasis {
            service: name.into(),
            first: Some(at(1)),
            last: Some(at(20)),
            has_incidents: true,
            ..ServiceBasis::default()
        }
    }

    fn codes(metric: &str, services: &[ServiceBasis], known: u64, total: u64) -> Vec<CaveatCode> {
        let window = Window { from: at(5), to: at(25) };
        let services: Vec<&ServiceBasis> = services.iter().collect();
        let measured = Measured {
            metric,
            noun: "deployments",
            sways: metric != "deployment_frequency",
            zone: Tz::UTC,
            environment: None,
        };
        let seen = Seen { total, known, ..Seen::default() };
        let caveats = measured.caveats(&services, seen, window);
        assert!(caveats.iter().all(|caveat| caveat.text.ends_with('.') && !caveat.text.contains("  ")), "{caveats:?}");
        caveats.into_iter().map(|caveat| caveat.code).collect()
    }

    #[test]
    fn a_service_without_incidents_has_a_lower_bound_of_failures() {
        let lone = ServiceBasis { has_incidents: false, ..service("git-only") };
        for metric in ["change_fail_rate", "deployment_rework_rate", "failed_deployment_recovery_time"] {
            assert_eq!(codes(metric, std::slice::from_ref(&lone), 30, 30), [CaveatCode::LowerBound], "{metric}");
            assert_eq!(codes(metric, &[service("paged"), lone.clone()], 30, 30), [CaveatCode::LowerBound], "{metric}");
            assert_eq!(codes(metric, &[service("paged")], 30, 30), [], "{metric}");
        }
        assert_eq!(codes("time_to_restore", std::slice::from_ref(&lone), 0, 0), [CaveatCode::NoIncidents]);
        assert_eq!(codes("change_lead_time", std::slice::from_ref(&lone), 30, 30), []);
        // one that had not deployed by then has no failures to miss
        let later = ServiceBasis { first: Some(at(27)), ..lone };
        assert_eq!(codes("change_fail_rate", &[later], 0, 0), [CaveatCode::NoDeployments]);
    }

    #[test]
    fn what_is_missing_of_an_answer_is_stated() {
        for (metric, known, total, expected) in [
            ("change_lead_time", 30, 40, vec![CaveatCode::EndsUnknown]),
            ("change_cycle_time", 0, 40, vec![CaveatCode::EndsUnknown]),
            ("failed_deployment_recovery_time", 30, 31, vec![CaveatCode::StillOpen]),
            ("change_fail_rate", 4, 4, vec![CaveatCode::FewObservations]),
            ("deployment_frequency", 4, 4, vec![]),
            ("deployment_frequency", 0, 0, vec![CaveatCode::NothingDeployed]),
        ] {
            assert_eq!(codes(metric, &[service("a")], known, total), expected, "{metric}");
        }
        let unmapped = ServiceBasis { has_unmapped_incidents: true, has_idle_patch_releases: true, ..service("a") };
        let expected = [CaveatCode::UnmappedIncidents, CaveatCode::PatchReleases];
        assert_eq!(codes("change_fail_rate", std::slice::from_ref(&unmapped), 30, 30), expected);
        assert_eq!(codes("change_lead_time", &[unmapped], 30, 30), []);
        let cut = ServiceBasis { partial: true, baseline: Some(at(6)), ..service("cut") };
        let expected = [CaveatCode::PartialHistory, CaveatCode::FirstDeployment];
        assert_eq!(codes("change_lead_time", &[cut], 30, 30), expected);
        assert_eq!(codes("change_lead_time", &[], 0, 0), [CaveatCode::NothingComputed]);
    }

    #[test]
    fn a_median_lead_time_of_0_is_explained_wherever_it_is_shown() {
        let service = service("squashed");
        let window = Window { from: at(5), to: at(25) };
        let caveats = |metric, value| {
            let measured = Measured { metric, noun: "changes", sways: true, zone: Tz::UTC, environment: None };
            let seen = Seen { known: 30, total: 30, ..Seen::default() }.with_value(value);
            measured.codes_of_step(&[&service], seen, window)
        };
        assert_eq!(caveats("change_lead_time", Some(0.0)), [CaveatCode::NoEarlierBeginning]);
        assert_eq!(caveats("change_lead_time", Some(1.0)), []);
        assert_eq!(caveats("change_lead_time", None), []);
        assert_eq!(caveats("pickup_time", Some(0.0)), []);
        assert!(no_earlier_beginning(Some(0.0)).is_some_and(|caveat| caveat.text.contains("0 s")));
    }

    #[test]
    fn a_metric_says_what_an_environment_decides_about_it() {
        let service = service("a");
        let window = Window { from: at(5), to: at(25) };
        let caveats = |metric, noun, decides| {
            let environment = Some(Environment { name: "eu", decides });
            let measured = Measured { metric, noun, sways: true, zone: Tz::UTC, environment };
            measured.caveats(&[&service], Seen { known: 30, total: 30, ..Seen::default() }, window)
        };
        assert_eq!(caveats("change_fail_rate", "deployments", true), []);
        let of_all = caveats("ci_duration", "runs", false);
        assert_eq!(of_all.iter().map(|caveat| caveat.code).collect::<Vec<_>>(), [CaveatCode::AllEnvironments]);
        assert!(of_all.iter().all(|caveat| caveat.text.contains("`eu`: runs are not about deployments")), "{of_all:?}");
        let caused = caveats("time_to_restore", "incidents", true);
        assert_eq!(caused.iter().map(|caveat| caveat.code).collect::<Vec<_>>(), [CaveatCode::CausedIncidents]);
    }

    #[test]
    fn many_services_are_counted_after_a_few_names() {
        let services: Vec<ServiceBasis> = ["a", "b", "c", "d", "e"].map(service).into();
        let services: Vec<&ServiceBasis> = services.iter().collect();
        assert_eq!(names(&services, &|_| true), "`a`, `b`, `c` and 2 more services");
        assert_eq!(names(&services, &|service| service.service.as_str() < "d"), "`a`, `b`, `c`");
    }

    #[test]
    fn evidence_is_a_set_of_sources() {
        let rules = [Rule::NamedAsFix, Rule::RolledBack, Rule::IncidentNamesIt];
        let mut evidence = EvidenceSet::of(&rules);
        evidence.extend(EvidenceSet::of(&[Rule::FailedAttempt]));
        let seen = Seen { total: 2, known: 1, evidence, is_zero: false };
        let evidence = vec![EvidenceSource::Incidents, EvidenceSource::Rollbacks, EvidenceSource::Attempts];
        assert_eq!(seen.basis(), Basis { evidence, known: Some(0.5) });
        assert_eq!(Seen::default().basis(), Basis::default());
    }
}
