//! Where a job of Jenkins is, from the addresses that Jenkins writes: `https://ci.example.org/job/folder/
//! job/name/17/`, with `/view/…` in front of it when a user looked through a view.

use std::sync::LazyLock;

use connector::reference::{RanFor, decoded};
use connector::versions::pattern;
use regex::Regex;

/// What branch sources of multibranch projects call the jobs of pull and merge requests.
static PULL_REQUEST: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:PR|MR)-\d+(?:-(?:head|merge))?$"));

/// A job: its Jenkins and its path of folders.
pub(super) struct JobAddress {
    jenkins: String,
    path: Vec<String>,
    /// Whether it is a job of a multibranch project, as far as that is known.
    of_branch: bool,
}

impl JobAddress {
    /// Reads the address of a job, or of one of its builds. A relative one is a job of `source`.
    pub(super) fn of(url: &str, source: &str) -> Option<Self> {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let (jenkins, path) = match url.split_once("://") {
            Some((_, rest)) => {
                let (authority, path) = rest.split_once('/')?;
                // Without credentials; with the port, as several may run on one machine.
                (authority.rsplit('@').next()?.to_lowercase(), path)
            }
            None => (source.to_owned(), url),
        };
        let mut jenkins = vec![jenkins];
        let mut job = Vec::new();
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        while let Some(segment) = segments.next() {
            match segment {
                "job" => job.push(segments.next()?.to_owned()),
                "view" => drop(segments.next()?),
                // Jenkins can live in a folder of its host; what follows the job is a build's number.
                _ if job.is_empty() => jenkins.push(segment.to_owned()),
                _ => break,
            }
        }
        let named = !job.is_empty() && jenkins.iter().all(|part| !part.is_empty());
        named.then(|| Self { jenkins: jenkins.join("/"), path: job, of_branch: false })
    }

    /// The same; `of_branch` is whether it is a job of a multibranch project, which has one for each branch and tag.
    pub(super) fn known_to_be(self, of_branch: bool) -> Self {
        Self { of_branch, ..self }
    }

    /// `<jenkins>/<folder>/<job>`.
    pub(super) fn id(&self) -> String {
        connector::webhook::kept_id(&format!("{}/{}", self.jenkins, self.path.join("/")))
    }

    /// The job's path as addresses have it.
    pub(super) fn path(&self) -> String {
        self.path.join("/")
    }

    /// The job's path, as people write it. Multibranch projects encode the names of branches, and addresses encode
    /// that again.
    pub(super) fn name(&self) -> String {
        let parts = self.path.iter().enumerate().map(|(at, part)| {
            let name = decoded(part);
            if at == 0 { name } else { decoded(&name) }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Whether it is the job of a pull request in a multibranch project.
    pub(super) fn is_of_pull_request(&self) -> bool {
        self.path.len() > 1 && self.path.last().is_some_and(|name| PULL_REQUEST.is_match(name))
    }

    /// What a run of it ran for, by what Jenkins calls the branch; by the job's name, where that can only be a branch.
    pub(super) fn ran_for(&self, branch: &str) -> RanFor {
        if self.is_of_pull_request() || PULL_REQUEST.is_match(branch.trim_start_matches("origin/")) {
            return RanFor::pull_request();
        }
        match RanFor::of(branch) {
            unknown if unknown == RanFor::default() => match self.own_branch() {
                Some(name) if name.contains('/') => RanFor::of(&name),
                // a project has jobs of tags, too
                Some(name) => RanFor::of_either(&name, None),
                None => unknown,
            },
            known => known,
        }
    }

    /// The branch or tag that the job is named by, if it is known to be one of a multibranch project: only these encode
    /// a name, so that `/` can stand in it.
    fn own_branch(&self) -> Option<String> {
        let name = decoded(self.path.last().filter(|_| self.path.len() > 1)?);
        (self.of_branch || name.to_uppercase().contains("%2F")).then(|| decoded(&name))
    }

    /// The id of a build of it.
    pub(super) fn run(&self, number: i64) -> String {
        format!("{}/run/{number}/1", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_people_write_it_and_an_id_as_addresses_have_it() {
        for (url, name, id) in [
            (
                "https://ci.example.org/job/Ops%20Team/job/Ship%20it%20%C3%BC/3/",
                "Ops Team/Ship it ü",
                "Ops%20Team/Ship%20it%20%C3%BC",
            ),
            ("https://ci.example.org/job/shop/job/feature%252Fx/1/", "shop/feature/x", "shop/feature%252Fx"),
            ("https://ci.example.org/job/100%25/1/", "100%", "100%25"),
        ] {
            let job = JobAddress::of(url, "jenkins").unwrap();
            assert_eq!((job.name().as_str(), job.path().as_str()), (name, id));
            assert_eq!(job.id(), format!("ci.example.org/{id}"));
        }
    }

    #[test]
    fn jobs_of_pull_requests_are_known_by_the_names_that_branch_sources_give_them() {
        let job = |path: &str| JobAddress::of(&format!("https://ci.example.org/{path}"), "jenkins").unwrap();
        for path in ["job/shop/job/PR-12", "job/shop/job/MR-7", "job/shop/job/PR-12-merge"] {
            assert_eq!(job(path).ran_for("main"), RanFor::pull_request(), "{path}");
        }
        for branch in ["PR-12", "origin/PR-12", "refs/pull/12/head", "origin/pr/12/merge"] {
            assert_eq!(job("job/shop").ran_for(branch), RanFor::pull_request(), "{branch}");
        }
        assert_eq!(job("job/shop/job/main").ran_for("origin/main").branch.as_deref(), Some("main"));
        assert_eq!(job("job/shop/job/v1").ran_for("refs/tags/v1"), RanFor::tag("v1"));
    }

    #[test]
    fn the_job_of_a_branch_ran_for_it_although_its_checkout_names_none() {
        let job = |path: &str| JobAddress::of(&format!("https://ci.example.org/{path}"), "jenkins").unwrap();
        for branch in ["detached", "", "HEAD"] {
            let ran_for = job("job/deploy-shop/job/feature%252Fx/7").ran_for(branch);
            assert_eq!(ran_for.branch.as_deref(), Some("feature/x"), "{branch}");
        }
        assert_eq!(job("job/deploy-shop/job/feature%252Fx").ran_for("origin/main").branch.as_deref(), Some("main"));
        // a folder's job may have any name, unless it is known not to be a folder
        assert_eq!(job("job/ops/job/ship").ran_for("detached"), RanFor::default());
        for branch in ["detached", "", "HEAD"] {
            let ran_for = job("job/deploy-shop/job/experiment/7").known_to_be(true).ran_for(branch);
            assert_eq!(ran_for.branch.as_deref(), Some("experiment"), "{branch}");
        }
        assert_eq!(job("job/shop/job/v1.2.0").known_to_be(true).ran_for("detached"), RanFor::tag("v1.2.0"));
        assert_eq!(job("job/shop/job/6.4").known_to_be(true).ran_for("").branch.as_deref(), Some("6.4"));
    }

    #[test]
    fn a_job_is_the_same_whichever_address_it_is_seen_at() {
        for (url, expected) in [
            ("https://CI.example.org/job/shop/job/main/17/", "ci.example.org/shop/main"),
            ("https://ci.example.org/view/all/job/shop/view/x/job/main", "ci.example.org/shop/main"),
            ("http://ann:pw@ci.example.org:8080/jenkins/job/shop/1/?a=b", "ci.example.org:8080/jenkins/shop"),
            ("job/shop/17/", "jenkins/main/shop"),
        ] {
            assert_eq!(JobAddress::of(url, "jenkins/main").map(|job| job.id()).as_deref(), Some(expected), "{url}");
        }
        for no in ["", "https://ci.example.org", "https://ci.example.org/view/all/", "https:///job/x", "job"] {
            assert!(JobAddress::of(no, "jenkins/main").is_none(), "{no}");
        }
    }
}
