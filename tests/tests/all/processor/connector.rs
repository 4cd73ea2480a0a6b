//! A connector of the tests' own: its normalizer does all that a normalizer can do.

use bytes::Bytes;
use connector::Connector;
use kernel::{
    Commit, Completeness, Envelope, Fact, IgnoreReason, NotStored, RejectReason, Rejection, Repository, Sha, Tenant,
    Version,
};

use tests::unique;

struct Test;

/// Knows the tests' connector.
pub(crate) fn registry(name: &str) -> Option<&'static dyn Connector> {
    (name == "test").then_some(&Test)
}

/// An event of this kind.
pub(crate) fn event(kind: &str, key: &str, data: &str) -> Envelope {
    Envelope {
        id: unique("event"),
        source: "test/main".into(),
        kind: kind.into(),
        subject: None,
        time: chrono::Utc::now(),
        tenant: Tenant::default(),
        key: key.into(),
        content_type: "text/plain".into(),
        data: Bytes::from(data.to_owned()),
        traceparent: None,
    }
}

/// An event that becomes a number of commits of a repository, with numbers from `first` on.
pub(crate) fn commits(repository: &str, first: usize, count: usize) -> Envelope {
    event("test.commits", repository, &format!("{repository} {first} {count}"))
}

impl Connector for Test {
    fn name(&self) -> &'static str {
        "test"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let text = std::str::from_utf8(&envelope.data).unwrap();
        match envelope.kind.as_str() {
            "test.commits" => {
                let words: Vec<&str> = text.split(' ').collect();
                let first: usize = words[1].parse().unwrap();
                let count: usize = words[2].parse().unwrap();
                Ok((first..first + count).map(|number| Fact::Commit(commit(words[0], number))).collect())
            }
            "test.panic" => panic!("a fault in a normalizer, on purpose"),
            "test.ignored" => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
            "test.year_1" => {
                let mut commit = commit("r", 1);
                commit.authored_at = "0001-01-01T00:00:00Z".parse().unwrap();
                Ok(vec![Fact::Commit(commit)])
            }
            // No index takes an id of this size.
            "test.refused" => {
                Ok(vec![Fact::Repository(Repository::new(noise(50_000).into(), String::new(), version()))])
            }
            _ => Err(Rejection::new(RejectReason::Schema, "it is bad").into()),
        }
    }
}

fn version() -> Version {
    Version { completeness: Completeness::Reported, at: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap() }
}

fn commit(repository: &str, number: usize) -> Commit {
    let mut sha = [7; 20];
    sha[..8].copy_from_slice(&number.to_be_bytes());
    Commit {
        subject: format!("commit {number}"),
        ..Commit::new(repository.into(), Sha::from_bytes(&sha).unwrap(), version().at, version().at, version())
    }
}

fn noise(length: usize) -> String {
    use rand::{RngExt, SeedableRng};
    let mut rng = rand::rngs::StdRng::seed_from_u64(2);
    (0..length).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect()
}
