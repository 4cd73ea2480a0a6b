//! Where a job of Jenkins is, from the addresses that Jenkins writes: `https://ci.example.org/job/folder/
//! job/name/17/`, with `/view/…` in front of it when somebody looked through a view.

/// A job: its Jenkins and its path of folders.
pub(super) struct JobAddress {
    jenkins: String,
    path: Vec<String>,
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
        named.then(|| Self { jenkins: jenkins.join("/"), path: job })
    }

    /// `<jenkins>/<folder>/<job>`.
    pub(super) fn id(&self) -> String {
        crate::webhook::kept_id(&format!("{}/{}", self.jenkins, self.path.join("/")))
    }

    /// The job's path, as people write it.
    pub(super) fn name(&self) -> String {
        self.path.join("/")
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
