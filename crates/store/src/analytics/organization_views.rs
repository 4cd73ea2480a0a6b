//! Views of who owns what: services, teams and persons.

use kernel::{Person, Service, Team};

use super::view::{OfFact, View, column, may_see, visible_teams};

/// The views of the organization.
pub(super) fn views() -> Vec<View> {
    vec![service(), team(), person()]
}

fn service() -> View {
    let fact = OfFact::new::<Service>("f");
    let mut columns = vec![
        column("service", "text", "s.name", "Its name."),
        column("team", "text", "s.team", "The team that owns it.").to("team", "team"),
        column(
            "teams",
            "text[]",
            visible_teams("s.line"),
            "The team that owns it, and the teams that this one is part of.",
        ),
        column(
            "repositories",
            "text[]",
            "array(select r.repository from analytics_repository r where r.service = s.name order by r.repository)",
            "Its repositories.",
        ),
    ];
    columns.extend([fact.named("paths", "paths"), fact.named("deployments_from", "deployments_from")]);
    columns.extend([
        column("measured_by", "text", "c.source", "The kind of deployments that it is measured by."),
        column("computed_at", "timestamp with time zone", "c.computed_at", "When its metrics were computed last."),
        column("without_metrics", "text", "c.statement", "Of a service without deployments: what to configure."),
    ]);
    View {
        name: "service",
        comment: "One row a service.",
        key: &["service"],
        columns,
        from: format!(
            "analytics_service s left join service f on f.name = s.name and not f.deleted
             left join computation c on c.service = s.name where {}",
            may_see("s.name")
        ),
    }
}

fn team() -> View {
    let fact = OfFact::new::<Team>("f");
    let columns = vec![
        column("team", "text", "t.name", "Its name."),
        column(
            "parent",
            "text",
            "case when (select v.everything from analytics_viewer v)
                       or t.parent in (select visible.team from analytics_visible_team visible) then t.parent end",
            "The team that it is part of.",
        )
        .to("team", "team"),
        column("teams", "text[]", visible_teams("t.line"), "Itself, and the teams that it is part of."),
        fact.named("members", "members").of_people(),
    ];
    View {
        name: "team",
        comment: "One row a team.",
        key: &["team"],
        columns,
        from: "analytics_team t left join team f on f.name = t.name and not f.deleted
             where t.name in (select visible.team from analytics_visible_team visible)"
            .to_owned(),
    }
}

fn person() -> View {
    let fact = OfFact::new::<Person>("f");
    View {
        name: "person",
        comment: "One row a statement of accounts that are one person's; none unless the role may see names of accounts.",
        key: &["origin", "name"],
        columns: fact.all(&["origin", "name", "accounts"]),
        from: "person f where not f.deleted and (select v.people and v.everything from analytics_viewer v)".to_owned(),
    }
}
