//! Finds the deployment, change or commit that an id, name or number means.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::Sha;
use store::StoreTx;
use store::history::search::{self, FoundChange, FoundCommit, FoundDeployment};

use crate::{Candidate, DoraError};

/// The most candidates that are listed.
const MAX_CANDIDATES: i64 = 20;

/// What an id names.
pub(super) enum Target {
    Nothing,
    Several(Vec<Candidate>),
    Deployment(FoundDeployment),
    Change(FoundChange),
    Commit(FoundCommit),
}

/// Finds what an id means.
pub(super) async fn find(tx: &mut StoreTx, id: &str) -> Result<Target, DoraError> {
    let found = search::deployments(tx, id).await?;
    if let Some(exact) = found.iter().find(|found| found.id.as_str() == id) {
        return Ok(Target::Deployment(exact.clone()));
    }
    if let Some(target) = one_change(search::changes(tx, &[id.to_owned()]).await?) {
        return Ok(target);
    }
    if let Some(number) = id.strip_prefix('#').and_then(|number| number.parse().ok())
        && let Some(target) = one_change(search::changes_numbered(tx, number).await?)
    {
        return Ok(target);
    }
    if let Some(target) = one_deployment(found) {
        return Ok(target);
    }
    // a direct commit is known as `<repository>@<sha>`
    let (repository, digits) = id.rsplit_once('@').map_or((None, id), |(before, digits)| (Some(before), digits));
    let Some((begin, until)) = range(digits) else { return Ok(Target::Nothing) };
    let mut commits = search::commits(tx, &begin, &until, MAX_CANDIDATES).await?;
    commits.retain(|commit| repository.is_none_or(|repository| commit.repository.as_str() == repository));
    let shas: BTreeSet<Sha> = commits.iter().map(|commit| commit.sha).collect();
    let (Some(sha), true) = (shas.first(), shas.len() < 2) else {
        let commits = commits.into_iter();
        let commits = commits.map(|found| (found.sha.to_string(), found.subject, Some(found.authored_at)));
        let several = candidates("commit", commits);
        return Ok(if several.is_empty() { Target::Nothing } else { Target::Several(several) });
    };
    if repository.is_none()
        && let Some(target) = one_deployment(search::deployments_of(tx, sha).await?)
    {
        return Ok(target);
    }
    Ok(commits.into_iter().next().map_or(Target::Nothing, Target::Commit))
}

/// The first id of 20 bytes that begins with these digits, and the first after all that do.
fn range(digits: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let hex = digits.len() >= 7 && digits.len() <= 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let even = |digits: String| hex::decode(digits).ok();
    let pad = if digits.len() % 2 == 1 { ["0", "f"] } else { ["", ""] };
    let begin = even(format!("{digits}{}", pad[0])).filter(|_| hex)?;
    // longer than any id that begins so, and after each of them
    let mut until = even(format!("{digits}{}", pad[1]))?;
    until.resize(33, 0xff);
    Some((begin, until))
}

fn candidates(
    what: &'static str,
    found: impl IntoIterator<Item = (String, String, Option<DateTime<Utc>>)>,
) -> Vec<Candidate> {
    found.into_iter().map(|(id, title, at)| Candidate { what, id, title, at }).collect()
}

fn one_deployment(found: Vec<FoundDeployment>) -> Option<Target> {
    // of a release and a tag of one name the one that counts is the target
    let measured: Vec<&FoundDeployment> = found.iter().filter(|found| found.measured).collect();
    let ids: BTreeSet<_> = measured.iter().map(|found| &found.id).collect();
    match (measured.first().copied(), ids.len(), found.first(), found.len()) {
        (Some(only), 1, _, _) | (None, _, Some(only), 1) => Some(Target::Deployment(only.clone())),
        (_, _, None, _) => None,
        _ => Some(Target::Several(candidates(
            "deployment",
            found.into_iter().map(|found| (found.id.to_string(), found.name.unwrap_or_default(), found.at)),
        ))),
    }
}

fn one_change(mut found: Vec<FoundChange>) -> Option<Target> {
    match (found.pop(), found.len()) {
        (None, _) => None,
        (Some(only), 0) => Some(Target::Change(only)),
        (Some(last), _) => Some(Target::Several(candidates(
            "change",
            found.into_iter().chain([last]).map(|found| (found.id.to_string(), found.title, found.merged_at)),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_commits_id_is_a_range_of_ids() {
        let sha = Sha::parse("9fceb02d0ae598e95dc970b74767f19372d61af8").unwrap();
        for digits in ["9fceb02", "9fceb02d", "9FCEB02D0AE5", "9fceb02d0ae598e95dc970b74767f19372d61af8"] {
            let (begin, until) = range(digits).unwrap();
            assert!(begin.as_slice() <= sha.as_bytes() && sha.as_bytes() < until.as_slice(), "{digits}");
        }
        let (_, until) = range("9fceb01").unwrap();
        assert!(until.as_slice() < sha.as_bytes());
        for no in ["9fceb0", "v1.2.3.4", "9fceb02x", ""] {
            assert_eq!(range(no), None, "{no}");
        }
    }
}
