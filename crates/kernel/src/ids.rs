//! Identities of facts: derived from the source's own ids, so that a replay gives the same rows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

text_id!(
    /// Where code lives: `host/owner/name` in lower case, such as `github.com/octocat/hello-world`.
    /// A clone and the forge's webhooks of one repository give the same id, so their facts meet.
    /// A repository that has no remote is `localhost/absolute/path`.
    RepositoryId
);
text_id!(
    /// A pull or merge request: `<repository>#<number>`.
    ChangeId
);
text_id!(
    /// A deployment: `<repository or source>/<kind>/<native id>`.
    DeploymentId
);
text_id!(
    /// An incident: `<source>/<native id>`.
    IncidentId
);
text_id!(
    /// A work item: `<source or repository>/<native key>`.
    WorkItemId
);
text_id!(
    /// An account of a person or a bot: `<host>/<login>`, or `email/<address>` for a git author.
    AccountId
);

/// Hosts of forges that are the forge itself by another name: for SSH where only port 443 is open.
const OTHER_HOSTS: [(&str, &str); 4] = [
    ("ssh.github.com", "github.com"),
    ("www.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
];

impl RepositoryId {
    /// The id of a repository from its web or clone URL (`https`, `ssh`, `git@host:path`), if the
    /// text has a host and a path. Credentials, ports, a trailing `.git`, what follows the path, and letter case are
    /// dropped, and a forge's host for SSH over port 443 is the forge.
    #[must_use]
    pub fn from_url(url: &str) -> Option<Self> {
        let rest = match url.split_once("://") {
            // an id, whose path may have any signs, is no address
            Some((scheme, rest)) if !scheme.contains('/') && !scheme.eq_ignore_ascii_case("file") => rest.to_owned(),
            Some(_) => return None,
            // scp-like: git@host:owner/name
            None => {
                let (host, path) = url.split_once(':')?;
                if host.contains('/') || host.len() < 2 {
                    return None;
                }
                format!("{host}/{path}")
            }
        };
        let (authority, path) = rest.split_once('/')?;
        let host = authority.rsplit('@').next()?;
        let host = host.split(':').next()?.to_lowercase();
        let host = OTHER_HOSTS.iter().find(|(other, _)| *other == host).map_or(host.as_str(), |(_, forge)| *forge);
        let path = path.split(['?', '#']).next()?;
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_matches('/');
        if host.is_empty() || path.is_empty() {
            return None;
        }
        Some(Self(format!("{host}/{}", path.to_lowercase())))
    }

    /// The host, which the id begins with.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// What follows the host: `owner/name`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, path)| path)
    }

    /// The deployment that a tag of this repository is. A clone and webhooks give it the same id, so their facts meet.
    #[must_use]
    pub fn tag(&self, name: &str) -> DeploymentId {
        DeploymentId(format!("{}/tag/{name}", self.0))
    }

    /// The deployment that a release is, by what identifies the release at the forge.
    #[must_use]
    pub fn release(&self, native: impl fmt::Display) -> DeploymentId {
        DeploymentId(format!("{}/release/{native}", self.0))
    }

    /// The deployment of this id at the forge.
    #[must_use]
    pub fn deployment(&self, native: impl fmt::Display) -> DeploymentId {
        DeploymentId(format!("{}/deployment/{native}", self.0))
    }

    /// The id of a pipeline's run, by its id at the forge and its attempt, which counts from 1.
    #[must_use]
    pub fn run(&self, native: impl fmt::Display, attempt: i64) -> String {
        format!("{}/run/{native}/{attempt}", self.0)
    }

    /// The change with this number in this repository.
    #[must_use]
    pub fn change(&self, number: i64) -> ChangeId {
        ChangeId(format!("{}#{number}", self.0))
    }
}

/// The id of a git object: 20 bytes (SHA-1) or 32 (SHA-256), as lower-case hex outside of the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha {
    bytes: [u8; 32],
    len: u8,
}

/// A text or byte string that is no object id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an object id has 40 or 64 hexadecimal digits")]
pub struct ShaError;

impl Sha {
    /// From 20 or 32 raw bytes.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, ShaError> {
        let mut bytes = [0; 32];
        match raw.len() {
            20 | 32 => {
                for (to, from) in bytes.iter_mut().zip(raw) {
                    *to = *from;
                }
                // 20 or 32 always fit
                Ok(Self { bytes, len: u8::try_from(raw.len()).unwrap_or(32) })
            }
            _ => Err(ShaError),
        }
    }

    /// From 40 or 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, ShaError> {
        let mut raw = [0; 32];
        let raw = raw.get_mut(..text.len() / 2).ok_or(ShaError)?;
        hex::decode_to_slice(text, raw).map_err(|_| ShaError)?;
        Self::from_bytes(raw)
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }

    /// Whether it is the id of no object, as forges write a branch that was just created or deleted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_bytes().iter().all(|byte| *byte == 0)
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 64];
        let text = text.get_mut(..usize::from(self.len) * 2).unwrap_or_default();
        hex::encode_to_slice(self.as_bytes(), text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Sha {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Sha;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object id of 40 or 64 hexadecimal digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Sha, E> {
                Sha::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Sha {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sha".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The id of a git object.",
            "pattern": "^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_repository_is_its_host_and_its_path() {
        let id = RepositoryId::from("gitlab.com/group/part/project");
        assert_eq!((id.host(), id.path()), ("gitlab.com", "group/part/project"));
    }

    #[test]
    fn clone_and_web_urls_of_one_repository_give_one_id() {
        for url in [
            "https://github.com/Octocat/Hello-World",
            "https://token@github.com/octocat/hello-world.git",
            "git@github.com:octocat/hello-world.git",
            "ssh://git@github.com:22/octocat/hello-world.git/",
            "ssh://git@ssh.github.com:443/octocat/hello-world.git",
            "git@SSH.github.com:octocat/hello-world.git",
            "https://www.github.com/octocat/hello-world?tab=readme#top",
        ] {
            assert_eq!(RepositoryId::from_url(url), Some("github.com/octocat/hello-world".into()), "{url}");
        }
        for no in ["file:///srv/x.git", "/srv/x.git", "C:\\x", "https://host", "host/path://other/name", ""] {
            assert_eq!(RepositoryId::from_url(no), None, "{no}");
        }
    }

    #[test]
    fn an_object_id_survives_its_text_and_nothing_else_is_one() {
        let text = "9fceb02d0ae598e95dc970b74767f19372d61af8";
        assert_eq!(Sha::parse(text).map(|sha| sha.to_string()), Ok(text.to_owned()));
        for no in ["", "9fceb02", "zfceb02d0ae598e95dc970b74767f19372d61af8", &"a".repeat(65), &"é".repeat(20)] {
            assert_eq!(Sha::parse(no), Err(ShaError), "{no}");
        }
    }
}
