//! What projects of trackers are called: one rule for everything that asks whose they are.

/// The names that a team can call a project by: its own, and of a project of Jira (`you.atlassian.net/SHOP`) its key
/// without the host.
pub fn project_names(project: &str) -> impl Iterator<Item = &str> {
    let key = project.rsplit_once('/').map(|(_, key)| key).filter(|key| is_key(key));
    std::iter::once(project).chain(key)
}

/// The same in SQL, as an array of texts, some of which may be null: of an expression that is a project.
#[must_use]
pub fn project_names_in_sql(project: &str) -> String {
    format!(r"array[{project}, substring({project} from '/([A-Z][A-Z0-9_]*)\Z')]")
}

fn is_key(text: &str) -> bool {
    text.starts_with(|sign: char| sign.is_ascii_uppercase())
        && text.chars().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_of_jira_is_known_by_its_key_and_any_other_by_its_own_name() {
        for (project, names) in [
            ("you.atlassian.net/SHOP", vec!["you.atlassian.net/SHOP", "SHOP"]),
            ("example.com/jira/P2_X", vec!["example.com/jira/P2_X", "P2_X"]),
            ("SHOP", vec!["SHOP"]),
            ("github.com/acme/shop", vec!["github.com/acme/shop"]),
            ("github.com/acme/Shop", vec!["github.com/acme/Shop"]),
            ("devlake/1", vec!["devlake/1"]),
            ("x/", vec!["x/"]),
        ] {
            assert_eq!(project_names(project).collect::<Vec<_>>(), names, "{project}");
        }
    }
}
