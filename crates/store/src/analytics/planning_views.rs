//! Views of planning: work items with the statuses that they had, and sprints with what was in them.

use kernel::{Sprint, SprintEntry, Transition, WorkItem, project_names_in_sql};

use super::view::{OfFact, View, ViewColumn, between, column, duration, may_see, owners};
use crate::flow::CATEGORY_OF_STEP;

/// The services of the project of a work item, if that is a repository, and their teams; else the team that plans in it, the
/// first by name.
fn of_project() -> String {
    format!(
        "left join analytics_repository r on r.repository = w.project
         left join analytics_service s on s.name = r.service
         left join lateral (select p.name as team from team p where not p.deleted and {} && p.projects
                            order by p.name limit 1) p on s.team is null",
        project_names_in_sql("w.project")
    )
}

/// When work on an item began first: at its first step to a status that means so, since most trackers report steps; else
/// when its source says. Metrics have an item that was written down in progress begin then. `done_at` is what its source
/// says; metrics take it from the steps first.
fn started_at() -> String {
    format!(
        "coalesce(
             (select min(t.at) from transition t where t.item = w.id and {CATEGORY_OF_STEP} = 'in_progress'),
             w.started_at)"
    )
}

/// The views of planning.
pub(super) fn views() -> Vec<View> {
    vec![work_item(), work_item_status(), sprint(), sprint_item()]
}

/// The service and the team that a work item belongs to.
fn owners_of_item() -> [ViewColumn; 2] {
    let [service, team] = owners("r.service", "s");
    [service, ViewColumn { expression: "coalesce(s.team, p.team)".to_owned(), ..team }]
}

/// That a role may see a work item: by its service or by its team.
fn may_see_item() -> String {
    let of_team = "p.team in (select visible.team from analytics_visible_team visible)";
    format!("({} or {of_team})", may_see("r.service"))
}

fn work_item() -> View {
    let fact = OfFact::new::<WorkItem>("w");
    let mut columns = vec![fact.named("id", "work_item_id")];
    columns.extend(owners_of_item());
    columns.extend(fact.all(&["key", "project", "title", "kind", "status", "status_category", "canceled"]));
    columns.extend([fact.named("reporter", "reporter").of_people(), fact.named("assignee", "assignee").of_people()]);
    columns.push(fact.named("parent", "parent_id").to("work_item", "work_item_id"));
    columns.push(fact.named("created_at", "created_at"));
    columns.push(ViewColumn { expression: started_at(), ..fact.named("started_at", "started_at") });
    columns.extend(fact.all(&["done_at", "points", "labels", "sprints", "url"]));
    View {
        name: "work_item",
        comment: "One row a work item, and service where its project is a repository.",
        key: &["work_item_id", "service"],
        columns,
        from: format!("work_item w {} where not w.deleted and {}", of_project(), may_see_item()),
    }
}

fn work_item_status() -> View {
    let fact = OfFact::new::<Transition>("t");
    let mut columns =
        vec![fact.named("id", "transition_id"), fact.named("item", "work_item_id").to("work_item", "work_item_id")];
    columns.extend(owners_of_item());
    columns.push(OfFact::new::<WorkItem>("w").named("project", "project"));
    columns.extend(fact.all(&["from_status", "to_status", "from_category", "to_category"]));
    columns.push(fact.named("author", "author").of_people());
    columns.push(fact.named("at", "at"));
    columns.push(column("until", "timestamp with time zone", "next.at", "When it got its next status."));
    columns.extend(duration(
        ("time_in_status", "time_in_status_seconds"),
        &between("t.at", "next.at"),
        "How long it had the status; null while it does.",
    ));
    View {
        name: "work_item_status",
        comment: "One row a status that a work item got, and service where its project is a repository.",
        key: &["transition_id", "service"],
        columns,
        from: format!(
            "transition t join work_item w on w.id = t.item and not w.deleted {}
             left join lateral (select n.at from transition n where n.item = t.item and (n.at, n.id) > (t.at, t.id)
                                order by n.at, n.id limit 1) next on true
             where {}",
            of_project(),
            may_see_item()
        ),
    }
}

fn sprint() -> View {
    let fact = OfFact::new::<Sprint>("f");
    let mut columns = vec![fact.named("id", "sprint_id")];
    columns.extend(fact.all(&["board", "name", "goal", "started_at", "ends_at", "completed_at", "url"]));
    View {
        name: "sprint",
        comment: "One row a sprint. It belongs to no service: a role that is limited to teams sees none.",
        key: &["sprint_id"],
        columns,
        from: "sprint f where not f.deleted and (select v.everything from analytics_viewer v)".to_owned(),
    }
}

fn sprint_item() -> View {
    let fact = OfFact::new::<SprintEntry>("f");
    let columns = vec![
        fact.named("id", "sprint_item_id"),
        fact.named("sprint", "sprint_id").to("sprint", "sprint_id"),
        fact.named("item", "work_item_id").to("work_item", "work_item_id"),
        fact.named("at", "at"),
        fact.named("added", "added"),
    ];
    View {
        name: "sprint_item",
        comment: "One row a work item that was added to a sprint or removed from it. A role that is limited to teams sees \
                  none.",
        key: &["sprint_item_id"],
        columns,
        // an item that was moved is another one now
        from: "sprint_entry f where (select v.everything from analytics_viewer v)
                 and not exists (select from work_item w where w.id = f.item and w.deleted)"
            .to_owned(),
    }
}
