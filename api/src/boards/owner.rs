//! Who has a board, who sees it and who may change it.

use kernel::Right;
use store::boards::{BoardFilter, BoardOwner};

use crate::access::Access;
use crate::identity::{Principal, PrincipalKind};
use crate::problem::Problem;

/// Who has the boards of a server that asks for no login, and of its own user.
pub const LOCAL: &str = "local";
/// What the text of a team's board begins with.
const TEAM: &str = "team:";

/// What the boards of a principal are found by. On a server that asks for no login all are its own user's.
#[must_use]
pub fn own_id(principal: &Principal) -> String {
    match principal.kind {
        PrincipalKind::Local | PrincipalKind::Anyone => LOCAL.to_owned(),
        _ => principal.to_string(),
    }
}

/// An owner as a text: `me`, `team:web`, `everyone`, or another principal.
#[must_use]
pub fn owner_text(owner: &BoardOwner, own_id: &str) -> String {
    match owner {
        BoardOwner::Person(id) if id == own_id => "me".to_owned(),
        BoardOwner::Person(id) => id.clone(),
        BoardOwner::Team(name) => format!("{TEAM}{name}"),
        BoardOwner::Everyone => "everyone".to_owned(),
    }
}

/// Reads an owner. No one makes boards for another.
pub fn read_owner(text: &str, own_id: &str) -> Result<BoardOwner, Problem> {
    match text {
        "me" => Ok(BoardOwner::Person(own_id.to_owned())),
        "everyone" => Ok(BoardOwner::Everyone),
        _ => match text.strip_prefix(TEAM).filter(|name| !name.is_empty()) {
            Some(name) => Ok(BoardOwner::Team(name.to_owned())),
            None => Err(Problem::parameter("owner", text, "`me`, `team:<name>` or `everyone`")),
        },
    }
}

/// The boards that may be seen.
pub(crate) fn filter(access: &Access) -> BoardFilter {
    BoardFilter {
        all: access.has(Right::Administer),
        person: own_id(&access.principal),
        teams: access.teams.as_ref().map(|teams| teams.iter().cloned().collect()),
    }
}

/// Whether a board of this owner may be seen.
pub(crate) fn sees(access: &Access, owner: &BoardOwner) -> bool {
    let is_open = match owner {
        BoardOwner::Person(id) => *id == own_id(&access.principal),
        BoardOwner::Team(name) => access.sees_team(name),
        BoardOwner::Everyone => true,
    };
    is_open || access.has(Right::Administer)
}

/// Fails for who may see a board of this owner, and may not change it. Its owner may; those of a team may who share its
/// boards; administrators may change all.
pub(crate) fn may_change(access: &Access, owner: &BoardOwner) -> Result<(), Problem> {
    match owner {
        BoardOwner::Person(id) if *id == own_id(&access.principal) => Ok(()),
        BoardOwner::Team(name) if access.sees_team(name) => access.check(Right::ShareBoards),
        _ => access.check(Right::Administer),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use kernel::Role;

    use super::*;

    fn access(role: Role, team: Option<&str>) -> Access {
        let principal = Principal { kind: PrincipalKind::User, id: "7Jx".to_owned(), name: "Ann".to_owned() };
        let teams = team.map(|team| Arc::new(BTreeSet::from([team.to_owned()])));
        Access { principal: principal.into(), role, teams, ..Access::everything() }
    }

    #[test]
    fn a_board_is_changed_by_its_owner_by_analysts_of_its_team_and_by_administrators() {
        let own = BoardOwner::Person("user:7Jx".to_owned());
        let other = BoardOwner::Person("user:9Qp".to_owned());
        let team = |name: &str| BoardOwner::Team(name.to_owned());
        let everyone = BoardOwner::Everyone;
        let can = |access: &Access, owner: &BoardOwner| (sees(access, owner), may_change(access, owner).is_ok());
        let (yes, no, sees) = ((true, true), (false, false), (true, false));
        for (role, limit, expected) in [
            (Role::Viewer, None, [yes, no, sees, sees, sees]),
            (Role::Analyst, None, [yes, no, yes, yes, sees]),
            (Role::Analyst, Some("web"), [yes, no, yes, no, sees]),
            (Role::Viewer, Some("web"), [yes, no, sees, no, sees]),
            (Role::Admin, None, [yes, yes, yes, yes, yes]),
        ] {
            let access = access(role, limit);
            let found = [&own, &other, &team("web"), &team("pay"), &everyone].map(|owner| can(&access, owner));
            assert_eq!(found, expected, "{role:?} {limit:?}");
        }
    }

    #[test]
    fn an_owner_is_read_as_it_is_written_and_none_is_another_person() {
        for text in ["me", "everyone", "team:web"] {
            assert_eq!(owner_text(&read_owner(text, "user:7Jx").unwrap(), "user:7Jx"), text);
        }
        for text in ["", "team:", "user:9Qp", "Everyone"] {
            assert_eq!(read_owner(text, "user:7Jx").unwrap_err().status, 400, "{text}");
        }
        assert_eq!(own_id(&Principal::anyone()), own_id(&Principal::local()));
    }
}
