//! Where a repository is: a path, or a URL without its credentials. From here on credentials are known
//! to nothing but the environment of the `git` process that needs them.

use std::path::PathBuf;

use kernel::RepositoryId;

use super::error::GitError;

/// Protocols that `git` may speak for us; the others run commands or are unsafe by design.
pub(super) const PROTOCOLS: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// Where a repository is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// On this machine.
    Local(PathBuf),
    /// Somewhere that `git` fetches from.
    Remote(Remote),
}

/// A repository that `git` fetches from.
#[derive(PartialEq, Eq)]
pub(super) struct Remote {
    /// The URL without credentials: safe to show, to keep and to pass.
    pub url: String,
    /// The user of an `http` URL.
    pub user: Option<String>,
    /// Their password.
    pub password: Option<String>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The repository that an address is of: that of a URL; that of a path on this machine, which needs no remote.
#[must_use]
pub fn repository_of(address: &str) -> Option<RepositoryId> {
    let at_path = || {
        let path = std::path::absolute(address.strip_prefix("file://").unwrap_or(address)).ok()?;
        Some(of_path(&path.display().to_string()))
    };
    RepositoryId::from_url(address).or_else(at_path)
}

/// A repository of this machine without a remote, by its absolute path.
pub(super) fn of_path(path: &str) -> RepositoryId {
    RepositoryId(format!("localhost/{}", path.trim_matches('/')))
}

impl Location {
    /// Reads the `url` of a git source.
    pub fn parse(text: &str) -> Result<Self, GitError> {
        let refuse = |shown: &str, problem: &str| {
            Err(GitError::Setting { repository: shown.to_owned(), problem: problem.to_owned() })
        };
        let text = text.trim();
        if text.is_empty() {
            return refuse("", "`url` is empty; expected the path of a repository, or a URL");
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let scheme = scheme.to_ascii_lowercase();
            let (clean, user, password) = split_credentials(&scheme, rest);
            if !PROTOCOLS.contains(&scheme.as_str()) {
                return refuse(
                    &clean,
                    "`url` has a protocol that is not allowed; expected https, http, ssh, git or file",
                );
            }
            if [&user, &password].into_iter().flatten().any(|text| text.contains(char::is_control)) {
                return refuse(&clean, "`url` has credentials with control characters");
            }
            return Ok(Self::Remote(Remote { url: clean, user, password }));
        }
        // scp-like `user@host:path`, unless there is such a file; `x::y` would name a remote helper
        if let Some((host, path)) = text.split_once(':')
            && !host.contains('/')
            && host.len() > 1
            && !std::path::Path::new(text).exists()
        {
            if path.starts_with(':') || host.starts_with('-') {
                return refuse("", "`url` is neither a path nor a URL that is allowed");
            }
            return Ok(Self::Remote(Remote { url: text.to_owned(), user: None, password: None }));
        }
        Ok(Self::Local(PathBuf::from(text)))
    }

    /// As it may be shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::Remote(remote) => runtime::redact(&remote.url).into_owned(),
        }
    }
}

/// The URL without what must not be shown. An `ssh` user is part of the address; its password is dropped,
/// as `ssh` never takes one from there.
fn split_credentials(scheme: &str, rest: &str) -> (String, Option<String>, Option<String>) {
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let slash = if rest.contains('/') { "/" } else { "" };
    let Some((userinfo, host)) = authority.rsplit_once('@') else {
        return (format!("{scheme}://{rest}"), None, None);
    };
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    if scheme == "ssh" {
        return (format!("{scheme}://{user}@{host}{slash}{path}"), None, None);
    }
    let some = |text: &str| (!text.is_empty()).then(|| percent_decoded(text));
    (format!("{scheme}://{host}{slash}{path}"), some(user), password.and_then(some))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let mut decoded = [0];
        if *first == b'%' && after.get(..2).is_some_and(|digits| hex::decode_to_slice(digits, &mut decoded).is_ok()) {
            bytes.extend(decoded);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The host and the path of a web or clone address, as its owner writes them.
pub(super) fn host_and_path(url: &str) -> Option<(String, String)> {
    let (authority, path) = match url.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return None,
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':').filter(|(host, _)| !host.contains('/') && host.len() > 1)?,
    };
    let host = authority.rsplit('@').next()?.split(':').next()?.to_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_matches('/');
    (!host.is_empty() && !path.is_empty()).then(|| (host, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_of_this_machine_is_found_by_its_path_and_another_by_its_url() {
        let of = |address: &str| repository_of(address).map(|id| id.0);
        assert_eq!(of("/srv/shop/"), Some("localhost/srv/shop".to_owned()));
        assert_eq!(of("file:///srv/shop"), Some("localhost/srv/shop".to_owned()));
        assert_eq!(of("https://github.com/octocat/Shop.git"), Some("github.com/octocat/shop".to_owned()));
    }

    fn remote(text: &str) -> Remote {
        match Location::parse(text) {
            Ok(Location::Remote(remote)) => remote,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn credentials_are_parted_from_the_url() {
        let it = remote("https://ann:s%40cret@host.org:8443/a/b.git");
        assert_eq!(it.url, "https://host.org:8443/a/b.git");
        assert_eq!((it.user.as_deref(), it.password.as_deref()), (Some("ann"), Some("s@cret")));
        assert!(!format!("{it:?}").contains("cret"));
        assert_eq!(remote("https://token@host/a").user.as_deref(), Some("token"));
        assert_eq!(remote("ssh://git:pw@host/a").url, "ssh://git@host/a");
        assert_eq!(remote("git@host:a/b.git").url, "git@host:a/b.git");
        assert_eq!(remote("file:///srv/x@y.git").url, "file:///srv/x@y.git");
    }

    #[test]
    fn paths_are_paths_and_unsafe_addresses_are_refused() {
        for path in [".", "/srv/x", "-x", "a/b:c", "C:\\x"] {
            assert_eq!(Location::parse(path).unwrap(), Location::Local(path.into()));
        }
        for bad in ["", "ext::sh -c x", "-oProxyCommand=x:y", "ftp://host/x", "ext://x", "https://a:b%0Ac@host/x"] {
            let error = Location::parse(bad).unwrap_err();
            assert!(matches!(error, GitError::Setting { .. }), "{bad}");
            assert!(!error.to_string().contains("a:b"), "{error}");
        }
    }

    #[test]
    fn an_address_has_a_host_and_a_path() {
        for url in ["https://GitHub.com/Ann/App.git", "git@github.com:Ann/App", "ssh://git@github.com:22/Ann/App/"] {
            assert_eq!(host_and_path(url), Some(("github.com".into(), "Ann/App".into())), "{url}");
        }
        for no in ["file:///srv/x", "/srv/x", "https://host"] {
            assert_eq!(host_and_path(no), None, "{no}");
        }
    }
}
