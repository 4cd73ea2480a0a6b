//! Rule 5: a patch release that follows its release soon is its hotfix. Only for versions whose last number says
//! so: neither for dates, nor where the patch level counts releases.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::HashMap;

use chrono::Datelike;
use kernel::{Finding, FindingKind, Rule};

use super::case::{Case, Verdicts};
use super::measured::is_release_source;
use super::spans::instant;
use super::version::Version;

/// Rule 5. Where it is off, or the patch level is a counter, a finding says what it would have found.
pub(crate) fn patch_releases(case: &Case<'_>, all: &mut Verdicts) {
    let releases = Releases::new(case);
    let (counted, others): (Vec<_>, Vec<_>) =
        releases.patched(case).into_iter().partition(|(_, next)| !releases.is_counter(*next));
    let on = case.options.patch_release_is_hotfix;
    let detail = match (on, counted.len(), others.len()) {
        (false, found @ 1.., _) => format!(
            "{found} of its releases were followed by their next patch level within `dora.attribution_window`; they \
             do not count as failed, since `dora.patch_release_is_hotfix` is off"
        ),
        (true, _, found @ 1..) => format!(
            "{found} of its releases were followed by their next patch level within `dora.attribution_window`; they \
             do not count as failed, since more than half of the releases of their year are patch levels in a row: \
             the patch level is a counter here, so switch `dora.patch_release_is_hotfix` off"
        ),
        _ => String::new(),
    };
    if !detail.is_empty() {
        let (service, subject) = (case.history.service.clone(), case.history.service.clone());
        all.findings.push(Finding { service, kind: FindingKind::PatchReleases, subject, detail });
    }
    for (number, next) in counted.into_iter().filter(|_| on) {
        let evidence = case.deployment(Rule::PatchRelease, next);
        all.each[number].fail(evidence.clone());
        all.each[number].repair(case.deployments[next].finished, evidence);
        all.each[next].rework(case.deployment(Rule::PatchRelease, number));
    }
}

/// Releases and tags of a service that have a version, in order. Those of one repository and product are one line.
struct Releases<'a> {
    named: Vec<(usize, u32, Version<'a>)>,
    /// The year in which each finished.
    years: HashMap<usize, (Line<'a>, i32)>,
    /// For each line and year how many releases there are, and how many are the next patch level of the one before.
    counts: HashMap<(Line<'a>, i32), (usize, usize)>,
}

/// A repository, and what stands around the numbers of a version.
type Line<'a> = (u32, (&'a str, &'a str));

impl<'a> Releases<'a> {
    fn new(case: &'a Case<'a>) -> Self {
        let mut releases = Self { named: Vec::new(), years: HashMap::new(), counts: HashMap::new() };
        let mut last: HashMap<Line<'a>, Version<'a>> = HashMap::new();
        for number in case.line() {
            let deployment = &case.deployments[number];
            let name = deployment.fact.name.as_deref().filter(|_| is_release_source(deployment.fact.source));
            let Some(version) = name.and_then(Version::parse) else { continue };
            let year = instant(deployment.finished).year();
            if version.is_calendar(year) {
                continue;
            }
            let line = (deployment.chain, version.product());
            let counts = releases.counts.entry((line, year)).or_default();
            counts.0 += 1;
            let before = last.insert(line, version.clone());
            counts.1 += usize::from(before.is_some_and(|before| before.next() == version));
            releases.years.insert(number, (line, year));
            releases.named.push((number, deployment.chain, version));
        }
        releases
    }

    /// Releases that were followed by their next patch level within the window.
    fn patched(&self, case: &Case<'_>) -> Vec<(usize, usize)> {
        let mut versions: HashMap<(u32, Version<'_>), Vec<usize>> = HashMap::new();
        for (number, chain, version) in &self.named {
            versions.entry((*chain, version.clone())).or_default().push(*number);
        }
        let next = |(number, chain, version): &(usize, u32, Version<'_>)| {
            let next = versions.get(&(*chain, version.next()))?;
            let next = next.iter().copied().find(|next| next > number)?;
            case.within_window(*number, next).then_some((*number, next))
        };
        self.named.iter().filter_map(next).collect()
    }

    /// Whether the patch level only counts releases: more than half of those of a year are patch levels in a row.
    fn is_counter(&self, release: usize) -> bool {
        let counts = self.years.get(&release).and_then(|year| self.counts.get(year));
        counts.is_some_and(|(releases, in_a_row)| in_a_row * 2 > *releases)
    }
}
