//! What can be found by what people call it, and by the beginnings of commits' ids.

crate::closed_list! {
    /// What can be searched for.
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum SearchKind: "kind of what is searched for" {
        /// A pull or merge request: by its number, its key, or words of its title.
        Change,
        /// A commit: by the beginning of its id, 7 digits at least.
        Commit,
        /// A work item: by its key, or words of its title.
        WorkItem,
        /// A release, a version tag or another version that was named: by its name.
        Release,
        /// A deployment to any environment: by its version.
        Deployment,
        /// An incident: by its id, or words of its title.
        Incident,
        /// A service: by its name.
        Service,
        /// A repository: by its name.
        Repository,
        /// A team: by its name.
        Team,
        /// A sprint: by its name.
        Sprint,
        /// A person: by name, where persons are shown. Only where this kind is asked for.
        Person,
    }
}

/// The ids of commits that begin with these digits, 7 at least: the first id, and the first after all of them. `None` where
/// no id begins so.
#[must_use]
pub fn commit_ids(digits: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let hex = digits.len() >= 7 && digits.len() <= 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let even = |digits: String| hex::decode(digits).ok();
    let pad = if digits.len() % 2 == 1 { ["0", "f"] } else { ["", ""] };
    let begin = even(format!("{digits}{}", pad[0])).filter(|_| hex)?;
    // longer than any id that begins so, and after each of them
    let mut until = even(format!("{digits}{}", pad[1]))?;
    until.resize(33, 0xff);
    Some((begin, until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha;

    #[test]
    fn the_beginning_of_a_commits_id_is_a_range_of_ids() {
        let sha = Sha::parse("9fceb02d0ae598e95dc970b74767f19372d61af8").unwrap();
        for digits in ["9fceb02", "9fceb02d", "9FCEB02D0AE5", "9fceb02d0ae598e95dc970b74767f19372d61af8"] {
            let (begin, until) = commit_ids(digits).unwrap();
            assert!(begin.as_slice() <= sha.as_bytes() && sha.as_bytes() < until.as_slice(), "{digits}");
        }
        let (_, until) = commit_ids("9fceb01").unwrap();
        assert!(until.as_slice() < sha.as_bytes());
        for no in ["9fceb0", "v1.2.3.4", "9fceb02x", ""] {
            assert_eq!(commit_ids(no), None, "{no}");
        }
    }
}
