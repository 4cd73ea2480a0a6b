//! What a client that is known may do: roles, and the rights that each of them has.

crate::closed_list! {
    /// What a grant gives. Each role has the rights of those before it.
    #[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
    pub enum Role: "role" {
        /// Sees metrics, lists and evidence.
        Viewer,
        /// Also exports, changes boards of teams, and queries the database.
        Analyst,
        /// Also sees persons' data, where the settings show it to managers, and sets targets.
        Manager,
        /// Also sees raw events, manages tenants, tokens and grants, and reads the audit log.
        Admin,
    }
}

crate::closed_list! {
    /// What a request needs.
    pub enum Right: "right" {
        /// Metrics, lists and evidence.
        Read,
        /// Lists as files: CSV and NDJSON.
        Export,
        /// Boards of teams.
        ShareBoards,
        /// Data about single persons.
        People,
        /// Targets of teams.
        SetTargets,
        /// Events as their sources sent them.
        RawEvents,
        /// Tenants, tokens, grants and the audit log.
        Administer,
    }
}

crate::closed_list! {
    /// What a token is for, within its role.
    pub enum TokenScope: "scope of a token" {
        /// It only reads.
        Read,
        /// It also changes what its role may change.
        Write,
    }
}

impl Role {
    /// Whether the role has the right.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        let least = match right {
            Right::Read => Self::Viewer,
            Right::Export | Right::ShareBoards => Self::Analyst,
            Right::People | Right::SetTargets => Self::Manager,
            Right::RawEvents | Right::Administer => Self::Admin,
        };
        self as u8 >= least as u8
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn each_role_has_what_the_one_before_it_has() {
        let rights = |role: Role| Right::VARIANTS.iter().filter(|right| role.has(**right)).count();
        assert_eq!(Role::VARIANTS.iter().map(|role| rights(*role)).collect::<Vec<_>>(), [1, 3, 5, 7]);
    }
}
