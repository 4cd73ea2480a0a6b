//! What an artifact's id says: CDEvents name artifacts by package URLs (`pkg:type/namespace/name@version`).

use connector::reference::decoded;
use kernel::{RepositoryId, Sha};

/// What was deployed, as far as its id states it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Its version; the whole id where that has none.
    pub(super) version: Option<String>,
    /// The commit that it was built from.
    pub(super) sha: Option<Sha>,
    /// The repository that it was built from.
    pub(super) repository: Option<RepositoryId>,
}

/// Reads an artifact's id. A package URL that holds `vcs_url` names its commit and repository; those of
/// the types `github`, `bitbucket` and `golang` are named by their repository.
pub(super) fn artifact(id: &str) -> Artifact {
    let Some(package) = id.strip_prefix("pkg:") else {
        return Artifact { version: filled(id), ..Artifact::default() };
    };
    let package = package.split('#').next().unwrap_or_default();
    let (path, qualifiers) = package.split_once('?').unwrap_or((package, ""));
    let (name, version) = match path.rsplit_once('@') {
        Some((name, version)) => (name, filled(&decoded(version))),
        None => (path, None),
    };
    let built_from = qualifiers.split('&').find_map(|qualifier| qualifier.strip_prefix("vcs_url=")).map(decoded);
    let (repository, sha) = match built_from.as_deref() {
        Some(url) => from_vcs_url(url),
        None => (named_by_repository(name), None),
    };
    let sha = sha.or_else(|| Sha::parse(version.as_deref()?).ok());
    Artifact { version: version.or_else(|| filled(id)), sha, repository }
}

/// `git+https://host/owner/name@commit`, the form of SPDX.
fn from_vcs_url(url: &str) -> (Option<RepositoryId>, Option<Sha>) {
    let url = url.strip_prefix("git+").unwrap_or(url);
    // An `@` before the host belongs to a user: what follows it has a slash.
    match url.rsplit_once('@').filter(|(_, revision)| !revision.contains('/')) {
        Some((address, revision)) => (RepositoryId::from_url(address), Sha::parse(revision).ok()),
        None => (RepositoryId::from_url(url), None),
    }
}

fn named_by_repository(name: &str) -> Option<RepositoryId> {
    let (kind, path) = name.split_once('/')?;
    let path = decoded(path);
    let address = match kind {
        "github" => format!("https://github.com/{path}"),
        "bitbucket" => format!("https://bitbucket.org/{path}"),
        // A module can be a directory of its repository, so only the forges are known where it ends.
        "golang" => {
            let mut parts = path.splitn(4, '/');
            let host = parts.next().filter(|host| matches!(*host, "github.com" | "gitlab.com" | "bitbucket.org"))?;
            format!("https://{host}/{}/{}", parts.next()?, parts.next()?)
        }
        _ => return None,
    };
    RepositoryId::from_url(&address)
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";

    #[test]
    fn a_package_url_names_version_commit_and_repository() {
        let repository = |id: &str| Some(RepositoryId::from(id));
        let sha = Sha::parse(SHA).ok();
        for (id, version, commit, place) in [
            ("pkg:oci/shop@sha256%3A0b31?tag=2.4.0", "sha256:0b31", None, None),
            ("pkg:golang/github.com/acme/shop/api@v2.4.0", "v2.4.0", None, repository("github.com/acme/shop")),
            ("pkg:golang/example.org/shop@v1", "v1", None, None),
            (&format!("pkg:github/Acme/shop@{SHA}"), SHA, sha, repository("github.com/acme/shop")),
            (
                &format!("pkg:npm/shop@2.4.0?vcs_url=git%2Bhttps://git.example.org/acme/shop.git%40{SHA}"),
                "2.4.0",
                sha,
                repository("git.example.org/acme/shop"),
            ),
            (
                "pkg:npm/shop@1?vcs_url=git+ssh://git@git.example.org/acme/shop",
                "1",
                None,
                repository("git.example.org/acme/shop"),
            ),
            ("shop:2.4.0", "shop:2.4.0", None, None),
            ("pkg:npm/shop", "pkg:npm/shop", None, None),
            ("pkg:npm/shop@%zz%4", "%zz%4", None, None),
        ] {
            let expected = Artifact { version: Some(version.to_owned()), sha: commit, repository: place };
            assert_eq!(artifact(id), expected, "{id}");
        }
        assert_eq!(artifact(""), Artifact::default());
    }
}
