//! Which teams a team is part of.

/// A team and the teams that it is part of, itself first, where `parent` knows the team that a team is part of. A circle
/// ends before it comes back.
#[must_use]
pub fn team_line<'t>(team: &'t str, parent: impl Fn(&str) -> Option<&'t str>) -> Vec<&'t str> {
    let mut line = vec![team];
    while let Some(above) = line.last().and_then(|last| parent(last)) {
        if line.contains(&above) {
            break;
        }
        line.push(above);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_teams_ends_at_the_top_or_before_it_comes_back() {
        let parent = |team: &str| match team {
            "web" => Some("shop"),
            "shop" => Some("all"),
            "one" => Some("other"),
            "other" | "below" => Some("one"),
            _ => None,
        };
        assert_eq!(team_line("web", parent), ["web", "shop", "all"]);
        assert_eq!(team_line("all", parent), ["all"]);
        assert_eq!(team_line("one", parent), ["one", "other"]);
        assert_eq!(team_line("below", parent), ["below", "one", "other"]);
    }
}
